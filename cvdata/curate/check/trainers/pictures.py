"""First and last bytes of pictures: what a trainer decides by, without decoding anything."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["EndBatch", "PictureEnd", "read_ends"]


@dataclass(frozen=True)
class EndBatch:
    """Pictures to look at."""

    paths: list[str]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, part: slice) -> EndBatch:
        return EndBatch(self.paths[part])


@dataclass(frozen=True)
class PictureEnd:
    """What the ends of a file say.

    Attributes:
        kind: jpeg, png, gif, bmp, webp, tiff by its first bytes; empty where it is something else.
        cut: a JPEG that does not end with its end mark, FF D9.
        npy: a `.npy` file of the same name lies beside it.
    """

    kind: str
    cut: bool
    npy: bool


_KINDS = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG", "png"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
)


def read_ends(batch: EndBatch) -> list[PictureEnd]:
    """Look at a batch of pictures; runs in a worker."""
    return [_end(path) for path in batch.paths]


def _end(path: str) -> PictureEnd:
    npy = os.path.exists(f"{os.path.splitext(path)[0]}.npy")
    try:
        with open(path, "rb", buffering=0) as file:
            start = file.read(16)
            file.seek(-2, os.SEEK_END)
            last = file.read(2)
    except OSError:
        return PictureEnd("", False, npy)
    kind = next((kind for magic, kind in _KINDS if start.startswith(magic)), "")
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        kind = "webp"
    return PictureEnd(kind, kind == "jpeg" and last != b"\xff\xd9", npy)
