"""Rules about how a run went: when each holds, the figures that say so, and what to try."""

from __future__ import annotations

from ...reports.scales import plural
from ..report import Advice
from .evidence import GAINING, Evidence, Parting
from .verdict import LITTLE, scale_of, verdict_of

__all__ = [
    "best_at_start",
    "from_scratch",
    "improving",
    "loss_rises",
    "over_fits",
    "parted",
    "undefined",
    "under_fits",
    "unstable",
]


def undefined(evidence: Evidence) -> Advice | None:
    """Tell that there is nothing to measure."""
    if evidence.value is not None:
        return None
    message = f"{evidence.metric} is not defined on the validation pictures: they have no labels that it can count"
    figures = {"val_images": float(evidence.facts.val_images)}
    cures = ["put labelled pictures of every class into the validation split"]
    return Advice(code="no-metric", message=message, figures=figures, cures=cures)


_STEEP = 2.0
"""A loss that doubles from one epoch to the next has left the valley it was in."""


_OFTEN = 3
"""Smaller leaps are bad luck once or twice, and a rate that is too high when they come again and again."""


def unstable(evidence: Evidence) -> Advice | None:
    """Tell of a learning rate that is too high, by the leaps of the training loss."""
    jumps = evidence.jumps
    worst = max(jumps, key=lambda jump: jump.factor, default=None)
    if worst is None or (worst.factor < _STEEP and len(jumps) < _OFTEN):
        return None
    times = "once" if len(jumps) == 1 else f"{len(jumps)} times"
    message = (
        f"the training loss leapt up {times}, most at epoch {worst.epoch:,}, to {worst.factor:.1f} times what it was: "
        "the learning rate is too high, or its warm-up too short"
    )
    settings = evidence.settings
    cures = ["a third of the learning rate: --rate" + (f" {settings.rate / 3:.2g}" if settings.rate else "")]
    cures.append(f"a longer warm-up: --warmup {max(3.0, 2 * settings.warmup):g}")
    if not 0 < settings.clip <= 1:
        cures.append("shorter gradients: --clip 1")
    return Advice(
        code="unstable-rate", message=message, figures={"jumps": float(len(jumps)), "factor": worst.factor}, cures=cures
    )


def under_fits(evidence: Evidence) -> Advice | None:
    """Tell what would let it learn more of the training pictures."""
    train = evidence.train_value
    if verdict_of(evidence) != "under-fits" or train is None:
        return None
    more = evidence.still_learns or evidence.is_short
    message = f"{evidence.metric} is {train:.3f} on the training pictures themselves, and {_state(evidence)}"
    settings = evidence.settings
    longer = f"train longer: --epochs {2 * max(settings.epochs, 5)}"
    stronger = ["a larger network: --model", "larger pictures: --size", "a higher learning rate: --rate"]
    cures = [longer] if more else []
    if settings.freeze not in ("none", "0") and not settings.unfreeze_every:
        cures.append("free what is frozen: --unfreeze-every 5, or --freeze none")
    if settings.recipe in _HEAVY:
        cures.append("milder augmentation: --recipe light")
    cures += stronger[:2] if more else [*stronger, "check the labels: cvdata show SRC"]
    figures = {"train": train, "fall": evidence.fall, "gain": evidence.gain}
    return Advice(code="under-fits", message=message, figures=figures, cures=cures)


_HEAVY = ("heavy", "weather")


def _state(evidence: Evidence) -> str:
    """Say how the end of a run was that did not learn its pictures."""
    if evidence.still_learns:
        return "it was still learning at the end"
    if evidence.is_short:
        return f"{plural(len(evidence.history), 'epoch')} may be too few"
    return "it does not get better any more"


def over_fits(evidence: Evidence) -> Advice | None:
    """Tell what would make it learn the pictures themselves less."""
    value, train = evidence.value, evidence.train_value
    if not verdict_of(evidence).startswith("over-fits") or value is None or train is None:
        return None
    message = (
        f"{evidence.metric} is {train:.3f} on training pictures and {value:.3f} on validation pictures, "
        f"{100 * evidence.gap_share:.0f} % less: part of what it learnt are the training pictures themselves"
    )
    if evidence.gap_share < LITTLE and evidence.parting is not None:
        message = f"{parted(evidence, evidence.parting)}: since then it learnt the training pictures themselves"
    settings = evidence.settings
    cures = [f"more pictures: there are {evidence.facts.train_images:,}"]
    stronger = {"none": "light", "light": "standard", "standard": "heavy"}.get(settings.recipe)
    if stronger is not None:
        cures.insert(0, f"more augmentation: --recipe {stronger}")
    if settings.weights == "none":
        cures.append(_PUBLISHED)
    elif settings.freeze == "none":
        cures.append("keep what was learnt elsewhere: --freeze backbone")
    cures.append("a smaller network: --model, or more weight decay: --weight-decay")
    return Advice(
        code="over-fits", message=message, figures={"train": train, "val": value, "gap": train - value}, cures=cures
    )


