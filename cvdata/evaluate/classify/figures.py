"""Accuracy, precision, recall and F1 of a classifier, over all pictures or over those of a resample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..report import ClassResult, Confusion, Number
from .classification import Classified
from .several import Tally, sums

__all__ = ["all_figures", "class_figures", "class_metrics", "class_results", "confusion_of"]

_MOST_SHOWN = 100
"""Classes of which a whole matrix is shown; of more, those that are confused most."""


def class_metrics(classified: Classified, weights: NDArray[Any] | None = None) -> dict[str, float]:
    """Return the figures over all classes by name; NaN where one is not defined.

    With one label per picture: `top1`, `top5` (share of pictures), `balanced_accuracy` (mean recall of the classes that
    there are), `macro_F1` (mean over classes that are there or guessed), `weighted_F1` (by pictures of the truth). With
    several: `mAP` (mean average precision), `macro_F1`, `micro_F1`, `weighted_F1` at a score of 0.5.

    Args:
        weights: shape (pictures of the pair,), how often each picture was drawn; once each where not given.
    """
    return all_figures(classified, weights)[0]


def class_figures(classified: Classified, weights: NDArray[Any] | None = None) -> dict[str, NDArray[np.float64]]:
    """Return figures of each class by name, float64, shape (classes,); NaN where one is not defined.

    `F1`, `precision` (of the pictures guessed to be of it, those that are), `recall`; with several labels per picture
    `AP` before them.
    """
    return all_figures(classified, weights)[1]


def all_figures(
    classified: Classified, weights: NDArray[Any] | None = None
) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
    """Return what `class_metrics` and `class_figures` do, from one look at the pictures."""
    weights = _all_once(classified) if weights is None else weights
    counts = _counts(classified, weights)
    hits, guessed, support = counts.hits, counts.guessed, counts.support
    f1 = _shares(2 * hits, guessed + support)
    columns = {"F1": f1, "precision": _shares(hits, guessed), "recall": _shares(hits, support)}
    macro, weighted = _mean(f1), _share(np.nansum(f1 * support), support.sum())
    if classified.several is None:
        total = support.sum()
        within = sums(classified.cells[:, 2], _drawn(classified, weights), 2)[1]
        return {
            "top1": _share(hits.sum(), total),
            "top5": np.nan if classified.top5 is None else _share(within, total),
            "balanced_accuracy": _mean(columns["recall"]),
            "macro_F1": macro,
            "weighted_F1": weighted,
        }, columns
    micro = _share(2 * hits.sum(), guessed.sum() + support.sum())
    metrics = {"macro_F1": macro, "micro_F1": micro, "weighted_F1": weighted}
    if not classified.several.probable:
        metrics = dict.fromkeys(metrics, np.nan)
        columns = {name: np.full_like(column, np.nan) for name, column in columns.items()}
    return {"mAP": _mean(counts.precision), **metrics}, {"AP": counts.precision, **columns}


def class_results(
    classified: Classified, intervals: Mapping[str, Mapping[int, Number]] | None = None
) -> list[ClassResult]:
    """Return the figures of each class, in the order of the classes.

    Args:
        intervals: by name of the figure and row of the class, the figure with its interval where there is one.
    """
    counts = _counts(classified, _all_once(classified))
    figures = class_figures(classified)
    results = []
    for row, name in enumerate(classified.names):
        metrics = {}
        for metric, column in figures.items():
            plain = Number(None if np.isnan(column[row]) else float(column[row]))
            metrics[metric] = (intervals or {}).get(metric, {}).get(row, plain)
        count = int(counts.support[row])
        results.append(
            ClassResult(name=name, images=count, objects=count, detections=int(counts.guessed[row]), metrics=metrics)
        )
    return results


def confusion_of(classified: Classified) -> Confusion | None:
    """Return which class was taken for which; None with several labels per picture, where that has no answer.

    Pictures without prediction are not in it. Of more than 100 classes the 100 that are in most mistakes are shown.
    """
    if classified.several is not None:
        return None
    told = classified.guess >= 0
    truth, guess = classified.truth[told].astype(np.int64), classified.guess[told].astype(np.int64)
    classes = len(classified.names)
    shown = np.arange(classes)
    if classes > _MOST_SHOWN:
        wrong = truth != guess
        mistakes = np.bincount(truth[wrong], minlength=classes) + np.bincount(guess[wrong], minlength=classes)
        shown = np.sort(np.argsort(-mistakes, kind="stable")[:_MOST_SHOWN])
    at = np.full(classes, -1)
    at[shown] = np.arange(len(shown))
    inside = (at[truth] >= 0) & (at[guess] >= 0)
    cells = at[truth[inside]] * len(shown) + at[guess[inside]]
    counts = np.bincount(cells, minlength=len(shown) ** 2).reshape(len(shown), len(shown))
    names = [classified.names[row] for row in shown.tolist()]
    return Confusion(names=names, counts=counts.tolist(), score=None, iou=None, background=False)


def _all_once(classified: Classified) -> NDArray[np.float64]:
    return np.ones(int(classified.pictures.max(initial=-1)) + 1)


def _counts(classified: Classified, weights: NDArray[Any]) -> Tally:
    if classified.several is not None:
        return classified.several.tally(weights)
    classes, drawn = len(classified.names), _drawn(classified, weights)
    truth, guess = classified.cells[:, 0], classified.cells[:, 1]
    right, told = truth == guess, guess >= 0
    return Tally(
        hits=sums(truth[right], drawn[right], classes),
        guessed=sums(guess[told], drawn[told], classes),
        support=sums(truth, drawn, classes),
        precision=np.full(classes, np.nan),
    )


def _drawn(classified: Classified, weights: NDArray[Any]) -> NDArray[np.float64]:
    """Return how many pictures were drawn of each cell."""
    return sums(classified.cell, weights[classified.pictures], len(classified.cells))


def _shares(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide, NaN where the whole is 0."""
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _mean(values: NDArray[np.float64]) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")
