"""Figures of an evaluation as text: a number with its interval, and what each figure means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..reports.scales import plural

if TYPE_CHECKING:
    from ..evaluate.report import Number

__all__ = ["change", "figure", "meaning", "plain"]

_SIZES = {"s": "small", "m": "medium", "l": "large"}
_FREQUENCIES = {"r": "rare", "c": "common", "f": "frequent"}
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
    "F1": "at the confidence that is best for it",
    "precision": "at that confidence",
    "recall": "at that confidence",
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
        return _POINT[name]
    kind = re.fullmatch(r"m?(AP|AR)([\d.]*)(.*)", name)
    if kind is None or task != "detection":
        return "average precision, mean over classes" if name == "mAP" else ""
    what, number, part = kind.groups()
    of = _of(part, settings)
    at = f"at IoU {float(number) / 100:.4g}" if number else ""
    if what == "AP":
        return of or at or _thresholds(settings)
    if number and settings.get("kind") == "keypoints":
        return f"recall {at}"
    if number:
        return f"recall, {plural(int(number), 'detection')} a picture and class"
    return f"recall of {of.partition(',')[0]}" if of else "recall"


def _of(part: str, settings: Mapping[str, Any]) -> str:
    """Say which objects the letter behind a name stands for."""
    if part in _FREQUENCIES and settings.get("protocol") == "lvis":
        return f"{_FREQUENCIES[part]} classes"
    name = _SIZES.get(part, part.removeprefix("_"))
    bounds = settings.get("areas", {}).get(name)
    if bounds is None:
        return f"{name} objects" if part else ""
    low, high = bounds
    if low <= 0:
        return f"{name} objects, up to {_area(high)}"
    return f"{name} objects, from {_area(low)}" if high >= 1e10 else f"{name} objects, up to {_area(high)}"


def _area(pixels: float) -> str:
    side = round(pixels**0.5)
    return f"{side} x {side} pixels" if side * side == pixels else f"{pixels:,g} square pixels"


def _thresholds(settings: Mapping[str, Any]) -> str:
    thresholds = settings.get("thresholds") or []
    if not thresholds:
        return ""
    if len(thresholds) == 1:
        return f"at IoU {thresholds[0]:g}"
    return f"mean over classes and IoU {thresholds[0]:g} to {thresholds[-1]:g}"