def parted(evidence: Evidence, parting: Parting) -> str:
    """Say how training and validation part after the best epoch."""
    end = evidence.curve[-1][1] if evidence.curve else 0.0
    return (
        f"since the best epoch, {parting.epoch:,} of {evidence.history[-1].epoch:,}, the training loss fell from "
        f"{parting.before:.3g} to {parting.last:.3g}, and {evidence.metric} on validation pictures went from "
        f"{dict(evidence.curve).get(parting.epoch, 0.0):.3f} to {end:.3f}"
    )


_PUBLISHED = "start from published weights: --weights default, where the network has them"


def improving(evidence: Evidence) -> Advice | None:
    """Tell that it was not at its end."""
    best = evidence.best
    # Where more of the same is said already, or would harm, it is no advice.
    open_end = verdict_of(evidence) in ("fits", "over-fits a little", "too short to say") and evidence.rise is None
    if not open_end or best is None or evidence.gain < GAINING or evidence.value is None:
        return None
    message = (
        f"{evidence.metric} still rose at the end, by {100 * evidence.gain:.0f} % in the last quarter of the epochs, "
        f"and was best at epoch {best.epoch:,} of {evidence.history[-1].epoch:,}"
    )
    cures = [f"train longer: --epochs {2 * evidence.settings.epochs}"]
    return Advice(
        code="still-improving",
        message=message,
        figures={"gain": evidence.gain, "best_epoch": float(best.epoch)},
        cures=cures,
    )


_LONG = 10
"""Epochs from which on their order says something."""


_WORSE = 0.05
"""What was lost since the best epoch, as a share of it, that is more than scatter."""


def best_at_start(evidence: Evidence) -> Advice | None:
    """Tell that it was best before it had learnt anything."""
    best, last = evidence.best, evidence.history[-1].epoch if evidence.history else 0
    if best is None or last < _LONG or best.epoch > last / _LONG or not evidence.curve:
        return None
    top, end = dict(evidence.curve).get(best.epoch, 0.0), evidence.curve[-1][1]
    if top <= 0 or end > top * (1 - _WORSE):
        return None
    message = (
        f"epoch {best.epoch:,} of {last:,} was best, with {evidence.metric} {top:.3f}; it went down to {end:.3f}: "
        "training harmed more than it helped"
    )
    rate = evidence.settings.rate
    cures = ["a lower learning rate: --rate" + (f" {rate / 10:.2g}" if rate else "")]
    if evidence.settings.weights != "none":
        cures.append("keep the first weights: --freeze backbone, or --backbone-rate 0.1")
    cures.append("compare the labels of both splits: cvdata stats SRC")
    return Advice(
        code="best-at-start", message=message, figures={"best_epoch": float(best.epoch), "last": end}, cures=cures
    )


def loss_rises(evidence: Evidence) -> Advice | None:
    """Tell since when the validation loss rises."""
    rise = evidence.rise
    if rise is None:
        return None
    message = (
        f"the validation loss has risen by {100 * rise.share:.0f} % since epoch {rise.since:,}, from {rise.least:.3f} "
        f"to {rise.last:.3f}, while the training loss fell: later epochs make it surer, not better"
    )
    figures = {"since": float(rise.since), "least": rise.least, "last": rise.last}
    cures = ["stop earlier: --patience 10, or fewer --epochs"]
    if evidence.settings.recipe == "none":
        cures.append("augment: --recipe light")
    return Advice(code="validation-loss-rises", message=message, figures=figures, cures=cures)


SCRATCH = 10_000
"""Pictures: from random weights detectors keep up with published ones on 10,000 pictures of COCO and fall far behind
on 1,000 (He, Girshick and Dollár, Rethinking ImageNet Pre-training, 2019)."""


def from_scratch(evidence: Evidence) -> Advice | None:
    """Tell that it began with nothing and has little to learn from."""
    facts, value = evidence.facts, evidence.value
    good = value is not None and value >= scale_of(evidence.metric).good
    enough = good or facts.train_images >= SCRATCH
    if enough or evidence.settings.weights != "none" or verdict_of(evidence).startswith("over-fits"):
        return None
    message = f"it started from random weights, with {plural(facts.train_images, 'picture')} to learn from"
    return Advice(
        code="from-scratch", message=message, figures={"train_images": float(facts.train_images)}, cures=[_PUBLISHED]
    )
