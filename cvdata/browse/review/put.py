"""A review in FiftyOne: proposals to look at, each view under a plain name, the least sure ones first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...engine import Progress, Silent
from ...errors import BrowseError, show
from ..labels.texts import safe_text
from ..names import INFO, NAME
from ..session import fiftyone
from ..store.loading import Loading
from ..store.samples import alone, let_go, made, one_of_each_name, shown_pictures
from ..store.schema import declare_fields
from ..store.writer import Writer, collection_of, write_in_bulk
from .documents import BOXES, PUT, WHOLE, Marks, documents_of, fields_of, renewed
from .left import is_touched
from .pull import HALF, notes_of
from .views import save_views

__all__ = ["Put", "put_review", "review_name"]

_TRIES = 3
"""Times that a picture is put which somebody changes at that very moment."""


@dataclass(frozen=True, slots=True)
class Put:
    """What was put into FiftyOne.

    Attributes:
        name: of FiftyOne's dataset.
        views: names of the saved views, in the order of the App's list.
        pictures: in FiftyOne now; `added`: of them, those that were not there before.
        labels: that were put now; those that were there before are as the person left them.
        removed: pictures of an earlier sample that are no longer part of it, and that nobody had touched.
        kept: pictures of an earlier sample that stay, because somebody had touched them.
        missing: pictures that cannot be shown: their file was not found.
    """

    name: str
    views: tuple[str, ...]
    pictures: int
    added: int
    labels: int
    removed: int
    kept: int
    missing: int


def review_name(dataset: str, prediction: str) -> str:
    """Return the name of the review of a prediction in FiftyOne."""
    return f"cvdata-review-{dataset}-{prediction}"


def put_review(
    dataset: Dataset,
    rows: NDArray[np.int64],
    name: str,
    *,
    identity: str = "",
    bands: Sequence[str] | None = None,
    progress: Progress | None = None,
    bulk: Writer = write_in_bulk,
) -> Put:
    """Put proposals into FiftyOne for a person to correct; a review that is there already is brought up to date.

    What the person did to a picture or a proposal that is there already stays as it is, and what they deleted stays
    deleted. Pictures that are no longer part of the sample go, unless somebody touched them.

    Args:
        dataset: pictures and the proposals to look at, with scores.
        rows: int64, one per annotation: the number under which it comes back from `read_review`.
        name: of FiftyOne's dataset, which stays in its database: see `review_name`.
        identity: of the proposals that the numbers belong to, such as a hash of their table.
        bands: words for the band of scores that each annotation belongs to, such as `score 0.50 to 0.71`.
        bulk: what writes in bulk.

    Raises:
        MissingExtraError: FiftyOne, or its database, is not installed.
        BrowseError: the database does not answer; another dataset, or a review of other proposals, has that name; no
            picture can be shown, or somebody changes them all the time.
        LockedError: another run is putting it.
    """
    shown = shown_pictures(dataset)
    if not len(shown):
        raise BrowseError("no picture of the review was found", hint="--images says where the pictures lie")
    module, marks = fiftyone(), Marks(np.asarray(rows, np.int64), bands)
    with alone(name):
        samples, was_half = _samples(module, name, identity, [safe_text(name) for name in dataset.categories.names])
        _declare(module, samples, dataset, marks)
        one_of_each_name(samples, is_touched)
        removed, kept = let_go(samples, {safe_text(dataset.images.names[row]) for row in shown.tolist()}, is_touched)
        before = _count(samples)
        loading = Loading(samples, module.__version__, bulk, lambda documents: _renewed(samples, documents))
        if was_half:
            loading.check_what_is_there(is_touched)
        _load(loading, dataset, marks, shown, progress or Silent())
        views = save_views(module, samples, dataset, marks)
        _note(samples, {HALF: False})
        return Put(
            name=name,
            views=views,
            pictures=len(samples),
            added=loading.added,
            labels=_count(samples) - before,
            removed=removed,
            kept=kept,
            missing=len(dataset.images) - len(shown),
        )


def _samples(module: Any, name: str, identity: str, classes: Sequence[str]) -> tuple[Any, bool]:
    """Return FiftyOne's dataset of that name, and whether a run that put it was killed.

    It is made where there is none, or an untouched one of other proposals. Until all is there it is noted as half.

    Raises:
        BrowseError: FiftyOne takes no such name, the dataset is none of cvdata, or somebody worked on other proposals.
    """
    notes = {"classes": list(classes), "identity": identity, HALF: True}
    if module.dataset_exists(name):
        samples = module.load_dataset(name)
        before = notes_of(samples)
        if before.identity == identity:
            _note(samples, notes)
            return samples, before.is_half
        if any(map(is_touched, collection_of(samples).find())):
            raise BrowseError(
                f"FiftyOne's dataset '{show(name)}' holds work on other proposals of that name",
                hint=f"delete it if that is no longer wanted: fiftyone datasets delete {show(name)}",
            )
        samples.delete()
    return made(module, name, notes), False


def _note(samples: Any, notes: dict[str, Any]) -> None:
    samples.info[INFO] = {**(samples.info.get(INFO) or {}), **notes}
    samples.persistent = True  # it is so, unless a run was killed while it made the dataset


def _declare(module: Any, samples: Any, dataset: Dataset, marks: Marks) -> None:
    """Make the fields, let the App edit the labels, and fold away what nobody corrects."""
    specs = list(fields_of(dataset, marks))
    shown = [field for field in (BOXES, WHOLE) if any(spec.path == field for spec in specs)]
    declare_fields(module, samples, specs, shown, [safe_text(name) for name in dataset.categories.names])
    groups = module.DatasetAppConfig.default_sidebar_groups(samples)
    for group in groups:
        group.expanded = group.name in ("tags", "labels")
    samples.app_config.sidebar_groups = groups
    samples.save()


def _load(loading: Loading, dataset: Dataset, marks: Marks, shown: NDArray[np.int64], progress: Progress) -> None:
    """Put the pictures of these rows, again where somebody changed some meanwhile.

    Raises:
        BrowseError: somebody always does.
    """
    for _ in range(_TRIES):
        missed = loading.missed
        loading.load(documents_of(dataset, marks, shown), len(shown), progress)
        if loading.missed == missed:
            return
    raise BrowseError(
        "somebody, or another program, changes the review in FiftyOne while proposals are put there",
        hint="run this again once they are done",
    )


def _renewed(samples: Any, documents: Sequence[dict[str, Any]]) -> tuple[set[str], list[dict[str, Any]]]:
    """Return the names of the documents whose pictures are there, and what is to take the place of some of these."""
    fresh = {document[NAME]: document for document in documents}
    there = list(collection_of(samples).find({NAME: {"$in": list(fresh)}}))
    today = [renewed(old, fresh[old[NAME]]) for old in there]
    return {old[NAME] for old in there}, [one for one in today if one is not None]


def _count(samples: Any) -> int:
    """Return how many labels were put, over time."""
    return sum(len(row.get(PUT) or ()) for row in collection_of(samples).find({}, {PUT: 1}))
