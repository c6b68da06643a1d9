"""What people left in FiftyOne, as a dataset again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Categories, Dataset, Images, Ragged, State
from ...errors import BrowseError, show
from ..outlines import runs_of
from ..session import opened
from .left import Left, labels_left
from .load import NAME, PUT

__all__ = ["INFO", "Notes", "Pulled", "notes_of", "pulled", "read_review"]

INFO = "cvdata"
"""Where FiftyOne's dataset keeps what cvdata has to know of it: in its `info`, under this key."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What cvdata noted in FiftyOne's dataset.

    Attributes:
        classes: of the dataset that the labels are for.
        identity: of the proposals that the numbers belong to.
        views: names of the saved views that cvdata made.
    """

    classes: tuple[str, ...]
    identity: str
    views: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pulled:
    """What is in FiftyOne now.

    Attributes:
        dataset: the pictures in the order of FiftyOne, and their labels. A box that nobody moved is the one that was
            put, bit for bit. Masks are those of labels that a person drew: the shape of a proposal stays with it.
        rows: int64, one per annotation: its number, -1 for what a person drew.
        touched: bool, one per annotation: moved, relabelled or drawn.
        tags: of each annotation.
        image_tags: of each picture.
        deleted: int64, ascending: numbers that were put and are gone, or cannot be taken.
        deleted_from: int64, row of the picture of each of those.
        problems: what could not be taken and is left out, in a few words each.
    """

    dataset: Dataset
    rows: NDArray[np.int64]
    touched: NDArray[np.bool_]
    tags: tuple[tuple[str, ...], ...]
    image_tags: tuple[tuple[str, ...], ...]
    deleted: NDArray[np.int64]
    deleted_from: NDArray[np.int64]
    problems: tuple[str, ...]


def read_review(name: str, *, identity: str = "") -> Pulled:
    """Return what people left of a review in FiftyOne.

    Args:
        name: of FiftyOne's dataset, see `review_name`.
        identity: of the proposals, as `put_review` was told.

    Raises:
        MissingExtraError: FiftyOne, or its database, is not installed.
        BrowseError: the database does not answer; there is no such review, or it is one of other proposals.
    """
    samples = opened(name)
    if notes_of(samples).identity != identity:
        raise BrowseError(
            f"FiftyOne's dataset '{show(name)}' is a review of other proposals of that name",
            hint="cvdata review opens one of those that are there now",
        )
    return pulled(samples)


def notes_of(samples: Any) -> Notes:
    """Return what cvdata noted in a dataset of FiftyOne.

    Raises:
        BrowseError: cvdata did not make it.
    """
    noted = dict(samples.info or {}).get(INFO)
    if noted is None:
        raise BrowseError(
            f"FiftyOne's dataset '{show(samples.name)}' does not come from cvdata",
            hint=f"give it another name: fiftyone datasets rename {show(samples.name)} NEW",
        )
    return Notes(tuple(noted["classes"]), noted["identity"], tuple(noted.get("views", ())))


def pulled(samples: Any) -> Pulled:
    """Return what is in a dataset of FiftyOne that `put_review` made.

    Raises:
        BrowseError: cvdata did not make it.
    """
    notes = notes_of(samples)
    names, put, tags, files, widths, heights = samples.values(
        [NAME, PUT, "tags", "filepath", "metadata.width", "metadata.height"]
    )
    size = np.array([widths, heights], np.float64).T.reshape(-1, 2)
    labels, problems = labels_left(samples, names, size)
    rows = np.array([label.number for label in labels], np.int64)
    numbers = np.array([number for row in put for number in row or ()], np.int64)
    owner = np.repeat(np.arange(len(names)), [len(row or ()) for row in put])
    gone = np.flatnonzero(~np.isin(numbers, rows))
    gone = gone[np.argsort(numbers[gone], kind="stable")]
    return Pulled(
        dataset=_dataset(labels, notes.classes, _images(names, files, size, labels)),
        rows=rows,
        touched=np.array([label.touched for label in labels], np.bool_),
        tags=tuple(label.tags for label in labels),
        image_tags=tuple(tuple(row or ()) for row in tags),
        deleted=numbers[gone],
        deleted_from=owner[gone],
        problems=tuple(problems),
    )


def _images(names: Sequence[str], files: Sequence[str], size: NDArray[np.float64], labels: Sequence[Left]) -> Images:
    places = [os.path.split(file) for file in files]
    number: dict[str, int] = {}
    for folder, _ in places:
        number.setdefault(folder, len(number))
    state = np.full(len(names), State.EMPTY, np.uint8)
    state[[label.picture for label in labels]] = State.LABELLED
    return Images(
        names=tuple(names),
        width=size[:, 0].astype(np.int32),
        height=size[:, 1].astype(np.int32),
        state=state,
        split=np.full(len(names), -1, np.int32),
        folder=np.array([number[folder] for folder, _ in places], np.int32),
        folders=tuple(number),
        files=tuple(file for _, file in places),
    )


def _dataset(labels: Sequence[Left], known: tuple[str, ...], images: Images) -> Dataset:
    """Return the labels as columns; classes that a person named are new ones, behind those that are known."""
    classes = tuple(dict.fromkeys([*known, *(label.name for label in labels)]))
    lookup = {name: row for row, name in enumerate(classes)}
    score = np.array([label.score for label in labels], np.float64)
    return Dataset(
        images=images,
        annotations=Annotations(
            image=np.array([label.picture for label in labels], np.int32),
            category=np.array([lookup[label.name] for label in labels], np.int32),
            box=np.array([label.box for label in labels], np.float64).reshape(-1, 4),
            score=None if np.isnan(score).all() else score,
            masks=_masks(labels, images),
        ),
        categories=Categories(names=classes),
    )


def _masks(labels: Sequence[Left], images: Images) -> Ragged | None:
    """Return the masks that a person drew, or None where there are none."""
    rows: list[Sequence[int]] = []
    for label in labels:
        drawn = label.number < 0 and label.mask is not None and not np.isnan(label.box[0])
        size = int(images.width[label.picture]), int(images.height[label.picture])
        rows.append(runs_of(np.asarray(label.mask) != 0, label.box, size).tolist() if drawn else ())
    return Ragged.of(rows, np.uint32) if any(map(len, rows)) else None
