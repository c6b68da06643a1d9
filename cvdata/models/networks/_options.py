"""Options of networks: which there are, what they mean, and what holds where the user says nothing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ...errors import UsageError, nearest_of, show
from ..spec import ModelSpec, Option

__all__ = ["COMMON", "with_options"]

COMMON: Mapping[str, Option] = {"least_score": 0.01, "most": 100}
"""Of every detector: the score from which on a detection counts, and how many of a picture do at most."""


def with_options(
    spec: ModelSpec, defaults: Mapping[str, Option], choices: Mapping[str, tuple[str, ...]] | None = None
) -> ModelSpec:
    """Return a spec with a value for every option, so that it says all of what the network is.

    Args:
        defaults: value of each option that there is.
        choices: values that an option may have.

    Raises:
        UsageError: there is no such option, or its value is none.
    """
    for name, value in spec.options.items():
        if name not in defaults:
            raise UsageError(
                f"{spec.architecture} has no option '{show(name)}'", hint=nearest_of(name, sorted(defaults))
            )
        _check(spec.architecture, name, value, defaults[name], (choices or {}).get(name))
    return msgspec.structs.replace(spec, options={**defaults, **spec.options})


def _check(architecture: str, name: str, value: Option, default: Option, choices: tuple[str, ...] | None) -> None:
    expected = "a number of 0 or more"
    if choices is not None:
        fits, expected = value in choices, f"one of {', '.join(choices)}"
    elif isinstance(default, float):
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    else:
        fits, expected = isinstance(value, int) and not isinstance(value, bool) and value >= 1, "1 or more"
    if not fits:
        raise UsageError(f"option '{name}' of {architecture} is '{show(str(value))}', expected {expected}")
