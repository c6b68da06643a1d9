"""The rules in which protocols differ, one field each, and the rule sets of COCO, Pascal VOC and Ultralytics."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from ..matching import COCO_THRESHOLDS

__all__ = ["COCO", "ULTRALYTICS", "VOC", "Average", "ProtocolRules", "Release"]

Average: TypeAlias = Literal["coco", "voc07", "voc12", "lines", "lines-to-1"]
"""How a curve becomes one number, see `averages`."""

Release: TypeAlias = Literal["8.3", "8.4.37", "8.4.180"]
"""Releases of Ultralytics with which its rules changed."""


class ProtocolRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything in which the protocols differ; the defaults are COCO's.

    Attributes:
        thresholds: overlaps from which an object counts as found.
        above: the overlap must lie above the threshold, not only reach it.
        pixel: added to every width and height before overlaps are computed, see `voc`.
        crowd: `region`: detections in it count neither way; `object`: an object like others; `absent`: not there.
        copies: objects of the same class, picture and box as another, and objects without a size, count.
        difficult: `object`: like others; `aside`: it counts neither way, nor do detections on it.
        second_choice: a detection whose best object is taken may take another.
        above_score: only detections with a higher score count; None for all.
        per_class: the surest so many of each picture and class count; None for all.
        per_picture: the surest so many of each picture count, of all classes together; None for all.
        average: how precision is averaged over recall.
    """

    thresholds: tuple[float, ...] = COCO_THRESHOLDS
    above: bool = False
    pixel: float = 0.0
    crowd: Literal["region", "object", "absent"] = "region"
    copies: bool = True
    difficult: Literal["object", "aside"] = "object"
    second_choice: bool = True
    above_score: float | None = None
    per_class: int | None = 100
    per_picture: int | None = None
    average: Average = "coco"


COCO = ProtocolRules()
"""pycocotools, `cocoeval.py`."""

_VOC12 = ProtocolRules(
    thresholds=(0.5,), crowd="object", difficult="aside", second_choice=False, per_class=None, average="voc12"
)

VOC: dict[int, ProtocolRules] = {2007: msgspec.structs.replace(_VOC12, average="voc07"), 2012: _VOC12}
"""The development kits (`VOCevaldet.m`, `VOCap.m`): eleven recalls until 2009, the whole area since 2010."""

_NEWEST = ProtocolRules(
    crowd="absent", copies=False, above_score=0.001, per_class=None, per_picture=300, average="lines"
)
_ONE_CHOICE = msgspec.structs.replace(_NEWEST, second_choice=False)

ULTRALYTICS: dict[Release, ProtocolRules] = {
    "8.4.180": _NEWEST,
    "8.4.37": _ONE_CHOICE,
    "8.3": msgspec.structs.replace(_ONE_CHOICE, average="lines-to-1"),
}
"""What `yolo val` does as of each release, see `ultralytics`."""
