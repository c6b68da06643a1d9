"""What an evaluation is asked for."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..errors import UsageError
from .matching import COCO_THRESHOLDS

__all__ = [
    "AREAS",
    "EvalSettings",
    "check_kind",
    "check_settings",
    "refuse_keypoints",
    "refuse_masks",
    "refuse_rules_of_objects",
]

AREAS: dict[str, tuple[float, float]] = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}
"""COCO's size classes in square pixels, both ends inclusive."""

_MOST_DETECTIONS = 2**31 - 1  # what programs that count in 32 bits can take
_MOST_RESAMPLES = 100_000  # from here on an interval changes less than anyone reads, and memory does not suffice

Kind = Literal["auto", "boxes", "masks", "keypoints"]
Protocol = Literal["coco", "voc07", "voc12", "lvis", "openimages"]


class EvalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to evaluate; the defaults are COCO's.

    Attributes:
        kind: what is compared; `auto` takes masks where both sides have them, else keypoints, else boxes.
        protocol: whose rules give the main numbers.
        engine: which program computes COCO's numbers; both give the same.
        thresholds: overlaps from which an object counts as found.
        pixel: added to widths and heights of boxes by VOC's rules: 1 as tools do that take x + width for a corner that
            belongs to the box. Boxes read from VOC need 0: their last pixel is in the width already.
        areas: name and bounds, in square pixels, of each size class; `all` comes first.
        max_detections: how many of the surest detections per picture and class count, ascending.
        resamples: number of bootstrap resamples behind each interval; None chooses by size, 0 for no intervals.
        resample: what is drawn for them: whole groups of pictures where the truth has any (`auto`), or one of the two.
        level: share of the intervals that hold the truth.
        by: columns that the pictures or objects are sliced by.
        split: name of the split of the truth that is evaluated; None for all pictures.
        explain: also evaluate under other protocols and say which rule makes which difference.
        details: also curves, errors, intervals and label errors, not the protocol's numbers alone.
        seed: of the resampling.
    """

    kind: Kind = "auto"
    protocol: Protocol = "coco"
    engine: Literal["hotcoco", "pycocotools"] = "hotcoco"
    thresholds: tuple[float, ...] = COCO_THRESHOLDS
    pixel: Literal[0, 1] = 0
    areas: dict[str, tuple[float, float]] = msgspec.field(default_factory=AREAS.copy)
    max_detections: tuple[int, ...] = (1, 10, 100)
    resamples: int | None = None
    resample: Literal["auto", "pictures", "groups"] = "auto"
    level: float = 0.95
    by: tuple[str, ...] = ()
    split: str | None = None
    explain: bool = False
    details: bool = True
    seed: int = 0

    @property
    def voc_thresholds(self) -> tuple[float, ...]:
        """Thresholds of VOC's rules, which have 0.5 alone: others only where they were asked for."""
        return (0.5,) if self.thresholds == COCO_THRESHOLDS else self.thresholds


def check_settings(settings: EvalSettings) -> None:
    """Refuse settings that make no sense, before any file is read.

    Raises:
        UsageError: a threshold, area, number or level is out of range.
    """
    try:
        msgspec.convert(msgspec.to_builtins(settings), EvalSettings)
    except (msgspec.ValidationError, TypeError) as error:  # Python checks no types, and a mistyped protocol is none
        raise UsageError(
            f"the settings of the evaluation are wrong: {error}",
            hint="give plain numbers and names, as EvalSettings has them",
        ) from error
    if not settings.thresholds or not all(0 < t <= 1 for t in settings.thresholds):
        raise UsageError("thresholds lie above 0 and up to 1", hint="such as --iou 0.5,0.75 or --iou 0.5:0.95:0.05")
    if list(settings.thresholds) != sorted(set(settings.thresholds)):
        raise UsageError("thresholds are not ascending", hint="give each once, the lowest first")
    if not settings.max_detections or min(settings.max_detections) < 1:
        raise UsageError("a number of detections per picture is at least 1", hint="such as --max-detections 1,10,100")
    if max(settings.max_detections) > _MOST_DETECTIONS:
        raise UsageError(
            f"numbers of detections go up to {_MOST_DETECTIONS:,}", hint="such as --max-detections 1,10,100"
        )
    if list(settings.max_detections) != sorted(set(settings.max_detections)):
        raise UsageError("numbers of detections are not ascending", hint="give each once, the lowest first")
    for name, (least, most) in settings.areas.items():
        if not 0 <= least < most:
            raise UsageError(f"the area '{name}' goes from {least:g} to {most:g}", hint="give the smaller one first")
    if not 0.5 <= settings.level < 1:
        raise UsageError(f"a level of {settings.level:g} is no confidence level", hint="such as --level 0.95")
    if settings.resamples is not None and settings.resamples < 100 and settings.resamples != 0:
        raise UsageError("fewer than 100 resamples say nothing about the ends of an interval", hint="give 0 or 1000")
    if settings.resamples is not None and settings.resamples > _MOST_RESAMPLES:
        raise UsageError(f"more than {_MOST_RESAMPLES:,} resamples tell nothing more", hint="give 1000, or 10000")
    if settings.seed < 0:
        raise UsageError(f"a seed of {settings.seed} is negative", hint="give 0 or more")
    _refuse_idle(settings)
    check_kind(settings.kind, settings)


