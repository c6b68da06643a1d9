"""What COCO's numbers are read off: thresholds, size classes, numbers of detections; and the names of the figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..matching import COCO_THRESHOLDS
from ..objects import Kind
from ..precision import mean_of
from ..settings import AREAS, EvalSettings

__all__ = ["Grid", "figures", "figures_by_class", "grid_of"]

_KEYPOINT_DETECTIONS = (20,)
_LETTERS = {"small": "s", "medium": "m", "large": "l"}


@dataclass(frozen=True, slots=True)
class Grid:
    """The settings of an evaluation, with what COCO sets otherwise for keypoints.

    Attributes:
        kind: what is compared.
        thresholds: overlaps from which an object counts as found.
        areas: name and bounds of each size class in square pixels; `all` is the first.
        max_detections: how many of the surest detections per picture and class count, ascending. Every figure but
            AR1, AR10, ... is read at the last.
    """

    kind: Kind
    thresholds: tuple[float, ...]
    areas: dict[str, tuple[float, float]]
    max_detections: tuple[int, ...]

    @property
    def ap_names(self) -> dict[str, tuple[int | None, int]]:
        """Row of the threshold (None for the mean over all) and of the size class of each AP figure, by name."""
        names: dict[str, tuple[int | None, int]] = {"AP": (None, 0)}
        names |= {f"AP{_percent(self.thresholds[row])}": (row, 0) for row in self._shown()}
        return names | {f"AP{_letter(name)}": (None, row) for row, name in enumerate(self.areas) if row}

    @property
    def ar_names(self) -> dict[str, tuple[int | None, int, int]]:
        """Rows of the threshold (None: all), size class and number of detections of each AR figure, by name."""
        names: dict[str, tuple[int | None, int, int]] = {}
        last = len(self.max_detections) - 1
        if self.kind == "keypoints":
            names["AR"] = (None, 0, last)
            names |= {f"AR{_percent(self.thresholds[row])}": (row, 0, last) for row in self._shown()}
        else:
            names |= {f"AR{most}": (None, 0, row) for row, most in enumerate(self.max_detections)}
        return names | {f"AR{_letter(name)}": (None, row, last) for row, name in enumerate(self.areas) if row}

    def _shown(self) -> list[int]:
        """Rows of the thresholds with a figure of their own: 0.5 and 0.75, or each of a few that the user chose."""
        if self.thresholds != COCO_THRESHOLDS and len(self.thresholds) <= 5:
            return list(range(len(self.thresholds)))
        return [row for row, threshold in enumerate(self.thresholds) if threshold in (0.5, 0.75)]


def _percent(threshold: float) -> str:
    return f"{100 * threshold:g}"


def _letter(area: str) -> str:
    return _LETTERS.get(area, f"_{area}")


def grid_of(kind: Kind, settings: EvalSettings) -> Grid:
    """Return what an evaluation is read off.

    For keypoints, unless the settings say otherwise, COCO takes 20 detections and knows no small objects, because
    keypoints of small ones are not labelled (pycocotools, `Params.setKpParams`).
    """
    areas, most = {"all": AREAS["all"], **settings.areas}, settings.max_detections
    if kind == "keypoints":
        if settings.areas == AREAS:
            del areas["small"]
        if most == EvalSettings().max_detections:
            most = _KEYPOINT_DETECTIONS
    return Grid(kind, settings.thresholds, areas, most)


def figures(grid: Grid, precision: NDArray[np.float64], recall: NDArray[np.float64]) -> dict[str, float | None]:
    """Return the figures over all classes, in the order of the papers.

    pycocotools' `summarize` reads AP at 100 detections whatever was asked for; here it is read at the last number.

    Args:
        precision: shape (thresholds, recalls, classes, areas, numbers of detections), NaN where it is not defined.
        recall: shape (thresholds, classes, areas, numbers of detections), likewise.
    """
    values: dict[str, float | None] = {}
    for name, (line, area) in grid.ap_names.items():
        table = precision[:, :, :, area, -1]
        values[name] = mean_of(table if line is None else table[line])
    for name, (line, area, most) in grid.ar_names.items():
        heights = recall[:, :, area, most]
        values[name] = mean_of(heights if line is None else heights[line])
    return values


def figures_by_class(
    grid: Grid, precision: NDArray[np.float64], recall: NDArray[np.float64]
) -> list[dict[str, float | None]]:
    """Return AP figures and AR at the last number of detections of each class; arguments as in `figures`."""
    last = len(grid.max_detections) - 1
    columns: dict[str, NDArray[np.float64]] = {}
    for name, (line, area) in grid.ap_names.items():
        table = precision[:, :, :, area, -1]
        columns[name] = table.mean(axis=(0, 1)) if line is None else table[line].mean(axis=0)
    for name, (line, area, most) in grid.ar_names.items():
        if area == 0 and most == last:
            heights = recall[:, :, area, most]
            columns[name] = heights.mean(axis=0) if line is None else heights[line]
    # A class is defined at all thresholds and recalls or at none, so no mean mixes the two.
    lists = {name: [None if np.isnan(v) else v for v in column.tolist()] for name, column in columns.items()}
    return [{name: column[row] for name, column in lists.items()} for row in range(precision.shape[2])]
