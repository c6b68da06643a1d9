"""Join what a sidecar kept with what was read: pictures in the order in which they were kept, new ones after them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Dataset, Facts, Images, Ragged, SourceIds
from ..dataset.concat import concat_annotations, concat_ids, ids_of
from ..dataset.ragged import ranges
from ._sidecar_file import Kept

__all__ = ["Match", "merge"]


@dataclass(frozen=True)
class Match:
    """What became of each picture that was read.

    Attributes:
        rows: int64, its row in the sidecar, -1 for a new picture.
        unchanged: bool, where everything comes from the sidecar.
    """

    rows: NDArray[np.int64]
    unchanged: NDArray[np.bool_]


@dataclass(frozen=True)
class _Plan:
    """Rows of the result: row of each in what was read and in the sidecar (-1 where it is not in there)."""

    read: NDArray[np.int64]
    kept: NDArray[np.int64]
    unchanged: NDArray[np.bool_]


def merge(dataset: Dataset, kept: Kept, match: Match, carried: frozenset[str]) -> tuple[Dataset, NDArray[np.int64]]:
    """Return the joined dataset, and of each annotation its row among those that were read, -1 where it was kept."""
    order = np.argsort(np.where(match.rows < 0, len(kept.images), match.rows), kind="stable")
    plan = _Plan(order, match.rows[order], match.unchanged[order])
    if not plan.unchanged.any() and "category-ids" in carried:
        # The files say all of what they are about, and nothing of it is as it was.
        return dataset, np.arange(len(dataset.annotations))
    categories, category_of = _categories(dataset.categories, kept)
    images = _images(dataset.images, kept, plan, carried)
    annotations, sources = _annotations(dataset, kept, plan, category_of)
    meta = dict(kept.head.meta)
    return Dataset(images=images, annotations=annotations, categories=categories, meta=meta), sources


# --- classes


def _categories(read: Categories, kept: Kept) -> tuple[Categories, NDArray[np.int32]]:
    """Add the classes that are new; also return the row of each class that was read."""
    known = kept.head.classes
    row_of = {name: row for row, name in enumerate(known.names)} | {
        name: row for row, name in enumerate(kept.head.called)
    }
    new = [row for row, name in enumerate(read.names) if name not in row_of]
    row_of |= {read.names[row]: len(known) + number for number, row in enumerate(new)}
    rows = np.array([row_of[name] for name in read.names], np.int32)
    return (_joined_classes(known, read.take(new)) if new else known), rows


_NO_ATTRIBUTE: dict[str, Any] = {"supercategory": None, "extra": {}}


def _joined_classes(known: Categories, new: Categories) -> Categories:
    columns: dict[str, Any] = {"names": known.names + new.names}
    if known.source_id is not None:
        columns["source_id"] = known.source_id + tuple(_fresh_ids(ids_of(known.source_id), len(new)))
    for name in ("supercategory", "keypoints", "skeleton", "extra"):
        old, more = getattr(known, name), getattr(new, name)
        if old is not None or more is not None:
            unset = _NO_ATTRIBUTE.get(name, ())
            columns[name] = (old or (unset,) * len(known)) + (more or (unset,) * len(new))
    return Categories(**columns)


def _fresh_ids(ids: SourceIds, count: int) -> list[int]:
    """Return ids that none has yet: those after the largest number."""
    values = ids.tolist() if isinstance(ids, np.ndarray) else ids
    last = max((value for value in values if isinstance(value, int)), default=0)
    return list(range(last + 1, last + 1 + count))


# --- pictures


def _images(read: Images, kept: Kept, plan: _Plan, carried: frozenset[str]) -> Images:
    """Take what the label files do not say from the sidecar, and for changed or new pictures the rest as read."""
    before = kept.images
    old = plan.kept >= 0
    new = plan.read[~old]
    changed = ~plan.unchanged
    names = before.take(plan.kept[old]).names + _free_names([read.names[row] for row in new.tolist()], before.names)
    split, splits = _splits(read, kept, plan)
    state, width, height = (
        _chosen(getattr(before, name), getattr(read, name), plan, changed) for name in ("state", "width", "height")
    )
    group = None if before.group is None else _filled(before.group[plan.kept[old]], len(new), -1)
    facts = None if before.facts is None else Facts.concat([before.facts.take(plan.kept[old]), Facts.none(len(new))])
    says = {name: changed if name in carried else ~old for name in ("image-ids", "image-extra")}
    folder = read.folder[plan.read]
    return Images(
        names=names,
        width=width,
        height=height,
        state=state,
        split=split,
        splits=splits,
        folder=folder,
        folders=read.folders,
        files=_files(read, plan.read, names),
        source_id=_ids(before.source_id, read.source_id, plan, says["image-ids"]),
        extra=_extra(before.extra, read.extra, plan, says["image-extra"]),
        group=group,
        groups=before.groups,
        facts=facts,
    )


def _chosen(before: NDArray[Any], read: NDArray[Any], plan: _Plan, changed: NDArray[np.bool_]) -> NDArray[Any]:
    """Return the rows of a column: as read where `changed`, else as kept."""
    values = read[plan.read]
    values[~changed] = before[plan.kept[~changed]]
    return values


def _filled(values: NDArray[Any], count: int, value: int) -> NDArray[Any]:
    return np.concatenate([values, np.full(count, value, values.dtype)])


def _free_names(names: Sequence[str], taken: Sequence[str]) -> tuple[str, ...]:
    """Name new pictures; one that has the name which an old one had before it was written gets a number."""
    known = set(taken)
    free = []
    for name in names:
        stem, dot, suffix = name.rpartition(".")
        number, wanted = 1, name
        while wanted in known:
            number += 1
            wanted = f"{stem}-{number}{dot}{suffix}" if dot else f"{name}-{number}"
        known.add(wanted)
        free.append(wanted)
    return tuple(free)


def _files(read: Images, rows: NDArray[np.int64], names: tuple[str, ...]) -> tuple[str, ...] | None:
    paths = read.names if read.files is None else read.files
    files = tuple(
        paths[row] if there else name
        for row, name, there in zip(rows.tolist(), names, (read.folder[rows] >= 0).tolist(), strict=True)
    )
    return None if files == names else files


def _splits(read: Images, kept: Kept, plan: _Plan) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Keep the split of a picture unless the label files now tell another."""
    told = kept.head.splits
    row_of = {name: row for row, name in reversed(list(enumerate(told))) if name is not None}
    splits = list(kept.images.splits)
    codes = np.full(len(read.splits) + 1, -1, np.int32)  # the last is for pictures in no split
    for row in sorted({*read.split[read.split >= 0].tolist()}):
        name = read.splits[row]
        if name not in row_of:
            row_of[name] = splits.index(name) if name in splits else len(splits)
            splits += [name] if name not in splits else []
        codes[row] = row_of[name]
    found = codes[read.split[plan.read]]
    # What reading would give for each split that was written; another means that somebody moved the picture.
    expected = np.array([*(-1 if name is None else row_of[name] for name in told), -1], np.int32)
    written = np.where(plan.kept >= 0, kept.images.split[plan.kept], -1) if len(kept.images) else found
    stays = (plan.kept >= 0) & (expected[written] == found)
    return np.where(stays, written, found).astype(np.int32), tuple(splits)


