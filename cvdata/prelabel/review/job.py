"""Judge a sample that came back, together with all that came back before, and say what follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...errors import UsageError, show
from ...files import DatasetReport, Finding
from ...formats._store_records import now
from ...formats.predictions import Stored
from .draw import orders_of
from .estimate import RIGHT, UNSEEN, WRONG, review_class
from .judge import Judged, box_iou, judge
from .notes import Root, note_review, read_review, read_sample
from .records import (
    Box,
    ClassReview,
    Decision,
    Drawn,
    JudgedSample,
    ReviewFile,
    ReviewSample,
    ReviewSettings,
    SampleSettings,
)

__all__ = ["ReviewReport", "ReviewSampleReport", "check_review", "review"]

_SAME_DRAWN = 0.5


class ReviewSampleReport(DatasetReport, frozen=True, kw_only=True):
    """What `cvdata review SRC DST --json` prints."""

    schema: Literal["cvdata/review-sample-report/1"] = "cvdata/review-sample-report/1"
    sample: ReviewSample


class ReviewReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `cvdata review SRC --corrected DST --json` prints.

    Attributes:
        source: the dataset; `corrected`: what a person left, and its format.
        review: what was written beside the proposals.
        outcomes: how many proposals of this sample were kept, moved, relabelled, removed; `drawn`: objects added.
        findings: what is doubtful.
    """

    schema: Literal["cvdata/review-report/1"] = "cvdata/review-report/1"
    source: str
    corrected: str
    corrected_format: str
    settings: ReviewSettings
    outcomes: dict[str, int]
    drawn: int
    findings: tuple[Finding, ...]
    review: ReviewFile


def check_review(settings: ReviewSettings) -> None:
    """Refuse numbers that make no sense.

    Raises:
        UsageError: an overlap, a promise or a confidence that is none.
    """
    if not 0 < settings.iou <= 1:
        raise UsageError(f"an overlap of {settings.iou:g}", hint="give more than 0, and 1 at most; 0.8 is usual")
    if not 0 < settings.promise < 1:
        hint = "give a share between 0 and 1, such as 0.95; that all are right only a look at all of them can show"
        raise UsageError(f"a promise of {settings.promise:g}", hint=hint)
    if not 0.5 <= settings.confidence < 1:
        raise UsageError(f"a confidence of {settings.confidence:g}", hint="give 0.5 or more, and less than 1")


# --- judging


def review(
    root: Root,
    stored: Stored,
    corrected: Dataset,
    settings: ReviewSettings,
    *,
    numbers: NDArray[np.int64] | None = None,
) -> tuple[ReviewFile, Judged]:
    """Judge the sample that was drawn last, and write what follows from it and all earlier ones.

    The same sample judged again takes the place of what was found in it before.

    Args:
        corrected, numbers: see `judge`.

    Raises:
        UsageError: no sample was drawn, or the corrected dataset is not that sample.
        CvdataError: a note is damaged, or the disk refused.
    """
    check_review(settings)
    sample, before = read_sample(root, stored), read_review(root, stored)
    if sample is None:
        hint = f"cvdata review {show(root)} --predictions {show(stored.about.name)} DST"
        raise UsageError(f"no sample of '{show(stored.about.name)}' was drawn yet", hint=hint)
    judged = judge(stored, sample, corrected, settings, numbers=numbers)
    samples = (*(before.samples[: sample.number - 1] if before else ()), _judged(sample, judged))
    decisions = {decision.row: decision for decision in (before.decisions if before else ())}
    for row in sample.rows:
        decisions.pop(row, None)
    decisions |= {decision.row: decision for decision in judged.decisions}
    ordered = tuple(decisions[row] for row in sorted(decisions))
    base = before.settings if before else sample.settings
    classes = _classes(stored, base, ordered, samples, settings)
    found = ReviewFile(
        prediction=stored.about.name,
        sha256=sample.sha256,
        time=now(),
        iou=settings.iou,
        promise=settings.promise,
        confidence=settings.confidence,
        settings=base,
        samples=samples,
        decisions=ordered,
        drawn=_drawn(before, sample, judged),
        thresholds={c.name: _threshold(c) for c in classes},
        classes=classes,
    )
    note_review(root, found)
    return found, judged


def _judged(sample: ReviewSample, judged: Judged) -> JudgedSample:
    return JudgedSample(
        number=sample.number,
        time=now(),
        asked=len(sample.rows),
        judged=len(judged.decisions),
        quota={drawn.name: drawn.quota for drawn in sample.classes},
    )


def _classes(
    stored: Stored,
    base: SampleSettings,
    decisions: Sequence[Decision],
    samples: Sequence[JudgedSample],
    settings: ReviewSettings,
) -> tuple[ClassReview, ...]:
    verdict = np.full(len(stored.dataset.annotations), UNSEEN, np.int8)
    rows = np.array([decision.row for decision in decisions], np.int64)
    verdict[rows] = [RIGHT if decision.outcome == "kept" else WRONG for decision in decisions]
    return tuple(
        review_class(order, verdict, [s.quota[order.name] for s in samples if order.name in s.quota], settings)
        for order in orders_of(stored, base.bands, base.seed)
    )


def _threshold(found: ClassReview) -> float | None:
    if not found.promised:
        return None
    return 0.0 if found.threshold is None else found.threshold


def _drawn(before: ReviewFile | None, sample: ReviewSample, judged: Judged) -> tuple[Drawn, ...]:
    """Return the objects that people drew: those of this sample, and of earlier ones what is not the same again."""
    old = before.drawn if before else ()
    if before and sample.number <= len(before.samples):  # what was found in this sample before does not count any more
        looked = set(sample.images)
        old = tuple(drawn for drawn in old if drawn.image not in looked)
    new: dict[tuple[str, str], list[Drawn]] = {}
    for drawn in judged.drawn:
        new.setdefault((drawn.image, drawn.category), []).append(drawn)
    kept = [
        one for one in old if not any(_same(one.box, other.box) for other in new.get((one.image, one.category), ()))
    ]
    return (*kept, *judged.drawn)


def _same(one: Box | None, other: Box | None) -> bool:
    if one is None or other is None:
        return one is other
    return float(box_iou(np.array([one]), np.array([other]))[0]) >= _SAME_DRAWN
