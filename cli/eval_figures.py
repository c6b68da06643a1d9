"""Figures of an evaluation as text: a number with its interval, and what each figure means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..reports.scales import plural

if TYPE_CHECKING:
    from ..evaluate.report import Number

__all__ = ["change", "figure", "meaning", "plain"]

_WORDS = {
    "top1": "the surest class is right",
    "top5": "right class is among the five surest",
    "balanced_accuracy": "recall, mean over classes",
    "macro_F1": "mean over classes",
    "micro_F1": "over all labels at once",
    "weighted_F1": "weighted by the pictures of each class",
    "mIoU": "overlap (IoU), mean over classes",
    "Dice": "F1 of the pixels, mean over classes",
    "pixel_accuracy": "pixels that are right",
    "mean_accuracy": "recall of the pixels, mean over classes",
    "fwIoU": "IoU, weighted by the pixels of a class",
    "PQ": "SQ x RQ, mean over classes",
    "SQ": "overlap of matched segments",
    "RQ": "F1 of the segments",
    "ECE": "confidence less share right; 0 is best",
}

_POINT = {
    "F1": "mean over classes, at the best confidence",
    "precision": "mean over classes, at that confidence",
    "recall": "mean over classes, at that confidence",
    "mean_IoU": "overlap of found objects",
}
"""Figures of detection at one confidence for all classes."""


def plain(value: float | None) -> str:
    """Write a figure as papers do; `-` where it is not defined."""
    return "-" if value is None else f"{value:.3f}"


def change(value: float | None) -> str:
    """Write a difference, with its sign."""
    if value is None:
        return "-"
    return f"{value:+.3f}" if round(value, 3) else "0.000"  # never -0.000


def figure(number: Number, *, signed: bool = False) -> str:
    """Write a figure with its interval, where it has one: `0.505 [0.470, 0.540]`."""
    shown = change if signed else plain
    if number.low is None or number.high is None:
        return shown(number.value)
    return f"{shown(number.value)} [{shown(number.low)}, {shown(number.high)}]"


def meaning(name: str, settings: Mapping[str, Any], task: str) -> str:
    """Say what a figure is, in a few words; nothing where the name is not known."""
    base, _, part = name.partition("_")
    if name in _WORDS or base in _WORDS:
        return _WORDS.get(name) or f"{_WORDS[base]}, {part}"
    if task == "detection" and name in _POINT:
        of_keypoints = name == "mean_IoU" and settings.get("kind") == "keypoints"
        return "likeness (OKS) of found objects" if of_keypoints else _POINT[name]
    kind = re.fullmatch(r"m?(AP|AR)([\d.]*)(.*)", name)
    if kind is None or task != "detection":
        return "average precision, mean over classes" if name == "mAP" else ""
    from ..evaluate.words import objects_of

    what, number, part = kind.groups()
    of = objects_of(part, settings)
    likeness = "OKS" if settings.get("kind") == "keypoints" else "IoU"
    at = f"at {likeness} {float(number) / 100:.4g}" if number else ""
    if what == "AP":
        return of or at or _thresholds(settings, likeness)
    if number and settings.get("kind") == "keypoints":
        return f"recall {at}"
    if number:
        together = settings.get("protocol") == "lvis"  # it counts those of all classes
        return f"recall, {plural(int(number), 'detection')} a picture{'' if together else ' and class'}"
    return f"recall of {of.partition(',')[0]}" if of else "recall"


def _thresholds(settings: Mapping[str, Any], likeness: str) -> str:
    thresholds = settings.get("thresholds") or []
    if not thresholds:
        return ""
    if len(thresholds) == 1:
        return f"at {likeness} {thresholds[0]:g}"
    return f"mean over classes and {likeness} {thresholds[0]:g} to {thresholds[-1]:g}"