def _ids(before: SourceIds | None, read: SourceIds | None, plan: _Plan, says: NDArray[np.bool_]) -> SourceIds | None:
    """Return the ids of pictures: those that were kept, and as read where the files say them."""
    if before is None:
        return None if read is None or not says.all() else _picked(read, plan.read)
    if read is None:
        fresh = _fresh_ids(before, int((plan.kept < 0).sum()))
        return concat_ids([_picked(before, plan.kept[plan.kept >= 0]), ids_of(fresh)])
    values = [
        read[there] if as_read else before[here]
        for there, here, as_read in zip(plan.read.tolist(), plan.kept.tolist(), says.tolist(), strict=True)
    ]
    ids = ids_of([int(value) if isinstance(value, np.integer) else value for value in values])
    return ids if len(set(values)) == len(values) else None


def _picked(ids: SourceIds, rows: NDArray[np.int64]) -> SourceIds:
    return ids[rows] if isinstance(ids, np.ndarray) else tuple(ids[row] for row in rows.tolist())


def _extra(before: Ragged | None, read: Ragged | None, plan: _Plan, says: NDArray[np.bool_]) -> Ragged | None:
    if before is None and (read is None or not says.any()):
        return None
    kept_rows, read_rows = (0 if table is None else len(table) for table in (before, read))
    tables = [table for table in (before, read) if table is not None]
    whole = Ragged.concat([*tables, Ragged.texts([b""])])
    nothing = kept_rows + read_rows
    from_kept = plan.kept if before is not None else np.full(len(plan.kept), nothing)
    from_read = plan.read + kept_rows if read is not None else np.full(len(plan.read), nothing)
    return whole.take(np.where(says, from_read, from_kept))


# --- annotations


def _annotations(
    dataset: Dataset, kept: Kept, plan: _Plan, category_of: NDArray[np.int32]
) -> tuple[Annotations, NDArray[np.int64]]:
    """Take the annotations of unchanged pictures from the sidecar, the others as read."""
    before = kept.annotations
    offsets = np.searchsorted(before.image, np.arange(len(kept.images) + 1))
    same, other = np.flatnonzero(plan.unchanged), np.flatnonzero(~plan.unchanged)
    old = _of_pictures(before, offsets, plan.kept[same], same)
    if not len(other):
        return old, np.full(len(old), -1, np.int64)
    rows = _rows_of(dataset.offsets, plan.read[other])
    new = _of_pictures(dataset.annotations, dataset.offsets, plan.read[other], other)
    new = dataclasses.replace(new, category=category_of[new.category] if len(new) else new.category)
    if old.source_id is not None and (new.source_id is None or _shared(old.source_id, new.source_id)):
        new = dataclasses.replace(new, source_id=ids_of(_fresh_ids(old.source_id, len(new))))
    table = concat_annotations([old, new])
    order = np.argsort(table.image, kind="stable")
    return table.take(order), np.concatenate([np.full(len(old), -1, np.int64), rows])[order]


def _rows_of(offsets: NDArray[np.int64], pictures: NDArray[np.int64]) -> NDArray[np.int64]:
    return ranges(offsets[pictures], offsets[pictures + 1] - offsets[pictures])


def _of_pictures(
    table: Annotations, offsets: NDArray[np.int64], pictures: NDArray[np.int64], numbers: NDArray[np.int64]
) -> Annotations:
    """Return the annotations of pictures, which get new numbers."""
    rows = _rows_of(offsets, pictures)
    counts = offsets[pictures + 1] - offsets[pictures]
    # Nearly always all of them, as they stand: the outlines of a million objects are not copied then.
    chosen = table if np.array_equal(rows, np.arange(len(table))) else table.take(rows)
    return dataclasses.replace(chosen, image=np.repeat(numbers, counts).astype(np.int32))


def _shared(first: SourceIds, second: SourceIds) -> bool:
    values = first.tolist() if isinstance(first, np.ndarray) else first
    return not set(values).isdisjoint(second.tolist() if isinstance(second, np.ndarray) else second)
