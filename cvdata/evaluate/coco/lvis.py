"""LVIS' figures: pictures of which only some classes are labelled, and classes by how rare they are.

Gupta, Dollár, Girshick, "LVIS: A Dataset for Large Vocabulary Instance Segmentation" (CVPR 2019); rules as in
lvis-api's `lvis/eval.py` and `lvis/results.py`, computed by hotcoco.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...errors import EvaluationError, show
from ...reports.scales import plural
from ..numbers import Numbers
from ..objects import Kind, without_crowds
from ..pair import Pair
from ..precision import mean_of
from ..settings import EvalSettings, refuse_keypoints
from .arrays import Arrays
from .checks import check_shapes
from .columns import IOU_TYPES, found_table, tables_of, truth_table
from .federated import class_rows
from .grid import Grid, figures, figures_by_class, grid_of

__all__ = ["classes_by_rarity", "lvis_grid", "lvis_numbers"]

_MOST = 300
"""The surest detections of a picture, of all classes together, that count (`LVISResults`)."""

_RARITY = {"r": "APr", "c": "APc", "f": "APf"}


def lvis_numbers(pair: Pair, kind: Kind, settings: EvalSettings) -> Numbers:
    """Compute LVIS' thirteen figures; 300 detections a picture count, or the last of another `max_detections`.

    A detection of a class that is neither labelled on its picture nor among its `neg_category_ids` is left out; one of
    its `not_exhaustive_category_ids` that finds nothing counts neither way. APr, APc and APf are means over the classes
    whose `frequency` is r, c and f.

    Raises:
        UsageError: keypoints were asked for.
        EvaluationError: pictures or classes lack these fields.
    """
    refuse_keypoints(kind, "LVIS")
    check_shapes(pair, kind)
    grid, rarity = lvis_grid(kind, settings), classes_by_rarity(pair)
    arrays = _evaluate(pair, grid)
    values = figures(grid, arrays.precision, arrays.recall)
    metrics = {name: values[name] for name in grid.ap_names}
    for name, rows in rarity.items():
        metrics[name] = mean_of(arrays.precision[:, :, rows, 0, -1])
    metrics |= {name: values[name] for name in grid.ar_names}
    return Numbers(metrics, figures_by_class(grid, arrays.precision, arrays.recall))


def lvis_grid(kind: Kind, settings: EvalSettings) -> Grid:
    """Return what the figures are read off; its number of detections is of all classes together."""
    grid = grid_of(kind, settings)
    most = _MOST if settings.max_detections == EvalSettings().max_detections else grid.max_detections[-1]
    return replace(grid, max_detections=(most,))


def classes_by_rarity(pair: Pair) -> dict[str, list[int]]:
    """Return the rows of the classes that APr, APc and APf are means over.

    Raises:
        EvaluationError: a class does not say how rare it is.
    """
    frequency = _frequencies(pair)
    return {name: [row for row, one in enumerate(frequency) if one == letter] for letter, name in _RARITY.items()}


def _evaluate(pair: Pair, grid: Grid) -> Arrays:
    import hotcoco

    # LVIS knows no crowds; one that is marked so is an object like others.
    plain = without_crowds(pair)
    truth = truth_table(plain, grid.kind, images=_federated(pair), categories={"frequency": _frequencies(pair)})
    found = found_table(plain, grid.kind, truth).cap_detections_per_image(grid.max_detections[-1])
    return tables_of(hotcoco.COCOeval(truth, found, IOU_TYPES[grid.kind], lvis_style=True), grid)


def _federated(pair: Pair) -> dict[str, list[Any]]:
    fields: dict[str, list[Any]] = {}
    for field in ("neg_category_ids", "not_exhaustive_category_ids"):
        rows = class_rows(pair.truth, field)
        lacking = [row for row, classes in enumerate(rows) if classes is None]
        if lacking:
            name = show(pair.truth.images.names[lacking[0]])
            raise EvaluationError(
                f"{plural(len(lacking), 'picture')} of the truth without '{field}', the first is {name}",
                hint="LVIS needs its own annotation files, in which each picture says which classes were looked for",
            )
        fields[field] = [[row + 1 for row in classes or []] for classes in rows]
    return fields


def _frequencies(pair: Pair) -> list[str]:
    extra = pair.truth.categories.extra or ({},) * len(pair.classes)
    values = [row.get("frequency") for row in extra]
    for name, value in zip(pair.classes, values, strict=True):
        if value not in _RARITY:
            raise EvaluationError(
                f"class '{show(name)}' has no 'frequency' of r, c or f",
                hint="LVIS needs its own annotation files, in which each class says how rare it is",
            )
    return [str(value) for value in values]
