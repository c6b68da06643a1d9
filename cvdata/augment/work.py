"""Making the pictures of one batch and writing their files; runs in a worker."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..dataset.packed import pack
from ..errors import AugmentError, CvdataError
from ..files import write_files
from ..files.disk import remove
from .entries import MadePicture, encode_entry
from .jobs import Batch, Job
from .making import Reader, make_sample
from .memory import keep_memory

__all__ = ["Worked", "encode_picture", "lost_batch", "make_batch", "one_thread"]


@dataclass(frozen=True)
class Worked:
    """What became of a batch.

    Attributes:
        kept: keys of pictures that an earlier run made, whose files are whole.
        line: the others, as a line of the journal; None where there are none.
    """

    kept: list[str]
    line: bytes | None


def make_batch(batch: Batch) -> Worked:
    """Make pictures, and write their files."""
    keep_memory()
    kept, made = [], []
    reader = Reader(batch)
    with one_thread():
        for job in batch.jobs:
            if job.known is not None and _is_whole(f"{batch.means.folder}/{job.file}", *job.known):
                kept.append(job.key)
                continue
            if job.known is not None:  # a power cut spoiled its file
                remove(f"{batch.means.folder}/{job.file}")
            made.append(_make(batch, job, reader))
    return Worked(kept, encode_entry(made) if made else None)


def lost_batch(batch: Batch) -> Worked:
    """Say of a picture whose making ended two workers that it could not be made."""
    return Worked([], encode_entry([MadePicture(key=batch.jobs[0].key, problem="making it stopped the program")]))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let OpenCV start no threads for a while: there is a worker for each core."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _is_whole(path: str, size: int, sha256: str) -> bool:
    try:
        if os.path.getsize(path) != size:
            return False
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest() == sha256
    except OSError:
        return False


def _make(batch: Batch, job: Job, reader: Reader) -> MadePicture:
    try:
        made = make_sample(batch, job, reader)
        lossy = job.suffix.lower() != ".webp" or _is_lossy(batch.pictures[job.parent].path or "")
        data = encode_picture(made.sample.image, job.suffix, batch.means.quality, lossy=lossy)
    except CvdataError as error:
        return MadePicture(key=job.key, problem=error.message)
    [entry] = write_files(batch.means.folder, [job.file], [data])
    return MadePicture(
        key=job.key,
        file=entry.name,
        size=entry.size,
        sha256=entry.sha256 or "",
        width=made.sample.width,
        height=made.sample.height,
        columns=pack(made.sample.table),
        lineage=made.lineage,
        dropped=made.dropped,
        pasted=made.pasted,
        unplaced=made.unplaced,
    )


def encode_picture(image: NDArray[np.uint8], suffix: str, quality: int, *, lossy: bool = True) -> bytes:
    """Return a picture as the bytes of a file of the kind that a suffix says; colours of JPEG have half the pixels.

    Args:
        quality: of JPEG and lossy WebP, 1 to 100.
        lossy: whether a WebP may be.

    Raises:
        AugmentError: such a file cannot hold a picture of this size.
    """
    kind = _KINDS.get(suffix.lower(), "JPEG")
    height, width, _ = image.shape
    if max(width, height) > _LONGEST[kind]:
        raise AugmentError(f"a picture of {width:,}x{height:,} cannot be written as {kind}")
    if kind == "JPEG":
        return _jpeg(image, quality)
    options = {
        "PNG": {"compress_level": _LEVEL},
        "WEBP": {"lossless": not lossy, "quality": quality if lossy else _EFFORT},
    }
    out = io.BytesIO()
    Image.fromarray(image).save(out, kind, **options[kind])
    return out.getvalue()


_KINDS = {".png": "PNG", ".webp": "WEBP"}
_LONGEST = {"JPEG": 65_500, "PNG": 1 << 31, "WEBP": 16_383}
"""Pixels that a side may have: libjpeg's JPEG_MAX_DIMENSION, libwebp's WEBP_MAX_DIMENSION."""


def _jpeg(image: NDArray[np.uint8], quality: int) -> bytes:
    """Encode by OpenCV: the same bytes as by Pillow, which first copies the picture into a form of its own."""
    import cv2

    data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return bytes(data)


_LEVEL = 3  # of zlib: level 6 takes twice as long for files that are a few hundredths smaller
_EFFORT = 50  # of lossless WebP


def _is_lossy(path: str) -> bool:
    """Tell whether a file, as far as it is a WebP, lost detail when it was written.

    Source: WebP container specification: a lossless picture is in a chunk `VP8L`.
    """
    with open(path, "rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WEBP":
            return head[:3] == b"\xff\xd8\xff"
        while len(chunk := file.read(8)) == 8:
            if chunk[:4] in (b"VP8L", b"VP8 "):
                return chunk[:4] == b"VP8 "
            length = int.from_bytes(chunk[4:], "little")
            file.seek(length + length % 2, os.SEEK_CUR)
    return True
