"""What a report says in a few sentences: how good, how sure, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..reports.page import Tone
from ..reports.scales import plural
from .report import Calibration, ClassResult, ComparisonRow, EvalReport, Number
from .words import KINDS_OF_ERROR, between, class_metric, likeness, model_names, name_of

__all__ = ["Advice", "advice"]

_WIDE = 0.1
"""An interval so wide leaves open whether the next model is better."""

_FEW_OBJECTS = 10
"""Fewer objects of a class say nothing about it."""

_STRONG = 0.95
"""A class of such a figure is not weak, even if all others are better."""

_COSTS = 0.01
"""An error that costs less AP is not worth a sentence at the top."""

_MANY = 200
"""So many probable label errors are all that a report holds."""

_GAP = 0.05
"""Confidences further from accuracy than this mislead."""


class Advice(NamedTuple):
    """A finding as one line, and what follows from it."""

    title: str
    text: str
    tone: Tone


def advice(report: EvalReport) -> list[Advice]:
    """Return what to know and to do, most important first; each may be missing."""
    parts = (_comparison, _nothing, _how_sure, _costliest, _labels, _threshold, _weak_classes, _confidences)
    return [said for part in parts for said in part(report)]


def _comparison(report: EvalReport) -> Iterator[Advice]:
    held = report.comparison
    if held is None or not held.metrics:
        return
    row = held.metrics[0]
    first, second = model_names(held.first, held.second)
    difference = "" if row.difference.value is None else f"{row.metric} {row.difference.value:+.3f}"
    if interval := between(row.difference, signed=True):
        difference += f" ({interval})"
    changed = [r for r in held.classes if r.verdict != "too few objects to say"]
    classes = _changed_classes(changed) if held.classes else ""
    if all(row.first == row.second for row in (*held.metrics, *held.classes)):
        yield Advice(
            "The two models have the same figures",
            f"No figure of {first} and {second} differs. Is it the same file twice?",
            "warning",
        )
        return
    if row.verdict == "too few objects to say":
        yield Advice(
            f"Too few objects to say which model is better: {difference}",
            f"{second} may be better or worse than {first}: evaluate on more pictures before you choose. {classes}",
            "info",
        )
        return
    yield Advice(
        f"{second} is {row.verdict} than {first}: {difference}",
        f"On the same pictures, the difference is larger than chance explains. {classes}",
        "good" if row.verdict == "better" else "warning",
    )


def _changed_classes(changed: list[ComparisonRow]) -> str:
    if not changed:
        return "For no single class there are enough objects to say."
    parts = []
    for verdict in ("better", "worse"):
        names = [name_of(r.name or "all") for r in changed if r.verdict == verdict]
        if names:
            more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
            parts.append(f"{verdict} at {', '.join(names[:3])}{more}")
    return f"By class: {'; '.join(parts)}."


def _nothing(report: EvalReport) -> Iterator[Advice]:
    if report.kind in ("pixels", "segments"):
        return
    if not report.objects:
        yield Advice(
            "The truth has no objects",
            "No figure is defined without them: everything found counts as wrong. Is this the right file, and the "
            "right split?",
            "error",
        )
    elif not report.detections:
        yield Advice(
            "Nothing was found",
            "There is not one detection. Check that the model ran on these pictures, and its least confidence.",
            "error",
        )


def _how_sure(report: EvalReport) -> Iterator[Advice]:
    main = _main_metric(report)
    if main is None or main[1].low is None or main[1].high is None:
        return
    name, number = main
    width = main[1].high - main[1].low
    if width < _WIDE:
        return
    units = "" if report.intervals is None else f" with {plural(report.intervals.units, report.intervals.unit[:-1])}"
    yield Advice(
        f"The figures are rough: {name} may be anything from {between(number)}",
        f"That is as sure as one can be{units}. An improvement smaller than about {width / 2:.2f} cannot be seen; four "
        "times the pictures would halve the interval.",
        "warning",
    )


def _main_metric(report: EvalReport) -> tuple[str, Number] | None:
    """Return the figure that stands for the model: the first that is defined."""
    return next(((name, number) for name, number in report.metrics.items() if number.value is not None), None)


def _costliest(report: EvalReport) -> Iterator[Advice]:
    errors = report.errors
    if errors is None or not report.detections:
        return
    ranked = sorted(errors.kinds, key=lambda kind: -(kind.cost.value or 0.0))
    if not ranked or (ranked[0].cost.value or 0.0) < _COSTS:
        return
    first = ranked[0]
    words, cost = KINDS_OF_ERROR[first.name], first.cost.value or 0.0
    level = "" if errors.ap is None else f": without them AP50 would be {errors.ap + cost:.2f}, not {errors.ap:.2f}"
    second = ranked[1] if len(ranked) > 1 and (ranked[1].cost.value or 0.0) >= _COSTS else None
    then = f" Next: {KINDS_OF_ERROR[second.name].nouns.lower()}, {second.cost.value:.3f}." if second is not None else ""
    yield Advice(f"{words.nouns} cost most{level}", f"{likeness(words.what, report)} {words.cure}{then}", "warning")


_DOUBTS = {
    "missing": ("seems to lack a label", "seem to lack a label"),
    "spurious": ("has one that nothing confirms", "have one that nothing confirms"),
    "swapped": ("seems to be of another class", "seem to be of another class"),
}


def _labels(report: EvalReport) -> Iterator[Advice]:
    found = report.label_errors
    if not found:
        return
    kinds = [(kind, sum(1 for item in found if item.kind == kind)) for kind in ("missing", "spurious", "swapped")]
    parts = ", ".join(f"{count:,} {_DOUBTS[kind][count != 1]}" for kind, count in kinds if count)
    yield Advice(
        f"{'At least ' if len(found) >= _MANY else ''}{plural(len(found), 'label')} may be wrong",
        f"{parts}. Look there before you change the model: a wrong label makes a right answer count as wrong.",
        "warning",
    )


def _threshold(report: EvalReport) -> Iterator[Advice]:
    point = next((point for point in report.operating_points if point.name is None), None)
    if point is None or point.score is None or report.errors is None or not report.objects or not report.detections:
        return
    # Of all, as one counts them in pictures: precision and recall of the point are means over classes.
    verdicts = report.errors.verdicts
    right = verdicts.get("true", 0)
    sure = right + sum(verdicts.get(name, 0) for name in _FALSE)
    found = f"{100 * verdicts.get('found', 0) / report.objects:.0f} of 100 objects are found"
    classes = ", mean over classes" if len(report.classes) > 1 else ""
    yield Advice(
        f"Best confidence to cut at: {point.score:.2f}",
        (f"There {100 * right / sure:.0f} of 100 detections are right and {found}" if sure else f"There {found}")
        + ("." if point.f1 is None else f" (F1 {point.f1:.2f}{classes}).")
        + " Cut higher for fewer false alarms, lower to miss less.",
        "info",
    )


_FALSE = ("wrong class", "badly placed", "both", "duplicate", "background")
"""Verdicts on detections that are wrong."""


def _weak_classes(report: EvalReport) -> Iterator[Advice]:
    metric = class_metric(report)
    if metric is None or len(report.classes) < 2:
        return
    counted = report.kind not in ("pixels", "segments")
    if counted and not (report.objects and report.detections):
        return
    few = [row for row in report.classes if row.objects < _FEW_OBJECTS] if counted else []
    known = [row for row in report.classes if row.metrics.get(metric, Number(None)).value is not None]
    told = [row for row in known if not counted or row.objects >= _FEW_OBJECTS]
    weakest = sorted(told, key=lambda row: row.metrics[metric].value or 0.0)[:3] if len(told) > 1 else []
    weakest = [row for row in weakest if (row.metrics[metric].value or 0.0) < _STRONG]
    if not weakest and not few:
        return
    small = f"{plural(len(few), 'class')} {'has' if len(few) == 1 else 'have'} fewer than {_FEW_OBJECTS} objects here"
    title = f"Weakest classes: {_with_figures(weakest, metric)}" if weakest else small
    begin = f"{small}: their" if weakest else "With so few their"
    text = f"{begin} figures say little, so they are not named. " if few else ""
    yield Advice(title, f"{text}More pictures of a class help most where it is rare or looks in many ways.", "info")


def _with_figures(rows: list[ClassResult], metric: str) -> str:
    return ", ".join(f"{name_of(row.name)} ({metric} {row.metrics[metric].value:.2f})" for row in rows)


def _confidences(report: EvalReport) -> Iterator[Advice]:
    held = report.calibration
    if held is None or held.ece.value is None or held.ece.value < _GAP or not report.objects:
        return
    side, what = ("too high", "less often") if _lean(held) > 0 else ("too low", "more often")
    stays = (
        "Their order stays, and so does AP" if held.of == "detections" else "The surest class stays, and so does top1"
    )
    yield Advice(
        f"Confidences are {side}: off by {held.ece.value:.2f} on average",
        f"What the model is 80 % sure of is right {what} than in 8 of 10 cases. {stays}; temperature scaling on "
        "other pictures mends it.",
        "info",
    )


def _lean(held: Calibration) -> float:
    """Return mean confidence less accuracy: above 0 where the model is surer than it is right."""
    gaps = [
        (b.count, b.confidence - b.accuracy) for b in held.bins if b.confidence is not None and b.accuracy is not None
    ]
    total = sum(count for count, _ in gaps)
    return sum(count * gap for count, gap in gaps) / total if total else 0.0
