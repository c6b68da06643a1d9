"""What a review leaves beside the proposals: the sample that was drawn, and what a person decided."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

__all__ = [
    "REVIEW",
    "SAMPLE",
    "BandFigures",
    "Box",
    "Candidate",
    "ClassReview",
    "Decision",
    "Drawn",
    "JudgedSample",
    "Outcome",
    "ReviewFile",
    "ReviewSample",
    "ReviewSettings",
    "SampleClass",
    "SampleSettings",
]

SAMPLE = "review/sample.json"
REVIEW = "review/review.json"

Box: TypeAlias = tuple[float, float, float, float]
ClassName: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
Outcome: TypeAlias = Literal["kept", "moved", "relabelled", "removed"]


class SampleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a sample is drawn.

    Attributes:
        per_class: proposals of a class that are looked at behind each threshold that could come out: with 4 bands about
            2.1 times as many in all. 100 bear one that is wrong where 95 % are promised with confidence 0.95.
        bands: parts of the same number of proposals, by score, that each class is divided into.
        seed: of the random order that the sample is the beginning of.
        classes: to draw from; all where none is named.
    """

    per_class: Annotated[int, msgspec.Meta(ge=1)] = 100
    bands: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
    seed: int = 0
    classes: tuple[str, ...] = ()


class ReviewSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a corrected sample is judged.

    Attributes:
        iou: overlap with what the person left from which a box counts as not moved.
        promise: share of the accepted proposals of a class that is to be right, at least.
        confidence: how sure that is to be, for each class.
        missing: what pictures of the sample that did not come back mean: nobody looked at them (`unseen`), or a tool
            left them out since nothing was left in them (`removed`).
    """

    iou: float = 0.8
    promise: float = 0.95
    confidence: float = 0.95
    missing: Literal["unseen", "removed"] = "unseen"


class SampleClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was drawn of the proposals of a class.

    Attributes:
        edges: least score of each band, the highest first; None for the band of proposals without scores.
        sizes: how many proposals each band has; `drawn`: how many of them are in this sample.
        quota: of the proposals from each edge up, how many of the random order's beginning were drawn so far.
    """

    name: str
    edges: tuple[float | None, ...]
    sizes: tuple[int, ...]
    drawn: tuple[int, ...]
    quota: int


class ReviewSample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`predictions/NAME/review/sample.json`: the proposals that a person is asked to look at.

    Attributes:
        prediction: name of it; `sha256`: of its table of proposals, to which the rows belong.
        time: when it was drawn, in UTC.
        number: counts the samples of this prediction, from 1.
        rows: numbers of the proposals, ascending.
        images: names of the pictures that they are in.
        classes: what was drawn of each class.
    """

    schema: Literal["cvdata/review-sample/1"] = "cvdata/review-sample/1"
    prediction: str
    sha256: str
    time: str
    number: int
    settings: SampleSettings
    rows: tuple[int, ...]
    images: tuple[str, ...]
    classes: tuple[SampleClass, ...]


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person made of a proposal.

    Attributes:
        row: number of the proposal; `image`: name of its picture.
        outcome: `kept`: same class, and nearly the same box; `moved`: another box; `relabelled`: another class.
        category: class that the person left; None where the proposal was removed.
        box: that the person left: x, y, width, height in pixels; None where the proposal was removed, or labels a
            whole picture.
    """

    row: int
    image: str
    outcome: Outcome
    category: ClassName | None = None
    box: Box | None = None


class Drawn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object that a person drew where nothing of the sample had been."""

    image: str
    category: ClassName
    box: Box | None


class BandFigures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a sample says of the proposals of a band of scores.

    Attributes:
        low, high: least and greatest score; None without scores.
        proposals, seen, right: in the band.
        precision: right of those seen, None where none was; `interval`: of the precision of the whole band.
    """

    low: float | None
    high: float | None
    proposals: int
    seen: int
    right: int
    precision: float | None
    interval: tuple[float, float]


class Candidate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A threshold that could be proposed, and what a sample says of the proposals from it up.

    Attributes:
        threshold: None for all proposals, those without scores, too.
        proposals: from it up; `seen`, `right`: in the simple random sample of them.
        precision: right of those seen, None where none was; `interval`: of the precision of all from it up.
        possible: enough were seen that the promise could be made at all; `holds`: it can be made.
    """

    threshold: float | None
    proposals: int
    seen: int
    right: int
    precision: float | None
    interval: tuple[float, float]
    possible: bool
    holds: bool


class ClassReview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the sample says of a class.

    Attributes:
        proposals: of the class; `seen`: by the person; `right`: of those.
        threshold: least one from which the promise holds; None where nothing can be promised, or where all proposals
            are good enough and some have no score.
        promised: whether something can be; `accepts`: proposals from the threshold up.
        advice: why nothing can be promised, and what would help; empty where something is.
        more: so many more behind a threshold, all of them right, would make the promise; None where that is no help.
    """

    name: str
    proposals: int
    seen: int
    right: int
    threshold: float | None
    promised: bool
    accepts: int
    advice: str
    more: int | None
    bands: tuple[BandFigures, ...]
    candidates: tuple[Candidate, ...]


class JudgedSample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sample that a person corrected.

    Attributes:
        number: of the sample, from 1; `time`: when it was judged.
        asked: proposals in it; `judged`: those whose pictures came back.
        quota: see `SampleClass`, by class.
    """

    number: int
    time: str
    asked: int
    judged: int
    quota: dict[str, int]


class ReviewFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`predictions/NAME/review/review.json`: what people decided, and what follows for the proposals.

    Attributes:
        prediction: name of it; `sha256`: of its table of proposals, to which the rows belong.
        time: when a sample was last judged, in UTC.
        iou, promise, confidence: see `ReviewSettings`.
        settings: of the first sample; later ones go on in its order.
        samples: that were judged, in the order of drawing.
        decisions: by row; the newest of each.
        drawn: objects that nobody had proposed.
        thresholds: least score from which the promise holds, by class; None where nothing can be promised. 0 where all
            proposals of the class are good enough and they have no scores.
        classes: the figures behind it.
    """

    schema: Literal["cvdata/review/1"] = "cvdata/review/1"
    prediction: str
    sha256: str
    time: str
    iou: float
    promise: float
    confidence: float
    settings: SampleSettings
    samples: tuple[JudgedSample, ...]
    decisions: tuple[Decision, ...]
    drawn: tuple[Drawn, ...]
    thresholds: dict[str, Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] | None]
    classes: tuple[ClassReview, ...]
