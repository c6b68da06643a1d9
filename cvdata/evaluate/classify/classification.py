"""Labels of whole pictures against what a classifier says: which class it is surest of, and whether that is right.

A truth with one label per picture is judged by its surest class (top-1, top-5). Where any picture has several labels
all are judged class by class, see `several`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations
from ...errors import EvaluationError, show
from ...files import Finding
from ...reports.scales import plural
from ..pair import Pair
from .several import SeveralLabels, several_labels

__all__ = ["Classified", "classify"]

_TOP = 5


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Classified:
    """What a classifier said of each picture that has a label, as columns; rows are pictures.

    Attributes:
        names: of the classes.
        pictures: int64, shape (n,), row of each picture in the pair.
        truth: int32, shape (n,), class of each picture.
        guess: int32, shape (n,), surest class; of equal ones the first in the order of classes; -1 without prediction.
        score: float64, shape (n,), confidence of the guess, NaN without.
        own: float64, shape (n,), confidence of the class of the truth, 0 where the classifier does not name it.
        top5: bool, shape (n,), the truth is among the five surest; None where predictions name fewer classes than
            five, or there are no more than five at all.
        cell: int64, shape (n,), row in `cells` of each picture; `cells`: int64, shape (cells, 3), truth, guess and
            `top5`. Pictures of one cell count alike, so figures of a resample need not look at each.
        several: what was said where pictures have several labels; `truth`, `guess` and the others are empty then.
        findings: what is worth knowing about the predictions.
    """

    names: tuple[str, ...]
    pictures: NDArray[np.int64]
    truth: NDArray[np.int32]
    guess: NDArray[np.int32]
    score: NDArray[np.float64]
    own: NDArray[np.float64]
    top5: NDArray[np.bool_] | None
    cell: NDArray[np.int64]
    cells: NDArray[np.int64]
    several: SeveralLabels | None
    findings: tuple[Finding, ...]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Pictures whose surest class is that of the truth, bool, shape (n,)."""
        return np.asarray(self.guess == self.truth)


def classify(pair: Pair, *, several: bool = False) -> Classified:
    """Bring labels and predictions together, picture by picture.

    Args:
        several: judge class by class, as where pictures have several labels, though here none may have.

    Raises:
        EvaluationError: no picture has a label.
    """
    table = pair.truth.annotations
    classes = max(len(pair.classes), 1)
    labels = np.unique(table.image.astype(np.int64) * classes + table.category)
    if not len(labels):
        raise EvaluationError("no picture of the truth has a label", hint="give a truth with the class of each picture")
    image, category = np.divmod(labels, classes)
    counts = np.bincount(image, minlength=len(pair.truth.images))
    found = _once(pair.found.annotations, classes)
    findings: list[Finding] = []
    _count_silent(pair, found, counts, findings)
    if several or counts.max() > 1:
        nothing = np.zeros(0, np.int32)
        return Classified(
            names=pair.classes,
            pictures=np.arange(len(counts)),
            truth=nothing,
            guess=nothing,
            score=np.zeros(0),
            own=np.zeros(0),
            top5=None,
            cell=nothing.astype(np.int64),
            cells=np.zeros((0, 3), np.int64),
            several=several_labels(found, image, category, len(pair.classes)),
            findings=tuple(findings),
        )
    _note_unlabelled(pair, counts, findings)
    return _surest(pair, found, image, category.astype(np.int32), tuple(findings))


def _once(table: Annotations, classes: int) -> Annotations:
    """Return the predictions with one row for a picture and class, the surest where there are several."""
    key = table.image.astype(np.int64) * classes + table.category
    if (np.diff(key) > 0).all():  # a whole table of scores comes so; there is nothing to sort
        return table
    score = np.zeros(len(table)) if table.score is None else table.score
    order = np.lexsort((-score, key))
    first = np.diff(key[order], prepend=-1) > 0
    return table.take(order[first])


def _surest(
    pair: Pair,
    found: Annotations,
    pictures: NDArray[np.int64],
    truth: NDArray[np.int32],
    findings: tuple[Finding, ...],
) -> Classified:
    images = len(pair.truth.images)
    label = np.full(images, -1, np.int32)
    label[pictures] = truth
    score = np.zeros(len(found)) if found.score is None else found.score
    best = np.full(images, -np.inf)
    np.maximum.at(best, found.image, score)
    guess = np.full(images, len(pair.classes), np.int32)
    at_best = score == best[found.image]
    np.minimum.at(guess, found.image[at_best], found.category[at_best])
    named = np.bincount(found.image, minlength=images)
    own = np.full(images, -np.inf)
    hit = found.category == label[found.image]
    own[found.image[hit]] = score[hit]
    # Classes that come before that of the truth: surer ones, and of equally sure ones those listed before it.
    level = own[found.image]
    before = (score > level) | ((score == level) & (found.category < label[found.image]))
    rank = np.bincount(found.image[before], minlength=images)
    deep = len(pair.classes) > _TOP and bool((named[pictures][named[pictures] > 0] >= _TOP).all())
    silent = named == 0
    guess = np.where(silent, -1, guess)[pictures].astype(np.int32)
    top5 = ((rank < _TOP) & np.isfinite(own))[pictures] if deep else None
    cells, cell = _cells(truth, guess, top5, len(pair.classes))
    return Classified(
        names=pair.classes,
        pictures=pictures,
        truth=truth,
        guess=guess,
        score=np.where(silent, np.nan, best)[pictures],
        own=np.where(np.isfinite(own), own, 0.0)[pictures],
        top5=top5,
        cell=cell,
        cells=cells,
        several=None,
        findings=findings,
    )


def _cells(
    truth: NDArray[np.int32], guess: NDArray[np.int32], top5: NDArray[np.bool_] | None, classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the combinations of truth, guess and top-5 that there are, and that of each picture."""
    told = np.zeros(len(truth), np.int64) if top5 is None else top5.astype(np.int64)
    key = (truth.astype(np.int64) * (classes + 1) + guess + 1) * 2 + told
    keys, cell = np.unique(key, return_inverse=True)
    pairs, within = np.divmod(keys, 2)
    return np.stack([pairs // (classes + 1), pairs % (classes + 1) - 1, within], axis=1), cell.astype(np.int64)


def _count_silent(pair: Pair, found: Annotations, labels: NDArray[np.int64], findings: list[Finding]) -> None:
    silent = (labels > 0) & (np.bincount(found.image, minlength=len(labels)) == 0)
    count = int(silent.sum())
    told = any(f.code == "pictures-not-in-found" and f.count == count for f in pair.findings)
    if count and not told:
        names = [show(pair.truth.images.names[row]) for row in np.flatnonzero(silent)[:3].tolist()]
        message = f"FOUND says nothing of {plural(count, 'picture')}, which counts as wrong"
        findings.append(Finding(code="no-prediction", message=message, count=count, examples=names))


def _note_unlabelled(pair: Pair, labels: NDArray[np.int64], findings: list[Finding]) -> None:
    """Say how many pictures have no label: of one label each, nothing can be right about them."""
    rows = np.flatnonzero(labels == 0)
    if len(rows):
        names = [show(pair.truth.images.names[row]) for row in rows[:3].tolist()]
        message = f"left out: {plural(len(rows), 'picture')} of the truth without a class"
        findings.append(Finding(code="pictures-without-class", message=message, count=len(rows), examples=names))
