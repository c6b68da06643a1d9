"""One picture of a part, as it is: its pixels, and the class of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations
from ...errors import CvdataError, Place, TrainingError
from ...formats.label_maps import read_map
from ...images.decode import decode
from ...models.crops import cut_out
from .painting import VOID, paint, painted_classes
from .part import Part

__all__ = [
    "check_size",
    "classes_of_values",
    "decode_picture",
    "read_picture",
    "read_pixels",
    "read_values",
]


def read_picture(part: Part, row: int) -> NDArray[np.uint8]:
    """Return a picture, uint8, shape (height, width, 3), RGB; where crops are learnt, that part of its file.

    Raises:
        TrainingError: it cannot be read, or is not of the size that its labels were drawn on.
    """
    images = part.dataset.images
    path, crop = images.file(row), None if part.crop is None else part.crop[row]
    picture = cut_out(decode_picture(path or "", images.names[row]), crop)
    check_size(picture, int(images.width[row]), int(images.height[row]), images.names[row])
    return picture


def decode_picture(path: str, name: str) -> NDArray[np.uint8]:
    """Read a picture of a dataset.

    Raises:
        TrainingError: it cannot be read.
    """
    try:
        return decode(path)
    except CvdataError as error:
        raise TrainingError(
            error.message,
            at=Place(name),
            hint="put the file back, or take it out of the dataset; `cvdata check` finds all such pictures",
        ) from error


def check_size(picture: NDArray[np.uint8], width: int, height: int, name: str) -> None:
    """Refuse a picture that is not the one that labels were drawn on; 0 x 0 is a size that nobody knows.

    Raises:
        TrainingError: its size is another one.
    """
    tall, wide = picture.shape[:2]
    if min(width, height) > 0 and (wide, tall) != (width, height):
        raise TrainingError(
            f"the picture is {wide}x{tall}, and its labels are of one of {width}x{height}",
            at=Place(name),
            hint="the file was changed; put the old one back, or label it anew",
        )


def read_pixels(part: Part, row: int) -> NDArray[np.uint8] | None:
    """Return the class of each pixel of a picture, uint8, shape (height, width), 255 for none; None without a map.

    Raises:
        TrainingError: the map cannot be read, has another size than its picture, or a value that no class has.
    """
    images = part.dataset.images
    if part.maps is None:
        _, became = painted_classes(part.dataset.categories)
        return paint(_objects_of(part, row), became, int(images.height[row]), int(images.width[row]))
    path = part.maps.files[row]
    if path is None:
        return None
    maps = part.maps
    values = read_values(path, int(images.height[row]), int(images.width[row]), maps.by_colour, maps.numbered)
    return classes_of_values(values, maps.values)


def _objects_of(part: Part, row: int) -> Annotations:
    """Return the annotations of a picture."""
    offsets = part.dataset.offsets
    return part.dataset.annotations.take(np.arange(offsets[row], offsets[row + 1]))


def read_values(path: str, height: int, width: int, by_colour: bool, numbered: bool) -> NDArray[Any]:
    """Read the map of a picture; see `read_map`.

    Args:
        height, width: of its picture; 0 where nobody knows them.

    Raises:
        TrainingError: it cannot be read, or has another size than its picture.
    """
    try:
        values = read_map(path, by_colour=by_colour, numbered=numbered)
    except CvdataError as error:
        raise TrainingError(error.message, at=error.at, hint=error.hint) from error
    if min(height, width) > 0 and values.shape != (height, width):
        raise TrainingError(
            f"the map is {values.shape[1]}x{values.shape[0]}, and its picture {width}x{height}",
            at=Place(path),
            hint="bring the map to the size of the picture, without blending values (nearest neighbour)",
        )
    return values


def classes_of_values(values: NDArray[Any], classes: dict[int, int]) -> NDArray[np.uint8]:
    """Return the class of each value of a map, uint8, 255 for values that are of none."""
    if values.dtype in (np.uint8, np.uint16):
        table = np.full(np.iinfo(values.dtype).max + 1, VOID, np.uint8)
        for value, row in classes.items():
            if 0 <= value < len(table):
                table[value] = row
        return np.asarray(table[values])
    known = np.array(sorted(classes), np.int64)
    rows = np.array([classes[value] for value in known.tolist()], np.uint8)
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.asarray(np.where(known[at] == values, rows[at], VOID), np.uint8)
