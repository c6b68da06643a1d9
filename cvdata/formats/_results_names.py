"""Which picture and which class of the truth the ids of COCO results mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset, SourceIds
from ..dataset.concat import ids_of
from ..errors import FormatError, Place, show
from ._coco_ids import rows_of
from ._coco_images import plain_digits

__all__ = ["Names"]


class Names:
    """Pictures and classes of a truth by what results call them.

    Where the truth has ids, as COCO has, an id means what it means there; the text "2299" is the number 2299, as in the
    truth. Where it has none (VOC, YOLO), a number means the picture whose file is so called, leading zeros or not, as
    Ultralytics writes them, and the class at that place, from 1. A text that is no id is a name: of a picture the whole
    name, its file name or that without suffix, where only one picture has it; of a class its name.

    Where the classes of a truth have ids and its pictures none, several files of it used the same: a number might be
    the id in one of them, or the name of another picture, and means none.
    """

    def __init__(self, truth: Dataset, clashes: Mapping[int | str, str] | None = None) -> None:
        """Look at a truth.

        Args:
            clashes: ids that mean no one picture, with a clause that says why.
        """
        self.truth = truth
        self._clashes = clashes or {}
        self._whole: str | None = None
        self._part: tuple[str, int] | None = None

    @property
    def expected_image(self) -> str:
        """What an image_id should have been."""
        if self.truth.images.source_id is not None:
            return "an id of its pictures"
        why = "several of its files used the same ids" if self._lost_ids else "the truth has no ids"
        return f"the name of a picture, since {why}"

    @property
    def image_hint(self) -> str:
        """What to do about an image_id that is none."""
        if self._lost_ids:
            return "hold the results against the file whose ids they are, such as TRUTH/annotations/val.json"
        return "hold the results against the truth of the same pictures, as it was when the model looked (SRC@VERSION)"

    @property
    def expected_class(self) -> str:
        """What a category_id should have been."""
        count = len(self.truth.categories)
        known = self.truth.categories.source_id is not None
        return "an id of its classes" if known else f"1 to {count} or a name, since the truth has no ids"

    @property
    def class_hint(self) -> str:
        """What to do about a category_id that is none."""
        if self.truth.categories.source_id is None:
            return "add 1 to every category_id if the model counts from 0, or give the names of classes"
        return "hold the results against the truth of the same classes"

    def images(self, keys: Sequence[int | str]) -> NDArray[np.int64]:
        """Return the row of the picture that each key means, int64, shape (keys,); -1 for none."""
        keys = _unified(keys)
        known = self.truth.images.source_id
        rows = np.full(len(keys), -1, np.int64) if known is None else rows_of(ids_of(keys), known)
        for at in np.flatnonzero(rows < 0).tolist():
            key = keys[at]
            if isinstance(key, str):
                rows[at] = self._pictures.get(key, -1)
            elif known is None and not self._lost_ids:
                rows[at] = self._numbers.get(key, -1)
        if self._clashes:
            rows[[key in self._clashes for key in keys]] = -1
        self._look_at_ways(keys, rows)
        return rows

    def why(self, key: int | str) -> str:
        """Say of an image_id that is none what it is instead."""
        return self._clashes.get(_unified([key])[0], "which is no picture of the truth")

    def refuse_two_ways(self, shown: str) -> None:
        """Refuse a list that calls some pictures by whole names and others by parts of them.

        Where `b/c.jpg` is a whole name, `a.jpg` is no `b/a.jpg`: it may well be a picture that the truth lacks by now.

        Args:
            shown: the list's name in messages.

        Raises:
            FormatError: it does.
        """
        if self._whole is not None and self._part is not None:
            part, row = self._part
            raise FormatError(
                f"image_id '{show(self._whole)}' is the whole name of a picture, and '{show(part)}' only a part of "
                f"'{show(self.truth.images.names[row])}', which may be another",
                at=Place(shown),
                hint="give whole names only, and leave out pictures that the truth does not have",
            )

    def _look_at_ways(self, keys: Sequence[int | str], rows: NDArray[np.int64]) -> None:
        """Remember a key that is a whole name, and one that is a part of a name."""
        if str not in set(map(type, keys)):
            return
        names = self.truth.images.names
        for key, row in dict(zip(keys, rows.tolist(), strict=True)).items():  # a picture has many results
            if not isinstance(key, str) or row < 0:
                continue
            if names[row] == key:
                self._whole = self._whole or key
            elif self._pictures.get(key) == row:
                self._part = self._part or (key, row)

    @property
    def _lost_ids(self) -> bool:
        return self.truth.images.source_id is None and self.truth.categories.source_id is not None

    def pictures(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Return the row of the picture of each name, file name or stem, int64, shape (names,); -1 for none."""
        return np.array([self._pictures.get(name, -1) for name in names], np.int64)

    def classes(self, keys: Sequence[int | str]) -> NDArray[np.int64]:
        """Return the row of the class that each key means, int64, shape (keys,); -1 for none."""
        keys = _unified(keys)
        known = self.truth.categories.source_id
        ids: SourceIds = np.arange(1, len(self.truth.categories) + 1) if known is None else ids_of(known)
        rows = rows_of(ids_of(keys), ids)
        for at in np.flatnonzero(rows < 0).tolist():
            rows[at] = self._classes.get(keys[at], -1)
        return rows

    @cached_property
    def _pictures(self) -> Mapping[str, int]:
        """Row of each picture by its name, and where they tell one picture from all others by file name and stem."""
        names = self.truth.images.names
        files = [name.rpartition("/")[2] for name in names]
        stems = [file.rpartition(".")[0] or file for file in files]
        where: dict[str, int] = {}
        for parts in (stems, files, names):  # the last counts most
            counts = Counter(parts)
            where.update((part, row) for row, part in enumerate(parts) if counts[part] == 1)
        return where

    @cached_property
    def _numbers(self) -> Mapping[int, int]:
        """Row of each picture whose stem is a number that no other has."""
        stems = [name.rpartition("/")[2].rpartition(".")[0] for name in self.truth.images.names]
        numbers = [int(stem) if stem.isascii() and stem.isdecimal() and len(stem) < 19 else -1 for stem in stems]
        counts = Counter(numbers)
        return {number: row for row, number in enumerate(numbers) if number >= 0 and counts[number] == 1}

    @cached_property
    def _classes(self) -> Mapping[int | str, int]:
        return {name: row for row, name in enumerate(self.truth.categories.names)}


def _unified(keys: Sequence[int | str]) -> Sequence[int | str]:
    """Return keys with numbers that were written as text as numbers."""
    if set(map(type, keys)) <= {int}:
        return keys
    return [int(key) if isinstance(key, str) and plain_digits(key) else key for key in keys]
