"""One look at one picture: its hash, its light and sharpness, when it was taken, and what is odd about it."""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np
from PIL import Image

from ..dataset.facts import TAKEN_UNKNOWN
from .decode import as_shown, load, shrink_factor, to_rgb
from .headers import PictureFile, orientation_of, problem_of, read_file
from .light import MEASURED_SIDE, Measures, Meter

__all__ = ["Look", "look_at"]


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture says.

    Attributes:
        size: width and height in pixels, after EXIF rotation.
        file_size, modified, sha256: of the file, as in `Facts`.
        taken: as in `Facts`.
        measures: of the grey picture, after EXIF rotation.
        oddities: codes of what is worth a note:
            "16-bit": more than 8 bits a value, of which training tools see 8;
            "cmyk": colours of print, which training tools convert in ways that differ;
            "suffix:KIND": the file is of this kind, and its name says another;
            "animated", "pages": only the first picture in the file is read;
            "transparent": some pixels are, and transparency is dropped;
            "exif-orientation-invalid": the orientation is none of 1 to 8, and is taken for 1.
    """

    size: tuple[int, int]
    file_size: int
    modified: int
    sha256: bytes
    taken: int
    measures: Measures
    oddities: tuple[str, ...]


def look_at(path: str, meter: Meter) -> Look | str:
    """Read a picture once and say everything about it; or what is wrong, exactly as `decode.check_pixels` does."""
    file = read_file(path)
    if isinstance(file, str):
        return file
    image = load(file.data, grey_side=MEASURED_SIDE)
    if isinstance(image, str):
        return image
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken EXIF, which spoils no pixels
            return _look(path, file, image, meter)
    except MemoryError as error:  # a turned or grey copy is needed
        return problem_of(error)


def _look(path: str, file: PictureFile, image: Image.Image, meter: Meter) -> Look:
    orientation = orientation_of(image)
    grey = _measured(image, orientation)
    return Look(
        size=(file.header.width, file.header.height),
        file_size=len(file.data),
        modified=file.modified,
        sha256=hashlib.sha256(file.data).digest(),
        taken=_taken(image),
        measures=meter.measure(np.asarray(grey)),
        oddities=_oddities(path, file.data, image, orientation),
    )


def _measured(image: Image.Image, orientation: int) -> Image.Image:
    """Return the picture in 8-bit grey, shrunk, and turned as people see it."""
    grey = image if image.mode == "L" else to_rgb(image).convert("L")
    factor = shrink_factor(grey.size, MEASURED_SIDE)
    return as_shown(grey if factor == 1 else grey.reduce(factor), orientation)


_EXIF_FOLDER = 0x8769
_TIMES = ((0x9003, 0x9291), (0x9004, 0x9292), (0x0132, 0x9290))
"""EXIF tags of times and of the parts of a second: taken, digitised, changed (EXIF 2.32, table 8)."""

_TIME = re.compile(r"\s*(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _taken(image: Image.Image) -> int:
    """Return when the picture was taken, milliseconds since 1970 by the camera's clock, or `TAKEN_UNKNOWN`."""
    try:
        exif = image.getexif()
        if not exif:
            return TAKEN_UNKNOWN
        tags = {**exif, **exif.get_ifd(_EXIF_FOLDER)}
    except Exception:  # noqa: BLE001 - broken EXIF spoils no pixels
        return TAKEN_UNKNOWN
    for time, fraction in _TIMES:
        taken = _milliseconds(tags.get(time), tags.get(fraction))
        if taken is not None:
            return taken
    return TAKEN_UNKNOWN


def _milliseconds(time: Any, fraction: Any) -> int | None:
    """Parse `2024:05:31 12:00:00` and `25` (hundredths, by its two digits); None where it is not a time."""
    found = _TIME.match(time) if isinstance(time, str) else None
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, found.groups())
        moment = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    except ValueError:  # cameras without a clock write 0000:00:00
        return None
    digits = fraction.strip("\0 ") if isinstance(fraction, str) else ""
    parts = int(f"{digits:0<3.3}") if digits.isascii() and digits.isdigit() else 0
    return (moment - _EPOCH) // _MILLISECOND + parts


_MILLISECOND = datetime.resolution * 1000


_SUFFIX_KINDS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}


def _oddities(path: str, data: bytes, image: Image.Image, orientation: int) -> tuple[str, ...]:
    kind = "JPEG" if image.format == "MPO" else image.format or ""  # an MPO is a JPEG with more behind it
    expected = _SUFFIX_KINDS.get(os.path.splitext(path)[1].lower(), kind)
    codes = []
    if _deep(data, image):
        codes.append("16-bit")
    if image.mode == "CMYK":
        codes.append("cmyk")
    if expected != kind:
        codes.append(f"suffix:{kind}")
    if kind != "JPEG" and _has_more(image):
        codes.append("pages" if kind == "TIFF" else "animated")
    if kind != "JPEG" and _transparent(image):
        codes.append("transparent")
    if not 1 <= orientation <= 8:
        codes.append("exif-orientation-invalid")
    return tuple(codes)


_PNG_DEPTH = 24  # where a PNG says how many bits a value has: in its first chunk, behind width and height
_TIFF_DEPTH = 258


def _deep(data: bytes, image: Image.Image) -> bool:
    """Tell whether values have more than 8 bits; Pillow's mode hides it for colour."""
    if image.format == "PNG":
        return data[_PNG_DEPTH] > 8
    if image.format == "TIFF":
        return any(bits > 8 for bits in getattr(image, "tag_v2", {}).get(_TIFF_DEPTH, ()))
    return False


def _has_more(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # noqa: BLE001 - it looks at the second picture, of which nothing else is asked
        return True


def _transparent(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return False
    alpha = image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
    return alpha.getchannel("A").histogram()[255] < image.width * image.height
