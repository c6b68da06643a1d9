"""Write a batch of VOC files; this runs in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..files import FileEntry, write_files
from ._voc_page import DATABASE, FOLDER
from ._voc_text import escape, object_elements, picture_elements

__all__ = ["Columns", "XmlText", "to_corners", "write_batch"]


@dataclass(frozen=True)
class Columns:
    """What all batches share: the folder to write into, class names as lines of XML, and how numbers are written."""

    root: str
    names: list[bytes]
    origin: int
    decimals: bool


@dataclass(frozen=True)
class XmlText:
    """Pictures whose files are to be written, with their objects.

    Attributes:
        stems: names of the files without suffix; `filenames`: names of the pictures.
        size: int32, shape (pictures, 2); `picture_extra`: JSON of each picture, or None.
        offsets: int64, shape (pictures + 1,), objects of each picture.
        lead: int64, shape (objects,): class and flags, see `lead_codes`.
        box: float64, shape (objects, 4): x, y, width, height; `extra`: JSON of each object, or None.
    """

    shared: Columns
    stems: list[str]
    filenames: list[str]
    size: NDArray[np.int32]
    picture_extra: list[bytes] | None
    offsets: NDArray[np.int64]
    lead: NDArray[np.int64]
    box: NDArray[np.float64]
    extra: list[bytes] | None

    def __len__(self) -> int:
        return len(self.stems)

    def __getitem__(self, part: slice) -> XmlText:
        first, last, _ = part.indices(len(self))
        objects = slice(self.offsets[first], self.offsets[max(first, last)])
        return XmlText(
            self.shared,
            self.stems[part],
            self.filenames[part],
            self.size[part],
            None if self.picture_extra is None else self.picture_extra[part],
            self.offsets[first : max(first, last) + 1] - self.offsets[first],
            self.lead[objects],
            self.box[objects],
            None if self.extra is None else self.extra[objects],
        )


def write_batch(batch: XmlText) -> list[FileEntry]:
    """Write the files of a batch."""
    objects, offsets = _objects(batch), batch.offsets.tolist()
    contents = []
    for row, (filename, (width, height)) in enumerate(zip(batch.filenames, batch.size.tolist(), strict=True)):
        text = b"".join(objects[offsets[row] : offsets[row + 1]])
        extra = batch.picture_extra[row] if batch.picture_extra is not None else b""
        contents.append(_picture(escape(filename), width, height, extra, batch.shared.origin, text))
    return write_files(batch.shared.root, [f"Annotations/{stem}.xml" for stem in batch.stems], contents)


_SOURCE = b"\t\t<database>%b</database>\n" % DATABASE.encode()
_FOLDER = b"\t<folder>%b</folder>\n" % FOLDER.encode()
_SEGMENTED = b"\t<segmented>0</segmented>\n"
_FROM_ZERO = b"\t\t<origin>0</origin>\n"  # other readers pass over it; without it reading would have to guess


def _picture(name: bytes, width: int, height: int, extra: bytes, origin: int, objects: bytes) -> bytes:
    parts: dict[str, bytes] = picture_elements(msgspec.json.decode(extra)) if extra else {}
    sides = b"\t\t<width>%d</width>\n\t\t<height>%d</height>\n" % (width, height) if width > 0 and height > 0 else b""
    depth = parts.get("depth", b"3" if sides else b"")
    size = b"\t<size>\n%b\t\t<depth>%b</depth>\n\t</size>\n" % (sides, depth) if depth else b""
    return b"<annotation%b>\n%b\t<filename>%b</filename>\n\t<source>\n%b%b\t</source>\n%b%b%b%b</annotation>\n" % (
        parts.get("verified", b""),
        parts.get("folder", _FOLDER),
        name,
        parts.get("source", _SOURCE),
        b"" if origin else _FROM_ZERO,
        size,
        parts.get("segmented", _SEGMENTED),
        parts.get("end", b""),
        objects,
    )


_CORNERS = b"%b</xmin>\n\t\t\t<ymin>%b</ymin>\n\t\t\t<xmax>%b</xmax>\n\t\t\t<ymax>%b</ymax>\n\t\t</bndbox>\n"
_WHOLE = _CORNERS.replace(b"%b", b"%d")
_END = b"\t</object>\n"
_FLAGS = (b"truncated", b"difficult", b"occluded")


def _objects(batch: XmlText) -> list[bytes]:
    """Return the text of every object."""
    shared = batch.shared
    codes, place = np.unique(batch.lead, return_inverse=True)
    leads = [_lead(code, shared.names, b"Unspecified") for code in codes.tolist()]
    begin = [leads[at] for at in place.tolist()]
    box = to_corners(batch.box, shared.origin, decimals=shared.decimals)
    if shared.decimals:
        columns = [list(map(_decimal, column)) for column in box.T.tolist()]
        texts = [_CORNERS % one for one in zip(*columns, strict=True)]
    else:
        texts = [_WHOLE % one for one in zip(*box.T.astype(np.int64).tolist(), strict=True)]
    whole = [b"%b%b%b" % (first, text, _END) for first, text in zip(begin, texts, strict=True)]
    box_text = partial(_box_text, shared=shared)
    for row, extra in enumerate(batch.extra or ()):
        if extra:
            pose, more = object_elements(msgspec.json.decode(extra), box_text)
            first = _lead(int(batch.lead[row]), shared.names, escape(pose), preserve=pose != pose.strip(" \t\r\n"))
            whole[row] = b"%b%b%b%b" % (first, texts[row], more, _END)
    return whole


def _lead(code: int, names: list[bytes], pose: bytes, *, preserve: bool = False) -> bytes:
    """Return the start of an object up to its first number; see `lead_codes`."""
    category, flags = divmod(code, 64)
    values = (flags // 16, flags // 4 % 4, flags % 4)
    lines = [b"\t\t<%b>%d</%b>\n" % (tag, value - 1, tag) for tag, value in zip(_FLAGS, values, strict=True) if value]
    space = b' xml:space="preserve"' if preserve else b""
    start = b"\t<object>\n%b\t\t<pose%b>%b</pose>\n" % (names[category], space, pose)
    return b"%b%b\t\t<bndbox>\n\t\t\t<xmin>" % (start, b"".join(lines))


def _decimal(value: float) -> bytes:
    """Return the shortest text that reads back as this number; whole ones without a point."""
    return b"%d" % value if value.is_integer() else b"%a" % value


def _box_text(box: list[float], shared: Columns) -> Any:
    """Return the texts of the corners of one box, for parts of objects."""
    corners = to_corners(np.array([box], np.float64), shared.origin, decimals=shared.decimals)[0].tolist()
    return tuple(map(_decimal, corners))


def to_corners(box: NDArray[np.float64], origin: int, *, decimals: bool) -> NDArray[np.float64]:
    """Turn x, y, width, height, shape (n, 4), into xmin, ymin, xmax, ymax as a file has them."""
    low, high = box[:, :2], box[:, :2] + box[:, 2:]
    if not decimals:
        exact_low, exact_high = low, high
        low, high = _rounded(low), _rounded(high)
        # A box within one pixel, or across an edge by less than half of one, is the pixel in which its middle lies.
        gone = high <= low
        middle = np.floor((exact_low + exact_high) / 2)
        low, high = np.where(gone, middle, low), np.where(gone, middle + 1, high)
    return np.concatenate([low + origin, high], axis=1)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round half away from zero, as people do; NumPy rounds half to even."""
    whole = np.trunc(values)
    return np.asarray(whole + np.where(np.abs(values - whole) >= 0.5, np.sign(values), 0))
