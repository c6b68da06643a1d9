"""The figures of a protocol, before anything is known about how sure they are."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Numbers"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a protocol computes.

    Attributes:
        metrics: over all classes, by name, in the order of the papers; None where a figure is not defined.
        classes: the same for each class of the pair, by row.
    """

    metrics: dict[str, float | None]
    classes: list[dict[str, float | None]]
