"""Pictures that a classifier is sure about and wrong on, and those whose label is probably wrong itself."""

from __future__ import annotations

import numpy as np

from ..pair import Pair
from ..report import LabelError, WorstPicture
from .classification import Classified

__all__ = ["suspect_labels", "worst_pictures"]

_MOST = 100
_CLEAR = 0.5
"""Share of the range of scores by which a classifier must be surer of another class than of the label."""


def worst_pictures(pair: Pair, classified: Classified, most: int = _MOST) -> list[WorstPicture]:
    """Return the pictures on which the classifier is wrong, the surest first; none with several labels per picture."""
    wrong = np.flatnonzero((classified.guess >= 0) & ~classified.right)
    wrong = wrong[np.argsort(-classified.score[wrong], kind="stable")][:most]
    images, names = pair.truth.images.names, classified.names
    columns = (column[wrong].tolist() for column in (classified.pictures, classified.truth, classified.guess))
    return [
        WorstPicture(image=images[row], errors=1, objects=1, verdicts={f"{names[truth]} found as {names[guess]}": 1})
        for row, truth, guess in zip(*columns, strict=True)
    ]


def suspect_labels(pair: Pair, classified: Classified, most: int = _MOST) -> list[LabelError]:
    """Return the labels that are probably wrong, the most probable first.

    Confident learning (Northcutt et al. 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels"): a
    picture of one class that the classifier takes for another, with at least the confidence it has on average in
    pictures which are labelled so. Of a weak classifier that would be most of its mistakes, so it must also be surer of
    that class than of the label by half the range of scores; sorted by how much.
    """
    classes = len(classified.names)
    pictures = np.bincount(classified.truth, minlength=classes)
    usual = np.divide(
        np.bincount(classified.truth, classified.own, classes),
        pictures,
        out=np.full(classes, np.inf),  # no picture is labelled so: nothing is known of how sure it would be
        where=pictures > 0,
    )
    wrong = np.flatnonzero((classified.guess >= 0) & ~classified.right)
    wrong = wrong[classified.score[wrong] >= usual[classified.guess[wrong]]]
    surety = (classified.score[wrong] - classified.own[wrong]) / max(1.0, float(np.nanmax(classified.score, initial=1)))
    order = np.flatnonzero(surety >= _CLEAR)
    order = order[np.argsort(-surety[order], kind="stable")][:most]
    return [_label_error(pair, classified, row, s) for row, s in zip(wrong[order], surety[order], strict=True)]


def _label_error(pair: Pair, classified: Classified, row: np.int64, surety: np.float64) -> LabelError:
    images, picture = pair.truth.images, int(classified.pictures[row])
    return LabelError(
        kind="swapped",
        image=images.names[picture],
        box=(0.0, 0.0, float(images.width[picture]), float(images.height[picture])),
        truth=classified.names[classified.truth[row]],
        found=classified.names[classified.guess[row]],
        score=float(classified.score[row]),
        iou=None,
        surety=float(surety),
    )
