"""Panoptic quality (Kirillov et al. 2019), by the rules of panopticapi's `evaluation.py`, kept per picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ...engine import Engine, Progress, batch_size
from ...errors import EvaluationError, FormatError, Place
from ...files import Finding
from ...formats.panoptic_files import VOID, PanopticClasses, PanopticMaps, Segments, read_ids
from ..report import WorstPicture
from .engine import panoptic_sums
from .judged import Judged, Measure, class_key, mean_defined
from .names import left_out, match_maps

__all__ = ["CLASS_METRICS", "Panoptic", "judge_segments", "quality", "segment_panoptic"]

CLASS_METRICS = ("PQ", "SQ", "RQ")

_PICTURES = 20
_MOST_WORST = 24
_TRUE, _FALSE, _MISSED = range(3)


@dataclass(frozen=True, slots=True, eq=False)
class Panoptic:
    """What panoptic quality is made of.

    Attributes:
        pictures: names of the pictures.
        classes: names, and which are things.
        sums: float64, shape (pictures, 4, classes): segments found, found wrongly and missed, and the sum of the IoU
            of those found.
        findings: what is worth knowing about the inputs.
    """

    pictures: tuple[str, ...]
    classes: PanopticClasses
    sums: NDArray[np.float64]
    findings: tuple[Finding, ...]


def segment_panoptic(truth: PanopticMaps, found: PanopticMaps, engine: Engine, progress: Progress) -> Panoptic:
    """Hold segments against those of the truth; both have the classes of the truth.

    Raises:
        EvaluationError: a picture of the truth is not in FOUND, or two maps of one picture differ in size.
        FormatError: a PNG file is missing or broken, has segments that the document does not have, or lacks one.
    """
    rows, findings = _match_pictures(truth, found)
    step = batch_size(len(rows), engine.workers, _PICTURES)
    pairs = [
        _Pair(
            (truth.folder, truth.files[row]),
            (found.folder, found.files[other]),
            truth.segments[row],
            found.segments[other],
        )
        for row, other in enumerate(rows.tolist())
    ]
    jobs = (_Job(pairs[i : i + step], len(truth.classes.names)) for i in range(0, len(pairs), step))
    progress.start("comparing segments", len(pairs))
    parts = [np.zeros((0, 4, len(truth.classes.names))), *engine.map(_judge_job, jobs, progress=progress)]
    if truth.classes.things is None:
        message = "the truth does not say which classes are things (isthing), so there is no PQ of things and stuff"
        findings.append(Finding(code="no-isthing", message=message, count=len(truth.classes.names), examples=[]))
    return Panoptic(truth.names, truth.classes, np.concatenate(parts), tuple(findings))


def _match_pictures(truth: PanopticMaps, found: PanopticMaps) -> tuple[NDArray[np.int64], list[Finding]]:
    """Match pictures by id, as panopticapi does, unless both documents name their pictures and mean others by them."""
    if not len(truth.names):
        raise EvaluationError("the truth has no pictures", at=Place(truth.path), hint="give one with annotations")
    where = {key: row for row, key in enumerate(found.ids)}
    rows = np.array([where.get(key, -1) for key in truth.ids], np.int64)
    both = truth.named and found.named
    if (rows < 0).any() or (both and any(n != found.names[r] for n, r in zip(truth.names, rows, strict=True))):
        return match_maps(truth, found)
    return rows, left_out(found, rows)


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """One picture: folder and name of its two PNG files, and their segments."""

    truth_file: tuple[str, str]
    found_file: tuple[str, str]
    truth: Segments
    found: Segments


@dataclass(frozen=True, slots=True)
class _Job:
    """Pictures to judge."""

    pairs: list[_Pair]
    classes: int

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, part: slice) -> _Job:
        return _Job(self.pairs[part], self.classes)


def _judge_job(job: _Job) -> NDArray[np.float64]:
    """Return the sums of each picture, float64, shape (pictures, 4, classes); runs in a worker."""
    return np.array([_judge(pair, job.classes) for pair in job.pairs], np.float64).reshape(-1, 4, job.classes)


def _judge(pair: _Pair, classes: int) -> NDArray[np.float64]:
    sums = panoptic_sums(pair.truth_file, pair.found_file, pair.truth, pair.found, classes)
    if sums is None:
        _say_what_is_wrong(pair)
    return sums


def _say_what_is_wrong(pair: _Pair) -> NoReturn:
    """Raise the error about two files that the engine cannot hold against each other."""
    truth_path, found_path = ("/".join(file) for file in (pair.truth_file, pair.found_file))
    truth, found = read_ids(truth_path), read_ids(found_path)
    if truth.shape != found.shape:
        height, width = truth.shape
        raise EvaluationError(
            f"the map has {found.shape[1]} x {found.shape[0]} pixels, that of the truth, {Place(truth_path)}, "
            f"{width} x {height}",
            at=Place(found_path),
            hint="bring what was found to the size of the truth, without blending ids (nearest neighbour)",
        )
    _check(pair.truth, truth, truth_path)
    _check_areas(pair.truth, truth, truth_path)
    _check(pair.found, found, found_path)
    raise EvaluationError(
        "hotcoco cannot hold this map of segments against that of the truth",
        at=Place(found_path),
        hint=f"look at {Place(truth_path)}, too, or take the picture out",
    )


def _check(segments: Segments, ids: NDArray[np.uint32], path: str) -> None:
    """Refuse a map with a segment that the document lacks, or without one that it has, as panopticapi does."""
    drawn = np.setdiff1d(ids, [VOID])
    for missing, what in (
        (np.setdiff1d(drawn, segments.ids), "the PNG file has segment {}, and the document does not"),
        (np.setdiff1d(segments.ids, drawn), "the document has segment {}, and no pixel of the PNG file is of it"),
    ):
        if len(missing):
            hint = "write both from the same segments; a map must be scaled without blending (nearest neighbour)"
            raise FormatError(what.format(int(missing[0])), at=Place(path), hint=hint)


def _check_areas(segments: Segments, ids: NDArray[np.uint32], path: str) -> None:
    """Refuse a map of the truth whose segments have other areas than the document says; it has all of them."""
    values, counts = np.unique(ids, return_counts=True)
    pixels = counts[np.searchsorted(values, segments.ids)]
    wrong = np.flatnonzero(pixels != segments.areas)
    if len(wrong):
        row = int(wrong[0])
        raise FormatError(
            f"the PNG file has {pixels[row]:,} pixels of segment {segments.ids[row]}, and the document says "
            f"{segments.areas[row]:,}",
            at=Place(path),
            hint="write the document anew from the map, which was scaled or changed after it",
        )


def judge_segments(panoptic: Panoptic) -> Judged:
    """Return everything that the report says of panoptic maps."""
    true, false, missed = (panoptic.sums[:, row].astype(np.int64) for row in (_TRUE, _FALSE, _MISSED))
    return Judged(
        measure=quality(panoptic),
        metrics=tuple(metric + group for group in _groups(panoptic.classes) for metric in CLASS_METRICS),
        class_metrics=CLASS_METRICS,
        classes=panoptic.classes.names,
        images=(true + missed > 0).sum(axis=0),
        objects=(true + missed).sum(axis=0),
        detections=(true + false).sum(axis=0),
        pictures=len(panoptic.pictures),
        confusion=None,
        worst=_worst(panoptic),
        findings=panoptic.findings,
    )


def quality(panoptic: Panoptic) -> Measure:
    """Return the function that gives PQ, SQ and RQ over all classes, things and stuff, and of each class.

    A class without any segment is out of the means; one of which nothing is found has no SQ of its own and counts in
    the mean of SQ as 0, as in panopticapi.
    """
    flat = panoptic.sums.reshape(len(panoptic.sums), -1)
    groups = _groups(panoptic.classes)

    def measure(weights: NDArray[np.int32]) -> dict[str, NDArray[np.float64]]:
        total = (weights.astype(np.float64) @ flat).reshape(-1, *panoptic.sums.shape[1:])
        values = _of_classes(total)
        missing = np.isnan(values[0])
        named = {
            metric + group: mean_defined(figures, missing=missing | ~members)
            for group, members in groups.items()
            for metric, figures in zip(CLASS_METRICS, values, strict=True)
        }
        for metric, figures in zip(CLASS_METRICS, values, strict=True):
            named.update((class_key(metric, row), column) for row, column in enumerate(figures.T))
        return named

    return measure


def _groups(classes: PanopticClasses) -> dict[str, NDArray[np.bool_]]:
    """Return which classes each mean is over, bool, shape (classes,), by what is behind the name of its figures."""
    groups = {"": np.ones(len(classes.names), np.bool_)}
    if classes.things is not None:
        things = np.array(classes.things, np.bool_)
        groups |= {"_things": things, "_stuff": ~things}
    return groups


def _of_classes(sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return PQ, SQ and RQ, float64, shape (..., classes) each; NaN where one is not defined."""
    true, false, missed, overlap = (sums[..., row, :] for row in range(4))
    size = true + false / 2 + missed / 2
    with np.errstate(invalid="ignore"):
        return overlap / size, overlap / true, true / size


def _worst(panoptic: Panoptic) -> list[WorstPicture]:
    """Return the pictures with the most segments that are missed or found wrongly, the worst first."""
    true, false, missed = (panoptic.sums[:, row].sum(axis=1).astype(np.int64) for row in (_TRUE, _FALSE, _MISSED))
    order = np.lexsort((true, -false - missed))[:_MOST_WORST].tolist()
    return [
        WorstPicture(
            image=panoptic.pictures[row],
            errors=int(false[row] + missed[row]),
            objects=int(true[row] + missed[row]),
            verdicts={"true": int(true[row]), "false": int(false[row]), "missed": int(missed[row])},
        )
        for row in order
        if false[row] + missed[row]
    ]
