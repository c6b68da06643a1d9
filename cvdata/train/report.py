"""What a training says at its end: the typed report behind the text, the JSON and the page."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..files import Finding
from ..models.run_folder import DatasetInfo, Epoch

__all__ = ["Advice", "ClassOutcome", "Diagnosis", "TrainReport"]


class Advice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that is wrong or could be better, with the figures that say so.

    Attributes:
        code: stable short name, such as `over-fits`.
        message: one sentence with the figures in it.
        figures: those figures by name.
        cures: what to try, best first.
    """

    code: str
    message: str
    figures: dict[str, float]
    cures: list[str]


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a run learnt what it could.

    Attributes:
        verdict: `fits`, `under-fits`, `over-fits a little`, `over-fits strongly`, or `too short to say`.
        message: that in one sentence with its figures.
        advice: what stands in the way, worst first.
    """

    verdict: Literal["fits", "under-fits", "over-fits a little", "over-fits strongly", "too short to say"]
    message: str
    advice: list[Advice]


class ClassOutcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class: how much of it there was to learn from, and how well it was learnt.

    Attributes:
        train: objects (classifiers: pictures, segmenters: pixels) to learn from.
        val: likewise, to validate with; None where not counted.
        value: its own figure on the validation pictures, such as its AP; `metric`: the name of that figure.
    """

    name: str
    train: int
    val: int | None = None
    metric: str | None = None
    value: float | None = None


class TrainReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of a run.

    Attributes:
        run: folder; `task`, `architecture`: what was trained; `parameters`: of it.
        dataset: what it saw.
        status: `done`, or `stopped` by early stopping.
        epochs: done; `best_epoch`, `metric`, `best`: which was best, and by what.
        seconds: of all epochs; `images_per_s`: pictures trained a second, median over the epochs.
        metrics: of the best weights on the validation pictures; `train_metrics`: on as many training pictures,
            without augmentation.
        history: every epoch.
        diagnosis: what to make of it.
        findings: what is worth knowing about the dataset.
        settings: as resolved.
        interval: ends of the confidence interval of the metric; None where none was computed.
        outcomes: each class, in the order of the network's outputs.
        environment: versions of the packages, the machine, the device.
    """

    run: str
    task: str
    architecture: str
    parameters: int
    classes: list[str]
    dataset: DatasetInfo
    status: Literal["done", "stopped"]
    epochs: int
    best_epoch: int | None
    metric: str
    best: float | None
    seconds: float
    images_per_s: float | None
    metrics: dict[str, float | None]
    train_metrics: dict[str, float | None]
    history: list[Epoch]
    diagnosis: Diagnosis
    findings: list[Finding]
    settings: dict[str, Any]
    interval: tuple[float, float] | None = None
    outcomes: list[ClassOutcome] = []
    environment: dict[str, str] = {}
