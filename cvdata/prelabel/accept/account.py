"""What became of everything that was offered, counted and in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, State
from ...errors import show
from ...files import Finding
from ...reports.scales import plural
from .build import lost_shapes
from .candidates import DRAWN, MOVED, NOBODY, RELABELLED, REMOVED, STILL, Candidates
from .offers import Offer
from .origins import Known
from .report import REASONS, AcceptedClass, AcceptedPrediction, AcceptPart, Reason

__all__ = ["OUTLINED", "TAKEN", "code_of", "findings_of", "part_of"]

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

TAKEN = -1
"""Verdict on what becomes truth; what does not has the place of its reason."""

OUTLINED = -2
"""Verdict on what gave its outline to a label that is there."""

_CODES: tuple[Reason, ...] = tuple(REASONS)
_EXAMPLES = 5
_LONGEST_NAME = 60


def code_of(reason: Reason) -> int:
    """Return the verdict that stands for a reason."""
    return _CODES.index(reason)


def part_of(
    candidates: Candidates, verdict: Ints, offers: Sequence[Offer], *, outlines: bool, partly: int, emptied: int
) -> AcceptPart:
    """Return the account; every candidate is in it once.

    Args:
        outlines: labels were to get outlines.
        partly: pictures in which objects are still proposed; `emptied`: pictures that count as empty now.
    """
    chosen = np.flatnonzero(verdict == TAKEN)
    left = np.bincount(verdict[verdict >= 0], minlength=len(_CODES)).tolist()
    return AcceptPart(
        predictions=[_prediction(candidates, verdict, source, offer) for source, offer in enumerate(offers)],
        classes=[row for source, offer in enumerate(offers) for row in _classes(candidates, verdict, source, offer)],
        accepted=len(chosen),
        outlined=int((verdict == OUTLINED).sum()) if outlines else None,
        left_out={reason: count for reason, count in zip(_CODES, left, strict=True) if count},
        images=len(np.unique(candidates.image[chosen])),
        emptied=emptied,
        partly=partly,
        shapes=lost_shapes(candidates, chosen, offers),
    )


def _prediction(candidates: Candidates, verdict: Ints, source: int, offer: Offer) -> AcceptedPrediction:
    mine, about = candidates.source == source, offer.stored.about
    return AcceptedPrediction(
        name=about.name,
        models=tuple(model.name for model in about.models),
        sha256=about.sha256,
        proposals=about.annotations,
        drawn=int((mine & (candidates.outcome == DRAWN)).sum()),
        accepted=int((mine & (verdict == TAKEN)).sum()),
    )


def _classes(candidates: Candidates, verdict: Ints, source: int, offer: Offer) -> list[AcceptedClass]:
    """Return the classes that a model proposed, and those that people made of it."""
    names, outcome = candidates.categories.names, candidates.outcome
    mine = candidates.source == source
    taken = mine & (verdict == TAKEN)

    def counted(rows: Flags, column: Ints) -> list[int]:
        counts: list[int] = np.bincount(column[rows], minlength=len(names)).tolist()
        return counts

    made = counted(mine & (outcome != DRAWN), candidates.proposed)
    accepted = counted(taken, candidates.category)
    reviewed = counted(taken & (outcome != NOBODY) & (outcome != DRAWN), candidates.category)
    drawn = counted(taken & (outcome == DRAWN), candidates.category)
    return [
        AcceptedClass(
            prediction=offer.stored.about.name,
            name=name,
            threshold=offer.thresholds.get(name),
            proposals=made[row],
            accepted=accepted[row],
            reviewed=reviewed[row],
            drawn=drawn[row],
        )
        for row, name in enumerate(names)
        if made[row] or accepted[row]
    ]


# --- what is worth knowing


def findings_of(
    truth: Dataset,
    candidates: Candidates,
    verdict: Ints,
    known: Known,
    offers: Sequence[Offer],
    *,
    partly: Ints,
    plain: Ints,
) -> tuple[Finding, ...]:
    """Return what a person should know of what was done, the gravest first.

    Args:
        partly: pictures in which objects are still proposed, rows; `plain`: labels that could get an outline, rows.
    """
    images = candidates.image[verdict == TAKEN]
    was_empty = np.unique(images[truth.images.state[images] == State.EMPTY])
    late = _decided_late(truth, candidates, known, offers)
    found = [
        _pictures(truth, "partly-labelled", partly, "have labels for some objects alone", _PARTLY),
        _pictures(truth, "not-empty-after-all", was_empty, "that had been called empty got labels", ""),
        _pictures(
            truth, "decided-late", np.unique(late), "have labels on which a person decided otherwise since", _LATE
        ),
    ]
    if lost := lost_shapes(candidates, np.flatnonzero(verdict == TAKEN), offers):
        message = f"the mask, outline or keypoints of {plural(lost, 'object')} were left out: a person moved the box"
        found.append(Finding(code="shapes-left-out", message=message, count=lost, examples=[]))
    if len(plain):
        some = [show(truth.images.names[row], _LONGEST_NAME) for row in np.unique(truth.annotations.image[plain])]
        message = f"proposals over {plural(len(plain), 'label')} have a mask or outline that the label has not{_PLAIN}"
        found.append(Finding(code="outlines-left-out", message=message, count=len(plain), examples=some[:_EXAMPLES]))
    return tuple(note for note in (*found, *(note for offer in offers for note in offer.findings)) if note.count)


_PARTLY = (
    ": the rest is still proposed, and training learns it as background; label it too, or use --whole-pictures, which "
    "takes only pictures of which everything can be taken"
)
_PLAIN = ": --outlines gives it to them"
_LATE = ": they stay as they were accepted; correct them, or restore the version before and accept again"


def _pictures(truth: Dataset, code: str, rows: Ints, what: str, cure: str) -> Finding:
    some = [show(truth.images.names[row], _LONGEST_NAME) for row in rows[:_EXAMPLES].tolist()]
    message = f"{plural(len(rows), 'picture')} {what if len(rows) != 1 else what.replace('have', 'has', 1)}{cure}"
    return Finding(code=code, message=message, count=len(rows), examples=some)


def _decided_late(truth: Dataset, candidates: Candidates, known: Known, offers: Sequence[Offer]) -> Ints:
    """Return the pictures of annotations that are as a model had them, and that a person thinks otherwise of now."""
    first = np.searchsorted(
        candidates.source, np.arange(len(offers))
    )  # proposals stand in their order, drawn ones last
    rows = np.flatnonzero((known.source >= 0) & (known.row >= 0))
    own = first[known.source[rows]] + known.row[rows]
    rows, own = (column[np.isin(candidates.outcome[own], (MOVED, RELABELLED, REMOVED))] for column in (rows, own))
    box = [
        offers[s].stored.dataset.annotations.box[r] for s, r in zip(known.source[rows], known.row[rows], strict=True)
    ]
    still = np.isclose(truth.annotations.box[rows], np.reshape(box, (-1, 4)), rtol=0, atol=STILL, equal_nan=True)
    same = still.all(axis=1) & (truth.annotations.category[rows] == candidates.proposed[own])
    pictures: Ints = truth.annotations.image[rows[same]].astype(np.int64)
    return pictures
