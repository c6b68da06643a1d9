"""Hold what a person left against the proposals that were sampled: kept, moved, relabelled, removed, or drawn anew.

Formats and tools lose numbers of annotations, so the two are brought together by what they are. In each picture pairs
are made one to one, the surest kinds first, and within a kind by how much the boxes overlap:

    known by the number that a tool kept       kept, moved or relabelled
    same class, overlap of `iou` or more       kept
    other class, overlap of `iou` or more      relabelled
    same class, overlap of 0.3 or more         moved
    other class, overlap of 0.3 or more        relabelled, and moved

What is left of the proposals was removed, what is left of the person's objects was drawn. A picture that came back
without labels is one in which a person removed everything, since the sample had labels in every picture. Labels of
whole pictures have no boxes: they overlap wholly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...dataset.geometry import clip_boxes
from ...dataset.ragged import ranges
from ...errors import UsageError, show
from ...evaluate.by_name import match_names, stem
from ...files import Finding
from ...formats.predictions import Stored
from ...images import file_name
from ...reports.scales import plural
from .records import Box, Decision, Drawn, Outcome, ReviewSample, ReviewSettings

__all__ = ["Judged", "box_iou", "judge"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_NEAR = 0.3
_ROUNDED = 1.0  # pixels: formats in whole pixels move each side by up to that
_EXAMPLES = 3
_ENOUGH = 10  # proposals that one person may well delete, all of them


@dataclass(frozen=True)
class Judged:
    """What a person made of a sample.

    Attributes:
        decisions: by row; proposals whose picture did not come back have none.
        drawn: objects that belong to no proposal of the sample.
        findings: what is doubtful.
    """

    decisions: tuple[Decision, ...]
    drawn: tuple[Drawn, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, eq=False)
class _Side:
    """Objects: the picture of each, int64, the name of its class, its box, and the number of its proposal or -1."""

    image: Ints
    category: NDArray[np.object_]
    box: Floats
    number: Ints


def judge(
    stored: Stored,
    sample: ReviewSample,
    corrected: Dataset,
    settings: ReviewSettings,
    *,
    numbers: Ints | None = None,
) -> Judged:
    """Find out what a person made of each proposal of a sample.

    Args:
        corrected: the sample as it came back, in any format; pictures are known by name, else by file name or stem.
        numbers: of the proposal that each annotation of it is, int64, -1 for none, where a tool kept them.

    Raises:
        UsageError: no picture of the sample came back, or nothing of what was sampled: it is another dataset.
    """
    findings: list[Finding] = []
    back = _pictures(sample.images, corrected, settings, findings)
    proposed, rows = _proposed(stored, sample, back if settings.missing == "unseen" else None)
    left = _left(corrected, back, numbers, rows)
    partner, same = _partners(proposed, left, settings.iou)
    box = _boxes(proposed, left, partner, stored.dataset.annotations.box[rows])
    decisions = tuple(_decisions(sample.images, proposed, left, partner, same, box))
    alone = np.setdiff1d(np.arange(len(left.image)), partner).tolist()
    drawn = tuple(
        Drawn(image=sample.images[left.image[at]], category=str(left.category[at]), box=_box(left.box[at]))
        for at in alone
    )
    _note_doubts(decisions, drawn, findings)
    return Judged(decisions, drawn, tuple(findings))


# --- bringing the two together


def _pictures(names: Sequence[str], corrected: Dataset, settings: ReviewSettings, findings: list[Finding]) -> Ints:
    """Return the sample's picture of each corrected one, int64; -1 for one that is not in the sample."""
    images = corrected.images
    rows = match_names(names, images.names, (file_name, stem)).rows
    there = np.flatnonzero(rows >= 0)
    if not len(there):
        hint = f"it has {plural(len(images), 'picture')}, and none is called like '{show(names[0], 60)}'"
        raise UsageError("no picture of the sample is in the corrected dataset", hint=hint)
    lost = np.flatnonzero(rows < 0)
    if len(lost):
        _note_missing([names[row] for row in lost.tolist()], settings, findings)
    back = np.full(len(images), -1, np.int64)
    back[rows[there]] = there
    return back


def _note_missing(names: Sequence[str], settings: ReviewSettings, findings: list[Finding]) -> None:
    """Say what became of the pictures that did not come back: where a tool left them out, that hides what is wrong."""
    pictures = plural(len(names), "picture")
    if settings.missing == "unseen":
        message = (
            f"not judged: {pictures} of the sample did not come back; where the tool leaves out pictures in which "
            "nothing is left, say --missing removed, else too much is promised"
        )
    else:
        message = f"{pictures} of the sample did not come back: all proposals in them count as removed"
    some = [show(name, 60) for name in names[:_EXAMPLES]]
    findings.append(Finding(code="pictures-missing", message=message, count=len(names), examples=some))


def _proposed(stored: Stored, sample: ReviewSample, back: Ints | None) -> tuple[_Side, Ints]:
    """Return the sampled proposals, of the pictures that came back where these are given, and their numbers."""
    table, images = stored.dataset.annotations, stored.dataset.images
    rows = np.array(sample.rows, np.int64)
    place = {name: at for at, name in enumerate(sample.images)}
    picture = np.array([place[images.names[owner]] for owner in table.image[rows].tolist()], np.int64)
    if back is not None:
        rows, picture = rows[np.isin(picture, back)], picture[np.isin(picture, back)]
    # What hangs over the edge is cut off on the way through most formats and tools.
    owner = table.image[rows]
    box = clip_boxes(table.box[rows], images.width[owner], images.height[owner])
    names = np.array(stored.dataset.categories.names, object)
    return _Side(picture, names[table.category[rows]], box, rows), rows


