"""What came of a training, as lines for people: the verdict, the figures, what to try, where to look."""

from __future__ import annotations

import os
import shlex
import textwrap
from typing import TYPE_CHECKING

from ..errors import show
from ..reports.scales import plural
from ..train.judge.history import clock, pace
from ..train.judge.page import TONES
from .pen import Pen
from .table import table_lines

if TYPE_CHECKING:
    from ..train.report import Advice, ClassOutcome, TrainReport

__all__ = ["train_lines"]

_WIDTH = 100
_INDENT = 9
_MOST_FIGURES = 5
_MOST_CLASSES = 10
_LONGEST_NAME = 40


def train_lines(report: TrainReport, pen: Pen | None = None) -> list[str]:
    """Return a report as lines of at most 100 columns; only a command with a long path may be longer."""
    pen = pen or Pen()
    said = report.diagnosis
    verdict = textwrap.wrap(said.message, _WIDTH, break_on_hyphens=False)
    parts = [
        [*_part("run", f"{show(report.run)}: {_network(report)}"), *_part("data", _data(report)), *_figures(report)],
        [pen(TONES[said.verdict], line) for line in verdict],
        _classes(report.outcomes),
        _notes(report),
        _advice(said.advice, pen),
        _next(report),
    ]
    return [line for part in parts if part for line in ["", *part]][1:]


def _part(name: str, text: str) -> list[str]:
    """Return a text behind its name, broken where the line ends."""
    blank = " " * _INDENT
    lines = textwrap.wrap(text, _WIDTH - _INDENT, break_on_hyphens=False) or [""]
    return [f"{name:<{_INDENT}}{lines[0]}", *(blank + line for line in lines[1:])]


def _network(report: TrainReport) -> str:
    return f"{report.task} {show(report.architecture, 40)}, {plural(report.parameters, 'parameter')}"


def _data(report: TrainReport) -> str:
    info = report.dataset
    splits = ", ".join(f"{show(name, 30)} {plural(count, 'picture')}" for name, count in info.images.items())
    held = "" if info.held_out is None else f" ({100 * info.held_out:.3g} % held out)"
    return f"{show(info.path)}: {splits}{held}, {plural(len(report.classes), 'class')}"


def _figures(report: TrainReport) -> list[str]:
    best = "no best epoch" if report.best_epoch is None else f"best epoch {report.best_epoch:,} of {report.epochs:,}"
    speed = "" if report.images_per_s is None else f", {_speed(report.images_per_s)}"
    stopped = ", stopped early" if report.status == "stopped" else ""
    value = report.metrics.get(report.metric)
    main = f"{report.metric} {_number(value)}"
    if report.interval is not None and value is not None:
        main += f" ({report.interval[0]:.3f} to {report.interval[1]:.3f})"
    others = [(name, value) for name, value in report.metrics.items() if name != report.metric and value is not None]
    more = "".join(f", {name} {_number(value)}" for name, value in others[:_MOST_FIGURES])
    return [
        *_part("time", f"{clock(report.seconds)}, {best}{speed}{stopped}"),
        *_part("figures", f"{main}{more} on the validation pictures"),
    ]


def _speed(images_per_s: float) -> str:
    said = pace(images_per_s)
    return f"{said} {'picture' if said == '1' else 'pictures'} a second"


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def _classes(outcomes: list[ClassOutcome]) -> list[str]:
    """Return the classes; of many the weakest."""
    metric = next((one.metric for one in outcomes if one.metric), None)
    known = [one for one in outcomes if one.value is not None]
    if metric is None or len(outcomes) < 2 or not known:
        return []
    shown = outcomes
    if len(outcomes) > _MOST_CLASSES:
        shown = sorted(known, key=lambda one: one.value or 0.0)[:_MOST_CLASSES]
    counted = any(one.val is not None for one in shown)
    heads = ["class", "to learn from", *(["to validate with"] if counted else []), metric]
    rows = []
    for one in shown:
        counts = [f"{one.train:,}", *(["-" if one.val is None else f"{one.val:,}"] if counted else [])]
        rows.append([show(one.name, _LONGEST_NAME), *counts, "-" if one.value is None else f"{one.value:.3f}"])
    lines = table_lines(heads, rows)
    if len(outcomes) > len(shown):
        lines.append(f"the {len(shown)} weakest of {plural(len(outcomes), 'class')}; --json and the page have all")
    return lines


def _notes(report: TrainReport) -> list[str]:
    notes = []
    for finding in report.findings:
        lines = textwrap.wrap(f"note: {finding.message}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
        notes += lines
    return notes


def _advice(advice: list[Advice], pen: Pen) -> list[str]:
    if not advice:
        return []
    lines = [pen("bold", "what stands in the way, and what to try")]
    for item in advice:
        lines += textwrap.wrap(f"- {item.message}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
        for cure in item.cures:
            lines += textwrap.wrap(
                cure, _WIDTH, initial_indent="    > ", subsequent_indent="      ", break_on_hyphens=False
            )
    return lines


def _next(report: TrainReport) -> list[str]:
    run = shlex.quote(show(report.run))
    return [
        *_part("look at", f"{show(os.path.join(report.run, 'report.html'))}, curves.png and samples/ beside it"),
        f"{'next':<{_INDENT}}cvdata eval {run}",
        f"{'':<{_INDENT}}cvdata predict {run} PICTURES DST",
        f"{'':<{_INDENT}}cvdata export {run}",
    ]
