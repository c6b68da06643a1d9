"""A run as one HTML page: whether it learnt what it could, what to try, and everything that says so."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from PIL import Image

from ...errors import show
from ...reports.markup import join, tag
from ...reports.page import Cell, Page, Shown, Tone
from ...reports.scales import plural
from ...reports.sheet import encode
from ...reports.spans import gauge
from ..report import Advice, ClassOutcome, TrainReport
from .history import clock, pace
from .plots import loss_plot, metric_plot, part_plot
from .samples import sample_file

__all__ = ["TONES", "train_page"]

_LONGEST = 120
_MOST_OPEN = 20
_MOST_CLASSES = 2000  # in the table; report.json has all

TONES: dict[str, Tone] = {
    "fits": "good",
    "under-fits": "warning",
    "over-fits a little": "warning",
    "over-fits strongly": "error",
    "too short to say": "info",
}
"""Of the verdicts."""

_GRAVE = ("no-metric", "leaky-split", "unstable-rate", "never-in-training")


def train_page(report: TrainReport, folder: str | os.PathLike[str] | None = None) -> str:
    """Return the page.

    Args:
        folder: of the run; its confusion matrix, and what it found in some validation pictures at its best epoch,
            become part of the page. None for a page without pictures.
    """
    page = Page(_name(report), _subtitle(report))
    _opening(page, report)
    _advice(page, report.diagnosis.advice)
    _curves(page, report)
    _figures(page, report)
    _classes(page, report.outcomes)
    if folder is not None:
        _pictures(page, Path(folder), report.best_epoch)
    _dataset(page, report)
    _settings(page, report)
    return page.render().decode("utf-8")


def _name(report: TrainReport) -> str:
    return show(os.path.basename(os.path.abspath(report.run)), _LONGEST)


def _subtitle(report: TrainReport) -> str:
    data = show(os.path.basename(os.path.normpath(report.dataset.path)) or report.dataset.format, _LONGEST)
    version = f"@{show(report.dataset.version)}" if report.dataset.version else ""
    network = f"{report.task} {show(report.architecture, _LONGEST)}, {plural(report.parameters, 'parameter')}"
    return f"{network}, trained on {data}{version}"


def _opening(page: Page, report: TrainReport) -> None:
    diagnosis = report.diagnosis
    with page.panel(_sentence(diagnosis.message), tone=TONES[diagnosis.verdict]):
        pass
    page.cards(
        [
            (f"{report.metric} on validation pictures", _card(report.metrics.get(report.metric), report.interval)),
            (f"{report.metric} on training pictures", _card(report.train_metrics.get(report.metric), None)),
            ("best epoch", f"{_count(report.best_epoch)} of {report.epochs:,}"),
            ("time", clock(report.seconds)),
            ("pictures a second", None if report.images_per_s is None else pace(report.images_per_s)),
        ]
    )
    if report.status == "stopped":
        page.text("It stopped before the last epoch that was asked for: nothing got better for long enough.")


def _sentence(message: str) -> str:
    """Return a message with a full stop and a capital, but names such as mIoU as they are."""
    first = message.split(" ", 1)[0]
    return (message[:1].upper() + message[1:] if first.islower() else message) + "."


def _count(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _card(value: float | None, interval: tuple[float, float] | None) -> Cell:
    if value is None:
        return join(["–", tag("small", "not defined here")])
    low, high = interval or (None, None)
    said = None if interval is None else tag("small", f"{interval[0]:.3f} to {interval[1]:.3f}")
    return join([f"{value:.3f}", gauge(value, low, high) if 0 <= value <= 1 else "", said])


def _advice(page: Page, advice: list[Advice]) -> None:
    if not advice:
        return
    page.section("What to try", "What stands in the way, worst first, with the figures that say so.")
    with page.columns():
        for item in advice:
            tone: Tone = "warning" if item.code in _GRAVE else "info"
            with page.panel(_sentence(item.message), tone=tone):
                for cure in item.cures:
                    page.text(f"→ {cure}")


def _curves(page: Page, report: TrainReport) -> None:
    if not report.history:
        return
    page.section("Curves", "Over the epochs. Where the validation loss leaves the training loss, over-fitting begins.")
    with page.columns():
        page.figure(metric_plot(report.history, report.metric))
        page.figure(loss_plot(report.history))
    parts = part_plot(report.history)
    if parts is not None:
        with page.details("The parts of the loss"):
            page.figure(parts)


def _figures(page: Page, report: TrainReport) -> None:
    names = dict.fromkeys([*report.metrics, *report.train_metrics])
    if not names:
        return
    page.section("Figures", "Of the best weights, without augmentation.")
    rows: list[list[Cell]] = [
        [show(name, _LONGEST), _number(report.metrics.get(name)), _number(report.train_metrics.get(name))]
        for name in names
    ]
    page.table(["figure", "validation pictures", "training pictures"], rows, align="lrr")


def _number(value: float | None) -> Cell:
    return None if value is None else Shown(f"{value:.3f}", value)


def _classes(page: Page, outcomes: list[ClassOutcome]) -> None:
    """Add the classes, the weakest first; those whose figure is not defined come last."""
    if not outcomes:
        return
    metric = next((one.metric for one in outcomes if one.metric), None)
    page.section(
        "Classes", "The weakest first. Few to learn from and a low figure belong together more often than not."
    )
    ranked = sorted(outcomes, key=lambda one: (one.value is None, one.value or 0.0, one.train))[:_MOST_CLASSES]
    heads = ["class", "to learn from", *(["to validate with"] if _counted(outcomes) else []), metric or "figure"]
    rows: list[list[Cell]] = [
        [show(one.name, _LONGEST), one.train, *([one.val] if _counted(outcomes) else []), _number(one.value)]
        for one in ranked
    ]
    shown = "class" if len(ranked) == 1 else f"{len(ranked):,} classes"
    more = f" of {len(outcomes):,}" if len(outcomes) > len(ranked) else ""
    with page.details(f"{shown}{more} in numbers", opened=len(ranked) <= _MOST_OPEN):
        page.table(heads, rows, align="l" + "r" * (len(heads) - 1))


def _counted(outcomes: list[ClassOutcome]) -> bool:
    return any(one.val is not None for one in outcomes)


def _pictures(page: Page, folder: Path, best: int | None) -> None:
    samples = _as_jpeg(sample_file(folder, best)) if best is not None else None
    if samples is not None:
        page.section("Samples", f"Some validation pictures, and what was found in them at epoch {best:,}.")
        page.picture(samples, "validation pictures with their labels and with what was found")
    confusion = folder / "confusion.png"
    if confusion.is_file():
        page.section("Confusion", "Which class was taken for which.")
        page.picture(confusion.read_bytes(), "confusion matrix")
    if (folder / "eval.html").is_file():
        link = tag("a", "eval.html", href="eval.html")
        page.text(join(["Where the errors are, with the worst pictures: ", link, " in the folder of the run."]))


def _as_jpeg(path: Path) -> bytes | None:
    """Return a drawing as a JPEG, which takes a tenth of the room where photographs are on it."""
    if not path.is_file():
        return None
    with Image.open(path) as picture:
        return encode(picture.convert("RGB"), "jpeg")


def _dataset(page: Page, report: TrainReport) -> None:
    info = report.dataset
    page.section("Data")
    splits = dict.fromkeys([*info.images, *info.objects])
    rows: list[list[Cell]] = [[show(name, _LONGEST), info.images.get(name), info.objects.get(name)] for name in splits]
    page.table(["split", "pictures", "labels"], rows, align="lrr")
    held = (
        "" if info.held_out is None else f" {100 * info.held_out:.3g} % of the pictures were held out to validate with."
    )
    page.text(join([f"{show(info.path, 300)} ({info.format}), SHA-256 ", tag("code", info.sha256[:16]), f".{held}"]))
    if report.findings:
        with page.panel(plural(len(report.findings), "note"), tone="info"):
            for finding in report.findings:
                examples = ", ".join(show(name, _LONGEST) for name in finding.examples)
                page.text(join([tag("strong", f"{finding.message}."), f" Such as {examples}." if examples else ""]))


def _settings(page: Page, report: TrainReport) -> None:
    page.section("Settings and machine")
    with page.details("Settings, as resolved"):
        page.table(["setting", "value"], [[name, _value(value)] for name, value in report.settings.items()], align="ll")
    if report.environment:
        with page.details("Packages and machine"):
            rows = [[show(name), show(value, _LONGEST)] for name, value in report.environment.items()]
            page.table(["what", "version"], rows, align="ll")


def _value(value: Any) -> Cell:
    return None if value is None else show(value if isinstance(value, str) else json.dumps(value), _LONGEST)
