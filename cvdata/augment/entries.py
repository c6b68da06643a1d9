"""What a worker says of the pictures that it made: a line of the journal, and all that the run needs to go on."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from .._version import __version__

__all__ = ["AugmentEntry", "MadePicture", "decode_entry", "encode_entry"]


class MadePicture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A new picture, or why there is none.

    Attributes:
        key: SHA-256 of everything that it is made of and by, in hexadecimal, the first 40 digits.
        file: its name beside the output; `size`, `sha256`: of the file.
        width, height: in pixels; 0 where there is no picture.
        columns: of its annotations, as bytes.
        lineage: what was drawn: the parameters of the transforms that acted, other parents.
        dropped: objects of which too little was left; `pasted`, `unplaced`: objects pasted in, or without a place.
        problem: in a few words why it could not be made.
    """

    key: str
    file: str = ""
    size: int = 0
    sha256: str = ""
    width: int = 0
    height: int = 0
    columns: dict[str, bytes] = {}
    lineage: dict[str, Any] = {}
    dropped: int = 0
    pasted: int = 0
    unplaced: int = 0
    problem: str | None = None


class AugmentEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of `.NAME.cvdata-journal` behind its checksum: pictures that were made.

    Attributes:
        cvdata: version that made them; another one makes them again.
    """

    schema: Literal["cvdata/augment-journal/1"] = "cvdata/augment-journal/1"
    cvdata: str
    made: list[MadePicture]


def encode_entry(made: list[MadePicture]) -> bytes:
    """Return pictures as a line of the journal."""
    return msgspec.json.encode(AugmentEntry(cvdata=__version__, made=made))


def decode_entry(line: bytes) -> list[MadePicture]:
    """Return the pictures of a line; none where another command or another version wrote it."""
    try:
        entry = msgspec.json.decode(line, type=AugmentEntry)
    except msgspec.MsgspecError:
        return []
    return entry.made if entry.cvdata == __version__ else []
