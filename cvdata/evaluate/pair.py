"""Truth, and what a model found on the same pictures with the same classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset, State
from ..dataset.select import keep_images
from ..errors import EvaluationError, show
from ..files import Finding

__all__ = ["Pair", "align", "chosen", "undeclared_class"]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Truth and found on the same rows: both have the pictures and the classes of the truth.

    Attributes:
        truth: the objects.
        found: the detections, with a finite score each; within a picture in the order of their source.
        order: int64, shape (images,), place of each picture in the order that COCO's evaluation goes through them,
            which decides between equal scores of two pictures: by id where ids are numbers, else as they come.
        findings: what is worth knowing about how the two were brought together.
    """

    truth: Dataset
    found: Dataset
    order: NDArray[np.int64]
    findings: tuple[Finding, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, by row."""
        return self.truth.categories.names

    @property
    def score(self) -> NDArray[np.float64]:
        """Confidence of each detection, float64, shape (detections,)."""
        score = self.found.annotations.score
        return np.zeros(len(self.found.annotations)) if score is None else score


def align(truth: Dataset, found: Dataset) -> Pair:
    """Put what was found on the rows of the truth: pictures and classes are matched by name.

    Pictures are matched by their whole name, what is left by file name, and then by file name without suffix, where
    that names one picture only. Pictures that nobody labelled are left out: nothing there can be right or wrong.

    Raises:
        EvaluationError: a detection lies on a picture or is of a class that the truth does not have, or has no score.
    """
    findings: list[Finding] = []
    truth = _labelled(truth, findings)
    rows = _match_pictures(truth, found, findings)
    classes = _match_classes(truth, found)
    _refuse_scores(found)
    table = found.annotations
    image, category = rows[table.image], classes[table.category]
    _count_silent(truth, rows, findings)
    kept = np.flatnonzero(image >= 0)
    kept = kept[np.argsort(image[kept], kind="stable")]
    moved = replace(table.take(kept), image=image[kept].astype(np.int32), category=category[kept].astype(np.int32))
    aligned = Dataset(images=truth.images, annotations=moved, categories=truth.categories, meta=found.meta)
    return Pair(truth, aligned, _picture_order(truth), tuple(findings))


def _labelled(truth: Dataset, findings: list[Finding]) -> Dataset:
    unlabelled = truth.images.state == State.UNLABELLED
    if not unlabelled.any():
        return truth
    names = [truth.images.names[row] for row in np.flatnonzero(unlabelled)[:3].tolist()]
    count = int(unlabelled.sum())
    if count == len(unlabelled):
        raise EvaluationError("no picture of the truth is labelled", hint="give the labels that FOUND is held against")
    message = f"{count:,} pictures of the truth have no labels and are left out"
    findings.append(
        Finding(code="unlabelled-pictures", message=message, count=count, examples=[show(n) for n in names])
    )
    return keep_images(truth, np.flatnonzero(~unlabelled))


def _match_pictures(truth: Dataset, found: Dataset, findings: list[Finding]) -> NDArray[np.int64]:
    """Return the truth's row of each picture of found, int64; -1 for one without detections that truth lacks."""
    names, rows = found.images.names, np.full(len(found.images), -1, np.int64)
    where = {name: row for row, name in enumerate(truth.images.names)}
    rows[:] = [where.get(name, -1) for name in names]
    used = np.zeros(len(found.images), np.bool_)
    used[found.annotations.image] = True
    for code, what, key in (("matched-by-file-name", "file name", _file_name), ("matched-by-stem", "stem", _stem)):
        lost = np.flatnonzero(rows < 0)
        if not len(lost):
            break
        free = np.setdiff1d(np.arange(len(truth.images)), rows)
        rows[lost] = _by_key([names[i] for i in lost.tolist()], truth.images.names, free, key)
        won = lost[rows[lost] >= 0]
        if len(won):
            message = f"{len(won):,} pictures have other names in TRUTH and FOUND and were matched by {what}"
            examples = [show(names[i]) for i in won[:3].tolist()]
            findings.append(Finding(code=code, message=message, count=len(won), examples=examples))
    lost = np.flatnonzero((rows < 0) & used)
    if len(lost):
        shown = ", ".join(show(names[i]) for i in lost[:3].tolist())
        raise EvaluationError(
            f"{len(lost):,} pictures with detections are not in the truth: {shown}{', ...' if len(lost) > 3 else ''}",
            hint="give the truth of these pictures, or filter the detections to those that it has",
        )
    return rows


def _by_key(
    names: Sequence[str], others: Sequence[str], free: NDArray[np.int64], key: Callable[[str], str]
) -> NDArray[np.int64]:
    """Match names by part of them, where that part is unique on both sides; -1 elsewhere."""
    ours = Counter(key(name) for name in names)
    theirs = [(key(others[row]), row) for row in free.tolist()]
    counts = Counter(part for part, _ in theirs)
    where = {part: row for part, row in theirs if counts[part] == 1}
    return np.array([where.get(key(n), -1) if ours[key(n)] == 1 else -1 for n in names], np.int64)


def _file_name(name: str) -> str:
    return name.rpartition("/")[2]


def _stem(name: str) -> str:
    file = _file_name(name)
    stem, dot, _ = file.rpartition(".")
    return stem if dot and stem else file


def _match_classes(truth: Dataset, found: Dataset) -> NDArray[np.int64]:
    """Return the truth's row of each class of found, int64; -1 for one that no detection is of."""
    where = {name: row for row, name in enumerate(truth.categories.names)}
    rows = np.array([where.get(name, -1) for name in found.categories.names], np.int64)
    used = np.bincount(found.annotations.category, minlength=len(rows)) > 0
    lost = np.flatnonzero((rows < 0) & used)
    if len(lost):
        raise undeclared_class(found.categories.names[int(lost[0])], truth.categories.names)
    return rows


def undeclared_class(name: str, classes: Sequence[str]) -> EvaluationError:
    """Return the error for a class that detections have and the truth does not."""
    import difflib

    near = difflib.get_close_matches(name, classes, n=1)
    if near:
        hint = f"the truth has '{show(near[0])}': `cvdata remap` renames classes"
    else:
        hint = "give the truth this class, or leave it out with `cvdata remap --drop`"
    return EvaluationError(f"detections are of class '{show(name)}', which the truth does not have", hint=hint)


def _refuse_scores(found: Dataset) -> None:
    table = found.annotations
    missing = np.ones(len(table), np.bool_) if table.score is None else ~np.isfinite(table.score) | (table.score < 0)
    bad = np.flatnonzero(missing)
    if not len(bad):
        return
    name = show(found.images.names[table.image[bad[0]]])
    if table.score is None or np.isnan(table.score).all():
        raise EvaluationError(
            "FOUND has no scores, so it is no output of a model",
            hint="give predictions with a confidence each; `cvdata diff` compares two sets of labels",
        )
    value = float(table.score[bad[0]])
    what = "no score" if np.isnan(value) else f"the score {value:g}"
    raise EvaluationError(
        f"{len(bad):,} detections have no usable score; the first, on {name}, has {what}",
        hint="a score is a number from 0 on, the higher the surer",
    )


def _count_silent(truth: Dataset, rows: NDArray[np.int64], findings: list[Finding]) -> None:
    """Say which pictures of the truth the predictions never mention: a run that stopped early looks like that."""
    silent = np.ones(len(truth.images), np.bool_)
    silent[rows[rows >= 0]] = False
    count = int(silent.sum())
    if count:
        names = [show(truth.images.names[i]) for i in np.flatnonzero(silent)[:3].tolist()]
        message = f"{count:,} pictures of the truth are not in FOUND; their objects count as missed"
        findings.append(Finding(code="pictures-not-in-found", message=message, count=count, examples=names))


def _picture_order(truth: Dataset) -> NDArray[np.int64]:
    ids = truth.images.source_id
    order = np.arange(len(truth.images))
    if ids is not None and all(isinstance(i, (int, np.integer)) for i in (ids if isinstance(ids, tuple) else ids[:1])):
        sorted_rows = sorted(range(len(order)), key=[int(i) for i in ids].__getitem__)
        order[sorted_rows] = np.arange(len(order))
    return order


def chosen(pair: Pair, images: NDArray[np.int64]) -> Pair:
    """Return the same for some pictures only, given by their rows in ascending order."""
    truth, found = keep_images(pair.truth, images), keep_images(pair.found, images)
    return Pair(truth, found, pair.order[images], pair.findings)
