"""What the reader put aside or noted, as findings: nothing that a conversion would say is missing from a check."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...files import Finding as Note
from ...files import QuarantineItem
from ...formats import Intake
from .catalogue import KINDS
from .findings import MOST_PLACES, Hit, Spot

__all__ = ["code_of", "source_hits"]

# The first pattern that matches what a reader found decides. Words of the readers; a test holds the two together.
_CODES = [
    (code, re.compile(pattern))
    for code, pattern in (
        ("missing-picture", r"the picture '.*' is not there$|.* is listed and has no file$"),
        ("size-mismatch", r"the labels say \d+x\d+, the picture"),
        ("labels-without-picture", r"labels without a picture"),
        ("unknown-class", r"class |a class that is not listed|category"),
        ("unknown-picture", r"an? (image|picture) that is not listed|image_id"),
        ("zero-box", r"a box without area"),
        ("outside-box", r"a box that lies outside"),
        ("not-finite", r".*not (a )?finite"),
        ("bad-outline", r".*polygon|.*outline|segmentation is"),
        ("bad-mask", r".*mask|.*run lengths|size is"),
        ("bad-keypoints", r".*keypoint"),
    )
]
_BY_KIND = {"image": "undecodable-picture", "label file": "bad-label-file", "annotation": "bad-annotation"}

_FOUND_BETTER = frozenset({"duplicate-rows", "size-from-picture"})
"""Notes on what the checks of boxes find themselves, or that is of no interest here."""


def code_of(item: QuarantineItem) -> str:
    """Return the kind of finding that an item in quarantine is."""
    for code, pattern in _CODES:
        if pattern.match(item.found):
            return code
    return _BY_KIND[item.kind]


def source_hits(intake: Intake) -> list[Hit]:
    """Turn the quarantine and the notes of a reader into findings."""
    return [*_from_quarantine(intake.quarantine), *_from_notes(intake.findings, intake)]


def _from_quarantine(items: Iterable[QuarantineItem]) -> list[Hit]:
    hits: dict[str, Hit] = {}
    for item in items:
        code = code_of(item)
        what = item.found if code not in ("zero-box", "outside-box") else item.found.removeprefix("a box ")
        hits.setdefault(code, Hit(code)).add(
            Spot(what=what, file=item.file, line=item.line, field=item.field, image=item.image)
        )
    return list(hits.values())


def _from_notes(notes: Iterable[Note], intake: Intake) -> list[Hit]:
    hits = []
    for note in notes:
        if note.code in _FOUND_BETTER:
            continue
        spots = [Spot(what=example) for example in note.examples]
        if note.code == "picture-without-labels-entry":
            names = [name for names in intake.unlisted.values() for name in names]
            spots = [Spot(what="no entry in the labels", file=name) for name in names[:MOST_PLACES]]
        code = note.code if note.code in KINDS else "other-note"
        hits.append(Hit(code, note.count, spots, words={"message": note.message, "code": note.code}))
    return hits
