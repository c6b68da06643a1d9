"""Masks, outlines and keypoints of COCO results to columns; the first that is wrong refuses the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..dataset import Polygons, Ragged
from ..dataset.rle import decompress, run_sums
from ._coco_part import polygons_of
from ._results_rows import Rle, fail

__all__ = ["LARGEST", "Checked", "Masks", "keypoints_of", "masks_of", "outlines_of"]

LARGEST = 1e15
"""Sides and scores beyond this are not pixels or confidences; integers of 40 digits, which no one means, are beyond."""

_LONGEST = 1 << 32
"""Runs are shorter than this: they are kept in 32 bits."""

_LONGEST_SIDE = 1 << 31


@dataclass(frozen=True, slots=True)
class Checked:
    """Refuses a piece for its first row that is wrong; `first` is the place of the piece in the file."""

    shown: str
    first: int

    def refuse(
        self,
        wrong: NDArray[np.bool_],
        what: Callable[[int], tuple[str, str]],
        expected: str,
        hint: str | None = None,
    ) -> None:
        """Raise for the first row that is wrong.

        Args:
            what: gives the key and what was found there, for a row.
        """
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            key, found = what(row)
            self.fail(row, key, found, expected, hint)

    def fail(self, row: int, key: str, found: str, expected: str, hint: str | None = None) -> NoReturn:
        """Raise for one row."""
        fail(self.shown, self.first + row, key, found, expected, hint)


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """Masks of the rows that have one.

    Attributes:
        runs: run lengths, uint32; `listed`: bool, they were a plain list; `height`: int32, as the mask says.
    """

    runs: Ragged
    listed: NDArray[np.bool_]
    height: NDArray[np.int32]


def masks_of(given: Sequence[Any], sizes: NDArray[np.int32], checked: Checked) -> Masks | None:
    """Return the masks among the outlines; None where there is none.

    Args:
        sizes: int32, shape (rows, 2), height and width of the picture of each row, 0 where unknown.
    """
    rles = [value if type(value) is Rle else None for value in given]
    coded = np.array([rle is not None for rle in rles], np.bool_)
    if not coded.any():
        return None
    runs, whole, broken = _run_lengths(rles)
    expected = "numbers from 0 on, or COCO's code of them"
    checked.refuse(broken, lambda _: ("segmentation/counts", "are no run lengths"), expected)
    size = np.zeros((len(rles), 2))
    size[coded] = [rle.size for rle in rles if rle is not None]
    other = ((size < 1) | (size >= _LONGEST_SIDE)).any(axis=1) | ((size != sizes) & (sizes > 0)).any(axis=1)
    checked.refuse(
        np.asarray(coded & other),
        lambda row: ("segmentation/size", f"is [{size[row, 0]:g}, {size[row, 1]:g}]"),
        "[height, width] of its picture",
    )
    covered = run_sums(runs)
    checked.refuse(
        coded & (covered != size[:, 0] * size[:, 1]),
        lambda row: ("segmentation/counts", f"cover {covered[row]:,} pixels"),
        "runs that cover the picture, height x width in all",
    )
    return Masks(Ragged(runs.values.astype(np.uint32), runs.offsets), coded & ~whole, size[:, 0].astype(np.int32))


def _run_lengths(rles: Sequence[Rle | None]) -> tuple[Ragged, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the runs of every row, none where it has no mask; which were COCO's code; and which cannot be runs."""
    texts = {row: rle.counts for row, rle in enumerate(rles) if rle is not None and isinstance(rle.counts, str)}
    lists = {row: rle.counts for row, rle in enumerate(rles) if rle is not None and isinstance(rle.counts, list)}
    decoded, good = decompress([code.encode("utf-8", "surrogatepass") for code in texts.values()])
    fits = [all(0 <= run < _LONGEST for run in counts) for counts in lists.values()]
    plain = Ragged.of([counts if fit else () for counts, fit in zip(lists.values(), fits, strict=True)], np.int64)
    place = np.full(len(rles), len(texts) + len(lists))  # the last is a row without runs
    place[list(texts)] = np.arange(len(texts))
    place[list(lists)] = len(texts) + np.arange(len(lists))
    runs = Ragged.concat([decoded, plain, Ragged.of([()], np.int64)]).take(place)
    whole, broken = np.zeros(len(rles), np.bool_), np.zeros(len(rles), np.bool_)
    whole[list(texts)] = True
    broken[list(texts)] = ~good
    broken[list(lists)] = ~np.array(fits, np.bool_)
    broken[runs.owner[(runs.values < 0) | (runs.values >= _LONGEST)]] = True
    return runs, whole, broken


def outlines_of(given: Sequence[Any], checked: Checked) -> Polygons | None:
    """Return the polygons among the outlines; None where there is none."""
    outlines = [() if type(value) is Rle else value for value in given]
    for row, rings in enumerate(outlines):
        for at, ring in enumerate(rings):
            if len(ring) % 2 or len(ring) < 6:
                expected = "x and y of at least 3 points"
                checked.fail(row, f"segmentation[{at}]", f"has {len(ring)} numbers", expected)
    polygons = polygons_of(outlines)
    if polygons is not None:
        owner = np.repeat(np.repeat(np.arange(len(outlines)), polygons.ring_counts), np.diff(polygons.rings))
        bad = np.zeros(len(outlines), np.bool_)
        bad[owner[~(np.abs(polygons.points) < LARGEST).all(axis=1)]] = True
        checked.refuse(bad, lambda _: ("segmentation", "has a number that is no pixel"), "x and y in pixels")
    return polygons


def keypoints_of(given: Sequence[Any], wanted: NDArray[np.int64], checked: Checked) -> Ragged | None:
    """Return the keypoints, float64 rows of shape (points, 3); None where no row has any.

    The third number is a confidence as often as a visibility, so it may be anything.

    Args:
        wanted: int64, shape (rows,), number of keypoints of each row's class, 0 where unknown.
    """
    if not any(given):
        return None
    flat = Ragged.of(given, np.float64)
    lengths = flat.lengths
    wrong = (lengths % 3 != 0) | ((wanted > 0) & (lengths > 0) & (lengths != 3 * wanted))
    expected = "x, y, visibility for each keypoint of the class"
    checked.refuse(wrong, lambda row: ("keypoints", f"has {lengths[row]} numbers"), expected)
    bad = np.zeros(len(flat), np.bool_)
    bad[flat.owner[~(np.abs(flat.values) < LARGEST)]] = True
    checked.refuse(bad, lambda _: ("keypoints", "has a number that is no pixel"), expected)
    return Ragged(flat.values.reshape(-1, 3), flat.offsets // 3)
