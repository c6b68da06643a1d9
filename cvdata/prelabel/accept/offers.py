"""What is offered: proposals, what people decided on them, and from which score on the others count."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import UsageError, nearest_of, show
from ...files import Finding
from ...formats.predictions import Stored, read_prediction
from ...reports.scales import least_score
from ..review.notes import read_review
from ..review.records import Decision, Drawn, ReviewFile
from .settings import AcceptSettings

__all__ = ["Offer", "Opinions", "offers_of"]


@dataclass(frozen=True)
class Opinions:
    """What people think of the proposals of a prediction.

    Attributes:
        decisions: by proposal; `drawn`: objects that nobody had proposed.
        findings: what is worth knowing about them.
    """

    decisions: tuple[Decision, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Offer:
    """A prediction that is looked through.

    Attributes:
        opinions: overrule the scores.
        thresholds: least score by class; classes without one come in by opinions alone.
        findings: what is worth knowing about it.
    """

    stored: Stored
    opinions: Opinions
    thresholds: Mapping[str, float]
    findings: tuple[Finding, ...] = ()


def offers_of(
    root: str | os.PathLike[str], settings: AcceptSettings, tagged: Mapping[str, Opinions] | None = None
) -> list[Offer]:
    """Read predictions and what people think of them.

    Args:
        tagged: opinions by prediction in place of reviews, where tags are to count.

    Raises:
        UsageError: there is no such prediction; nobody reviewed it, and no scores are given; or a class is unknown.
        FormatError: something is damaged.
    """
    stored = [read_prediction(root, name) for name in settings.predictions]
    _check_classes(settings, stored)
    return [_offer(root, one, settings, None if tagged is None else tagged[one.about.name]) for one in stored]


def _check_classes(settings: AcceptSettings, stored: list[Stored]) -> None:
    known = tuple(dict.fromkeys(name for one in stored for name in one.dataset.categories.names))
    for name in settings.above_class:
        if name not in known:
            raise UsageError(f"nothing was looked for that is called '{show(name)}'", hint=nearest_of(name, known))


def _offer(root: str | os.PathLike[str], stored: Stored, settings: AcceptSettings, tagged: Opinions | None) -> Offer:
    review = read_review(root, stored) if tagged is None else None
    name = show(stored.about.name)
    if review is None and tagged is None and not settings.has_scores:
        raise UsageError(
            f"nobody has reviewed the predictions '{name}'",
            hint=f"cvdata review {show(root)} --predictions {name}, or say how sure they must be: --above 0.7",
        )
    opinions = tagged or (Opinions() if review is None else Opinions(review.decisions, review.drawn))
    thresholds = _thresholds(stored, settings, review)
    doubts = () if review is None or not settings.has_scores else _below_promise(stored, review, thresholds)
    return Offer(stored, opinions, thresholds, (*opinions.findings, *doubts))


def _thresholds(stored: Stored, settings: AcceptSettings, review: ReviewFile | None) -> dict[str, float]:
    if settings.has_scores:
        asked = {name: settings.above_class.get(name, settings.above) for name in stored.dataset.categories.names}
    else:
        asked = {} if review is None or settings.only_reviewed else review.thresholds
    return {name: score for name, score in asked.items() if score is not None}


def _below_promise(stored: Stored, review: ReviewFile, thresholds: Mapping[str, float]) -> tuple[Finding, ...]:
    """Say so where more is let in than the review can promise."""
    low = _lets_in_more(stored, review, thresholds)
    if not low:
        return ()
    said = [f"{show(name, 40)} from {thresholds[name]:g}; {_promised(review.thresholds[name])}" for name in low]
    of = "1 class" if len(low) == 1 else f"{len(low):,} classes"
    message = f"of {of} less is asked for than the review of '{show(review.prediction)}' can promise"
    return (Finding(code="below-promise", message=message, count=len(low), examples=said[:5]),)


def _lets_in_more(stored: Stored, review: ReviewFile, thresholds: Mapping[str, float]) -> list[str]:
    """Return the classes of which proposals come in that nobody decided on, and that lie below what is promised."""
    table, names = stored.dataset.annotations, stored.dataset.categories.names
    score = np.zeros(len(table)) if table.score is None else np.nan_to_num(table.score, nan=0.0)
    asked = np.array([thresholds.get(name, np.inf) for name in names])
    bounds = [review.thresholds.get(name, 0.0) for name in names]
    promised = np.array([np.inf if bound is None else bound for bound in bounds])
    more = (score >= asked[table.category]) & (score < promised[table.category])
    more[[decision.row for decision in review.decisions]] = False
    return [names[row] for row in np.unique(table.category[more]).tolist()]


def _promised(score: float | None) -> str:
    return "nothing can be promised yet" if score is None else f"promised from {least_score(score):g}"
