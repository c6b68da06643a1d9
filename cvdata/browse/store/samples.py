"""A dataset of FiftyOne as such: one run at a time puts it, each picture is there once, unwanted ones go."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...errors import BrowseError, LockedError, show
from ...files.lock import OutputLock
from ..names import INFO, NAME
from .writer import collection_of

__all__ = ["IsTouched", "alone", "let_go", "made", "one_of_each_name", "shown_pictures"]

IsTouched = Callable[[Mapping[str, Any]], bool]
"""Tells whether a person's work is in a document."""

_BATCH = 512


def shown_pictures(dataset: Dataset) -> NDArray[np.int64]:
    """Return the rows of the pictures that can be shown: their file was found and their size is known."""
    images = dataset.images
    return np.flatnonzero((images.folder >= 0) & (images.width > 0) & (images.height > 0))


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Let no other run of this user put the same dataset meanwhile: FiftyOne itself is not made for two.

    Raises:
        LockedError: another does.
    """
    sign = hashlib.blake2b(os.fsencode(name), digest_size=8).hexdigest()
    user = getattr(os, "getuid", lambda: "own")()  # where there is no such number, the folder is the user's own
    lock = OutputLock(os.path.join(tempfile.gettempdir(), f"fiftyone-{user}-{sign}"))
    try:
        lock.acquire()
    except LockedError as error:
        raise LockedError(
            f"another cvdata run is putting pictures into FiftyOne as '{show(name)}'", hint="wait for it to end"
        ) from error
    try:
        yield
    finally:
        lock.release()


def made(module: Any, name: str, notes: Mapping[str, Any]) -> Any:
    """Return a new dataset of FiftyOne that has notes of cvdata, see `INFO`, before it has its name.

    Raises:
        BrowseError: FiftyOne takes no such name: it has no letter, or looks like another one in an address.
    """
    samples = module.Dataset()
    samples.media_type = "image"
    samples.info = {INFO: dict(notes)}
    samples.save()
    try:
        samples.name = name
    except ValueError as error:
        samples.delete()
        raise BrowseError(f"FiftyOne takes no dataset of the name '{show(name)}': {show(str(error))}") from error
    samples.persistent = True
    return samples


def one_of_each_name(samples: Any, is_touched: IsTouched) -> None:
    """Let no picture be put twice; samples that a person adds have no name, and there may be any number of them.

    Of a picture that is there twice, which the App's own copying may have made, the one that a person worked on stays.
    """
    collection = collection_of(samples)
    several = [
        {"$match": {NAME: {"$type": "string"}}},
        {"$sort": {"_id": 1}},
        {"$group": {"_id": f"${NAME}", "ids": {"$push": "$_id"}}},
        {"$match": {"ids.1": {"$exists": True}}},
    ]
    for group in collection.aggregate(several, allowDiskUse=True):
        there = list(collection.find({"_id": {"$in": group["ids"]}}))
        stays = next((row["_id"] for row in there if is_touched(row)), group["ids"][0])
        samples.delete_samples([str(row) for row in group["ids"] if row != stays])
    samples.create_index(NAME, unique=True, partialFilterExpression={NAME: {"$gt": ""}})


def let_go(samples: Any, wanted: Collection[str], is_touched: IsTouched) -> tuple[int, int]:
    """Take out the pictures that are not wanted any more; return how many went, and how many somebody worked on."""
    collection = collection_of(samples)
    old = [row["_id"] for row in collection.find({}, {NAME: 1}) if row.get(NAME) not in wanted]
    gone, kept = [], 0
    for first in range(0, len(old), _BATCH):
        for row in collection.find({"_id": {"$in": old[first : first + _BATCH]}}):
            if row.get(NAME) is None or is_touched(row):
                kept += 1
            else:
                gone.append(str(row["_id"]))
    if gone:
        samples.delete_samples(gone)
    return len(gone), kept
