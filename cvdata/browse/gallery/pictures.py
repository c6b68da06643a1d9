"""Small copies of the pictures, made by workers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...errors import FormatError
from ...files import disk
from ...files.disk import FileEntry
from ...images.decode import decode

__all__ = [
    "LARGE_SIDE",
    "SMALL_SIDE",
    "Job",
    "heat_name",
    "heat_picture",
    "large_name",
    "make_pictures",
    "nothing_made",
    "small_name",
]

SMALL_SIDE, LARGE_SIDE = 360, 1024
"""Pixels of the longer side: in the grid, and of the worst pictures when one looks at them."""

_HEAT_SIDE = 160  # of heat maps, which are smooth

_QUALITY = 82  # of the JPEGs: as good as none for the eye at this size


class Job(NamedTuple):
    """A picture to copy: folder of the output, number in the gallery, file, and whether it is wanted large, too."""

    root: str
    number: int
    file: str
    large: bool


def small_name(number: int) -> str:
    """Return the name of a thumbnail below the output."""
    return f"pictures/{number // 500}/{number}.jpg"


def large_name(number: int) -> str:
    """Return the name of a larger copy below the output."""
    return f"large/{number}.jpg"


def heat_name(number: int) -> str:
    """Return the name of a heat map below the output."""
    return f"heat/{number}.png"


def heat_picture(heat: NDArray[np.float32]) -> bytes:
    """Return a heat map, 0 to 1, as a PNG to lie over the picture, clearer where the network looked less."""
    from ...models.explain.drawing import colours_of

    small = Image.fromarray(np.clip(np.nan_to_num(heat), 0, 1).astype(np.float32))
    small.thumbnail((_HEAT_SIDE, _HEAT_SIDE), Image.Resampling.BILINEAR)
    values = np.asarray(small, np.float32)
    # As strong as `cvdata explain` draws it.
    pixels = np.dstack([colours_of(values), 255 * 0.8 * np.sqrt(values)])
    file = io.BytesIO()
    Image.fromarray(np.round(pixels).astype(np.uint8), "RGBA").save(file, "PNG")
    return file.getvalue()


def make_pictures(jobs: Sequence[Job]) -> list[list[FileEntry]]:
    """Write the copies of some pictures; return the files of each, none for a picture that cannot be read."""
    return [_make(job) for job in jobs]


def nothing_made(jobs: Sequence[Job]) -> list[list[FileEntry]]:
    """Return what becomes of a picture that kills its worker."""
    return [[] for _ in jobs]


def _make(job: Job) -> list[FileEntry]:
    try:
        picture = Image.fromarray(decode(job.file))
    except (FormatError, OSError):
        return []
    names, contents = [], []
    if job.large:
        picture.thumbnail((LARGE_SIDE, LARGE_SIDE), Image.Resampling.LANCZOS, reducing_gap=3)
        names.append(large_name(job.number))
        contents.append(_jpeg(picture))
    picture.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS, reducing_gap=3)
    names.append(small_name(job.number))
    contents.append(_jpeg(picture))
    return disk.write_files(job.root, names, contents)


def _jpeg(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=_QUALITY, optimize=True)
    return data.getvalue()