def _left(corrected: Dataset, back: Ints, numbers: Ints | None, sampled: Ints) -> _Side:
    """Return what a person left, by picture; proposals of an earlier sample are no part of it."""
    table = corrected.annotations
    number = np.full(len(table), -1, np.int64) if numbers is None else numbers
    picture = back[table.image]
    rows = np.flatnonzero((picture >= 0) & ((number < 0) | np.isin(number, sampled)))
    rows = rows[np.argsort(picture[rows], kind="stable")]
    names = np.array(corrected.categories.names, object)
    return _Side(picture[rows], names[table.category[rows]], table.box[rows], number[rows])


def _partners(proposed: _Side, left: _Side, iou: float) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the object that each proposal became, int64, -1 for none, and whether its box was not moved, bool."""
    pairs, overlap = _pairs(proposed, left)
    known = proposed.number[pairs[0]] == left.number[pairs[1]]
    chosen = _assign(pairs, overlap, known, proposed, left, iou)
    partner, same = np.full(len(proposed.image), -1, np.int64), np.zeros(len(proposed.image), np.bool_)
    partner[pairs[0][chosen]] = pairs[1][chosen]
    same[pairs[0][chosen]] = overlap[chosen] >= iou
    return partner, same


def _pairs(proposed: _Side, left: _Side) -> tuple[tuple[Ints, Ints], Floats]:
    """Return every proposal with every object of its picture, and how much their boxes overlap."""
    first = np.searchsorted(left.image, proposed.image, side="left")
    counts = np.searchsorted(left.image, proposed.image, side="right") - first
    mine, theirs = np.repeat(np.arange(len(proposed.image)), counts), ranges(first, counts)
    return (mine, theirs), box_iou(proposed.box[mine], left.box[theirs])


def box_iou(a: Floats, b: Floats) -> Floats:
    """Return the intersection over union of boxes, row by row; 1 for two labels of whole pictures."""
    corner = np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    shared = np.where((corner > 0).all(axis=1), corner[:, 0] * corner[:, 1], 0.0)
    union = a[:, 2] * a[:, 3] + b[:, 2] * b[:, 3] - shared
    value = np.divide(shared, union, out=np.zeros(len(a)), where=union > 0)
    return np.where(np.isnan(a[:, 0]) & np.isnan(b[:, 0]), 1.0, value)


def _assign(
    pairs: tuple[Ints, Ints],
    overlap: Floats,
    known: NDArray[np.bool_],
    proposed: _Side,
    left: _Side,
    iou: float,
) -> Ints:
    """Return which pairs are made, int64: one to one, those that a tool knows first, then the surest."""
    same = proposed.category[pairs[0]] == left.category[pairs[1]]
    kind = np.where(known, -1, np.where(overlap >= iou, 0, 2) + ~same)
    candidates = np.flatnonzero(known | ((overlap >= min(_NEAR, iou)) & (left.number[pairs[1]] < 0)))
    order = candidates[np.lexsort((-overlap[candidates], kind[candidates]))]
    used, taken = np.zeros(len(proposed.image), np.bool_), np.zeros(len(left.image), np.bool_)
    made = []
    for at in order.tolist():
        mine, theirs = pairs[0][at], pairs[1][at]
        if not used[mine] and not taken[theirs]:
            used[mine] = taken[theirs] = True
            made.append(at)
    return np.array(made, np.int64)


# --- what follows


def _decisions(
    images: Sequence[str], proposed: _Side, left: _Side, partner: Ints, same: NDArray[np.bool_], box: Floats
) -> Iterator[Decision]:
    """Yield what became of each proposal."""
    for at, theirs in enumerate(partner.tolist()):
        row, image = int(proposed.number[at]), images[proposed.image[at]]
        if theirs < 0:
            yield Decision(row=row, image=image, outcome="removed")
            continue
        category = str(left.category[theirs])
        relabelled = category != proposed.category[at]
        outcome: Outcome = "relabelled" if relabelled else "kept" if same[at] else "moved"
        yield Decision(row=row, image=image, outcome=outcome, category=category, box=_box(box[at]))


def _boxes(proposed: _Side, left: _Side, partner: Ints, own: Floats) -> Floats:
    """Return the box that a person left of each proposal, float64; its own where only the format rounded it."""
    found = np.where(partner[:, None] >= 0, left.box[partner], own) if len(left.box) else own
    apart = np.abs(_corners(found) - _corners(proposed.box)).max(axis=1, initial=0.0)
    return np.where((apart <= _ROUNDED)[:, None], own, found)


def _corners(box: Floats) -> Floats:
    return np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)


def _box(box: Floats) -> Box | None:
    x, y, width, height = box.tolist()
    return None if np.isnan(x) else (x, y, width, height)


def _note_doubts(decisions: Sequence[Decision], drawn: Sequence[Drawn], findings: list[Finding]) -> None:
    """Say so where nobody seems to have looked.

    Raises:
        UsageError: nothing of what was sampled came back, but many other objects: that is another dataset.
    """
    count = len(decisions)
    removed = sum(decision.outcome == "removed" for decision in decisions)
    if removed == count >= _ENOUGH and len(drawn) >= count / 2:
        raise UsageError(
            f"none of the {count:,} sampled proposals is in the corrected dataset, but other objects are",
            hint="give the sample that was drawn last; an older one, or another dataset, cannot be judged",
        )
    if not drawn and all(decision.outcome == "kept" for decision in decisions):
        left = f"all {count:,} proposals were" if count > 1 else "the proposal was"
        message = f"{left} left as {'they were' if count > 1 else 'it was'}: did anybody look?"
        findings.append(Finding(code="unchanged-sample", message=message, count=count, examples=[]))
