"""The one rule by which every command decodes a picture, and what makes a picture bad.

Pillow accepts a PNG whose rows are missing and OpenCV a JPEG that is cut in half; each refuses the other's file. Here
both are bad, so that what one command accepts, no other stumbles over.
"""

from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from ..errors import FormatError, Place
from .headers import (
    CUT_OFF,
    DECODERS,
    NOT_A_PICTURE,
    orientation_of,
    problem_of,
    read_file,
    too_large,
)

__all__ = ["as_shown", "check_pixels", "decode", "load", "picture", "shrink_factor", "to_rgb"]

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"


def decode(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read a picture as people see it: uint8, shape (height, width, 3), RGB, after EXIF rotation.

    Of an animation the first frame; transparency is dropped, as training tools do; 16 bits are scaled, not clipped.

    Raises:
        FormatError: the file is not a whole picture of an allowed kind and size.
    """
    return np.array(picture(path), np.uint8)


def picture(path: str | os.PathLike[str], *, least_side: int | None = None) -> Image.Image:
    """Read a picture as `decode` does, as a Pillow picture in mode RGB that has pixels and nothing else of the file.

    Args:
        least_side: where a smaller copy will do whose longer side has at least so many pixels, a JPEG may come shrunk
            by 2, 4 or 8, which is faster; it is accepted or refused as the whole picture is.

    Raises:
        FormatError: the file is not a whole picture of an allowed kind and size.
    """
    found = _decode(os.fspath(path), least_side)
    if isinstance(found, str):
        raise FormatError(f"the picture {found}", at=Place(path), hint="replace the file, or take it out")
    shown = to_rgb(found)
    shown.info.clear()  # such as comments, which Pillow would write into copies
    return shown


def check_pixels(path: str) -> str | None:
    """Read every pixel of a picture; return in a few words what is wrong with it, or None."""
    found = _decode(path)
    return found if isinstance(found, str) else None


def _decode(path: str, least_side: int | None = None) -> Image.Image | str:
    """Return the picture, loaded and turned, in the mode of the file; or what is wrong."""
    found = read_file(path)
    if isinstance(found, str):
        return found
    image = load(found.data, least_side=least_side)
    if isinstance(image, str):
        return image
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken EXIF, which spoils no pixels
            return as_shown(image, orientation_of(image))
    except MemoryError as error:
        return problem_of(error)


def load(data: bytes, *, grey_side: int | None = None, least_side: int | None = None) -> Image.Image | str:
    """Read every pixel of a picture, as it lies in the file; or say what is wrong.

    Args:
        grey_side: where a grey picture whose longer side has about so many pixels will do, a JPEG is read as such in
            little more than half of the time. The verdict is the same: every byte of the file is decoded all the same.
        least_side: the same, in the colours of the file, of at least so many pixels.
    """
    if data.startswith(_JPEG) and (grey_side is not None or least_side is not None):
        image = _load_small(data, _Small(grey_side, least_side))
        if image is not None:
            return image
    try:
        problem = _png_problem(data) if data.startswith(_PNG) else None
        return problem if problem is not None else _load(data)
    except Exception as error:  # noqa: BLE001 - decoders raise nearly anything on bad bytes
        return problem_of(error)


class _Small(NamedTuple):
    """What a small copy must have, see `load`."""

    grey_side: int | None
    least_side: int | None


def _load(data: bytes, small: _Small | None = None) -> Image.Image | str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the size is judged by our own limit
        image = Image.open(io.BytesIO(data), formats=DECODERS)
        problem = too_large(*image.size)  # again, because a file may change between two looks
        if problem is not None:
            return problem
        if ImageFile.LOAD_TRUNCATED_IMAGES:  # a switch of the whole process: it hides what we look for
            return "cannot be judged while PIL.ImageFile.LOAD_TRUNCATED_IMAGES is set"
        if small is not None:
            _ask_for_small(image, small)
        image.load()
        return image


def _load_small(data: bytes, small: _Small) -> Image.Image | None:
    """Load a small copy of a JPEG; None where the whole rule has to judge, which is wherever anything is wrong."""
    try:
        image = _load(data, small)
    except Exception:  # noqa: BLE001 - whatever it is, the whole rule will say it
        return None
    return None if isinstance(image, str) else image


def _ask_for_small(image: Image.Image, small: _Small) -> None:
    """Let libjpeg shrink by 2, 4 or 8 while it transforms blocks, and make no colour where none is wanted.

    All entropy-coded bytes are decoded as before, those of colours not wanted, too, and dropped. What is skipped could
    find fault in one way only: libjpeg cannot enlarge colours by a fraction (JERR_FRACT_SAMPLE_NOTIMPL).
    """
    layers = getattr(image, "layer", ())
    across, down = ([layer[i] for layer in layers] for i in (1, 2))
    if not layers or any(max(across) % n for n in across) or any(max(down) % n for n in down):
        return
    if small.grey_side is not None:
        mode, shrink = "L", shrink_factor(image.size, small.grey_side)
    else:
        mode, shrink = None, max(1, max(image.size) // (small.least_side or 1))
    image.draft(mode, (max(1, image.width // shrink), max(1, image.height // shrink)))


def shrink_factor(size: tuple[int, int], side: int) -> int:
    """Return the power of two that brings the longer side to `side` pixels or fewer."""
    factor = 1
    while max(size) > side * factor:
        factor *= 2
    return factor


def as_shown(image: Image.Image, orientation: int) -> Image.Image:
    """Turn a picture as its EXIF orientation says."""
    method = _TRANSPOSE.get(orientation)
    return image if method is None else image.transpose(method)


_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def to_rgb(image: Image.Image) -> Image.Image:
    """Return 8-bit RGB."""
    mode = image.mode
    if mode == "RGB":
        return image
    if mode.startswith("I") or mode == "F":
        return Image.fromarray(_to_8_bits(np.asarray(image), mode)).convert("RGB")
    if "transparency" in image.info or mode in ("RGBa", "La", "PA"):
        image = image.convert("RGBA")  # a palette with an alpha per entry converts without a warning only this way
    # Pillow has undone Adobe's inversion of CMYK when it opened the file (rawmode "CMYK;I").
    return image.convert("RGB")


def _to_8_bits(pixels: NDArray[Any], mode: str) -> NDArray[np.uint8]:
    """Scale grey values of more than 8 bits; Pillow's `convert` would clip them, and nearly all would be white.

    16 bits lose their lower half, as Pillow and OpenCV do for colour.
    """
    if mode == "F":
        span = 1.0 if np.nanmax(pixels, initial=0) <= 1 else 255.0
        scaled = np.rint(np.clip(np.nan_to_num(pixels), 0, span) * (255 / span))
        return np.asarray(scaled, np.uint8)
    shift = 8 if pixels.max(initial=0) <= 0xFFFF else 23  # Pillow's mode I holds 16-bit files as well as 32-bit ones
    return np.asarray(np.maximum(pixels, 0) >> shift, np.uint8)


def _png_problem(data: bytes) -> str | None:
    """Find what Pillow passes over in a PNG: missing rows and, behind the first pixels, a wrong checksum."""
    at, pixels, header = len(_PNG), [], b""
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            return CUT_OFF
        # Only pixels and what they need is judged: decoders, too, pass over a bad checksum of a comment.
        if kind[:1].isupper() and zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return f"is damaged (the checksum of its {_shown(kind)} chunk is wrong)"
        if kind == b"IHDR":
            header = data[at + 8 : end]
        elif kind == b"IDAT":
            pixels.append(memoryview(data)[at + 8 : end])
        elif kind == b"IEND":
            return _rows_problem(header, pixels)
        at = end + 4
    return CUT_OFF


def _shown(kind: bytes) -> str:
    return kind.decode("ascii") if kind.isalpha() else "unnamed"


def _rows_problem(header: bytes, pixels: list[memoryview]) -> str | None:
    """Inflate the pixel data and count it: Pillow fills rows that are not there with black."""
    if len(header) != 13 or not pixels:
        return NOT_A_PICTURE
    wanted = _inflated_size(header)
    inflater, got = zlib.decompressobj(), 0
    for part in pixels:
        rest: Any = part
        while len(rest) and not inflater.eof and got < wanted:
            try:
                got += len(inflater.decompress(rest, 1 << 20))  # in pieces: what it unpacks to is not ours to trust
            except zlib.error:
                return "is damaged (its pixel data cannot be inflated)"
            rest = inflater.unconsumed_tail
    while got < wanted and not inflater.eof:
        piece = inflater.decompress(b"", 1 << 20)
        if not piece:
            break
        got += len(piece)
    return None if got >= wanted else f"{CUT_OFF} ({got:,} of {wanted:,} bytes of pixels are there)"


_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column, first row, column step, row step of each pass of an interlaced PNG (W3C PNG, section 8.1)."""


def _inflated_size(header: bytes) -> int:
    """Return how many bytes the pixels of a PNG take, a filter byte per row included."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * _CHANNELS.get(colour, 1)
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    total = 0
    for x, y, step_x, step_y in passes:
        columns = (width - x + step_x - 1) // step_x
        rows = (height - y + step_y - 1) // step_y
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total
