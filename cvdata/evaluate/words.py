"""What metrics, errors and verdicts are called, in words that someone new to them understands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import show
from ..reports.page import Shown
from ..reports.scales import plural
from .report import Comparison, Difference, EvalReport, Number

__all__ = [
    "KINDS_OF_ERROR",
    "PROTOCOLS",
    "ErrorKind",
    "between",
    "brief",
    "class_metric",
    "counted",
    "figure",
    "figure_names",
    "likeness",
    "meaning",
    "model_names",
    "moved",
    "name_of",
    "no_intervals",
    "objects_of",
    "read_high",
    "short_name",
    "why_undecided",
]


class ErrorKind(NamedTuple):
    """One of TIDE's kinds of error: what one and several are called, what it is, and what helps."""

    title: str
    nouns: str
    what: str
    cure: str


KINDS_OF_ERROR = {
    "class": ErrorKind(
        "Wrong class",
        "Wrong classes",
        "The place is right, the class is not.",
        "See which classes are taken for each other: label them by one rule, give the rarer one more "
        "pictures, or merge what cannot be told apart.",
    ),
    "location": ErrorKind(
        "Badly placed",
        "Badly placed detections",
        "The class is right, but the overlap is only 0.1 to 0.5.",
        "Check that all labels are drawn equally tight; train longer or with larger pictures.",
    ),
    "both": ErrorKind(
        "Class and place",
        "Detections of wrong class and place",
        "Something is there, but neither its class nor its place is right.",
        "Mostly follows from the two kinds above; the worst pictures show what these have in common.",
    ),
    "duplicate": ErrorKind(
        "Duplicate",
        "Duplicates",
        "An object that a surer detection has found already.",
        "Lower the overlap from which non-maximum suppression drops the weaker of two boxes.",
    ),
    "background": ErrorKind(
        "On background",
        "Detections on background",
        "Something was found where nothing is labelled.",
        "First look at the probable label errors: objects that nobody labelled look like this. Then add pictures "
        "without objects, or raise the least confidence.",
    ),
    "missed": ErrorKind(
        "Missed",
        "Missed objects",
        "An object that no detection comes near.",
        "See which classes and sizes are missed: add pictures of them; for small objects train with larger pictures.",
    ),
}
"""TIDE's kinds of error (Bolya et al. 2020)."""

PROTOCOLS = {
    "coco": "COCO",
    "voc07": "Pascal VOC 2007",
    "voc12": "Pascal VOC 2012",
    "lvis": "LVIS",
    "openimages": "Open Images",
    "ultralytics": "Ultralytics",
}
"""Whose rules they are."""

_MEANINGS = {
    "AP": "average precision, mean over classes and over the IoU thresholds {iou}",
    "mAP": "average precision, mean over classes",
    "AR": "share of the objects found, mean over classes and over the IoU thresholds {iou}",
    "precision": "share of the detections that are right, mean over classes",
    "recall": "share of the objects that are found, mean over classes",
    "F1": "harmonic mean of precision and recall, mean over classes",
    "mean_IoU": "mean overlap of matched pairs",
    "mIoU": "mean over classes of intersection over union",
    "IoU": "pixels of the class in both, over pixels in either",
    "Dice": "overlap as a share of the mean size of both, mean over classes",
    "pixel_accuracy": "share of the pixels that have the right class",
    "mean_accuracy": "share of each class's pixels that are right, mean over classes",
    "fwIoU": "IoU weighted by how many pixels each class has",
    "accuracy": "share that is right",
    "top1": "share of the pictures whose surest class is right",
    "top5": "share of the pictures whose class is among the five surest",
    "balanced_accuracy": "share that is right, mean over classes: each counts the same",
    "macro_F1": "F1, mean over classes: each counts the same",
    "micro_F1": "F1 of all labels of all classes together",
    "weighted_F1": "F1, mean over classes weighted by their pictures",
    "ECE": "expected calibration error: how far confidences are from the share that is right; 0 is best",
    "PQ": "panoptic quality: SQ times RQ, mean over classes",
    "SQ": "overlap of the segments that match, mean over classes",
    "RQ": "F1 of finding segments, mean over classes",
}


