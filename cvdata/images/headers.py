"""Size and EXIF orientation of a picture from the first bytes of its file.

The hot path reads JPEG and PNG headers itself, because a million files pass here and Pillow takes ten times as long.
Whatever is not plain and regular is left to Pillow, so that both always say the same. What is in a file decides, not
its suffix. A bad file is a result, not an exception: one must not stop a million.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import warnings
import zlib
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image


__all__ = [
    "DECODERS",
    "LARGEST_FILE",
    "LARGEST_PICTURE",
    "NOT_A_PICTURE",
    "Header",
    "PictureFile",
    "orientation_of",
    "problem_of",
    "read_file",
    "read_header",
    "too_large",
]

DECODERS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
"""The only decoders that content may reach. Pillow's others start Ghostscript (EPS) or are rarely looked at (FITS)."""

LARGEST_PICTURE = 100_000_000
"""Pixels; a small file may unpack to gigabytes."""

LARGEST_FILE = 1 << 30
"""Bytes; a picture of 100 megapixels at 16 bits and four channels takes 800 MB."""

NOT_A_PICTURE = "is not a picture that cvdata reads (JPEG, PNG, BMP, GIF, TIFF, WebP)"
CUT_OFF = "is cut off"

_OPEN = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_WINDOWS = (4096, 1 << 16, 1 << 20, 1 << 24)  # nearly all headers end in the first; thumbnails and profiles take more
_TURNED = (5, 6, 7, 8)  # EXIF orientations that swap width and height


class Header(NamedTuple):
    """What the start of a file says of a picture.

    Attributes:
        width, height: pixels, after EXIF rotation.
        turned: whether EXIF swaps width and height.
    """

    width: int
    height: int
    turned: bool


class PictureFile(NamedTuple):
    """A picture's file, read once.

    Attributes:
        header: what its start says.
        data: all of its bytes.
        modified: when it was changed last, nanoseconds since 1970 (UTC).
    """

    header: Header
    data: bytes
    modified: int


def read_header(path: str) -> Header | str:
    """Return what a picture's header says, or in a few words what is wrong with the file."""
    opened = _opened(path)
    if isinstance(opened, str):
        return opened
    descriptor, status = opened
    try:
        found = _read_fast(descriptor, status.st_size)
    except OSError as error:
        return _unreadable(error)
    finally:
        os.close(descriptor)
    return _judged(found, path, status.st_size)


def read_file(path: str) -> PictureFile | str:
    """Read a file whole if its header is that of a picture of an allowed size; else say what is wrong with it."""
    opened = _opened(path)
    if isinstance(opened, str):
        return opened
    descriptor, status = opened
    try:
        header = _judged(_read_fast(descriptor, status.st_size), path, status.st_size)
        if isinstance(header, str):
            return header
        if status.st_size > LARGEST_FILE:
            return _too_long(status.st_size)
        return PictureFile(header, _whole(descriptor, status.st_size), status.st_mtime_ns)
    except OSError as error:
        return _unreadable(error)
    except MemoryError as error:
        return problem_of(error)
    finally:
        os.close(descriptor)


def _opened(path: str) -> tuple[int, os.stat_result] | str:
    """Open a regular file with something in it; return its descriptor, or what is wrong."""
    try:
        status = os.stat(path)  # before open: opening a pipe would wait for its writer
        if not stat.S_ISREG(status.st_mode):
            return "is not a regular file"
        if status.st_size == 0:
            return "is empty"
        descriptor = os.open(path, _OPEN)
    except OSError as error:
        return _unreadable(error)
    except ValueError:
        return "cannot be read: its name holds a NUL byte"
    status = os.fstat(descriptor)  # again: another file may have taken the name
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return "is not a regular file"
    return descriptor, status


def _unreadable(error: OSError) -> str:
    return f"cannot be read: {error.strerror or type(error).__name__}"


def _judged(found: Header | str | None, path: str, size: int) -> Header | str:
    header = found if found is not None else _ask_pillow(path, size)
    if isinstance(header, str):
        return header
    return too_large(header.width, header.height) or header


