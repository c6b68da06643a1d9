"""What an evaluation says: the typed report behind the table, the JSON and the page.

Undefined is `None`, never 0 or -1. Names of metrics are those of the papers: AP, AP50, APs, AR100, PQ, mIoU.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..files import Finding

__all__ = [
    "Calibration",
    "ClassResult",
    "Comparison",
    "ComparisonRow",
    "Confusion",
    "Curve",
    "Difference",
    "Errors",
    "EvalReport",
    "Explanation",
    "Intervals",
    "LabelError",
    "Names",
    "Number",
    "OperatingPoint",
    "Overlap",
    "ReliabilityBin",
    "Slice",
    "TideKind",
    "WorstPicture",
]


class Number(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure and how sure it is: None where it is not defined, such as the AP of a class without objects.

    Attributes:
        low, high: ends of its confidence interval; None where none was computed.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


class ClassResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The figures of one class.

    Attributes:
        images: pictures of the truth with the class; `objects`: objects of it that count; `detections`: of it.
        metrics: by name, such as AP, AP50, AR100, F1, mean_IoU; for whole-picture labels precision, recall, F1.
    """

    name: str
    images: int
    objects: int
    detections: int
    metrics: dict[str, Number]


class Curve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Precision against recall and F1 against confidence of a class, or of the mean over classes (`name` None).

    Attributes:
        recall, precision: points of the precision-recall curve at the IoU threshold 0.5, by ascending recall.
        confidence: of each of these points, the least confidence that reaches its recall; 0 where none does. Empty for
            the mean, whose classes reach a recall at confidences of their own.
        score, f1: points of the F1 curve, by ascending score.
    """

    name: str | None
    recall: list[float]
    precision: list[float]
    confidence: list[float] = []
    score: list[float]
    f1: list[float]


class OperatingPoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The confidence that gives the highest F1 at IoU 0.5, and what it gives.

    Attributes:
        name: of the class; None for one confidence for all classes, which maximises the mean F1 over classes.
    """

    name: str | None
    score: float | None
    f1: float | None
    precision: float | None
    recall: float | None


class Overlap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How well matched pairs overlap, of a class or of all (`name` None), at IoU 0.5.

    Attributes:
        pairs: number of matched pairs; `mean`, `median`: of their IoU.
        counts: pairs per bin of IoU, 0.50 to 1.00 in steps of 0.05.
    """

    name: str | None
    pairs: int
    mean: float | None
    median: float | None
    counts: list[int]


class Confusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which class was taken for which, as counts; the last row and column are the background.

    Attributes:
        names: classes shown, in order, without the background.
        counts: row: class of the truth, column: class found; last column missed, last row found where nothing is.
            For whole-picture labels and pixels there is no background.
        score: least confidence of the detections that count; `iou`: overlap from which two are a pair.
        background: whether the last row and column are there.
    """

    names: list[str]
    counts: list[list[int]]
    score: float | None
    iou: float | None
    background: bool


class TideKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of TIDE's kinds of error and the AP that mending it alone would bring."""

    name: Literal["class", "location", "both", "duplicate", "background", "missed"]
    count: int
    cost: Number


class Errors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the errors are, by TIDE (Bolya et al. 2020), at IoU 0.5 with background below 0.1.

    Attributes:
        ap: AP50 that the costs are held against.
        kinds: the six kinds; the intervals of their costs rest on a fourth of the resamples, at least 100, where their
            number was not asked for.
        false_positive, false_negative: AP that mending all of one side would bring.
        verdicts: number of detections and objects of each verdict at the operating point, by verdict.
        score: least confidence of the detections that got a verdict other than `unsure`.
    """

    ap: float | None
    kinds: list[TideKind]
    false_positive: Number
    false_negative: Number
    verdicts: dict[str, int]
    score: float


class LabelError(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place where the truth itself is probably wrong.

    Attributes:
        kind: `missing`: a confident detection where nothing is labelled; `spurious`: an object that nothing, at any
            confidence, comes near; `swapped`: a confident detection of another class right on an object.
        image: name of the picture; `box`: x, y, width, height in pixels, of the object or of the detection.
        truth: class of the object; `found`: class of the detection; `score`: its confidence; `iou`: with the object.
        surety: 0 to 1, how probable, to sort by.
    """

    kind: Literal["missing", "spurious", "swapped"]
    image: str
    box: tuple[float, float, float, float]
    truth: str | None
    found: str | None
    score: float | None
    iou: float | None
    surety: float