def figure_names() -> tuple[str, ...]:
    """Return what figures are called, but for those of AP and AR that have a number or a size behind them."""
    return tuple(_MEANINGS)


def meaning(name: str, report: EvalReport, *, of_class: bool = False) -> str:
    """Say in a few words what a metric is; nothing for one that is not known here.

    Args:
        of_class: it is that of one class, not the mean over all.
    """
    own = _OF_KIND.get(report.kind, {})
    if name in own:
        return own[name]
    base, _, part = name.partition("_")
    if report.task == "detection" and (text := _of_some(name, report)):
        return text
    if part in ("things", "stuff"):
        return f"{_MEANINGS.get(base, base)} of {part}"
    text = _MEANINGS.get(name, "").format(iou=_thresholds(report))
    return likeness(_of_one_class(text) if of_class else text, report)


def _of_some(name: str, report: EvalReport) -> str:
    """Say what AP or AR of a size, an overlap or a number of detections is; nothing for other figures."""
    sized, numbered = _SIZED.fullmatch(name), _NUMBERED.fullmatch(name)
    if sized is not None:
        of = objects_of(sized[2], {**report.settings, "protocol": report.protocol})
        return f"AP of {of}" if sized[1] == "AP" else f"share found of {of}"
    if numbered is None:
        return ""
    what, number = numbered.groups()
    if what == "AR" and report.kind != "keypoints":
        per = "picture" if report.protocol == "lvis" else "picture and class"
        return f"share of the objects found with at most {plural(int(number), 'detection')} per {per}"
    of = "average precision" if what == "AP" else "share of the objects found"
    return likeness(f"{of} where an overlap (IoU) of {float(number) / 100:.4g} is enough", report)


def likeness(text: str, report: EvalReport) -> str:
    """Call what objects and detections are held together by as it is called: for keypoints COCO has no overlap."""
    if report.kind != "keypoints":
        return text
    text = text.replace("an overlap", "a likeness").replace("overlap", "likeness").replace("Overlap", "Likeness")
    return text.replace("IoU", "OKS")


_NUMBERED = re.compile(r"(AP|AR)(\d+(?:\.\d+)?)")
_SIZED = re.compile("(AP|AR)([a-z]|_.+)")
_SIZES = {"s": "small", "m": "medium", "l": "large"}
_FREQUENCIES = {"r": "rare", "c": "common", "f": "frequent"}


def objects_of(part: str, settings: Mapping[str, Any]) -> str:
    """Say which objects the letter or word behind AP or AR stands for; nothing where there is none."""
    if part in _FREQUENCIES and settings.get("protocol") == "lvis":
        return f"{_FREQUENCIES[part]} classes"
    name = _SIZES.get(part, part.removeprefix("_"))
    bounds = settings.get("areas", {}).get(name)
    if bounds is None:
        return f"{show(name, 40)} objects" if part else ""
    low, high = bounds
    of = f"{show(name, 40)} objects"
    return f"{of}, from {_area(low)}" if low > 0 and high >= 1e10 else f"{of}, up to {_area(high)}"


def _area(pixels: float) -> str:
    side = round(pixels**0.5)
    return f"{side} x {side} pixels" if side * side == pixels else f"{pixels:,g} square pixels"


def _of_one_class(text: str) -> str:
    return text.replace("mean over classes and over", "mean over").replace(", mean over classes", "")


_OF_KIND = {
    "labels": {
        "precision": "share of the pictures taken for the class that are of it",
        "recall": "share of the pictures of the class that are taken for it",
    },
    "pixels": {
        "precision": "share of the pixels taken for the class that are of it",
        "recall": "share of the pixels of the class that are taken for it",
    },
}


def short_name(name: str, report: EvalReport) -> str:
    """Return what to write below a figure: its name, and the overlap that it asks for."""
    if report.task == "detection" and name == "AP" and report.protocol in ("coco", "lvis"):
        return likeness(f"AP, IoU {_thresholds(report)}", report)
    return likeness(f"{name}, {_ENDS[name]}" if name in _ENDS else name.replace("_", " "), report)


