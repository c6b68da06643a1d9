"""What a review keeps beside the proposals: the sample that is out with a person, and what came back so far."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeAlias, TypeVar

import msgspec
import numpy as np

from ...errors import FormatError, Place, UsageError, show
from ...formats._store_records import encode_record
from ...formats.predictions import Stored, read_note, write_note
from .draw import draw_sample, proposals_hash
from .records import REVIEW, SAMPLE, ReviewFile, ReviewSample, SampleSettings

__all__ = ["Root", "next_sample", "note_review", "note_sample", "read_review", "read_sample"]

Root: TypeAlias = "str | os.PathLike[str]"
T = TypeVar("T", ReviewFile, ReviewSample)

_CURE = "restore it from a copy, or remove it and review again"


def read_sample(root: Root, stored: Stored) -> ReviewSample | None:
    """Return the sample that was drawn last, or None.

    Raises:
        FormatError: the note is damaged, or belongs to other proposals.
    """
    note = _read(root, stored, SAMPLE, ReviewSample)
    if note is not None:
        _check_rows(stored, note.sha256, note.rows, SAMPLE)
        _check_pictures(stored, note)
    return note


def read_review(root: Root, stored: Stored) -> ReviewFile | None:
    """Return what was reviewed so far, or None.

    Raises:
        FormatError: the note is damaged, or belongs to other proposals.
    """
    note = _read(root, stored, REVIEW, ReviewFile)
    if note is not None:
        _check_rows(stored, note.sha256, (decision.row for decision in note.decisions), REVIEW)
    return note


def _read(root: Root, stored: Stored, file: str, kind: type[T]) -> T | None:
    data = read_note(root, stored.about.name, file)
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise FormatError(show(str(error)), at=_place(stored, file), hint=_CURE) from error


def _check_rows(stored: Stored, sha256: str, rows: Iterable[int], file: str) -> None:
    count = len(stored.dataset.annotations)
    if sha256 != proposals_hash(stored) or not all(0 <= row < count for row in rows):
        raise FormatError("it belongs to other proposals", at=_place(stored, file), hint=_CURE)


def _check_pictures(stored: Stored, sample: ReviewSample) -> None:
    """Refuse a sample that names a proposal twice or none at all, or other pictures than those of its proposals."""
    rows = np.array(sample.rows, np.int64)
    names = stored.dataset.images.names
    owners = np.unique(stored.dataset.annotations.image[rows]).tolist()
    if not len(rows) or (np.diff(rows) <= 0).any() or sample.images != tuple(names[owner] for owner in owners):
        at = _place(stored, SAMPLE)
        raise FormatError("its rows or pictures are not those of a sample", at=at, hint=_CURE)


def _place(stored: Stored, file: str) -> Place:
    return Place(f"predictions/{stored.about.name}/{file}")


def next_sample(root: Root, stored: Stored, settings: SampleSettings, *, again: bool = False) -> ReviewSample:
    """Draw a sample that goes on from what was reviewed, and note it; the same settings draw the same one.

    Args:
        again: draw anew although another sample is still out with a person.

    Raises:
        UsageError: see `draw_sample`; or another sample was drawn and has not come back.
        CvdataError: a note is damaged, or the disk refused.
    """
    before, last = read_review(root, stored), read_sample(root, stored)
    sample = draw_sample(stored, settings, before=before)
    is_out = last is not None and last.number > (len(before.samples) if before else 0)
    if last is not None and is_out:
        if last.rows == sample.rows:
            return last
        if not again:
            raise UsageError(
                f"a sample of {len(last.rows):,} proposals was drawn on {last.time[:10]} and has not come back",
                hint="judge it with --corrected, or give --again: what was corrected in it is lost then",
            )
    note_sample(root, sample)
    return sample


def note_sample(root: Root, sample: ReviewSample) -> None:
    """Write beside the proposals which of them were drawn.

    Raises:
        CvdataError: the disk refused.
    """
    write_note(root, sample.prediction, SAMPLE, encode_record(sample))


def note_review(root: Root, found: ReviewFile) -> None:
    """Write what a review found beside the proposals.

    Raises:
        CvdataError: the disk refused.
    """
    write_note(root, found.prediction, REVIEW, encode_record(found))
