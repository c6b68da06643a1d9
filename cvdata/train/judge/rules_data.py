"""Rules about what a run learnt from: when each holds, the figures that say so, and what to try."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import show
from ...reports.scales import plural
from ..report import Advice, ClassOutcome
from .evidence import Evidence
from .verdict import learnt, scale_of, verdict_of

__all__ = ["leaky", "mostly_empty", "never_shown", "small_validation", "starved"]


def leaky(evidence: Evidence) -> Advice | None:
    """Tell that some validation pictures were seen in training."""
    facts = evidence.facts
    if not facts.leaks:
        return None
    share = facts.leaks / max(facts.val_images, 1)
    message = (
        f"{facts.leaks:,} of {plural(facts.val_images, 'validation picture')} ({100 * share:.0f} %) have a copy, or "
        f"nearly one, among the training pictures: {evidence.metric} is better than it would be on new pictures"
    )
    cures = ["divide again, copies together: cvdata split SRC DST", "see which they are: cvdata check SRC"]
    return Advice(
        code="leaky-split", message=message, figures={"leaks": float(facts.leaks), "share": share}, cures=cures
    )


def never_shown(evidence: Evidence) -> Advice | None:
    """Tell of classes that are on validation pictures and on no training picture; those on neither stand in no way."""
    none = [outcome for outcome in evidence.facts.outcomes if not outcome.train and _is_validated(outcome)]
    if not none:
        return None
    verb = "is" if len(none) == 1 else "are"
    message = f"{plural(len(none), 'class')} {verb} on no training picture and cannot be learnt: {_names(none)}"
    cures = ["add pictures of them", "divide again, so that each split shows every class: cvdata split SRC DST"]
    return Advice(code="never-in-training", message=message, figures={"classes": float(len(none))}, cures=cures)


def _is_validated(outcome: ClassOutcome) -> bool:
    """Tell whether a class is on validation pictures; of pixels, which nobody counts there, by its figure."""
    return outcome.value is not None if outcome.val is None else outcome.val > 0


STARVED = 500
"""Objects of a class: with fewer its own figure falls well below that of the others, on most data sets."""


STARVED_PIXELS = 0.001
"""Of all labelled pixels: a class that covers less hardly moves the loss. Single pixels are no objects to count."""


def starved(evidence: Evidence) -> Advice | None:
    """Tell of classes that have too little to learn from."""
    outcomes = evidence.facts.outcomes
    pixels = evidence.settings.task == "segmenter"
    limit = STARVED_PIXELS * sum(outcome.train for outcome in outcomes) if pixels else STARVED
    few = sorted((one for one in outcomes if 0 < one.train < limit), key=lambda one: one.train)
    if not few:
        return None
    noun = "pictures" if evidence.settings.task == "classifier" else "objects"
    under = f"less than {100 * STARVED_PIXELS:g} % of the pixels" if pixels else f"fewer than {STARVED} {noun}"
    all_of_them = len(few) == len(outcomes) > 1
    which = f"all {len(few):,} classes have" if all_of_them else f"{plural(len(few), 'class')} {_have(few)}"
    message = f"{which} {under} to learn from: {_names(few, pixels=pixels)}"
    figures = {"classes": float(len(few)), "least": float(few[0].train)}
    cures = [f"label more of {'them' if len(few) > 1 else 'it'}"]
    if len(outcomes) > 1 and not all_of_them:
        if evidence.settings.balance == "none":
            cures.append("show them more often: --balance sampling")
        cures.append("make more of what is there: cvdata balance SRC DST")
    return Advice(code="starved-classes", message=message, figures=figures, cures=cures)


def _have(few: Sequence[ClassOutcome]) -> str:
    return "has" if len(few) == 1 else "have"


_NAMED = 5


_LONGEST = 30


def _names(outcomes: Sequence[ClassOutcome], *, pixels: bool = False) -> str:
    """Name classes with what there is of them and what became of it."""
    parts = []
    for one in outcomes[:_NAMED]:
        said = [f"{one.train:,}{' pixels' if pixels else ''}"] if one.train else []
        if one.value is not None and one.train:
            said.append(f"{one.metric} {one.value:.2f}")
        parts.append(f"'{show(one.name, _LONGEST)}'" + (f" {', '.join(said)}" if said else ""))
    more = f"; and {len(outcomes) - _NAMED:,} more" if len(outcomes) > _NAMED else ""
    return "; ".join(parts) + more


WIDE = 0.2
"""An interval so wide leaves open which of two quite different runs is the better one."""


FEW_VALIDATION = 30
"""Pictures: with fewer one hard picture more or less moves the figure as much as a better network would."""


def small_validation(evidence: Evidence) -> Advice | None:
    """Tell that the figures rest on few pictures."""
    facts, value = evidence.facts, evidence.value
    if value is None:
        return None
    interval = facts.interval
    width = 0.0 if interval is None else interval[1] - interval[0]
    if not (width > WIDE or facts.val_images < FEW_VALIDATION or (width and _gap_is_open(evidence))):
        return None
    message = f"{plural(facts.val_images, 'validation picture')} say little: "
    if interval is None:
        message += "one hard picture more or less would move the figures much"
    else:
        message += f"on others {evidence.metric} could be {interval[0]:.3f} to {interval[1]:.3f}"
        if _gap_is_open(evidence):
            message += f", so that the gap of {evidence.gap:.3f} to the training pictures may be chance"
    figures = {"val_images": float(facts.val_images), "width": width}
    cures = ["validate with more pictures: a larger --hold-out or split"]
    return Advice(code="small-validation", message=message, figures=figures, cures=cures)


def _gap_is_open(evidence: Evidence) -> bool:
    return verdict_of(evidence).startswith("over-fits") and evidence.gap_may_be_chance


EMPTY = 0.5
"""Share of pictures with nothing on them from which on most of the time goes into learning to find nothing."""


def mostly_empty(evidence: Evidence) -> Advice | None:
    """Tell that most training pictures show nothing."""
    facts = evidence.facts
    share = facts.empty_images / max(facts.train_images, 1)
    reached = learnt(evidence)
    if share <= EMPTY or (reached is not None and reached >= scale_of(evidence.metric).good):
        return None
    message = (
        f"{facts.empty_images:,} of {plural(facts.train_images, 'training picture')} ({100 * share:.0f} %) show nothing"
    )
    cures = ['leave them out: cvdata filter SRC DST --drop "state == empty"']
    if evidence.settings.balance == "none":
        cures.append("show the others more often: --balance sampling")
    return Advice(code="empty-pictures", message=message, figures={"share": share}, cures=cures)
