"""Everything that an evaluation says beyond its numbers, from one set of matches."""

from __future__ import annotations

from dataclasses import dataclass

from ..matching import Matches
from ..objects import Kind
from ..overlaps import Overlaps
from ..pair import Pair
from ..precision import class_curves
from ..report import Confusion, Curve, Errors, LabelError, OperatingPoint, Overlap, WorstPicture
from .confusion import confusion
from .curves import by_score, curves_of, figures_at, mean_f1, operating_points
from .ious import matched_overlaps
from .kinds import faults
from .label_errors import label_errors
from .tide import World, tide, worlds_of
from .verdicts import Verdicts, count_verdicts, judge
from .worst import worst_pictures

__all__ = ["Diagnosis", "diagnose"]


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """Where the errors are.

    Attributes:
        verdicts: of every detection and object, at the confidence of the best mean F1, or of all where none is best.
        worlds: what the costs of `errors` were computed from, to say how sure they are.
        classes: precision, recall and F1 at that confidence and mean_IoU of matched pairs, of each class by row.
    """

    curves: list[Curve]
    operating_points: list[OperatingPoint]
    overlaps: list[Overlap]
    confusion: Confusion
    errors: Errors
    label_errors: list[LabelError]
    worst: list[WorstPicture]
    verdicts: Verdicts
    worlds: dict[str, World]
    classes: list[dict[str, float | None]]


def diagnose(pair: Pair, overlaps: Overlaps, matches: Matches, kind: Kind) -> Diagnosis:
    """Say what went wrong where, at IoU 0.5.

    Args:
        overlaps: pairs of all classes, at least those that overlap by 0.1.
        matches: of all areas at the threshold 0.5 alone, see `judging.matches_of`.
    """
    curves = class_curves(pair, matches)
    classes = by_score(pair, curves)
    mean = mean_f1(classes)
    points = operating_points(pair, classes, mean)
    score = points[0].score or 0.0
    reasons = faults(pair, overlaps, matches)
    verdicts = judge(pair, overlaps, matches, reasons, score)
    worlds = worlds_of(pair, matches, reasons, curves)
    costs = tide(worlds)
    ious = matched_overlaps(pair, overlaps, matches)
    mean_iou = {one.name: one.mean for one in ious}
    figures = zip(pair.classes, figures_at(classes, score), strict=True)
    return Diagnosis(
        curves=curves_of(pair, curves, classes, mean),
        operating_points=points,
        overlaps=ious,
        confusion=confusion(pair, overlaps, matches, kind, score),
        errors=Errors(
            ap=costs.ap,
            kinds=costs.kinds,
            false_positive=costs.false_positive,
            false_negative=costs.false_negative,
            verdicts=count_verdicts(verdicts),
            score=score,
        ),
        label_errors=label_errors(pair, overlaps, matches, verdicts, classes),
        worst=worst_pictures(pair, matches, verdicts),
        verdicts=verdicts,
        worlds=worlds,
        classes=[figures | {"mean_IoU": mean_iou.get(name)} for name, figures in figures],
    )
