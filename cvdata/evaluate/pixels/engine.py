"""What hotcoco counts: which value meets which, pixel by pixel, and how well segments fit.

It reads PNG files itself, five times as fast as Pillow and as strictly as `images.decode`. Where it will not, because
a file is of another kind or broken, the answer is None, and the slower reading goes on or says what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...formats.panoptic_files import Segments
from ...images import read_header

__all__ = ["MOST_VALUES", "Meetings", "count_files", "count_meetings", "panoptic_sums"]

MOST_VALUES = 2000
"""Different values of a map that are counted: the table of all pairs of so many takes 32 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Meetings:
    """How often a value of the one map and a value of the other are in one place; int64 each, shape (pairs,)."""

    truth: NDArray[np.int64]
    found: NDArray[np.int64]
    pixels: NDArray[np.int64]


def count_meetings(truth: NDArray[Any], found: NDArray[Any]) -> Meetings | int:
    """Count the pairs of values of two maps of one size, whole numbers from 0 to 2**25.

    Returns:
        The pairs by ascending values; or, where a map has more than `MOST_VALUES` different values, how many.
    """
    from hotcoco import metrics

    truth_values, truth_codes = _coded(truth)
    found_values, found_codes = _coded(found)
    most = max(len(truth_values), len(found_values))
    if most > MOST_VALUES:
        return most
    table = metrics.pixel_confusion(truth_codes, found_codes, max(most, 1))
    rows, columns = np.nonzero(table)
    return Meetings(truth_values[rows], found_values[columns], table[rows, columns].astype(np.int64))


def count_files(truth: str, found: str) -> Meetings | None:
    """Count the pairs of values of two PNG files of up to 8 bits without colours, None where they are no such files."""
    from hotcoco import semantic

    if not all(_allowed(path) for path in (truth, found)):
        return None
    counter = semantic.SemanticEval(256, ignore_index=None)
    try:
        counter.update_png(truth, found)
    except Exception:  # noqa: BLE001 - whatever it is, the other reading will say it
        return None
    table = counter.confusion()
    rows, columns = np.nonzero(table)
    return Meetings(rows, columns, table[rows, columns].astype(np.int64))


def _allowed(path: str) -> bool:
    """Tell whether a file is a picture of an allowed size: the engine has no limit of its own."""
    return not isinstance(read_header(path), str)


def panoptic_sums(
    truth: tuple[str, str], found: tuple[str, str], ours: Segments, theirs: Segments, classes: int
) -> NDArray[np.float64] | None:
    """Return segments found, found wrongly and missed, and the sum of their IoU, by class; None for broken files.

    Also None where the truth's areas, which the engine takes from the document, cannot be those of its pixels: more
    than the picture has, or so few that segments overlap by more than all. A map that was scaled alone looks so.

    Args:
        truth, found: folder and name of the PNG file of each.
        ours, theirs: the segments of each.

    Returns:
        float64, shape (4, classes).
    """
    from hotcoco import panoptic

    if not _allowed("/".join(found)) or not _room_for(ours, "/".join(truth)):
        return None
    one = _document(truth[1], ours)
    one["categories"] = [{"id": row, "name": str(row), "isthing": 0} for row in range(classes)]
    judge = panoptic.PanopticEval(one, _document(found[1], theirs), gt_folder=truth[0], pred_folder=found[0])
    try:
        judge.evaluate()
    except Exception:  # noqa: BLE001 - whatever it is, the other reading will say it
        return None
    sums = np.zeros((4, classes))
    for row, figures in judge.results()["per_class"].items():
        sums[:, int(row)] = [figures[name] for name in ("tp", "fp", "fn", "iou")]
    return None if (sums[3] > sums[0] * (1 + 1e-9)).any() else sums


def _room_for(segments: Segments, path: str) -> bool:
    """Tell whether a file is a picture of an allowed size that has as many pixels as its segments."""
    header = read_header(path)
    return not isinstance(header, str) and float(segments.areas.sum()) <= header.width * header.height


def _document(file: str, segments: Segments) -> dict[str, Any]:
    columns: Sequence[list[int]] = [
        segments.ids.tolist(), segments.classes.tolist(), segments.areas.tolist(), segments.crowd.astype(int).tolist()
    ]  # fmt: skip
    rows = [
        {"id": key, "category_id": row, "area": area, "iscrowd": crowd}
        for key, row, area, crowd in zip(*columns, strict=True)
    ]
    return {"images": [{"id": 0}], "annotations": [{"image_id": 0, "file_name": file, "segments_info": rows}]}


def _coded(pixels: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the values of a map, ascending, and for each pixel the place of its value among them.

    Values of one byte stand for themselves. Of others only the first of each run is looked up, since neighbours are
    mostly alike; codes of more than 65,535 values would wrap, where the caller turns back.
    """
    if pixels.dtype == np.uint8:
        return np.arange(int(pixels.max(initial=0)) + 1), pixels
    flat = pixels.ravel()
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]])) if flat.size else np.zeros(0, np.int64)
    values, codes = np.unique(flat[starts], return_inverse=True)
    lengths = np.diff(starts, append=flat.size)
    return values.astype(np.int64), np.repeat(codes.astype(np.uint16), lengths).reshape(pixels.shape)
