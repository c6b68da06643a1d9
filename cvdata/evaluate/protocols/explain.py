"""Why two tools give two figures for the same predictions: from COCO's rules to another protocol's, a rule at a time.

The steps of every protocol come in one order: crowd, labels, difficult, score-cut, max-detections, second-choice,
interpolation. Each starts from the figure of the step before, so that they add up to the whole difference; in another
order single steps could weigh differently, the sum would not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import msgspec
import numpy as np

from ..objects import Kind
from ..overlaps import Overlaps
from ..pair import Pair
from ..precision import mean_of
from ..report import Difference, Explanation
from ..settings import EvalSettings, refuse_keypoints
from .rules import COCO, ProtocolRules
from .scoring import Scoring
from .ultralytics import ultralytics_rules
from .voc import voc_rules

__all__ = ["explain"]

_FIELDS = {
    "crowd": ("crowd",),
    "labels": ("copies",),
    "difficult": ("difficult",),
    "score-cut": ("above_score",),
    "max-detections": ("per_class", "per_picture"),
    "second-choice": ("second_choice",),
    "interpolation": ("average",),
}
"""Names of the steps, and the rules that each changes."""

_VOC_SAYS = {
    "crowd": "crowd regions are objects like others",
    "difficult": "difficult objects, and detections on them, count neither way",
    "max-detections": "all detections count, not the surest {per_class} of a picture and class",
    "second-choice": "a detection whose best object is taken is false; COCO lets it take another",
}

_SAYS: dict[str, dict[str, str]] = {
    "voc07": {**_VOC_SAYS, "interpolation": "precision is read at 11 recalls, not at 101"},
    "voc12": {**_VOC_SAYS, "interpolation": "the whole area under the curve counts, not 101 points of it"},
    "ultralytics": {
        "crowd": "crowd regions are not there, and detections in them are false",
        "labels": "objects without a size and copies of an object are not there",
        "score-cut": "detections with a score up to 0.001 do not count",
        "max-detections": "the surest {per_picture} of a picture count, not {per_class} of each class on it",
        "interpolation": "precision is read off straight lines between the points of the curve, not off its steps",
    },
}

_METRICS = {"AP50": slice(0, 1), "AP": slice(None)}
"""Thresholds that each figure is the mean over."""


def explain(pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps | None) -> list[Explanation]:
    """Evaluate under the rules of COCO, VOC2007, VOC2012 and Ultralytics, and say which rule makes which difference.

    Beside their own figures, the VOC protocols say what tools give that add a pixel to boxes which have it already, and
    Ultralytics what it gave before its curve ended at the last recall that is reached. COCO's only step leads from the
    digits that Ultralytics writes into `predictions.json`, on which COCO's tools are run, to those of the predictions.

    Args:
        settings: for the number of detections that COCO's rules let count.
        overlaps: at least the pairs of one class that overlap by half; None to compute them.

    Raises:
        UsageError: keypoints are compared.
    """
    refuse_keypoints(kind, "Pascal VOC")
    scoring = Scoring(pair, kind, overlaps)
    coco = msgspec.structs.replace(COCO, per_class=settings.max_detections[-1])
    return [
        _of_coco(scoring, coco),
        _of_voc(scoring, coco, "voc07", 2007),
        _of_voc(scoring, coco, "voc12", 2012),
        _of_ultralytics(scoring, coco),
    ]


def _of_coco(scoring: Scoring, coco: ProtocolRules) -> Explanation:
    metrics = _figures(scoring, coco, ("AP50", "AP"))
    before = _figures(_rounded(scoring), coco, ("AP50", "AP"))
    what = "all digits count; predictions.json of Ultralytics keeps 3 decimals of boxes and 5 of scores"
    steps = [
        Difference(rule="rounding", what=what, metric=name, before=before[name], after=metrics[name])
        for name in metrics
    ]
    return Explanation(protocol="coco", metrics=metrics, steps=steps)


def _rounded(scoring: Scoring) -> Scoring:
    """Return the same with detections as Ultralytics writes them (`DetectionValidator.pred_to_json`)."""
    pair, table = scoring.pair, scoring.pair.found.annotations
    box = np.round(table.box, 3) if scoring.kind == "boxes" else table.box
    score = np.round(pair.score, 5)
    same_boxes = np.array_equal(box, table.box)
    if same_boxes and np.array_equal(score, pair.score):
        return scoring
    found = replace(pair.found, annotations=replace(table, box=box, score=score))
    return Scoring(replace(pair, found=found), scoring.kind, scoring.overlaps if same_boxes else None)


def _of_voc(scoring: Scoring, coco: ProtocolRules, name: Literal["voc07", "voc12"], year: int) -> Explanation:
    rules = voc_rules(year)
    metrics = _figures(scoring, rules, ("AP50",))
    if scoring.kind == "boxes":
        wider = msgspec.structs.replace(rules, pixel=1.0)
        metrics["AP50 with +1 pixel"] = _figures(scoring, wider, ("AP50",))["AP50"]
    start = msgspec.structs.replace(coco, thresholds=rules.thresholds)
    return Explanation(protocol=name, metrics=metrics, steps=list(_walk(scoring, start, rules, name, ("AP50",))))


def _of_ultralytics(scoring: Scoring, coco: ProtocolRules) -> Explanation:
    rules = ultralytics_rules(scoring.pair)
    metrics = _figures(scoring, rules, ("AP50", "AP"))
    steps = list(_walk(scoring, coco, rules, "ultralytics", ("AP50", "AP")))
    earlier = _figures(scoring, ultralytics_rules(scoring.pair, "8.3"), ("AP50", "AP"))
    metrics |= {f"{name} before 8.4.37": value for name, value in earlier.items()}
    return Explanation(protocol="ultralytics", metrics=metrics, steps=steps)


def _walk(
    scoring: Scoring, start: ProtocolRules, end: ProtocolRules, protocol: str, names: tuple[str, ...]
) -> Iterator[Difference]:
    """Yield the steps from one rule set to another."""
    rules, before = start, _figures(scoring, start, names)
    for rule, sentence in _SAYS[protocol].items():
        changed = {field: getattr(end, field) for field in _FIELDS[rule]}
        rules = msgspec.structs.replace(rules, **changed)
        after = _figures(scoring, rules, names)
        what = sentence.format(per_class=start.per_class, per_picture=end.per_picture)
        for name in names:
            yield Difference(rule=rule, what=what, metric=name, before=before[name], after=after[name])
        before = after


def _figures(scoring: Scoring, rules: ProtocolRules, names: tuple[str, ...]) -> dict[str, float | None]:
    averages = scoring.averages(rules)
    return {name: mean_of(averages[_METRICS[name]]) for name in names}
