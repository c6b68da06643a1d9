"""Turn proposals into truth: `cvdata accept`.

offers = offers_of(root, settings)
outcome = accept(truth, offers, settings)
outcome.dataset, outcome.part.accepted, outcome.part.left_out
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, State
from ...errors import UsageError, show
from ...files import Finding
from .account import OUTLINED, TAKEN, code_of, findings_of, part_of
from .already import Meetings, labelled_before, labelled_twice, meetings_of
from .build import with_accepted, with_state
from .candidates import NOBODY, REMOVED, Candidates, gather, places_of
from .offers import Offer
from .origins import Known, known_rows
from .outlines import outlines_over, with_outlines
from .report import AcceptPart, Reason
from .settings import AcceptSettings, check_accept

__all__ = ["Accepted", "accept"]

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Accepted:
    """The truth with what was accepted.

    Attributes:
        dataset: the truth itself where nothing was.
        part: what became of what was offered.
        findings: what is worth knowing.
    """

    dataset: Dataset
    part: AcceptPart
    findings: tuple[Finding, ...]


def accept(truth: Dataset, offers: Sequence[Offer], settings: AcceptSettings) -> Accepted:
    """Take proposals into the truth; pictures are known by their names.

    Raises:
        UsageError: settings make no sense, or `empty_below` is less than what was looked for.
        FormatError: a box that a person left is none.
    """
    check_accept(settings)
    _check_empty(offers, settings)
    candidates = gather(truth, offers)
    known = known_rows(truth.annotations, offers)
    met = meetings_of(truth, candidates, settings.iou)
    verdict = _verdicts(candidates, settings)
    before = labelled_before(truth, candidates, known, met)
    good = (verdict == TAKEN) & before
    verdict[good] = code_of("already-labelled")
    outlines = outlines_over(truth, candidates, good, known, met, offers)
    if settings.outlines:
        verdict[outlines.proposal] = OUTLINED
    twice = labelled_twice(candidates, verdict == TAKEN, met)
    verdict[twice] = code_of("already-labelled")
    partly = _partly(truth, candidates, verdict, known, met, before)
    if settings.whole_pictures:
        verdict[((verdict == TAKEN) | twice) & np.isin(candidates.image, partly)] = code_of("in-part")
        partly = partly[:0]
    empty = _empty(truth, candidates, verdict, offers, settings)
    chosen = np.flatnonzero(verdict == TAKEN)
    dataset = truth
    if settings.outlines and len(outlines.label):
        dataset = with_outlines(truth, candidates, outlines, offers)
    dataset = with_accepted(dataset, candidates, chosen, offers) if len(chosen) else dataset
    dataset = with_state(dataset, empty, State.EMPTY) if len(empty) else dataset
    part = part_of(candidates, verdict, offers, outlines=settings.outlines, partly=len(partly), emptied=len(empty))
    plain = outlines.label[:0] if settings.outlines else outlines.label
    findings = findings_of(truth, candidates, verdict, known, offers, partly=partly, plain=plain)
    return Accepted(dataset, part, findings)


def _check_empty(offers: Sequence[Offer], settings: AcceptSettings) -> None:
    """Refuse to call pictures empty in which something may be that nobody wrote down.

    Raises:
        UsageError: proposals with that score were not kept.
    """
    for offer in offers if settings.empty_below is not None else ():
        for name, score in offer.stored.about.thresholds.items():
            if settings.empty_below is not None and score > settings.empty_below:
                about = f"of '{show(name, 40)}' nothing below {score:g} was kept in '{show(offer.stored.about.name)}'"
                raise UsageError(
                    f"--empty-below is {settings.empty_below:g}, and {about}", hint=f"give {score:g} or more"
                )


def _verdicts(candidates: Candidates, settings: AcceptSettings) -> Ints:
    """Return what becomes of each candidate by itself: taken, or the place of its reason."""
    score, threshold = candidates.score, candidates.threshold
    verdict = np.full(len(candidates), TAKEN)
    nobody = candidates.outcome == NOBODY
    decided = settings.only_reviewed or (settings.tagged and not settings.has_scores)
    # Where all proposals of a class are good enough, its least score is 0, also for those without one.
    reasons: list[tuple[Flags, Reason]] = [
        (nobody & np.isnan(score) & (threshold > 0), "no-score"),
        (nobody & (score < threshold), "below"),
        (nobody & np.isnan(threshold), "not-decided" if decided else "no-threshold"),
        (candidates.outcome == REMOVED, "removed"),
        (candidates.replaced, "changed"),
        (candidates.image < 0, "gone"),
    ]
    for rows, reason in reasons:  # the last one counts
        verdict[rows] = code_of(reason)
    return verdict


def _partly(truth: Dataset, candidates: Candidates, verdict: Ints, known: Known, met: Meetings, before: Flags) -> Ints:
    """Return the pictures that get some labels while other objects in them stay proposals, rows of the truth.

    What a person labelled, or called empty, is taken for complete.
    """
    taken = verdict == TAKEN
    covered = before.copy()
    covered[met.candidate] = True
    covered[met.first[taken[met.second]]] = True
    covered[met.second[taken[met.first]]] = True
    left = np.isin(verdict, [code_of(reason) for reason in ("below", "no-threshold", "no-score", "not-decided")])
    complete = truth.images.state == State.EMPTY
    complete[truth.annotations.image[~known.accepted]] = True
    pictures: Ints = np.intersect1d(candidates.image[taken], candidates.image[left & ~covered])
    partly: Ints = pictures[~complete[pictures]]
    return partly


def _empty(
    truth: Dataset, candidates: Candidates, verdict: Ints, offers: Sequence[Offer], settings: AcceptSettings
) -> Ints:
    """Return the pictures, rows of the truth, that nobody has labelled and in which nothing likely is."""
    if settings.empty_below is None:
        return np.empty(0, np.int64)
    empty = np.zeros(len(truth.images), np.bool_)
    for offer in offers:
        row, replaced = places_of(offer.stored.dataset.images, truth.images)
        empty[row[(row >= 0) & ~replaced]] = True
    empty &= (truth.images.state == State.UNLABELLED) & (np.diff(truth.offsets) == 0)
    likely = ~(candidates.score < settings.empty_below) & (candidates.outcome != REMOVED) & (candidates.image >= 0)
    empty[candidates.image[likely | (verdict == TAKEN)]] = False
    return np.flatnonzero(empty)
