"""Which new names classes get: from flags, or from a YAML file with a line `old: new` for each of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ...errors import Place, UsageError, show
from ...formats._yolo_yaml import Lines, load_yaml, typed

__all__ = ["check_map", "parse_map", "read_map"]


def check_map(given: Mapping[str, str | None], places: Mapping[str, Place] | None = None) -> None:
    """Refuse new names that no class should have.

    Raises:
        UsageError: one is empty, has blanks at an end or characters that cannot be seen.
    """
    for old, new in given.items():
        if new is not None and (new != new.strip() or not new or show(new, len(new) + 1) != new):
            at = (places or {}).get(old)
            message = f"'{show(new)}' for '{show(old)}' is no name for a class"
            raise UsageError(message, at=at, hint="give a name that can be seen, without blanks at its ends")


def read_map(path: str | os.PathLike[str]) -> tuple[dict[str, str | None], dict[str, Place]]:
    """Read a map from a YAML file: a line `old: new` for each class, `old: null` to drop it.

    Returns:
        The map, and where each old name stands.

    Raises:
        FormatError: the file cannot be read or is not safe YAML.
        UsageError: it holds something else.
    """
    lines: Lines = {}
    shown = show(path)
    found = load_yaml(os.fspath(path), shown, what="a map of class names", lines=lines)
    hint = "write a line for each class, such as 'cat: animal', or 'cat: null' to drop it"
    if not isinstance(found, dict) or not found:
        raise UsageError("expected a mapping of old names to new ones", at=Place(shown), hint=hint)
    places = {str(old): Place(shown, lines.get((old,))) for old in found}
    for old, new in found.items():
        if not isinstance(new, str):
            message = f"'{show(old)}' has a list or a mapping, expected a name"
            raise UsageError(message, at=places[str(old)], hint=hint)
    # What stands for nothing drops a class; in quotes it is a name.
    given = {str(old): None if typed(new) is None else str(new) for old, new in found.items()}
    check_map(given, places)
    return given, places


def parse_map(pairs: Iterable[str], dropped: Iterable[str] = ()) -> dict[str, str | None]:
    """Make a map of texts `OLD=NEW`, and of classes to drop.

    Raises:
        UsageError: a text is not of that form, or an old name comes twice.
    """
    given: dict[str, str | None] = {}
    for pair in pairs:
        old, equals, new = pair.partition("=")
        old, new = old.strip(), new.strip()
        if not equals or not old or not new:
            hint = "give OLD=NEW, such as cat=animal; --drop drops a class; names with '=' can be given in a file"
            raise UsageError(f"'{show(pair)}' is not of the form OLD=NEW", hint=hint)
        if given.get(old, new) != new:
            message = f"'{show(old)}' is to be both '{show(str(given[old]))}' and '{show(new)}'"
            raise UsageError(message, hint="name each old class once")
        given[old] = new
    for old in dropped:
        if given.get(old) is not None:
            message = f"'{show(old)}' is to be both '{show(str(given[old]))}' and dropped"
            raise UsageError(message, hint="name each old class once")
        given[old] = None
    return given
