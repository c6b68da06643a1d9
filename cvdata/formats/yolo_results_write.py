"""Write what models found as YOLO predictions: a text file per picture, as Ultralytics does with `save_conf=True`.

labels/NAME.txt    class x y width height confidence       a box, as fractions of the picture
                   class x1 y1 ... xn yn confidence        an outline
classes.txt        names of the classes, from 0
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Dataset, Images
from ..dataset.ragged import Ragged, starts
from ..dataset.rings import bridge, rings_of_mask
from ..dataset.rle import to_mask
from ..errors import UsageError, show
from ._results_names import Names
from ._yolo_batch import box_fractions
from ._yolo_text import format_rows

__all__ = ["check_yolo_names", "yolo_prediction_files"]

_DECIMALS = 8  # tells apart any two scores from 0.5 on that a network gives in float32


def yolo_prediction_files(dataset: Dataset, truth: Dataset) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a dataset with scores, by name: one for each picture in which something was found, and a list.

    Classes have the numbers that they have in the truth; those that it has not come behind. An object of several rings
    becomes one with bridges between them, a mask its outline.

    Args:
        truth: the dataset that was looked at: it has all the pictures.

    Raises:
        UsageError: two pictures would share a file, or a row cannot hold what was found.
    """
    _refuse(dataset)
    names = (*truth.categories.names, *(n for n in dataset.categories.names if n not in truth.categories.names))
    files = check_yolo_names(dataset.images.names, truth)
    table = dataset.annotations
    number = np.array([names.index(name) for name in dataset.categories.names], np.int32)[table.category]
    shapes = _shapes(table, dataset.images)
    score = np.empty(0) if table.score is None else table.score
    values = np.insert(shapes.values, shapes.offsets[1:], score)  # behind each row
    text, offsets = format_rows(number, values, shapes.lengths + 1, _DECIMALS)
    ends = offsets[dataset.offsets].tolist()
    yield f"{_LIST}.txt", "".join(f"{show(name)}\n" for name in names).encode()
    for row, file in enumerate(files):
        if ends[row + 1] > ends[row]:
            yield f"labels/{file}", text[ends[row] : ends[row + 1]]


def check_yolo_names(names: Sequence[str], truth: Dataset) -> list[str]:
    """Return the name of the file of each picture, by which it is found again among those of a truth.

    It is that of the picture without suffix, or with it where two differ in nothing else.

    Raises:
        UsageError: pictures of the truth, in different folders, share a name.
    """
    row_of = {name: row for row, name in enumerate(truth.images.names)}
    rows = [row_of.get(name, _NOWHERE) for name in names]
    bases = [name.rpartition("/")[2] for name in names]
    stems = [base.rpartition(".")[0] or base for base in bases]
    known = Names(truth)
    files: list[str] = []
    called = zip(names, rows, stems, known.pictures(stems).tolist(), bases, known.pictures(bases).tolist(), strict=True)
    for name, row, stem, of_stem, base, of_base in called:
        if row not in (of_stem, of_base):
            hint = "name found.json, a list of COCO results, which tells them apart"
            raise UsageError(f"'{show(name)}' is not the only picture of that name, and YOLO files go by it", hint=hint)
        files.append(f"{base if row != of_stem or stem == _LIST else stem}.txt")
    return files


_LIST = "classes"  # a file of that name is the list of classes
_NOWHERE = -2  # -1 is what no picture is called


def _refuse(dataset: Dataset) -> None:
    """Refuse what no row holds.

    Raises:
        UsageError: there is some.
    """
    table, images = dataset.annotations, dataset.images
    score = np.full(len(table), np.nan) if table.score is None else table.score
    unknown = ((images.width <= 0) | (images.height <= 0))[table.image]
    for rows, what in (
        (np.isnan(score), "has no score"),
        (np.isnan(table.box).any(axis=1), "labels a whole picture"),
        (table.has("keypoints"), "has keypoints"),
        (unknown, "is in a picture of unknown size"),
    ):
        for row in np.flatnonzero(rows)[:1].tolist():
            where = f"what was found in '{show(images.names[table.image[row]])}'"
            hint = "name found.json, a list of COCO results, or propose in a cvdata dataset"
            raise UsageError(f"{where} {what}, and YOLO predictions hold none such", hint=hint)


def _shapes(table: Annotations, images: Images) -> Ragged:
    """Return box or outline of each annotation as fractions of its picture."""
    size = np.stack([images.width, images.height], axis=1).astype(np.float64)[table.image]
    rows = list(box_fractions(table.box, size))
    for row in np.flatnonzero(table.has("polygons") | table.has("masks")).tolist():
        rings = _rings(table, row, images)
        if rings:
            rows[row] = np.clip(bridge(rings) / size[row], 0, 1).ravel()
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    return Ragged(np.concatenate([np.empty(0), *rows]), starts(lengths))


def _rings(table: Annotations, row: int, images: Images) -> Sequence[NDArray[np.float64]]:
    if table.polygons is not None and table.polygons.ring_counts[row]:
        return table.polygons[row]
    if table.masks is None:
        return ()
    picture = table.image[row]
    return rings_of_mask(to_mask(table.masks[row], int(images.height[picture]), int(images.width[picture])))
