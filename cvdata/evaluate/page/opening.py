"""The top of the page: the main figures, how sure they are, and what to do next."""

from __future__ import annotations

from ...reports.markup import Markup, join, tag
from ...reports.page import Cell, Page, Tone, badge
from ...reports.scales import plural
from ...reports.spans import gauge
from ..advice import advice
from ..report import Comparison, ComparisonRow, EvalReport, Number
from ..words import between, figure, meaning, model_names, name_of, no_intervals, read_high, short_name

__all__ = ["TONES", "opening"]

_CARDS = 6
_COMPARED = 4
_FIRST = ("AP", "mAP", "AP50", "AP75", "AR100", "AR")
"""Of a protocol with many figures these are shown large, as far as it has them."""


def opening(page: Page, report: EvalReport) -> None:
    """Add the cards, the sentences, what is to be known about the inputs, and every figure."""
    if report.comparison is not None:
        _compared(page, report.comparison)
    large = _large(report)
    page.cards([(short_name(name, report), _card(number)) for name, number in large])
    page.text(_how_sure(report))
    if len(report.metrics) > len(large):
        _every_figure(page, report)
    said = advice(report)
    if said:
        page.section("In short")
        with page.columns():
            for item in said:
                with page.panel(item.title, tone=item.tone):
                    page.text(item.text)
    if report.findings:
        page.section("The inputs", "What is worth knowing before you trust the figures.")
        with page.panel(plural(len(report.findings), "note"), tone="info"):
            for finding in report.findings:
                examples = f" Such as {', '.join(map(name_of, finding.examples))}." if finding.examples else ""
                page.text(join([tag("strong", f"{finding.message}."), examples, " Code: ", tag("code", finding.code)]))


def _compared(page: Page, held: Comparison) -> None:
    """Add a card for each figure of two models, and say which of them the rest of the page is about."""
    first, second = model_names(held.first, held.second)
    chosen = [row for row in held.metrics if row.metric in _FIRST] or held.metrics
    page.cards([(f"{row.metric}, {second} less {first}", _difference(row)) for row in chosen[:_COMPARED]])
    page.text(
        f"All that follows is about {first}, but for the comparison. Evaluate {second} by itself to see its errors."
    )


def _difference(row: ComparisonRow) -> Cell:
    if row.difference.value is None:
        return join(["–", tag("small", "not defined here")])
    interval = between(row.difference, signed=True)
    return join(
        [
            f"{row.difference.value:+.3f}",
            tag("small", interval),
            tag("small", badge(row.verdict, TONES.get(row.verdict, "plain"))),
        ]
    )


TONES: dict[str, Tone] = {"better": "good", "worse": "error"}
"""Of the verdicts on a second model."""


def _large(report: EvalReport) -> list[tuple[str, Number]]:
    """Choose the figures for the cards: all where there are few."""
    items = list(report.metrics.items())
    if len(items) <= _CARDS:
        return items
    chosen = [(name, report.metrics[name]) for name in _FIRST if name in report.metrics]
    return chosen[:_CARDS] if len(chosen) > 1 else items[:_CARDS]


def _card(number: Number) -> Cell:
    if number.value is None:
        return join(["–", tag("small", "not defined here")])
    interval = between(number)
    picture = gauge(number.value, number.low, number.high) if 0 <= number.value <= 1 else Markup("")
    return join([f"{number.value:.3f}", picture, tag("small", interval) if interval else None])


def _how_sure(report: EvalReport) -> str:
    held = report.intervals
    if held is None:
        return "No intervals were computed: how far these figures would move on other pictures is not known."
    if none := no_intervals(report):
        return f"There are {none}."
    high = read_high(report)
    return (
        f"Below each figure stands its {100 * held.level:g} % interval, from {held.resamples:,} resamples of "
        f"{plural(held.units, held.unit[:-1])} ({held.method}): where the figure would lie on endlessly many "
        "pictures of the same kind. Pictures of another kind are another matter."
    ) + (f" {high}." if high else "")


def _every_figure(page: Page, report: EvalReport) -> None:
    rows: list[list[Cell]] = [
        [name, figure(number.value), between(number) or None, meaning(name, report)]
        for name, number in report.metrics.items()
    ]
    sure = any(row[2] for row in rows)
    with page.details(f"All {len(rows)} figures"):
        if sure:
            page.table(["figure", "value", "interval", "what it is"], rows, align="lrrl")
        else:
            page.table(["figure", "value", "what it is"], [[a, b, d] for a, b, _, d in rows], align="lrl")
