"""Label maps in memory: held against each other picture by picture, so that no two pictures are kept at a time."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...errors import EvaluationError, show
from ...files import Finding
from ...reports.scales import plural
from ..report import EvalReport
from ..settings import EvalSettings, check_settings
from .comparing import compare_judged
from .engine import Meetings, count_meetings
from .evaluating import intervals_of, refuse_for_maps, report_of
from .judged import sampled
from .scores import METRICS, judge_labels
from .segmentation import Segmented

__all__ = ["Meetings", "Segmented", "evaluate_segmented", "meetings_of", "pixel_metrics", "segmented"]


def meetings_of(truth: NDArray[np.uint8], found: NDArray[np.uint8], *, name: str = "") -> Meetings:
    """Count which class of the truth meets which class found, in two maps of one picture, uint8, shape (height, width).

    Args:
        name: of the picture, for messages.

    Raises:
        EvaluationError: the maps differ in size.
    """
    if truth.shape != found.shape:
        raise EvaluationError(
            f"the label map of '{show(name)}' has {truth.shape[1]} x {truth.shape[0]} pixels, and what was found "
            f"{found.shape[1]} x {found.shape[0]}",
            hint="bring what was found to the size of the truth, without blending values (nearest neighbour)",
        )
    counted = count_meetings(truth, found)
    if isinstance(counted, int):  # one byte holds 256 values, far fewer than are counted
        raise EvaluationError(f"the label map of '{show(name)}' has {counted:,} different values")
    return counted


def segmented(pictures: Sequence[str], classes: Sequence[str], meetings: Sequence[Meetings]) -> Segmented:
    """Bring the counts of many pictures together.

    Args:
        pictures: name of each; `meetings`: of each, as `meetings_of` gives them.
        classes: names, by the value of their pixels. Values beyond are void: in the truth they are left out, in what
            was found they count as missed.
    """
    none = len(classes)
    picture = np.repeat(np.arange(len(meetings)), [len(one.pixels) for one in meetings]).astype(np.int64)
    truth, found, pixels = (
        np.concatenate([np.zeros(0, np.int64), *(getattr(one, side).astype(np.int64) for one in meetings)])
        for side in ("truth", "found", "pixels")
    )
    kept = truth < none
    found = np.minimum(found, none)
    findings: list[Finding] = []
    lost = int(pixels[kept & (found == none)].sum())
    if lost:
        what = "is of a class and counts" if lost == 1 else "are of a class and count"
        message = f"FOUND leaves {plural(lost, 'pixel')} void that {what} as missed"
        findings.append(Finding(code="void-found", message=message, count=lost, examples=[]))
    return Segmented(
        tuple(pictures), tuple(classes), picture[kept], truth[kept], found[kept], pixels[kept], tuple(findings)
    )


def pixel_metrics(maps: Segmented) -> dict[str, float | None]:
    """Return the figures over all classes by name, None for those that are not defined: see `scores.METRICS`."""
    if not len(maps.pixels):  # every pixel of the truth is void
        return dict.fromkeys(METRICS)
    judged = judge_labels(maps)
    values = judged.measure(np.ones((1, judged.pictures), np.int32))
    plain = {name: float(values[name][0]) for name in METRICS}
    return {name: None if np.isnan(value) else value for name, value in plain.items()}


def evaluate_segmented(
    found: Segmented,
    settings: EvalSettings | None = None,
    *,
    second: Segmented | None = None,
    names: tuple[str, str, str] = ("truth", "found", "second"),
) -> EvalReport:
    """Report on label maps whose classes have been counted already.

    Args:
        second: the same pictures by another model, to compare with the first.
        names: what the truth and the two are called in the report.

    Raises:
        UsageError: settings make no sense, or ask for what such maps do not have.
        EvaluationError: every pixel of the truth is void.
    """
    settings = settings or EvalSettings()
    check_settings(settings)
    refuse_for_maps(settings)
    if not len(found.pixels):
        raise EvaluationError("every pixel of the truth is void", hint="name the values that mean void with --void")
    judged = [judge_labels(one) for one in (found, second) if one is not None]
    samples = [sampled(one, settings) for one in judged]
    report = report_of(judged[0], samples[0], "segmentation", settings, names[:2])
    if second is None:
        return report
    sure = intervals_of(judged[0], samples[0], settings)
    comparison = compare_judged((judged[0], judged[1]), (samples[0], samples[1]), sure, names[1:])
    return msgspec.structs.replace(report, comparison=comparison)
