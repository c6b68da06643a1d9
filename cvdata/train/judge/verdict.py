"""Whether a run learnt its pictures, and whether what it learnt holds for others: the verdict, by a few thresholds."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from .evidence import Evidence

__all__ = ["LITTLE", "Scale", "Verdict", "learnt", "scale_of", "verdict_of"]

Verdict: TypeAlias = Literal["fits", "under-fits", "over-fits a little", "over-fits strongly", "too short to say"]


class Scale(NamedTuple):
    """What figures on the training pictures themselves mean.

    Attributes:
        low: below it not even the training pictures were learnt; `good`: from there on nothing is missing.
    """

    low: float
    good: float


_SCALES = {
    # Detectors that are taken for good on COCO reach 0.5 to 0.7 on its training pictures, over all of its overlaps.
    "AP": Scale(0.3, 0.6),
    # Right pixels alone give no high mIoU: each class counts the same. 0.75 is where outlines are right, too.
    "mIoU": Scale(0.5, 0.75),
    # Of labels: how far it is from guessing (0) to never wrong (1).
    "accuracy": Scale(0.5, 0.85),
    "mAP": Scale(0.5, 0.85),
}
_OTHER = Scale(0.5, 0.8)

LITTLE = 0.1
"""A tenth less on new pictures is more than a good network of any task loses."""

STRONGLY = 0.25
"""A quarter less: what was learnt is, to a good part, the pictures themselves."""

_ENOUGH = 3
"""With fewer validated epochs a middling figure may be the middle of the way."""


def scale_of(metric: str) -> Scale:
    """Return what the figures of a metric mean."""
    return _SCALES.get(metric, _OTHER)


def learnt(evidence: Evidence) -> float | None:
    """Return the figure on the training pictures, on the scale of its metric; None where it is not defined."""
    value = evidence.train_value
    if value is None or evidence.metric != "accuracy":
        return value
    counts = [outcome.train for outcome in evidence.facts.outcomes]
    # Whoever always says the commonest class is right so often.
    guess = max(counts) / sum(counts) if sum(counts) else 0.0
    return (value - guess) / (1 - guess) if guess < 1 else value


def verdict_of(evidence: Evidence) -> Verdict:
    """Return the verdict; the first rule that holds decides."""
    reached, scale = learnt(evidence), scale_of(evidence.metric)
    if reached is None or evidence.gap is None:
        return "too short to say"
    if reached < scale.low:
        # Of a run that learnt its pictures by heart the best weights may be early ones, which had not learnt them yet.
        return "under-fits" if evidence.parting is None else "over-fits strongly"
    share = evidence.gap_share
    if share >= STRONGLY and not evidence.gap_may_be_chance:
        return "over-fits strongly"
    if share >= LITTLE or (share >= LITTLE / 2 and evidence.rise is not None):
        return "over-fits a little"
    if reached < scale.good and evidence.still_learns:
        return "under-fits"
    if reached < scale.good and len(evidence.curve) < _ENOUGH:
        return "too short to say"
    return "fits"
