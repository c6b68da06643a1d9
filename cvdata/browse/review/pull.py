"""What people left in FiftyOne, as a dataset again."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Categories, Dataset, Images, Ragged, State
from ...errors import BrowseError, show
from ..names import INFO, NAME
from ..outlines import runs_of
from ..pull.left import size_of
from ..session import opened
from ..store.writer import collection_of
from .documents import PUT
from .left import Left, labels_left

__all__ = ["HALF", "Notes", "Pulled", "notes_of", "read_review"]

HALF = "half"
"""Key among the notes: true while proposals are being put, so that what a killed run left is known."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What cvdata noted in FiftyOne's dataset.

    Attributes:
        classes: of the dataset that the labels are for.
        identity: of the proposals that the numbers belong to.
        is_half: a run that put proposals was killed on the way.
    """

    classes: tuple[str, ...]
    identity: str
    is_half: bool


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
        BrowseError: the database does not answer; there is no such review, it is one of other proposals, or it is not
            whole.
    """
    samples = opened(name)
    notes = notes_of(samples)
    if notes.identity != identity:
        raise BrowseError(
            f"FiftyOne's dataset '{show(name)}' is a review of other proposals of that name",
            hint="cvdata review opens one of those that are there now",
        )
    if notes.is_half:  # what was never put would count as deleted
        raise BrowseError(
            f"FiftyOne's dataset '{show(name)}' is not whole: cvdata was ended while it put proposals there",
            hint="open the review again: cvdata review goes on, and what was changed there stays",
        )
    return _pulled(list(collection_of(samples).find().sort("_id", 1)), notes.classes)


def notes_of(samples: Any) -> Notes:
    """Return what cvdata noted in a dataset of FiftyOne.

    Raises:
        BrowseError: cvdata did not make it, or not as a review.
    """
    noted = dict(samples.info or {}).get(INFO)
    if noted is None:
        raise BrowseError(
            f"FiftyOne's dataset '{show(samples.name)}' does not come from cvdata",
            hint=f"give it another name: fiftyone datasets rename {show(samples.name)} NEW",
        )
    if "identity" not in noted:
        raise BrowseError(
            f"FiftyOne's dataset '{show(samples.name)}' is no review",
            hint=f"give it another name: fiftyone datasets rename {show(samples.name)} NEW",
        )
    return Notes(tuple(noted.get("classes", ())), noted["identity"], bool(noted.get(HALF)))


def _pulled(documents: list[dict[str, Any]], classes: tuple[str, ...]) -> Pulled:
    problems = []
    labels: list[Left] = []
    owners: list[int] = []
    named = [document for document in documents if document.get(NAME)]  # others are a person's own
    for picture, document in enumerate(named):
        left, wrong = labels_left(document)
        labels += left
        owners += [picture] * len(left)
        problems += [f"{what} in {show(document[NAME])}" for what in wrong]
    numbers = [document.get(PUT) or () for document in named]
    put, owner = (
        np.array([n for row in numbers for n in row], np.int64),
        np.repeat(range(len(named)), list(map(len, numbers))),
    )
    rows = np.array([label.number for label in labels], np.int64)
    gone = np.flatnonzero(~np.isin(put, rows))
    gone = gone[np.argsort(put[gone], kind="stable")]
    return Pulled(
        dataset=_dataset(labels, np.array(owners, np.int32), classes, _images(named, owners)),
        rows=rows,
        touched=np.array([label.touched for label in labels], np.bool_),
        tags=tuple(label.tags for label in labels),
        image_tags=tuple(tuple(document.get("tags") or ()) for document in named),
        deleted=put[gone],
        deleted_from=owner[gone],
        problems=tuple(problems),
    )


def _images(documents: Sequence[dict[str, Any]], owners: Sequence[int]) -> Images:
    places = [os.path.split(document["filepath"]) for document in documents]
    number: dict[str, int] = {}
    for folder, _ in places:
        number.setdefault(folder, len(number))
    size = np.array([size_of(document) for document in documents], np.int32).reshape(-1, 2)
    state = np.full(len(documents), State.EMPTY, np.uint8)
    state[list(owners)] = State.LABELLED
    return Images(
        names=tuple(document[NAME] for document in documents),
        width=size[:, 0],
        height=size[:, 1],
        state=state,
        split=np.full(len(documents), -1, np.int32),
        folder=np.array([number[folder] for folder, _ in places], np.int32),
        folders=tuple(number),
        files=tuple(file for _, file in places),
    )


def _dataset(labels: Sequence[Left], owner: NDArray[np.int32], known: tuple[str, ...], images: Images) -> Dataset:
    """Return the labels as columns; classes that a person named are new ones, behind those that are known."""
    classes = tuple(dict.fromkeys([*known, *(label.name for label in labels)]))
    lookup = {name: row for row, name in enumerate(classes)}
    score = np.array([label.score for label in labels], np.float64)
    return Dataset(
        images=images,
        annotations=Annotations(
            image=owner,
            category=np.array([lookup[label.name] for label in labels], np.int32),
            box=np.array([label.box for label in labels], np.float64).reshape(-1, 4),
            score=None if np.isnan(score).all() else score,
            masks=_masks(labels, owner.tolist(), images),
        ),
        categories=Categories(names=classes),
    )


def _masks(labels: Sequence[Left], owners: Sequence[int], images: Images) -> Ragged | None:
    """Return the masks that a person drew, or None where there are none."""
    unpacked = importlib.import_module("fiftyone.core.utils").deserialize_numpy_array
    rows: list[Sequence[int]] = []
    for label, picture in zip(labels, owners, strict=True):
        drawn = label.number < 0 and label.mask is not None and not np.isnan(label.box[0])
        size = int(images.width[picture]), int(images.height[picture])
        rows.append(runs_of(unpacked(label.mask) != 0, label.box, size).tolist() if drawn else ())
    return Ragged.of(rows, np.uint32) if any(map(len, rows)) else None
