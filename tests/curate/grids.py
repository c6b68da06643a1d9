"""Datasets of boxes on a grid, none near another, so that every edit of them can be told from any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cvdata.curate.diff import DiffReport
from cvdata.dataset import Categories, Dataset

from ..tiny import build

__all__ = ["NAMES", "Edit", "cell", "changed", "edited", "grid", "kinds"]

NAMES = ("cat", "dog", "bird")


def cell(place: int) -> list[float]:
    """Return the box of a cell: 20 x 10 pixels, 40 from the next."""
    return [40.0 * (place % 4) + 5, 40.0 * (place // 4) + 7, 20.0, 10.0]


def grid(boxes: Mapping[str, Sequence[tuple[str, Sequence[float]]]], names: Sequence[str] = NAMES) -> Dataset:
    """Return a dataset of (class, box) by picture, each 200 x 200 pixels."""
    rows: list[dict[str, Any]] = [
        {"image": image, "category": name, "box": list(box)} for image, rows in boxes.items() for name, box in rows
    ]
    return build(dict.fromkeys(boxes, (200, 200)), rows, Categories(names=tuple(names)))


@dataclass(frozen=True)
class Edit:
    """What becomes of the object in a cell."""

    kind: str  # equal, moved, relabelled, both, removed or added
    dx: float = 0.0
    dy: float = 0.0


def edited(edits: Mapping[str, Sequence[Edit]]) -> tuple[Dataset, Dataset]:
    """Return a dataset with an object in each cell, and its copy after the edits, cell by cell."""
    before: dict[str, list[tuple[str, list[float]]]] = {image: [] for image in edits}
    after: dict[str, list[tuple[str, list[float]]]] = {image: [] for image in edits}
    for image, row in edits.items():
        for place, edit in enumerate(row):
            x, y, w, h = cell(place)
            name = NAMES[place % 3]
            if edit.kind != "added":
                before[image].append((name, [x, y, w, h]))
            if edit.kind != "removed":
                other = NAMES[(place + 1) % 3] if edit.kind in ("relabelled", "both") else name
                after[image].append((other, [x + edit.dx, y + edit.dy, w, h]))
    return grid(before), grid(after)


def kinds(report: DiffReport) -> dict[str, int]:
    """Return the counts that are not 0."""
    counts = report.counts
    names = ("equal", "added", "removed", "moved", "relabelled", "changed")
    return {name: getattr(counts, name) for name in names if getattr(counts, name)}


def changed(dataset: Dataset, **columns: Any) -> Dataset:
    """Return the dataset with other columns of annotations."""
    return replace(dataset, annotations=replace(dataset.annotations, **columns))
