"""COCO's numbers by hotcoco, a port of pycocotools to Rust, which takes columns.

Pictures get their place in COCO's order as id and classes their row, both from 1, so that its tables have the classes
in our order, and equal scores are decided as pycocotools decides them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations
from ..objects import Kind, found_area, keypoint_counts, truth_area
from ..pair import Pair
from .arrays import Arrays
from .grid import Grid
from .outlines import outlines
from .sigmas import point_counts, sigmas_of

if TYPE_CHECKING:
    import hotcoco

__all__ = ["IOU_TYPES", "by_hotcoco", "found_table", "keypoint_rows", "tables_of", "truth_table"]

IOU_TYPES: dict[Kind, str] = {"boxes": "bbox", "masks": "segm", "keypoints": "keypoints"}


def by_hotcoco(pair: Pair, grid: Grid) -> Arrays:
    """Evaluate with hotcoco."""
    import hotcoco

    truth = truth_table(pair, grid.kind)
    run = hotcoco.COCOeval(truth, found_table(pair, grid.kind, truth), IOU_TYPES[grid.kind])
    if grid.kind == "keypoints":
        run.params.kpt_oks_sigmas = sigmas_of(pair).tolist()
    return tables_of(run, grid)


def tables_of(run: hotcoco.COCOeval, grid: Grid) -> Arrays:
    """Evaluate on a grid and return the tables."""
    run.params.iou_thrs = list(grid.thresholds)
    run.params.area_rng_lbl = list(grid.areas)
    run.params.area_rng = [list(bounds) for bounds in grid.areas.values()]
    run.params.max_dets = list(grid.max_detections)
    run.evaluate()
    run.accumulate()
    tables = run.eval
    if tables is None:
        raise RuntimeError("hotcoco gave no tables")
    return Arrays.of(tables)


def truth_table(
    pair: Pair,
    kind: Kind,
    *,
    images: dict[str, list[Any]] | None = None,
    categories: dict[str, list[Any]] | None = None,
) -> hotcoco.COCO:
    """Hand the objects to hotcoco.

    Args:
        images, categories: more fields of each picture and class, by row, for other protocols.
    """
    import hotcoco

    table = pair.truth.annotations
    pictures, classes = _pictures(pair, images or {}), _classes(pair, categories or {})
    if kind == "keypoints":
        rows = keypoint_rows(pair, table, truth_area(pair.truth, kind))
        counts = keypoint_counts(table).tolist()
        for row, count, crowd in zip(rows, counts, table.has("crowd").tolist(), strict=True):
            row.update(num_keypoints=count, iscrowd=int(crowd))
        return hotcoco.COCO({"images": pictures, "categories": classes, "annotations": rows})
    return hotcoco.COCO.from_arrays(
        pictures,
        classes,
        pair.order[table.image] + 1,
        table.category.astype(np.int64) + 1,
        table.box,
        area=truth_area(pair.truth),
        iscrowd=table.has("crowd"),
        segmentation=outlines(pair.truth) if kind == "masks" else None,
    )


def found_table(pair: Pair, kind: Kind, truth: hotcoco.COCO) -> hotcoco.COCO:
    """Hand the detections to hotcoco."""
    import hotcoco

    table, area = pair.found.annotations, found_area(pair, kind)
    if kind == "keypoints":
        rows = keypoint_rows(pair, table, area)
        for row, score in zip(rows, pair.score.tolist(), strict=True):
            row.update(score=score, iscrowd=0)
        dataset = {"images": _pictures(pair, {}), "categories": _classes(pair, {}), "annotations": rows}
        return hotcoco.COCO(dataset)
    columns: list[NDArray[Any]] = [pair.order[table.image] + 1, table.box, pair.score, table.category + 1]
    shapes = outlines(pair.found) if kind == "masks" else None
    found = truth.load_res(np.column_stack(columns).astype(np.float64), segmentation=shapes)
    if kind == "masks":  # it takes the area of the boxes
        found.update_anns(ids=np.arange(1, len(table) + 1), area=area)
    return found


def _pictures(pair: Pair, more: dict[str, list[Any]]) -> list[dict[str, Any]]:
    images = pair.truth.images
    ids = (pair.order + 1).tolist()
    sizes = zip(ids, images.height.tolist(), images.width.tolist(), strict=True)
    rows: list[dict[str, Any]] = [{"id": i, "height": height, "width": width} for i, height, width in sizes]
    return _with(rows, more)


def _classes(pair: Pair, more: dict[str, list[Any]]) -> list[dict[str, Any]]:
    # Its engine goes by ids, and takes no name that is no UTF-8.
    names = [name.encode("utf-8", "backslashreplace").decode() for name in pair.classes]
    return _with([{"id": row + 1, "name": name} for row, name in enumerate(names)], more)


def _with(rows: list[dict[str, Any]], more: dict[str, list[Any]]) -> list[dict[str, Any]]:
    for key, values in more.items():
        for row, value in zip(rows, values, strict=True):
            row[key] = value
    return rows


def keypoint_rows(pair: Pair, table: Annotations, area: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return annotations with keypoints as the dicts that both engines take."""
    # An object without keypoints has them all unlabelled: the engines take no empty list.
    counts = point_counts(pair)
    counts = np.where(counts > 0, counts, counts.max(initial=0))
    points = [[0.0] * (3 * count) for count in counts[table.category].tolist()]
    if table.keypoints is not None:
        flat = table.keypoints.values.ravel().tolist()
        ends = (table.keypoints.offsets * 3).tolist()
        for row in np.flatnonzero(table.has("keypoints")).tolist():
            points[row] = flat[ends[row] : ends[row + 1]]
    columns = ((pair.order[table.image] + 1).tolist(), table.category.tolist(), table.box.tolist(), area.tolist())
    return [
        {"id": i + 1, "image_id": image, "category_id": category + 1, "bbox": box, "area": size, "keypoints": xyv}
        for i, (image, category, box, size, xyv) in enumerate(zip(*columns, points, strict=True))
    ]
