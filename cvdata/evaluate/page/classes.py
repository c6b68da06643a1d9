"""The figures of each class."""

from __future__ import annotations

from ...reports.markup import join, tag
from ...reports.page import Cell, Page
from ...reports.scales import plural
from ...reports.spans import Span, spans
from ..report import ClassResult, EvalReport, Number
from ..words import between, class_metric, counted, figure, likeness, meaning, name_of

__all__ = ["class_section"]

_MOST_OPEN = 20
_MOST_DRAWN = 30
_MOST_COLUMNS = 7
_LESS = {"APs", "APm", "APl", "AR1", "AR10", "ARs", "ARm", "ARl"}  # left to the JSON where there are many

_NONE = Number(None)

_ENOUGH = 10
"""Of classes with fewer objects nothing is drawn where there are many: all of them would look weak."""

_SPANS = "A line is the interval: classes whose lines overlap much may be equally good."


def class_section(page: Page, report: EvalReport) -> None:
    """Add a plot of the weakest classes and a table of all."""
    metrics = _metrics(report)
    if not report.classes or not metrics:
        return
    main = class_metric(report) or metrics[0]
    page.section("Classes", "One row per class; a click on a head sorts by it.")
    with page.columns():
        _weakest(page, report, main)
        if len(report.classes) > 1:
            _explained(page, report, metrics)
    summary = f"All {len(report.classes):,} classes" if len(report.classes) > 1 else "The class in numbers"
    with page.details(summary, opened=len(report.classes) <= _MOST_OPEN):
        _table(page, report, metrics)
    if len(report.classes) == 1:
        with page.details("What these figures are"):
            _explained(page, report, metrics)


def _weakest(page: Page, report: EvalReport, metric: str) -> None:
    """Draw the classes, the weakest first, with their intervals."""
    known = [row for row in report.classes if row.metrics.get(metric, _NONE).value is not None]
    if len(known) < 2:
        return
    which, caption = "weakest first", _SPANS
    if len(known) > _MOST_DRAWN:
        known = [row for row in known if row.objects >= _ENOUGH] or known
        which = f"the {min(len(known), _MOST_DRAWN)} weakest"
        caption += f" Classes with fewer than {_ENOUGH} objects are in the table alone."
    ranked = sorted(known, key=lambda row: row.metrics[metric].value or 0.0)[:_MOST_DRAWN]
    noun = counted(report)[0]
    title = f"{_called(metric, report)} of each class, {which}"
    page.figure(spans([_span(row, metric, noun) for row in ranked], title=title, across=(0.0, 1.0)), caption)


def _span(row: ClassResult, metric: str, noun: str) -> Span:
    number = row.metrics[metric]
    return Span(name_of(row.name), number.value, number.low, number.high, note=plural(row.objects, noun))


def _metrics(report: EvalReport) -> list[str]:
    """Return the metrics that some class has, in their order, as many as a table can bear."""
    names = dict.fromkeys(name for row in report.classes for name in row.metrics)
    defined = [name for name in names if any(row.metrics.get(name, _NONE).value is not None for row in report.classes)]
    if len(defined) > _MOST_COLUMNS:
        defined = [name for name in defined if name not in _LESS] or defined
    return defined[:_MOST_COLUMNS]


def _table(page: Page, report: EvalReport, metrics: list[str]) -> None:
    known = any(row.objects for row in report.classes)
    sure = any(between(row.metrics.get(metrics[0], _NONE)) for row in report.classes)
    noun, found = counted(report)
    heads = ["class", *([f"{noun}s", "pictures", found] if known else []), _called(metrics[0], report)]
    heads += [*(["interval"] if sure else []), *(_called(name, report) for name in metrics[1:])]
    rows: list[list[Cell]] = []
    for row in report.classes:
        numbers = [row.metrics.get(name, _NONE) for name in metrics]
        counts: list[Cell] = [row.objects, row.images, row.detections] if known else []
        interval: list[Cell] = [between(numbers[0]) or None] if sure else []
        values: list[Cell] = [figure(number.value) for number in numbers[1:]]
        rows.append([name_of(row.name), *counts, figure(numbers[0].value), *interval, *values])
    page.table(heads, rows, align="l" + "r" * (len(heads) - 1))


def _called(metric: str, report: EvalReport) -> str:
    return likeness(metric.replace("_", " "), report)


def _explained(page: Page, report: EvalReport, metrics: list[str]) -> None:
    """Say what each figure of a class is."""
    with page.stack():
        for name in metrics:
            if what := meaning(name, report, of_class=True):
                page.text(join([tag("strong", _called(name, report)), f": {what}."]))
