"""What a worker says of the pictures that it made: a line of the journal, so that a killed run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from ..._version import __version__
from ...files.disk import FileEntry

__all__ = ["GalleryEntry", "MadePicture", "decode_entry", "encode_entry"]


class MadePicture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The copies of one picture.

    Attributes:
        key: SHA-256 of everything that they are made of and by, in hexadecimal, the first 40 digits.
        files: the small one and, where it was wanted, the larger one, beside the output; none where the picture cannot
            be read, which is never a part of a line.
    """

    key: str
    files: list[FileEntry] = []


class GalleryEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of `.NAME.cvdata-journal` behind its checksum: pictures that were made.

    Attributes:
        cvdata: version that made them; another one makes them again.
    """

    schema: Literal["cvdata/browse-gallery-journal/1"] = "cvdata/browse-gallery-journal/1"
    cvdata: str
    made: list[MadePicture]


def encode_entry(made: Sequence[MadePicture]) -> bytes:
    """Return pictures as a line of the journal."""
    return msgspec.json.encode(GalleryEntry(cvdata=__version__, made=list(made)))


def decode_entry(line: bytes) -> list[MadePicture]:
    """Return the pictures of a line; none where another command or another version wrote it."""
    try:
        entry = msgspec.json.decode(line, type=GalleryEntry)
    except msgspec.MsgspecError:
        return []
    return entry.made if entry.cvdata == __version__ else []
