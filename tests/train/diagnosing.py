"""Diagnoses of runs in one line, for tests of what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cvdata.models.run_folder import Epoch
from cvdata.train.judge.diagnosis import diagnose
from cvdata.train.judge.facts import Facts
from cvdata.train.report import Advice, ClassOutcome, Diagnosis

from .epochs import epochs, settings_of

__all__ = ["FLAT", "SOUND", "codes", "judged", "said"]

FLAT = [1.0] * 8
SOUND = [ClassOutcome(name="cat", train=9000, val=90, metric="AP", value=0.6)]


def judged(
    value: float | None,
    train: float | None,
    history: Sequence[Epoch] | None = None,
    *,
    metric: str = "AP",
    settings: dict[str, Any] | None = None,
    **facts: Any,
) -> Diagnosis:
    """Diagnose a run of eight epochs in which nothing moved, but for what is given."""
    known: dict[str, Any] = {"train_images": 20_000, "val_images": 500, "outcomes": SOUND}
    history = epochs(FLAT, FLAT, [value] * 8, metric=metric) if history is None else history
    return diagnose(
        history,
        {metric: value},
        {metric: train},
        Facts(**(known | facts)),
        settings_of(**(settings or {})),
        metric=metric,
    )


def codes(diagnosis: Diagnosis) -> list[str]:
    return [advice.code for advice in diagnosis.advice]


def said(diagnosis: Diagnosis, code: str) -> Advice:
    return next(advice for advice in diagnosis.advice if advice.code == code)
