"""Which proposals become truth."""

from __future__ import annotations

import msgspec

from ...errors import UsageError, show
from ...formats.predictions import check_prediction_name

__all__ = ["AcceptSettings", "check_accept"]


class AcceptSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which proposals become truth.

    Attributes:
        predictions: names; of two that propose the same object, the first counts.
        above: least score, of all classes that `above_class` does not name; None for those that reviews promise.
        above_class: least score by class; where only these are given, other classes are left out.
        only_reviewed: nothing but what a person decided.
        tagged: what people tagged in FiftyOne, in place of what was reviewed.
        whole_pictures: only pictures of which all that is proposed becomes truth.
        iou: overlap with an object of the same class from which a proposal is that object.
        outlines: labels that have neither mask nor outline get that of the proposal over them.
        empty_below: pictures in which nothing is proposed with this score count as empty; None to leave them as they
            are.
    """

    predictions: tuple[str, ...]
    above: float | None = None
    above_class: dict[str, float] = {}
    only_reviewed: bool = False
    tagged: bool = False
    whole_pictures: bool = False
    iou: float = 0.5
    outlines: bool = False
    empty_below: float | None = None

    @property
    def has_scores(self) -> bool:
        """Whether least scores are given."""
        return self.above is not None or bool(self.above_class)


def check_accept(settings: AcceptSettings) -> None:
    """Refuse what makes no sense, before anything is read.

    Raises:
        UsageError: no predictions are named, or some twice; a number is out of its range; options contradict.
    """
    names = settings.predictions
    if not names:
        raise UsageError("no predictions are named", hint="name them: --predictions NAME")
    for name in names:
        check_prediction_name(name)
    if len(set(names)) < len(names):
        raise UsageError("predictions are named twice", hint="name each once")
    scores = {"--above": settings.above, "--empty-below": settings.empty_below}
    for option, score in (scores | {f"--above {show(c)}": s for c, s in settings.above_class.items()}).items():
        if score is not None and not 0 <= score <= 1:
            raise UsageError(f"{option} is {score:g}, expected 0 to 1")
    if not 0 < settings.iou <= 1:
        raise UsageError(f"--iou is {settings.iou:g}, expected more than 0, and 1 at most")
    if settings.only_reviewed and settings.has_scores:
        hint = "what a person decided comes in whatever its score"
        raise UsageError("--only-reviewed takes nothing by its score: leave out --above", hint=hint)
    if settings.only_reviewed and settings.tagged:
        raise UsageError("--tagged takes tags in place of a review: leave out --only-reviewed", hint="give one of them")