_ENDS = {
    "AP50": "IoU 0.5",
    "AP75": "IoU 0.75",
    "APs": "small objects",
    "APm": "medium objects",
    "APl": "large objects",
    "AR100": "share found",
    "top1": "the surest is right",
    "top5": "right among five",
}


def _thresholds(report: EvalReport) -> str:
    values = report.settings.get("thresholds")
    if not isinstance(values, (list, tuple)) or not values:
        return "0.50 to 0.95"
    return f"{values[0]:.2f}" if len(values) == 1 else f"{min(values):.2f} to {max(values):.2f}"


def counted(report: EvalReport) -> tuple[str, str]:
    """Return what is counted in the truth, one of them, and in what was found, several."""
    return _COUNTED.get(report.kind, ("object", "detections"))


_COUNTED = {
    "labels": ("label", "predictions"),
    "pixels": ("pixel", "pixels found"),
    "segments": ("segment", "segments found"),
}


def figure(value: float | None) -> Shown | None:
    """Show a figure with three decimals, as papers do; None stays None."""
    return None if value is None else Shown(f"{value:.3f}", value)


def between(number: Number, *, signed: bool = False) -> str:
    """Write the interval of a figure, nothing where there is none."""
    if number.low is None or number.high is None:
        return ""
    return f"{number.low:+.3f} to {number.high:+.3f}" if signed else f"{number.low:.3f} to {number.high:.3f}"


def no_intervals(report: EvalReport) -> str:
    """Say why no figure has an interval although some were asked for; nothing where one has, or none was asked for."""
    made = report.intervals
    if made is None or any(number.low is not None for number in report.metrics.values()):
        return ""
    units = plural(made.units, made.unit[:-1])
    return f"no intervals: {units} {'does' if made.units == 1 else 'do'} not say how far figures move on others"


def read_high(report: EvalReport) -> str:
    """Say why some intervals do not hold their figure; nothing where all do."""
    names = [
        name
        for name, number in report.metrics.items()
        if number.value is not None and number.high is not None and number.value > number.high
    ]
    if not names:
        return ""
    reads = "reads" if len(names) == 1 else "read"
    return (
        f"{', '.join(names)} {reads} too high, as average precision does, the more so the fewer objects a class has; "
        "the interval says where the figure would lie on endlessly many pictures"
    )


def why_undecided(held: Comparison) -> str:
    """Say why a class has no verdict although its interval leaves out 0; nothing where there is no such class."""
    bare = [row.difference for row in held.classes if row.verdict == "too few objects to say"]
    if not any(d.low is not None and d.high is not None and not d.low <= 0 <= d.high for d in bare):
        return ""
    return (
        "an interval without 0 is not enough for a class: of many classes some have one by chance, and fewer than ten "
        "objects say nothing"
    )


def moved(step: Difference) -> bool:
    """Tell whether a rule changes a figure by more than the rounding of its last digits."""
    if step.before is None or step.after is None:
        return step.before != step.after
    return abs(step.after - step.before) > _ROUNDING


_ROUNDING = 1e-9


def model_names(first: str, second: str) -> tuple[str, str]:
    """Return what to call two models: their file names, with as many folders as it takes to tell them apart."""
    parts = [path.replace("\\", "/").rstrip("/").split("/") for path in (first, second)]
    kept = 1
    while parts[0][-kept:] == parts[1][-kept:] and kept < max(map(len, parts)):
        kept += 1
    ours, theirs = ("/".join(path[-kept:]) for path in parts)
    return name_of(ours), name_of(theirs)


def class_metric(report: EvalReport) -> str | None:
    """Return the figure by which classes are ranked: the first that they have, for labels of whole pictures F1."""
    names = dict.fromkeys(name for row in report.classes for name in row.metrics)
    if report.kind == "labels" and "F1" in names:
        return "F1"
    return next(iter(names), None)


def brief(name: str, room: int) -> str:
    """Return the file name of a picture in so many letters at most, cut in its middle."""
    shown = name_of(name) if len(name_of(name)) <= room else name_of(name.rpartition("/")[2])
    kept = (room - 1) // 2
    return shown if len(shown) <= room else f"{shown[:kept]}…{shown[-kept:]}"


def name_of(text: str) -> str:
    """Return a name from a file, short enough for a page and safe to show."""
    return show(text, 120)
