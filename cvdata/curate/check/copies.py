"""Pictures that are there more than once: within a split, across splits, with other labels, or beside the dataset."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Facts, Images
from ...engine import Engine, Progress
from ...errors import show
from ...images.facts import facts_of
from ...images.quality import BLANK
from ...images.series import augmentation_source
from ...images.similar import exact_copies, near_copies
from .findings import Hit, Spot

__all__ = ["augmentation_hits", "copy_hits", "members", "unlisted_copies"]


def copy_hits(dataset: Dataset, facts: Facts) -> list[Hit]:
    """Compare all pictures by content and by look."""
    images = dataset.images
    exact = exact_copies(facts.sha256)
    # Hashes of blank pictures say nothing: they would all be copies of each other.
    near = near_copies(facts.phash, turned=True, usable=(facts.size >= 0) & (facts.contrast >= BLANK))
    leaked, inside, conflict = Hit("leaked-copy"), Hit("exact-copy"), Hit("conflicting-labels")
    for rows in members(exact):
        if _spread(images, rows):
            _add(leaked, images, rows, "the same file")
        inside.count += _more_than_one_a_split(images, rows)
        if _more_than_one_a_split(images, rows):
            _show(inside, images, rows, "the same file")
        if not _same_labels(dataset, rows):
            _add(conflict, images, rows, "the same picture, other labels")
    near_leaked, near_inside = Hit("leaked-near-copy"), Hit("near-copy")
    for rows in members(near):
        kinds = _without_copies(rows, exact)
        if len(kinds) > 1:
            apart = _spread(images, kinds)
            _add(near_leaked if apart else near_inside, images, kinds, "look alike")
    return [hit for hit in (leaked, conflict, near_leaked, inside, near_inside) if hit.count]


def members(cluster: NDArray[np.integer[Any]]) -> Iterator[list[int]]:
    """Yield the rows of each cluster, in the order of its number; -1 is none."""
    order = np.argsort(cluster, kind="stable")
    order = order[np.searchsorted(cluster[order], 0) :]
    ends = np.flatnonzero(np.diff(cluster[order])) + 1
    for rows in np.split(order, ends) if len(order) else []:
        yield rows.tolist()


def _spread(images: Images, rows: Sequence[int]) -> bool:
    """Tell whether rows are in more than one split; a picture in none counts as in no other."""
    return len({split for split in images.split[list(rows)].tolist() if split >= 0}) > 1


def _more_than_one_a_split(images: Images, rows: Sequence[int]) -> int:
    """Return how many rows are in a split that an earlier one is in."""
    return len(rows) - len(set(images.split[list(rows)].tolist()))


def _without_copies(rows: Iterable[int], exact: NDArray[np.int32]) -> list[int]:
    """Keep one picture of each content."""
    seen: dict[int, int] = {}
    for row in rows:
        seen.setdefault(int(exact[row]) if exact[row] >= 0 else -row - 1, row)
    return list(seen.values())


_NAMED = 4  # pictures of a group that are named in one place


def _add(hit: Hit, images: Images, rows: Sequence[int], why: str) -> None:
    hit.count += 1
    _show(hit, images, rows, why)


def _show(hit: Hit, images: Images, rows: Sequence[int], why: str) -> None:
    """Name a group by its first picture; splits only where there are several."""
    spread = _spread(images, rows)
    names = [_named(images, row, spread) for row in rows[1:_NAMED]]
    more = f" and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else ""
    first = f"in {_split_of(images, rows[0]) or 'no split'}, " if spread else ""
    what = f"{first}{why}: {', '.join(names)}{more}"
    hit.spots.append(Spot(what=what, file=_file(images, rows[0]), image=images.names[rows[0]]))
    hit.images.extend(images.names[row] for row in rows)


def _named(images: Images, row: int, spread: bool) -> str:
    split = _split_of(images, row) if spread else ""
    return f"{show(_file(images, row))}{f' ({split})' if split else ''}"


def _file(images: Images, row: int) -> str:
    return images.names[row] if images.files is None else images.files[row]


def _split_of(images: Images, row: int) -> str:
    return show(images.splits[images.split[row]]) if images.split[row] >= 0 else ""


_PIXELS_APART = 1.0


def _same_labels(dataset: Dataset, rows: Sequence[int]) -> bool:
    """Tell whether pictures of one content have the same classes and boxes, within a pixel; unlabelled ones agree."""
    tables = [_labels(dataset, row) for row in rows if dataset.offsets[row + 1] > dataset.offsets[row]]
    return all(
        len(table) == len(tables[0]) and bool((np.abs(table - tables[0]) <= [0, *[_PIXELS_APART] * 4]).all())
        for table in tables[1:]
    )


def _labels(dataset: Dataset, row: int) -> NDArray[np.float64]:
    """Return class and box of each annotation of a picture, sorted, shape (n, 5)."""
    part = slice(int(dataset.offsets[row]), int(dataset.offsets[row + 1]))
    box = np.nan_to_num(dataset.annotations.box[part])
    table = np.column_stack([dataset.annotations.category[part], box])
    return np.asarray(table[np.lexsort(np.rint(table.T)[::-1])])


def augmentation_hits(dataset: Dataset) -> list[Hit]:
    """Find pictures whose augmented copies, by their names, lie in more than one split."""
    images = dataset.images
    rows_of: dict[str, list[int]] = {}
    for row, source in enumerate(augmentation_source(images.names)):
        if source is not None:
            rows_of.setdefault(source, []).append(row)
    hit = Hit("leaked-augmentation")
    for source, rows in rows_of.items():
        if _spread(images, rows):
            _add(hit, images, rows, f"made of {show(source)}")
    return [hit] if hit.count else []


def unlisted_copies(
    unlisted: dict[str, list[str]], images: Images, facts: Facts, engine: Engine, progress: Progress
) -> list[Hit]:
    """Find pictures beside the dataset that are copies of ones in it; only files of an equal size are opened."""
    sizes = frozenset(facts.size[facts.size >= 0].tolist())
    paths = [(f"{folder}/{name}", name) for folder, names in unlisted.items() for name in names]
    likely = [(path, name) for path, name in paths if _size(path) in sizes]
    if not likely:
        return []
    beside = facts_of([path for path, _ in likely], engine, progress).facts
    cluster = exact_copies(np.concatenate([facts.sha256, beside.sha256]))
    first = {int(number): row for row, number in reversed(list(enumerate(cluster[: len(images)].tolist())))}
    hit = Hit("unlisted-copy")
    for number, (_, name) in zip(cluster[len(images) :].tolist(), likely, strict=True):
        if number >= 0 and number in first:
            hit.add(Spot(what=f"the same file as {_named(images, first[number], True)}", file=name))
            hit.images.append(images.names[first[number]])
    return [hit] if hit.count else []


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1