class WorstPicture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture with many errors: how many of each verdict, or of classes mixed up where there are no objects."""

    image: str
    errors: int
    objects: int
    verdicts: dict[str, int]


class Intervals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the intervals were made.

    Attributes:
        resamples: number of bootstrap resamples; `unit`: what was drawn; `units`: how many there are.
        method: name of the method, for the reader who wants to look it up.
    """

    resamples: int
    level: float
    unit: Literal["pictures", "groups"]
    units: int
    method: str
    seed: int


class Slice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The figures of a part of the pictures or objects.

    Attributes:
        by: column; `value`: its value here; `of`: what was chosen by it.
        pictures: in the part; `objects`: that count in it.
    """

    by: str
    value: str
    of: Literal["pictures", "objects"]
    pictures: int
    objects: int
    detections: int
    metrics: dict[str, Number]


class ReliabilityBin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Predictions of a range of confidence: their mean confidence, and the share of them that is right."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a confidence of 0.8 is right in 8 of 10 cases.

    Attributes:
        ece: expected calibration error (Naeini et al. 2015; Guo et al. 2017): mean gap between confidence and accuracy,
            weighted by the number in each bin; `mce`: the greatest gap.
        bins: of equal width over 0 to 1.
        of: what the confidences belong to.
    """

    ece: Number
    mce: float | None
    bins: list[ReliabilityBin]
    of: Literal["pictures", "detections"]


class Difference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Part of the difference between two protocols that one rule makes.

    Attributes:
        rule: short stable name, such as `crowd`; `what`: the change in one sentence.
        before, after: AP50, or AP, without and with the change; the steps follow each other.
    """

    rule: str
    what: str
    metric: str
    before: float | None
    after: float | None


class Explanation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same predictions under other rules, and which rule makes which part of the difference.

    Attributes:
        protocol: name; `metrics`: its figures by name.
        steps: from COCO's rules to this protocol's, one rule at a time; they add up to the whole difference.
    """

    protocol: Literal["coco", "voc07", "voc12", "ultralytics"]
    metrics: dict[str, float | None]
    steps: list[Difference]


class ComparisonRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure of two models and its difference, second minus first.

    Attributes:
        name: of the class; None for all classes together; `metric`: name of the figure.
        objects: that the figure rests on.
        difference: with the interval of the paired differences.
        verdict: of the second model, against the first.
    """

    name: str | None
    metric: str
    objects: int
    first: float | None
    second: float | None
    difference: Number
    verdict: Literal["better", "worse", "too few objects to say"]


class Comparison(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two models on the same pictures; every resample drew the same pictures for both.

    Attributes:
        metrics: figures over all classes; `classes`: the protocol's first figure per class.
        correction: how many verdicts at once were allowed for.
    """

    first: str
    second: str
    metrics: list[ComparisonRow]
    classes: list[ComparisonRow]
    intervals: Intervals
    correction: str


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What the two sides, and a second model, are called in the report, and their formats."""

    truth: str = "truth"
    found: str = "found"
    second: str = "second"
    truth_format: str = "memory"
    found_format: str = "memory"


class EvalReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `cvdata eval` prints with `--json`.

    Attributes:
        truth, found: what was compared; `truth_format`, `found_format`: their formats.
        task: what was evaluated; `kind`: shapes that were compared; `protocol`, `engine`: whose rules, which program.
        images, objects, detections: how many there are; objects that count.
        metrics: main figures, by name, in the order of the protocol.
        classes: figures per class, in the order of the truth.
        findings: what is worth knowing about the inputs.
        settings: as resolved.
    """

    schema: Literal["cvdata/eval-report/1"] = "cvdata/eval-report/1"
    truth: str
    found: str
    truth_format: str
    found_format: str
    task: Literal["detection", "classification", "segmentation", "panoptic"]
    kind: Literal["boxes", "masks", "keypoints", "labels", "pixels", "segments"]
    protocol: str
    engine: str
    images: int
    objects: int
    detections: int
    metrics: dict[str, Number]
    classes: list[ClassResult]
    intervals: Intervals | None = None
    curves: list[Curve] = []
    operating_points: list[OperatingPoint] = []
    overlaps: list[Overlap] = []
    confusion: Confusion | None = None
    calibration: Calibration | None = None
    errors: Errors | None = None
    label_errors: list[LabelError] = []
    worst: list[WorstPicture] = []
    slices: list[Slice] = []
    explanation: list[Explanation] = []
    comparison: Comparison | None = None
    findings: list[Finding] = []
    settings: dict[str, Any] = {}
