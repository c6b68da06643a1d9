"""Precision against recall, F1 against confidence, overlaps of pairs, and whether confidences can be believed."""

from __future__ import annotations

import math

import numpy as np

from ...reports import plots
from ...reports.lines import Line, Mark, line_plot
from ...reports.page import Cell, Page
from ...reports.scales import plural
from ..report import Calibration, Curve, EvalReport, OperatingPoint, ReliabilityBin
from ..words import figure, likeness, name_of

__all__ = ["calibration_section", "curve_section", "overlap_section"]

_MOST_LINES = 7
_MOST_OPEN = 20
_ALL = "all classes"


def curve_section(page: Page, report: EvalReport) -> None:
    """Add the curves of the mean and of the most frequent classes, and the best confidence of each."""
    curves = _chosen(report)
    if not curves and not report.operating_points:
        return
    more = "" if len(report.classes) <= _MOST_LINES else f" and the {_MOST_LINES} classes with most objects"
    of = "" if len(report.classes) == 1 else f"; the mean over classes{more}"
    intro = f"Which confidence to cut at. At an overlap (IoU) of 0.5{of}."
    page.section("Confidence", likeness(intro, report))
    best = next((point for point in report.operating_points if point.name is None), None)
    if curves:
        with page.columns():
            f1 = [_line(curve, curve.score, curve.f1) for curve in curves]
            page.figure(
                line_plot(f1, title="F1 against confidence", labels=("confidence", "F1"), marks=_best(best)), _F1
            )
            pr = [_line(curve, curve.recall, curve.precision) for curve in curves]
            page.figure(line_plot(pr, title="Precision against recall", labels=("recall", "precision")), _PR)
    _point_table(page, report.operating_points)


_F1 = "Where the line is highest, false alarms and misses are in balance: the confidence to cut at."
_PR = "To the right more objects are found; the lower the line gets, the more false alarms that takes."


def _chosen(report: EvalReport) -> list[Curve]:
    """Return the curve of the mean, and those of the most frequent classes in the order of the truth."""
    named = {curve.name: curve for curve in report.curves if curve.name is not None}
    counts = {row.name: row.objects for row in report.classes}
    ranked = sorted(named, key=lambda name: -counts.get(name, 0))[:_MOST_LINES]
    frequent = [curve for name, curve in named.items() if name in ranked]
    mean = [curve for curve in report.curves if curve.name is None]
    return mean if len(frequent) == 1 and mean else [*mean, *frequent]


def _line(curve: Curve, x: list[float], y: list[float]) -> Line:
    return Line(name=_ALL if curve.name is None else name_of(curve.name), x=x, y=y, strong=curve.name is None)


def _best(point: OperatingPoint | None) -> list[Mark]:
    if point is None or point.score is None or point.f1 is None:
        return []
    return [Mark(point.score, point.f1, f"F1 {point.f1:.2f} at {point.score:.2f}")]


def _point_table(page: Page, points: list[OperatingPoint]) -> None:
    if not points:
        return
    rows: list[list[Cell]] = [
        [_ALL if p.name is None else name_of(p.name), *map(figure, (p.score, p.f1, p.precision, p.recall))]
        for p in points
    ]
    with page.details("The best confidence of each class", opened=len(rows) <= _MOST_OPEN):
        page.table(["class", "confidence", "F1", "precision", "recall"], rows, align="lrrrr")


def overlap_section(page: Page, report: EvalReport) -> None:
    """Add how well matched pairs overlap."""
    held = next((overlap for overlap in report.overlaps if overlap.name is None), None)
    if held is None or not held.pairs:
        return
    page.section("Fit", likeness("Overlap (IoU) of the detections with the objects that they found.", report))
    edges = np.linspace(0.5, 1.0, len(held.counts) + 1)
    mean, median = (("–" if value is None else f"{value:.3f}") for value in (held.mean, held.median))
    caption = f"{plural(held.pairs, 'pair')}: mean {mean}, median {median}. The further right, the tighter."
    named = [overlap for overlap in report.overlaps if overlap.name is not None and overlap.pairs]
    title, label = (likeness(text, report) for text in ("Overlap of matched pairs", "IoU"))
    drawing = plots.histogram(edges, np.array(held.counts), title=title, label=label)
    with page.columns():
        page.figure(drawing, caption)
        if len(named) > 1:
            loosest = sorted(named, key=lambda overlap: overlap.mean or 0.0)[:_LOOSEST]
            rows: list[list[Cell]] = [
                [name_of(overlap.name or ""), overlap.pairs, figure(overlap.mean), figure(overlap.median)]
                for overlap in loosest
            ]
            page.table(["loosest classes", "pairs", likeness("mean IoU", report), "median"], rows, align="lrrr")


_LOOSEST = 8


def calibration_section(page: Page, report: EvalReport) -> None:
    """Add whether a confidence of 0.8 is right in 8 of 10 cases."""
    held = report.calibration
    if held is None or not any(b.count for b in held.bins):
        return
    page.section("Calibration", _in_words(held))
    filled = [b for b in held.bins if b.count and b.confidence is not None and b.accuracy is not None]
    ends = [_wilson(b) for b in filled]
    line = Line(
        name="share that is right",
        x=[b.confidence or 0.0 for b in filled],
        y=[b.accuracy or 0.0 for b in filled],
        low=[low for low, _ in ends],
        high=[high for _, high in ends],
        dots=True,
    )
    labels = ("confidence", "share that is right")
    with page.columns():
        page.figure(line_plot([line], title="Confidence and accuracy", labels=labels, diagonal=True), _RELIABILITY)
        edges = np.array([*(b.low for b in held.bins), held.bins[-1].high])
        counts = np.array([b.count for b in held.bins])
        page.figure(plots.histogram(edges, counts, title=f"Confidences of {held.of}", label="confidence"))


_RELIABILITY = (
    "On the dotted line confidences are what they say; below it the model is surer than it is right. The band is the "
    "95 % interval of each point (Wilson 1927)."
)


def _in_words(held: Calibration) -> str:
    if held.ece.value is None:
        return "Can the confidences be believed?"
    most = "" if held.mce is None else f", at most {held.mce:.3f}"
    gap = f"They are off by {held.ece.value:.3f} on average (expected calibration error){most}"
    return f"Can the confidences be believed? {gap}; 0 would be perfect."


def _wilson(held: ReliabilityBin) -> tuple[float, float]:
    """Return the 95 % interval of the share that is right (Wilson 1927, score interval)."""
    z, n, p = 1.959964, held.count, held.accuracy or 0.0
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - reach), min(1.0, middle + reach)
