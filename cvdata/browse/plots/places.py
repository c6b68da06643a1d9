"""Which label in FiftyOne is which annotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ..names import NAME, NUMBER, list_of

__all__ = ["Ids", "label_ids_of", "rows_of_samples"]


@dataclass(frozen=True, slots=True, eq=False)
class Ids:
    """The labels of a field by the rows of the annotations that they are.

    Attributes:
        label: id of each annotation's label, "" for one that is not in FiftyOne.
        there: bool, whether it is.
    """

    label: NDArray[np.str_]
    there: NDArray[np.bool_]


def rows_of_samples(samples: Any, dataset: Dataset) -> tuple[list[str], NDArray[np.int64]]:
    """Return the id of each sample, and the row of its picture, -1 where the dataset has it no longer."""
    names, ids = samples.values([NAME, "id"])
    rows = {name: row for row, name in enumerate(dataset.images.names)}
    return ids, np.array([rows.get(name, -1) for name in names], np.int64)


def label_ids_of(samples: Any, dataset: Dataset, field: str, pictures: NDArray[np.int64]) -> Ids:
    """Ask FiftyOne for the ids of the labels in a field; a label is found by its number in its picture.

    Args:
        pictures: of each sample, see `rows_of_samples`.
    """
    label = np.full(len(dataset.annotations), "", "U24")
    if samples.has_sample_field(f"{list_of(field)}.{NUMBER}"):
        ids, numbers = samples.values([f"{list_of(field)}.id", f"{list_of(field)}.{NUMBER}"])
        for picture, own, places in zip(pictures.tolist(), ids, numbers, strict=True):
            if picture < 0 or not own:
                continue
            first, end = int(dataset.offsets[picture]), int(dataset.offsets[picture + 1])
            for one, place in zip(own, places, strict=True):
                if place is not None and 0 <= place < end - first:
                    label[first + place] = one
    return Ids(label, label != "")
