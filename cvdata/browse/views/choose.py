"""The pictures and labels of a view, in its order: what FiftyOne shows, without FiftyOne."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...evaluate.diagnosis.kinds import Verdict
from ..names import ERRORS, LEAK, SURETY, SUSPICION, WORTH
from ..subject import Subject
from .attributes import attributes
from .view import View

__all__ = ["Chosen", "chosen", "errors_of", "suspicion_of"]

_ERRORS = (Verdict.WRONG_CLASS, Verdict.BADLY_PLACED, Verdict.BOTH, Verdict.DUPLICATE, Verdict.BACKGROUND)


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """What a view holds.

    Attributes:
        pictures: int64, their rows, in the order of the view.
        rows: int64, ascending, of the labels on the view's side; none where it is about pictures.
    """

    pictures: NDArray[np.int64]
    rows: NDArray[np.int64]


def chosen(subject: Subject, view: View) -> Chosen:
    """Return the pictures and labels of a view."""
    if view.side is None:
        return Chosen(_pictures(subject, view), np.zeros(0, np.int64))
    columns = attributes(subject, view.side, only=[one.attribute for one in view.where])
    dataset = subject.dataset if view.side == "truth" else subject.found[0].dataset
    table = dataset.annotations
    fits = np.ones(len(table), np.bool_)
    for one in view.where:
        fits &= columns[one.attribute] == one.value
    rows = np.flatnonzero(fits)
    image = table.image[rows]
    key = np.full(len(dataset.images), -np.inf)
    if view.by == "most":
        key = np.bincount(image, minlength=len(dataset.images)).astype(np.float64)
    elif view.by in ("confidence", "surety"):
        values = table.score if view.by == "confidence" else columns[SURETY]
        if values is not None:
            np.maximum.at(key, image, np.nan_to_num(values[rows]))
    else:
        key = _field(subject, view.by)
    return Chosen(_ordered(np.unique(image).astype(np.int64), key), rows)


def errors_of(subject: Subject) -> NDArray[np.int64]:
    """Return the number of errors of each picture by the first model: wrong detections, and objects that it missed."""
    errors = np.zeros(len(subject.dataset.images), np.int64)
    if not subject.found or subject.found[0].judged is None:
        return errors
    first, judged = subject.found[0], subject.found[0].judged
    wrong = first.dataset.annotations.image[np.isin(judged.found, _ERRORS)]
    missed = subject.dataset.annotations.image[judged.truth == Verdict.MISSED]
    return errors + np.bincount(wrong, minlength=len(errors)) + np.bincount(missed, minlength=len(errors))


def suspicion_of(subject: Subject) -> NDArray[np.float64]:
    """Return how sure the surest probable label error of each picture is, 0 to 1; NaN where there is none."""
    surest = np.full(len(subject.dataset.images), np.nan)
    suspects = subject.suspects
    if suspects is None:
        return surest
    for side, row, surety in zip(suspects.side, suspects.row.tolist(), suspects.surety.tolist(), strict=True):
        dataset = subject.dataset if side == "truth" else subject.found[0].dataset
        image = dataset.annotations.image[row]
        surest[image] = np.fmax(surest[image], surety)
    return surest


def _pictures(subject: Subject, view: View) -> NDArray[np.int64]:
    fits = np.ones(len(subject.dataset.images), np.bool_)
    if view.tag is not None:
        fits &= [view.tag in tags for tags in subject.tags] if subject.tags else False
    if view.field is not None:
        values = _field(subject, view.field)
        fits &= values > 0 if view.field == ERRORS else values > -np.inf
    rows = np.flatnonzero(fits)
    if view.by == "group" and view.field is not None:
        return rows[np.argsort(_field(subject, view.field)[rows], kind="stable")]
    if view.by in (ERRORS, SUSPICION, WORTH):
        return _ordered(rows, _field(subject, view.by))
    return rows


def _field(subject: Subject, name: str) -> NDArray[np.float64]:
    """Return a field of the pictures as numbers, -inf where it has no value."""
    blank = np.full(len(subject.dataset.images), -np.inf)
    if name == ERRORS:
        return errors_of(subject).astype(np.float64)
    if name == SUSPICION:
        return np.nan_to_num(suspicion_of(subject), nan=-np.inf)
    if name == WORTH and subject.worth is not None:
        return np.nan_to_num(subject.worth, nan=-np.inf)
    if name == LEAK and subject.leak is not None:
        return np.where(subject.leak < 0, -np.inf, subject.leak)
    return blank


def _ordered(rows: NDArray[np.int64], key: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(rows[np.argsort(-key[rows], kind="stable")])