def _refuse_idle(settings: EvalSettings) -> None:
    """Refuse what the rules of the protocol have no place for: it would change nothing."""
    voc, openimages = settings.protocol in ("voc07", "voc12"), settings.protocol == "openimages"
    if settings.pixel and not voc:
        raise UsageError("--pixel is of VOC's rules", hint="add --protocol voc07 or voc12, or leave it out")
    if settings.engine != "hotcoco" and settings.protocol != "coco":
        raise UsageError("--engine is of COCO's rules", hint="add --protocol coco, or leave it out")
    if openimages and settings.thresholds not in (COCO_THRESHOLDS, (0.5,)):
        raise UsageError("Open Images' rules have one overlap, 0.5", hint="leave out --iou")
    if voc and settings.max_detections != _DEFAULTS.max_detections and not settings.explain:
        raise UsageError("by VOC's rules all detections count", hint="leave out --max-detections")
    if (voc or openimages) and settings.areas != _DEFAULTS.areas and "size" not in settings.by:
        raise UsageError(
            f"the rules of {settings.protocol} have no size classes", hint="add --by size, or leave out --areas"
        )


def check_kind(kind: Kind, settings: EvalSettings) -> None:
    """Refuse shapes that the rules which were asked for do not have, before anything is computed.

    Args:
        kind: of the shapes that are compared; `auto` where that is not known yet.

    Raises:
        UsageError: the protocol has no rule for keypoints or masks, or masks get a pixel added.
    """
    if settings.protocol in _WITHOUT_KEYPOINTS:
        refuse_keypoints(kind, _WITHOUT_KEYPOINTS[settings.protocol])
    if settings.explain:
        refuse_keypoints(kind, "Pascal VOC", hint="leave out --explain, or compare boxes with --kind boxes")
    if settings.protocol == "openimages":
        refuse_masks(kind, "Open Images")
    if kind == "masks" and settings.pixel:
        raise UsageError("masks have no pixel to add", hint="leave out --pixel, or compare --kind boxes")


def refuse_keypoints(kind: Kind, rules: str, hint: str = "compare boxes with --kind boxes") -> None:
    """Refuse keypoints, for which only COCO has a rule that others follow.

    Args:
        rules: whose they are, such as `Pascal VOC`.

    Raises:
        UsageError: keypoints are compared.
    """
    if kind == "keypoints":
        raise UsageError(f"{rules} has no rule for keypoints", hint=hint)


def refuse_masks(kind: Kind, rules: str) -> None:
    """Refuse masks, where the engine has the rules for boxes alone.

    Raises:
        UsageError: masks are compared.
    """
    if kind == "masks":
        raise UsageError(f"the rules of {rules} are for boxes here, not for masks", hint="compare boxes: --kind boxes")


def refuse_rules_of_objects(settings: EvalSettings, of: str) -> None:
    """Refuse what only objects have, rather than pass over it.

    Args:
        of: what is evaluated instead, such as `maps of pixels`.

    Raises:
        UsageError: a rule for objects is not as it is by default.
    """
    for option, field in _RULES_OF_OBJECTS.items():
        if getattr(settings, field) != getattr(_DEFAULTS, field):
            raise UsageError(f"{option} is for objects, not for {of}", hint=f"leave out {option}")


_DEFAULTS = EvalSettings()

_WITHOUT_KEYPOINTS: dict[Protocol, str] = {
    "voc07": "Pascal VOC",
    "voc12": "Pascal VOC",
    "lvis": "LVIS",
    "openimages": "Open Images",
}

_RULES_OF_OBJECTS = {
    "--kind": "kind",
    "--protocol": "protocol",
    "--iou": "thresholds",
    "--areas": "areas",
    "--max-detections": "max_detections",
    "--explain": "explain",
    "--engine": "engine",
}
