"""The packages that networks need, which the core does without."""

from __future__ import annotations

import importlib.util

from ..errors import MissingExtraError

__all__ = ["check_packages"]


def check_packages(what: str, *names: str, extra: str = "train") -> None:
    """Refuse what needs packages that are not installed.

    Args:
        what: for the message, such as `training`.
        names: of the packages.
        extra: of cvdata, which brings them.

    Raises:
        MissingExtraError: one is not installed; it is named, with the cure.
    """
    for name in names:
        if not _is_installed(name):
            raise MissingExtraError(f"{what} needs the package {name}", hint=f"pip install 'cvdata[{extra}]'")


def _is_installed(name: str) -> bool:
    # Not imported: torch takes seconds, and what it is needed for may be refused before.
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # it is barred, by None in sys.modules
        return False
