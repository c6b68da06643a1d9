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
from ..session import fiftyone
from .fields import declare
from .load import (
    BAND,
    BOX_LIST,
    BOXES,
    NAME,
    NUMBER,
    PUT,
    WHOLE,
    WHOLE_LIST,
    Marks,
    labels_of,
    samples_of,
    shown_pictures,
)
from .pull import Pulled, notes_of, pulled
from .views import save_views

__all__ = ["Put", "put_review", "review_name"]

_BATCH = 256


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

    Raises:
        MissingExtraError: FiftyOne, or its database, is not installed.
        BrowseError: the database does not answer; another dataset, or a review of other proposals, has that name; no
            picture can be shown.
    """
    shown = shown_pictures(dataset)
    if not len(shown):
        raise BrowseError("no picture of the review was found", hint="--images says where the pictures lie")
    module = fiftyone()
    samples = _samples(module, name, identity)
    marks = Marks(np.asarray(rows, np.int64), bands)
    shown_names = [dataset.images.names[row] for row in shown.tolist()]
    declare(module, samples, dataset, marks, identity)
    removed, kept = _let_go(samples, set(shown_names))
    there = dict(zip(*samples.values([NAME, "id"]), strict=True))
    new = [row for row, known in zip(shown.tolist(), shown_names, strict=True) if known not in there]
    old = {there[known]: row for row, known in zip(shown.tolist(), shown_names, strict=True) if known in there}
    labels = _extend(module, samples, dataset, marks, old)
    labels += _add(module, samples, dataset, marks, new, progress or Silent())
    samples.save()
    return Put(
        name=name,
        views=save_views(module, samples, dataset, marks),
        pictures=len(samples),
        added=len(new),
        labels=labels,
        removed=removed,
        kept=kept,
        missing=len(dataset.images) - len(shown),
    )


def _samples(module: Any, name: str, identity: str) -> Any:
    """Return FiftyOne's dataset of that name; made where there is none, or an untouched one of other proposals.

    Raises:
        BrowseError: FiftyOne takes no such name, the dataset is none of cvdata, or somebody worked on other proposals.
    """
    if module.dataset_exists(name):
        samples = module.load_dataset(name)
        if notes_of(samples).identity == identity:
            return samples
        if _worked_on(pulled(samples)).any():
            raise BrowseError(
                f"FiftyOne's dataset '{show(name)}' holds work on other proposals of that name",
                hint=f"delete it if that is no longer wanted: fiftyone datasets delete {show(name)}",
            )
        samples.delete()
    try:
        samples = module.Dataset(name, persistent=True)
    except ValueError as error:  # it has no letter, or looks like another one in an address
        raise BrowseError(f"FiftyOne takes no dataset of the name '{show(name)}': {show(str(error))}") from error
    samples.media_type = "image"
    return samples


def _let_go(samples: Any, wanted: set[str]) -> tuple[int, int]:
    """Take out the pictures that are not wanted any more, and return how many went and how many had been touched."""
    if not len(samples):
        return 0, 0
    left = pulled(samples)
    old = np.array([name not in wanted for name in left.dataset.images.names], np.bool_)
    busy = _worked_on(left)
    ids = samples.values("id")
    samples.delete_samples([ids[picture] for picture in np.flatnonzero(old & ~busy).tolist()])
    return int((old & ~busy).sum()), int((old & busy).sum())


def _worked_on(left: Pulled) -> NDArray[np.bool_]:
    """Tell for each picture whether somebody changed, deleted, drew or tagged anything in it."""
    busy = np.array([bool(tags) for tags in left.image_tags], np.bool_)
    tagged = np.array([bool(tags) for tags in left.tags], np.bool_)
    busy[left.dataset.annotations.image[left.touched | tagged]] = True
    busy[left.deleted_from] = True
    return busy


def _add(module: Any, samples: Any, dataset: Dataset, marks: Marks, pictures: Sequence[int], progress: Progress) -> int:
    """Put pictures that are not there yet; return the number of their labels."""
    progress.start("putting pictures into FiftyOne", len(pictures))
    for first in range(0, len(pictures), _BATCH):
        batch = list(samples_of(module, dataset, marks, pictures[first : first + _BATCH]))
        samples.add_samples(batch, progress=False)
        progress.advance(len(batch))
    return int(np.diff(dataset.offsets)[list(pictures)].sum())


def _extend(module: Any, samples: Any, dataset: Dataset, marks: Marks, old: dict[str, int]) -> int:
    """Put the labels that are new on pictures that are there; return their number. `old`: row of each sample's id."""
    put = 0
    for sample in samples.select(list(old)).iter_samples(autosave=True):
        rows = np.arange(*dataset.offsets[old[sample.id] :][:2])
        boxes, wholes = _list(sample, BOX_LIST), _list(sample, WHOLE_LIST)
        if marks.bands is not None:  # another sample may be drawn in other bands
            band_of: dict[Any, str] = {int(marks.rows[row]): marks.bands[row] for row in rows.tolist()}
            for label in (*boxes, *wholes):
                label[BAND] = band_of.get(getattr(label, NUMBER, None))
        rows = rows[~np.isin(marks.rows[rows], sample[PUT] or [])]
        more_boxes, more_wholes = labels_of(module, dataset, marks, rows)
        if more_boxes:
            sample[BOXES] = module.Detections(detections=[*boxes, *more_boxes])
        if more_wholes:
            sample[WHOLE] = module.Classifications(classifications=[*wholes, *more_wholes])
        if len(rows):
            sample[PUT] = [*(sample[PUT] or ()), *marks.rows[rows].tolist()]
            put += len(rows)
    return put


def _list(sample: Any, path: str) -> Sequence[Any]:
    """Return the labels of a sample's field, such as `proposals.detections`."""
    field, _, part = path.partition(".")
    holder = sample[field] if sample.has_field(field) else None
    return () if holder is None else holder[part]
