"""Evaluation reports made by hand, of every task and size, for tests of what is made of reports."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from cvdata.evaluate.report import (
    Calibration,
    ClassResult,
    Comparison,
    ComparisonRow,
    Confusion,
    Curve,
    Difference,
    Errors,
    EvalReport,
    Explanation,
    Intervals,
    LabelError,
    Number,
    OperatingPoint,
    Overlap,
    ReliabilityBin,
    Slice,
    TideKind,
    WorstPicture,
)
from cvdata.files import Finding

__all__ = ["NAMES", "bare", "class_of", "classification", "comparison", "detection", "pixels"]

NAMES = ("person", "bicycle", "car", "traffic light", "dog", "frisbee", "teddy bear", "hair drier", "cup", "bus")


def around(value: float, reach: float = 0.03) -> Number:
    """Return a figure with an interval."""
    return Number(round(value, 4), round(max(0.0, value - reach), 4), round(min(1.0, value + reach), 4))


def bare(**changes: Any) -> EvalReport:
    """Return a report of the main figures alone."""
    values: dict[str, Any] = {
        "truth": "data/instances_val.json",
        "found": "runs/exp3/predictions.json",
        "truth_format": "coco",
        "found_format": "results",
        "task": "detection",
        "kind": "boxes",
        "protocol": "coco",
        "engine": "hotcoco",
        "images": 500,
        "objects": 3641,
        "detections": 5085,
        "metrics": {"AP": Number(0.505), "AP50": Number(0.697)},
        "classes": [],
    }
    return EvalReport(**values | changes)


def class_of(name: str, **figures: float | None) -> ClassResult:
    """Return the figures of a class that has two objects."""
    return ClassResult(name=name, images=1, objects=2, detections=3, metrics={n: Number(v) for n, v in figures.items()})


def detection(seed: int = 0, names: tuple[str, ...] = NAMES, **changes: Any) -> EvalReport:
    """Return a report with everything that a detector's evaluation can have, but no comparison."""
    rng = np.random.default_rng(seed)
    skill = np.sort(rng.beta(4, 3, len(names)))[::-1].tolist()
    objects = [int(n) for n in np.geomspace(1200, 3, len(names))]
    values: dict[str, Any] = {
        "metrics": {
            "AP": around(0.505), "AP50": around(0.697), "AP75": around(0.573), "APs": around(0.29, 0.05),
            "APm": around(0.545), "APl": around(0.66), "AR1": around(0.387), "AR10": around(0.594),
            "AR100": around(0.595), "ARs": around(0.37, 0.05), "ARm": around(0.62), "ARl": Number(None),
        },
        "classes": [
            ClassResult(
                name=name, images=max(1, n // 3), objects=n, detections=n + 10,
                metrics={
                    "AP": around(s, 0.5 / n**0.5), "AP50": around(min(1.0, s + 0.2)),
                    "AR100": Number(min(1.0, s + 0.1)),
                    "precision": Number(0.8), "recall": Number(s), "F1": Number(None), "mean_IoU": Number(0.85),
                },
            )
            for name, s, n in zip(names, skill, objects, strict=True)
        ],
        "intervals": Intervals(
            resamples=1000, level=0.95, unit="pictures", units=500, method="percentile bootstrap", seed=0
        ),
        "curves": [_curve(None, 0.62), *(_curve(name, s) for name, s in zip(names, skill, strict=True))],
        "operating_points": [
            OperatingPoint(name=None, score=0.41, f1=0.62, precision=0.74, recall=0.6),
            *(
                OperatingPoint(name=n, score=0.4, f1=s, precision=s, recall=s)
                for n, s in zip(names, skill, strict=True)
            ),
        ],
        "overlaps": [
            Overlap(
                name=None, pairs=2510, mean=0.83, median=0.86, counts=[20, 60, 110, 190, 310, 430, 520, 510, 300, 60]
            ),
            *(
                Overlap(name=n, pairs=90, mean=0.7 + 0.02 * (i % 15), median=0.8, counts=[9] * 10)
                for i, n in enumerate(names)
            ),
        ],
        "confusion": _confusion(rng, names),
        "calibration": _calibration("detections"),
        "errors": Errors(
            ap=0.697,
            kinds=[
                TideKind(name="class", count=212, cost=around(0.031, 0.01)),
                TideKind(name="location", count=480, cost=around(0.062, 0.012)),
                TideKind(name="both", count=33, cost=around(0.004, 0.002)),
                TideKind(name="duplicate", count=21, cost=around(0.002, 0.001)),
                TideKind(name="background", count=700, cost=around(0.048, 0.01)),
                TideKind(name="missed", count=640, cost=around(0.118, 0.02)),
            ],
            false_positive=around(0.13, 0.02),
            false_negative=around(0.19, 0.02),
            verdicts={"true": 2510, "wrong class": 90, "badly placed": 210, "background": 120, "missed": 640},
            score=0.41,
        ),
        "label_errors": _label_errors(names),
        "worst": _worst(),
        "slices": _slices(),
        "explanation": _explanation(),
        "findings": [
            Finding(
                code="pictures-not-in-found", count=3, examples=["val/a.jpg", "val/b.jpg"],
                message="3 pictures of the truth are not in FOUND; their objects count as missed",
            )
        ],
        "settings": {"thresholds": [0.5, 0.75, 0.95], "max_detections": [1, 10, 100], "by": ["size", "light"]},
    }  # fmt: skip
    return bare(**values | changes)


def _slices() -> list[Slice]:
    def part(by: str, of: Literal["pictures", "objects"], value: str, objects: int, ap: float) -> Slice:
        metrics = {"AP": around(ap), "AP50": around(ap + 0.1)}
        return Slice(by=by, value=value, of=of, pictures=400, objects=objects, detections=objects, metrics=metrics)

    return [
        part("size", "objects", "small", 1500, 0.29),
        part("size", "objects", "medium", 1300, 0.54),
        part("size", "objects", "large", 841, 0.66),
        part("light", "pictures", "night", 300, 0.31),
        part("light", "pictures", "day", 3341, 0.52),
    ]


def _worst() -> list[WorstPicture]:
    seen = {"true": 5, "missed": 9, "background": 4}
    return [WorstPicture(image=f"val/{i:06d}.jpg", errors=20 - i // 2, objects=12, verdicts=seen) for i in range(24)]


def _curve(name: str | None, skill: float) -> Curve:
    x = np.linspace(0, 1, 101)
    precision = np.clip(1 - 0.9 * (x / max(skill, 0.05)) ** 6, 0, 1)
    f1 = skill * np.clip(1 - ((x - 0.4) / 0.62) ** 2, 0, 1)
    return Curve(name=name, recall=x.tolist(), precision=precision.tolist(), score=x.tolist(), f1=f1.tolist())


def _confusion(rng: np.random.Generator, names: tuple[str, ...], background: bool = True) -> Confusion:
    size = len(names) + background
    table = np.floor(rng.random((size, size)) ** 6 * 12).astype(int)
    table[np.arange(len(names)), np.arange(len(names))] += np.geomspace(900, 2, len(names)).astype(int)
    if background:
        table[:, -1] += (table.sum(axis=1) * 0.2).astype(int)
        table[-1, -1] = 0
    score, iou = (0.41, 0.5) if background else (None, None)
    return Confusion(names=list(names), counts=table.tolist(), score=score, iou=iou, background=background)


def _calibration(of: Any) -> Calibration:
    middles = (np.arange(15) + 0.5) / 15
    bins = [
        ReliabilityBin(
            low=i / 15, high=(i + 1) / 15, count=0 if i == 3 else 20 + 9 * i, confidence=None if i == 3 else float(m),
            accuracy=None if i == 3 else float(m**1.6),
        )
        for i, m in enumerate(middles)
    ]  # fmt: skip
    return Calibration(ece=around(0.092, 0.01), mce=0.17, bins=bins, of=of)


def _label_errors(names: tuple[str, ...]) -> list[LabelError]:
    kinds: list[Any] = ["missing", "swapped", "spurious"]
    return [
        LabelError(
            kind=kinds[i % 3], image=f"val/{i:06d}.jpg", box=(30.0 + i, 20.0, 60.0, 40.0),
            truth=None if i % 3 == 0 else names[i % len(names)],
            found=None if i % 3 == 2 else names[(i + 1) % len(names)],
            score=None if i % 3 == 2 else 0.97 - i / 100, iou=0.9 if i % 3 == 1 else None, surety=0.95 - i / 50,
        )
        for i in range(30)
    ]  # fmt: skip


def _explanation() -> list[Explanation]:
    def step(rule: str, what: str, before: float, after: float) -> Difference:
        return Difference(rule=rule, what=what, metric="AP50", before=before, after=after)

    voc = [
        step("crowd", "crowd regions are objects like others", 0.697, 0.691),
        step("max-detections", "all detections count, not the surest 100 of a picture", 0.691, 0.691),
        step("interpolation", "11 points of recall in place of 101", 0.691, 0.6724),
    ]
    return [
        Explanation(protocol="coco", metrics={"AP": 0.505, "AP50": 0.697}, steps=[]),
        Explanation(protocol="voc07", metrics={"AP50": 0.6724}, steps=voc),
        Explanation(protocol="ultralytics", metrics={"AP": None, "AP50": 0.7}, steps=[step("crowd", "w", 0.697, 0.7)]),
    ]


def comparison(**changes: Any) -> EvalReport:
    """Return a report of two models."""
    base = detection()

    def row(name: str | None, metric: str, value: float, reach: float, objects: int = 3641) -> ComparisonRow:
        verdict: Any = "better" if value > reach else "worse" if -value > reach else "too few objects to say"
        difference = Number(value, value - reach, value + reach)
        return ComparisonRow(
            name=name,
            metric=metric,
            objects=objects,
            first=0.5,
            second=0.5 + value,
            difference=difference,
            verdict=verdict,
        )

    held = Comparison(
        first="runs/exp3/predictions.json",
        second="runs/exp4/predictions.json",
        metrics=[row(None, "AP", 0.021, 0.009), row(None, "AP50", 0.012, 0.011), row(None, "AR100", -0.004, 0.01)],
        classes=[row(c.name, "AP", 0.05 - 0.012 * i, 0.03, c.objects) for i, c in enumerate(base.classes)],
        intervals=Intervals(resamples=1000, level=0.95, unit="pictures", units=500, method="paired bootstrap", seed=0),
        correction="Verdicts on classes allow for there being 10 of them (Holm 1979).",
    )
    return detection(comparison=held, **changes)


def classification(**changes: Any) -> EvalReport:
    """Return a report of whole-picture labels."""
    rng = np.random.default_rng(1)
    names = ("shirt", "t-shirt", "dress", "hat", "shoes")
    values: dict[str, Any] = {
        "task": "classification", "kind": "labels", "protocol": "top-1", "engine": "cvdata", "images": 372,
        "objects": 372, "detections": 372,
        "metrics": {
            "top1": around(0.86), "top5": Number(None), "balanced_accuracy": around(0.81), "macro_F1": around(0.8)
        },
        "classes": [
            ClassResult(
                name=name, images=74, objects=74, detections=70,
                metrics={"precision": around(0.8), "recall": around(0.7 + i / 20), "F1": around(0.75)},
            )
            for i, name in enumerate(names)
        ],
        "confusion": _confusion(rng, names, background=False),
        "calibration": _calibration("pictures"),
        "intervals": Intervals(resamples=1000, level=0.95, unit="groups", units=1, method="percentile", seed=0),
        "worst": [WorstPicture(image=f"{i}.jpg", errors=1, objects=1, verdicts={"wrong class": 1}) for i in range(7)],
        "label_errors": [
            LabelError(
                kind="swapped", image=f"{i}.jpg", box=(0.0, 0.0, 0.0, 0.0), truth="shirt", found="hat", score=0.99,
                iou=None, surety=0.9,
            )
            for i in range(7)
        ],
    }  # fmt: skip
    return bare(**values | changes)


def pixels(task: Any = "segmentation", **changes: Any) -> EvalReport:
    """Return a report of label maps, or of panoptic segments."""
    names = ("road", "sky", "tree", "car")
    metrics = (
        ["mIoU", "Dice", "pixel_accuracy"]
        if task == "segmentation"
        else ["PQ", "SQ", "RQ", "PQ_things", "PQ_stuff", "SQ_things", "RQ_things"]
    )
    first = "IoU" if task == "segmentation" else "PQ"
    values: dict[str, Any] = {
        "task": task, "kind": "pixels" if task == "segmentation" else "segments", "protocol": task, "engine": "hotcoco",
        "objects": 0, "detections": 0, "metrics": {name: around(0.7) for name in metrics},
        "classes": [
            ClassResult(
                name=name, images=10, objects=40000, detections=41000,
                metrics={first: around(0.5 + i / 10), "Dice": Number(0.8)},
            )
            for i, name in enumerate(names)
        ],
        "confusion": _confusion(np.random.default_rng(2), names, background=False),
        "worst": [
            WorstPicture(image=f"{i}.png", errors=5000, objects=9000, verdicts={"road found as sky": 5000})
            for i in range(3)
        ],
    }  # fmt: skip
    return bare(**values | changes)