def _whole(descriptor: int, size: int) -> bytes:
    """Read a file from its start up to the size it had when it was opened."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    data = os.read(descriptor, size)
    while len(data) < size:  # a network may bring it in pieces
        more = os.read(descriptor, size - len(data))
        if not more:
            break
        data += more
    return data


def too_large(width: int, height: int) -> str | None:
    """Say what is wrong with a size, or None."""
    if width <= 0 or height <= 0:
        return f"has no pixels ({width} x {height})"
    return _excess(width * height) if width * height > LARGEST_PICTURE else None


def _excess(pixels: int) -> str:
    return f"has {pixels / 1e6:.4g} megapixels, the limit is {LARGEST_PICTURE // 1_000_000}"


def _read_fast(descriptor: int, size: int) -> Header | str | None:
    """Read a plain JPEG or PNG; None where Pillow has to say."""
    for window in _WINDOWS:
        if window > _WINDOWS[0]:
            os.lseek(descriptor, 0, os.SEEK_SET)
        data = os.read(descriptor, window)
        if data.startswith(b"\xff\xd8\xff"):
            header = _jpeg(data)
            if header is not None or window >= size:
                return header
        elif data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(descriptor, data, size)
        else:
            return None
    return None


# Markers by their second byte. Frames: all SOFn but DHT (C4), JPG (C8) and DAC (CC), which share the range.
_SCAN = 0xDA
_APP1 = 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SKIPPED = frozenset(range(0xE0, 0xF0)) | {0xC4, 0xCC, 0xDB, 0xDD, 0xFE}
_segment = struct.Struct(">BBH").unpack_from
_frame = struct.Struct(">BHHB").unpack_from


def _jpeg(data: bytes) -> Header | None:
    """Walk the segments up to the first scan; None where the data ends before it or anything is out of the ordinary.

    Segments are stepped over as a whole, so a thumbnail inside one is never mistaken for the picture.
    """
    at, end = 2, len(data) - 10
    width = height = -1
    orientation: int | None = None
    exif = xmp = False
    while at <= end:
        lead, marker, length = _segment(data, at)
        if lead != 0xFF or length < 2:
            return None
        if marker in _FRAMES:
            bits, height_, width_, layers = _frame(data, at + 4)
            if width >= 0 or bits != 8 or layers not in (1, 3, 4):
                return None
            width, height = width_, height_
        elif marker == _SCAN:
            if width < 0 or (xmp and orientation is None):
                return None
            turned = orientation in _TURNED
            return Header(height, width, True) if turned else Header(width, height, False)
        elif marker == _APP1:
            body = data[at + 4 : at + 2 + length]
            if len(body) < length - 2:
                return None
            if body.startswith(b"Exif\0\0"):
                if exif:
                    return None
                exif = True
                orientation = _orientation(body[6:])
                if orientation == _ODD:
                    return None
            elif b"tiff:Orientation" in body:
                xmp = True
        elif marker not in _SKIPPED:
            return None
        at += 2 + length
    return None


_CHUNK = struct.Struct(">I4s")
_SIGNATURE_AND_IHDR = 33  # 8 bytes, then length, type, 13 bytes and CRC of the first chunk


def _png(descriptor: int, data: bytes, size: int) -> Header | str | None:
    """Walk the chunks to the end, since eXIf may follow the pixels; None where anything is out of the ordinary."""
    if len(data) < _SIGNATURE_AND_IHDR:
        return CUT_OFF
    if data[8:16] != b"\0\0\0\rIHDR" or zlib.crc32(data[12:29]) != int.from_bytes(data[29:33], "big"):
        return None
    width, height = struct.unpack_from(">II", data, 16)
    problem = too_large(width, height)
    if problem is not None:
        return problem
    at, orientation = _SIGNATURE_AND_IHDR, None
    while at + 12 <= size:
        length, kind = _CHUNK.unpack(_bytes_at(descriptor, data, at, 8))
        if kind == b"IEND":
            turned = orientation in _TURNED
            return Header(height, width, True) if turned else Header(width, height, False)
        if at + 12 + length > size:
            return CUT_OFF
        if kind == b"eXIf":
            if orientation is not None or length > 1 << 20:
                return None
            orientation = _orientation(_bytes_at(descriptor, data, at + 8, length)) or 1
        if orientation == _ODD or kind == b"acTL" or (kind in _TEXTS and _may_turn(descriptor, data, at + 8, length)):
            return None
        at += 12 + length
    return CUT_OFF


_TEXTS = (b"iTXt", b"tEXt", b"zTXt")


def _may_turn(descriptor: int, data: bytes, at: int, length: int) -> bool:
    """Tell whether a text of a PNG may hold an orientation: XMP, or EXIF as ImageMagick 6 wrote it."""
    return _bytes_at(descriptor, data, at, min(length, 32)).startswith((b"XML:com.adobe.xmp", b"Raw profile type exif"))


def _bytes_at(descriptor: int, data: bytes, at: int, length: int) -> bytes:
    """Return bytes of the file, from its first window where they are there.

    Raises:
        OSError: the file became shorter while it was read.
    """
    if at + length <= len(data):
        return data[at : at + length]
    if hasattr(os, "pread"):
        found = os.pread(descriptor, length, at)
    else:  # Windows
        os.lseek(descriptor, at, os.SEEK_SET)
        found = os.read(descriptor, length)
    if len(found) < length:
        raise OSError("the file changed while it was read")
    return found


_ODD = -1
_ORIENTATION = 0x0112
_SHORT = 3


def _orientation(tiff: bytes) -> int | None:
    """Return the orientation that EXIF data gives, None for none, `_ODD` where Pillow has to say."""
    if tiff.startswith(b"II*\0"):
        order = "<"
    elif tiff.startswith(b"MM\0*"):
        order = ">"
    else:
        return _ODD
    if len(tiff) < 10:
        return _ODD
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    if first + 2 > len(tiff):
        return _ODD
    (entries,) = struct.unpack_from(order + "H", tiff, first)
    if first + 2 + 12 * entries > len(tiff):
        return _ODD
    entry = struct.Struct(order + "HHIH").unpack_from
    orientation = None
    for at in range(first + 2, first + 2 + 12 * entries, 12):
        tag, kind, count, value = entry(tiff, at)
        if tag == _ORIENTATION:
            if kind != _SHORT or count != 1 or orientation is not None:
                return _ODD
            orientation = value
    return orientation


def _ask_pillow(path: str, size: int) -> Header | str:
    """Let Pillow read the header."""
    if size > LARGEST_FILE:
        return _too_long(size)
    start = b""
    try:
        with open(path, "rb") as file:
            start = file.read(4)
            file.seek(0)
            return _header_by_pillow(file)
    except Exception as error:  # noqa: BLE001 - decoders raise nearly anything on bad bytes
        problem = problem_of(error)
        return "is damaged" if problem == NOT_A_PICTURE and start.startswith(_SIGNATURES) else problem


def _too_long(size: int) -> str:
    return f"has {size / 2**30:.3g} GiB, the limit is {LARGEST_FILE >> 30}"


_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")


def _header_by_pillow(file: IO[bytes]) -> Header | str:
    from PIL import Image  # 10 ms, and most pictures never need it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a bomb too: the size is judged by our own limit
        with Image.open(file, formats=DECODERS) as image:
            if image.format in ("JPEG", "MPO") and not image.tile:
                return CUT_OFF
            problem = too_large(*image.size)
            if problem is not None:
                return problem
            turned = orientation_of(image) in _TURNED
            width, height = image.size
            if image.format == "TIFF":
                # Since Pillow 11 the size of a TIFF is turned already when it is opened; the tags never are.
                width, height = image.tag_v2[256], image.tag_v2[257]
    return Header(height, width, True) if turned else Header(width, height, False)


def orientation_of(image: Image) -> int:
    """Return the EXIF orientation of an open picture; 1, as it lies, where there is none or it cannot be read."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - broken EXIF spoils no pixels, and viewers show such pictures as they lie
        return 1
    return value if isinstance(value, int) else 1


def problem_of(error: Exception) -> str:
    """Say in a few words what a decoder's exception means; its text may quote the file, so it is not shown."""
    from PIL import Image, UnidentifiedImageError

    text = str(error)
    if isinstance(error, Image.DecompressionBombError):
        pixels = re.search(r"\d+", text)
        return _excess(int(pixels[0])) if pixels else "unpacks to too many pixels"
    if isinstance(error, UnidentifiedImageError):
        return NOT_A_PICTURE
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    if isinstance(error, EOFError) or "truncated" in text.lower():
        return CUT_OFF
    if isinstance(error, OSError) and error.errno is not None:
        return f"cannot be read: {error.strerror}"
    return "is damaged"
