"""Which pictures of two datasets are the same picture: by name, by content, by the last part of the name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...dataset import Images
from ...engine import Engine, Progress, batch_size
from ...files.hashes import hash_files
from ...images import file_name, stem_of

__all__ = ["By", "Match", "PicturePairs", "pair_pictures", "sizes_differ"]

Match = Literal["auto", "name", "content"]


class By(IntEnum):
    """What told that two pictures are one."""

    NAME = 0
    CONTENT = 1  # SHA-256 of the files
    BASE_NAME = 2  # `train/a.jpg` and `a.jpg`
    STEM = 3  # `train/a.jpg` and `a.png`


@dataclass(frozen=True)
class PicturePairs:
    """Rows of the pictures that are in both datasets, and of those that only the second has.

    Attributes:
        before, after: int64, shape (pairs,), rows of the same picture in either dataset; `before` ascends.
        by: uint8, a `By` each.
        only_after: int64, rows of the second dataset without a partner, ascending.
    """

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    by: NDArray[np.uint8]
    only_after: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.before)


def pair_pictures(before: Images, after: Images, match: Match, engine: Engine, progress: Progress) -> PicturePairs:
    """Pair the pictures of two datasets.

    Args:
        match: `name` pairs equal names, `content` equal bytes; `auto` pairs equal names first, of the rest equal bytes,
            and of what is left then names whose last part, then whose stem, is there once in either dataset.
    """
    partner = np.full(len(before), -1, np.int64)
    by = np.zeros(len(before), np.uint8)
    left = _Left(before, after, partner, by)
    if match != "content":
        left.pair(By.NAME, before.names, after.names)
    if match != "name":
        left.pair(By.CONTENT, *_contents(left, engine, progress))
    if match == "auto":
        for rule, part in ((By.BASE_NAME, file_name), (By.STEM, _stem)):
            left.pair(rule, _single(map(part, before.names)), _single(map(part, after.names)))
    paired = np.flatnonzero(partner >= 0)
    return PicturePairs(paired, partner[paired], by[paired], left.after_rows())


@dataclass
class _Left:
    """The pictures that have no partner yet; `partner` and `by` are filled in."""

    before: Images
    after: Images
    partner: NDArray[np.int64]
    by: NDArray[np.uint8]

    def before_rows(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.partner < 0)

    def after_rows(self) -> NDArray[np.int64]:
        free = np.ones(len(self.after), np.bool_)
        free[self.partner[self.partner >= 0]] = False
        return np.flatnonzero(free)

    def pair(self, rule: By, before: Sequence[object], after: Sequence[object]) -> None:
        """Pair the rows whose keys are equal, the first with the first where several are; None pairs with nothing."""
        places: dict[object, list[int]] = {}
        for row in self.after_rows()[::-1].tolist():
            if after[row] is not None:
                places.setdefault(after[row], []).append(row)
        for row in self.before_rows().tolist():
            same = places.get(before[row])
            if same and not (rule >= By.BASE_NAME and sizes_differ(self.before, row, self.after, same[-1])):
                self.partner[row], self.by[row] = same.pop(), rule


def sizes_differ(before: Images, row: int, after: Images, other: int) -> bool:
    """Tell whether both datasets know the size of a picture and do not agree."""
    one = int(before.width[row]), int(before.height[row])
    two = int(after.width[other]), int(after.height[other])
    return one != two and all(one) and all(two)


def _stem(name: str) -> str:
    return stem_of(file_name(name))


def _single(keys: Iterable[str]) -> list[str | None]:
    """Return the keys, with None for those that are there more than once: they tell nothing."""
    whole = list(keys)
    count: dict[str, int] = {}
    for key in whole:
        count[key] = count.get(key, 0) + 1
    return [key if count[key] == 1 else None for key in whole]


# --- content


def _contents(left: _Left, engine: Engine, progress: Progress) -> tuple[list[bytes | None], list[bytes | None]]:
    """Return the SHA-256 of each picture that may have a partner of equal content, None for all others."""
    known = [_Files.of(left.before, left.before_rows()), _Files.of(left.after, left.after_rows())]
    common = set(known[0].weights.values()) & set(known[1].weights.values())  # asked for membership only, never walked
    wanted = [
        (files, row)
        for files in known
        for row, size in files.weights.items()
        if size in common and files.hashes[row] is None
    ]
    if wanted:
        progress.start("comparing pictures", len(wanted))
    paths = [files.paths[row] for files, row in wanted]
    step = batch_size(len(paths), engine.workers, 200)
    batches = (paths[i : i + step] for i in range(0, len(paths), step))
    found = [digest for part in engine.map(hash_files, batches, progress=progress) for digest in part]
    for (files, row), digest in zip(wanted, found, strict=True):
        files.hashes[row] = digest
    return known[0].hashes, known[1].hashes


@dataclass
class _Files:
    """Files of pictures: size in bytes by row, paths by row, and hashes of all rows as far as they are known."""

    weights: dict[int, int]
    paths: dict[int, str]
    hashes: list[bytes | None]

    @staticmethod
    def of(images: Images, rows: NDArray[np.int64]) -> _Files:
        files = _Files({}, {}, [None] * len(images))
        for row in rows.tolist():
            if images.facts is not None and images.facts.size[row] >= 0:
                files.weights[row] = int(images.facts.size[row])
                files.hashes[row] = images.facts.sha256[row].tobytes()
                continue
            path = images.file(row)
            if path is not None:
                try:
                    files.weights[row] = os.stat(path).st_size
                except OSError:
                    continue  # a picture that is not there has no content
                files.paths[row] = path
        return files
