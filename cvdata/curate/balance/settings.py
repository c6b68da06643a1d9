"""What can be chosen for a balance, and what goes with what."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ...errors import UsageError
from .report import Strategy

__all__ = ["OPTIONS", "TARGET", "BalanceSettings", "check_settings", "given"]

TARGET = 500
"""Objects below which detectors tend to learn a class by heart."""

OPTIONS: dict[Strategy, frozenset[str]] = {
    "repeat-factor": frozenset({"threshold", "limit"}),
    "oversample": frozenset({"limit"}),
    "undersample": frozenset({"target", "method"}),
    "target": frozenset({"target", "limit"}),
    "copy-paste": frozenset({"target", "limit", "per_picture", "recipe"}),
    "augment": frozenset({"target", "limit", "recipe"}),
}
"""What can be chosen for each strategy."""


class BalanceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to even out the classes.

    Attributes:
        strategy: how; see `plan`.
        output: a dataset with copies, sampling weights, or a list of files.
        target: objects that each class is to have; 500 where not given, and for `augment` as many as the largest has.
        threshold: share of pictures below which a class is rare, for `repeat-factor`; that of the average class
            where not given.
        limit: how often a picture, or an object that is pasted, may be there at most, itself included.
        method: how to find the pictures to leave out, for `undersample`; `exact` is for small datasets.
        per_picture: objects pasted into one picture, at most, for `copy-paste`.
        recipe: what new pictures pass through, for `augment` and `copy-paste`.
        splits: the splits to learn from; those called train or training where none is named.
        seed: of every random choice.
    """

    strategy: Strategy
    output: Literal["copies", "weights", "list"] = "copies"
    target: int | None = None
    threshold: float | None = None
    limit: int | None = None
    method: Literal["greedy", "exact"] | None = None
    per_picture: int | None = None
    recipe: str | None = None
    splits: tuple[str, ...] = ()
    seed: int = 0


def check_settings(settings: BalanceSettings) -> BalanceSettings:
    """Return the settings with what was left open filled in, as far as the dataset need not be known.

    Raises:
        UsageError: a value makes no sense, or does not go with the strategy.
    """
    allowed = OPTIONS[settings.strategy]
    for name in ("target", "threshold", "limit", "method", "per_picture", "recipe"):
        if getattr(settings, name) is not None and name not in allowed:
            users = ", ".join(strategy for strategy, options in OPTIONS.items() if name in options)
            raise UsageError(
                f"--{name.replace('_', '-')} is not for --strategy {settings.strategy}",
                hint=f"leave it out; it is for {users}",
            )
    for name in ("target", "limit", "per_picture"):
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise UsageError(f"--{name.replace('_', '-')} is {value}", hint="give 1 or more")
    if settings.threshold is not None and not 0 < settings.threshold <= 1:
        raise UsageError(
            f"--threshold is {settings.threshold:g}, and it is a share of the pictures",
            hint="give a number above 0 and up to 1, such as 0.01",
        )
    if settings.strategy in ("augment", "copy-paste") and settings.output != "copies":
        raise UsageError(
            f"--strategy {settings.strategy} makes new pictures, which --as {settings.output} cannot hold",
            hint="leave out --as, or use another strategy, such as oversample",
        )
    filled: dict[str, Any] = {
        "target": None if settings.strategy == "augment" else TARGET,
        "limit": 10,
        "method": "greedy",
        "per_picture": 3,
        "recipe": "standard" if settings.strategy == "augment" else None,
    }
    open_ones = {n: filled[n] for n in filled if n in allowed and getattr(settings, n) is None}
    return msgspec.structs.replace(settings, **open_ones)


def given(value: int | None) -> int:
    """Return a number that `check_settings` fills in where the strategy knows it, else 0."""
    return 0 if value is None else value
