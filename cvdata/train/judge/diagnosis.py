"""A run in words: whether it learnt what it could, with the figures behind that, and what to try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...models.run_folder import Epoch
from ...reports.scales import plural
from ..report import Diagnosis
from ..settings import TrainSettings
from .evidence import FALLING, GAINING, Evidence
from .facts import Facts
from .rules import advice_of
from .rules_run import parted
from .verdict import LITTLE, Verdict, verdict_of

__all__ = ["diagnose"]


def diagnose(
    history: Sequence[Epoch],
    metrics: Mapping[str, float | None],
    train_metrics: Mapping[str, float | None],
    facts: Facts,
    settings: TrainSettings,
    *,
    metric: str,
) -> Diagnosis:
    """Say whether a run under-fits, fits or over-fits, and what stands in its way.

    Args:
        metrics, train_metrics: of the best weights on the validation pictures, and on training pictures that are not
            augmented.
        settings: as resolved.
        metric: the figure that decides; from 0 to 1, more is better.
    """
    evidence = Evidence(history, metric, metrics.get(metric), train_metrics.get(metric), facts, settings)
    verdict = verdict_of(evidence)
    return Diagnosis(verdict=verdict, message=_message(evidence, verdict), advice=advice_of(evidence))


def _message(evidence: Evidence, verdict: Verdict) -> str:
    """Say the verdict with its figures in one sentence."""
    value, train, metric = evidence.value, evidence.train_value, evidence.metric
    if value is None or train is None:
        side = "validation" if value is None else "training"
        return f"too short to say: {metric} is not defined on the {side} pictures"
    both = f"{metric} {train:.3f} on training pictures, {value:.3f} on validation pictures"
    if verdict == "too short to say":
        return f"too short to say after {plural(len(evidence.history), 'epoch')}: {both}"
    if verdict == "under-fits":
        return f"it under-fits: {both}{_trend(evidence)}"
    if verdict == "fits":
        close = "no worse on new ones" if train <= value else f"{100 * evidence.gap_share:.0f} % less on new ones"
        return f"it fits: {both}, {close}"
    if evidence.gap_share < LITTLE and evidence.parting is not None:
        return f"it {verdict}: {parted(evidence, evidence.parting)}"
    rising = "" if evidence.rise is None else f", and the validation loss rises since epoch {evidence.rise.since:,}"
    open_still = ", which may be chance with so few of them" if evidence.gap_may_be_chance else ""
    return f"it {verdict}: {both}, {100 * evidence.gap_share:.0f} % less{open_still}{rising}"


def _trend(evidence: Evidence) -> str:
    """Say how the end of the run went."""
    if evidence.fall >= FALLING:
        return f", and the training loss still falls (by {100 * evidence.fall:.0f} % in the last quarter of the epochs)"
    if evidence.gain >= GAINING:
        return f", and it still rises (by {100 * evidence.gain:.0f} % in the last quarter of the epochs)"
    if evidence.is_short:
        return f", after {plural(len(evidence.history), 'epoch')} only"
    return ", and it does not get better any more"
