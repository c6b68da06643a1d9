"""What models found, put on the pictures that are ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...dataset import Categories, Dataset, Images, State
from ...errors import EvaluationError, show
from ...evaluate.by_name import match_names
from ...evaluate.pair import is_classification
from ...images import file_name
from ...reports.scales import plural

__all__ = ["Found", "Opinion", "opinions_of"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Found:
    """What one model found, as it was read.

    Attributes:
        name: what to call it; `sha256`: of the model, where that is known.
        dataset: pictures and annotations with scores.
        complete: its pictures are all that the model looked at, also those in which it found nothing; else, as in a
            list of results, a picture that is not named is one in which nothing was found.
        least: score below which nothing was kept, as far as that is known.
    """

    name: str
    dataset: Dataset
    sha256: str | None = None
    complete: bool = True
    least: float = 0.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Opinion:
    """What one model found in the pictures that are ranked.

    Attributes:
        name: of the model or its predictions.
        found: annotations with a score from 0 to 1 on the pictures that are ranked; the classes of all opinions are
            the same.
        looked: bool, shape (pictures,): the model looked at the picture.
        whole: whether it labels whole pictures; `several`: of these, a picture may have more than one label.
        elsewhere: pictures of it that the dataset lacks.
    """

    name: str
    found: Dataset
    looked: NDArray[np.bool_]
    whole: bool
    several: bool
    elsewhere: int

    @property
    def score(self) -> NDArray[np.float64]:
        """Confidence of each annotation, float64, shape (annotations,)."""
        score = self.found.annotations.score
        return np.zeros(len(self.found.annotations)) if score is None else score


def opinions_of(images: Images, ranked: NDArray[np.int64], given: Sequence[Found]) -> list[Opinion]:
    """Put what models found on the ranked pictures: by the name of a picture, else by its file name where that is one.

    Args:
        images: of the dataset; ranked: rows of those that are ranked, ascending.

    Raises:
        EvaluationError: something has no usable score, or lies on no picture of the dataset.
    """
    for one in given:
        _check_scores(one)
    names = tuple(dict.fromkeys(name for one in given for name in one.dataset.categories.names))
    row_of = {name: row for row, name in enumerate(names)}
    place = np.full(len(images) + 1, -1, np.int64)  # the last is for pictures that the dataset lacks
    place[ranked] = np.arange(len(ranked))
    opinions = []
    for one in given:
        rows = _rows(images, one)
        classes = np.array([row_of[name] for name in one.dataset.categories.names], np.int32)
        found = _moved(one.dataset, images.take(ranked), place[rows], Categories(names=names), classes)
        opinions.append(_opinion(one, found, place[rows], int((rows < 0).sum())))
    return opinions


def _opinion(one: Found, found: Dataset, rows: NDArray[np.int64], elsewhere: int) -> Opinion:
    looked = np.full(len(found.images), not one.complete)
    looked[rows[rows >= 0]] = True
    labels = one.dataset
    return Opinion(
        name=one.name,
        found=found,
        looked=looked,
        whole=is_classification(labels),
        several=bool((np.diff(labels.offsets) > 1).any()),
        elsewhere=elsewhere,
    )


def _rows(images: Images, one: Found) -> NDArray[np.int64]:
    """Return the dataset's row of each picture that a model looked at, int64; -1 for one that it lacks."""
    names = one.dataset.images.names
    rows = match_names(names, images.names, (file_name,)).rows
    if len(rows) and (rows < 0).all():
        raise EvaluationError(
            f"{show(one.name)} is about other pictures: it has {show(names[0])}, which the dataset lacks",
            hint="give what was found in the pictures of SRC",
        )
    return rows


def _moved(
    dataset: Dataset, images: Images, rows: NDArray[np.int64], categories: Categories, classes: NDArray[np.int32]
) -> Dataset:
    """Put annotations on other pictures and classes; those on no picture are left out."""
    image = rows[dataset.annotations.image]
    order = np.flatnonzero(image >= 0)
    order = order[np.argsort(image[order], kind="stable")]
    table = dataset.annotations.take(order)
    table = replace(table, image=image[order].astype(np.int32), category=classes[table.category])
    count = np.bincount(table.image, minlength=len(images))
    state = np.where(count > 0, State.LABELLED, State.EMPTY).astype(np.uint8)
    return Dataset(images=replace(images, state=state), annotations=table, categories=categories)


def _check_scores(one: Found) -> None:
    """Refuse what has no confidence everywhere: how unsure a model is cannot be told from anything else."""
    table = one.dataset.annotations
    score = np.full(len(table), np.nan) if table.score is None else table.score
    bad = np.flatnonzero(~((score >= 0) & (score <= 1)))
    if not len(bad):
        return
    first = float(score[bad[0]])
    what = "no score" if np.isnan(first) else f"the score {first:g}"
    name = show(one.dataset.images.names[table.image[bad[0]]])
    raise EvaluationError(
        f"{show(one.name)}: {plural(len(bad), 'annotation')} without a score from 0 to 1; the first, on {name}, has "
        f"{what}",
        hint="rank by what gives confidences, or by novelty alone: --embed colour",
    )
