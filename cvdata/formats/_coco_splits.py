"""Several COCO files, one per split: what their names say, and how they become one dataset."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Categories, Dataset, Images, Ragged, SourceIds
from ..dataset.concat import concat_annotations, concat_ids
from ..errors import IdentityError, Place, show

__all__ = ["TASKS", "join_splits", "split_name", "split_of"]

TASKS = ("instances", "person_keypoints", "labels", "stuff", "image_info")
_NAMED = re.compile(rf"(?:{'|'.join(TASKS)})_([A-Za-z]+)(?:\d{{4}})?$")


def split_of(stem: str) -> str | None:
    """Return the split that the name of a file tells, given without its suffix."""
    match = _NAMED.match(stem)
    return None if match is None or match[1] == "default" else split_name(match[1])


def split_name(name: str) -> str:
    """Return the name of a split as cvdata calls it: `valid` is `val`."""
    return {"valid": "val", "validation": "val"}.get(name, name)


def join_splits(
    parts: Sequence[Dataset], places: Sequence[Callable[[int], Place] | None], splits: Sequence[str]
) -> tuple[Dataset, Callable[[int], Place]]:
    """Join datasets whose classes agree; also return where each annotation came from.

    Raises:
        IdentityError: a class has another id in another file, or one picture is in two files.
    """
    categories = _join_categories([part.categories for part in parts])
    row_of = {name: row for row, name in enumerate(categories.names)}
    tables = []
    first_image = 0
    for part in parts:
        rows = np.array([row_of[name] for name in part.categories.names] or [0], np.int32)
        table = part.annotations
        tables.append(
            dataclasses.replace(
                table,
                image=table.image + np.int32(first_image),
                category=rows[table.category] if len(table) else table.category,
            )
        )
        first_image += len(part.images)
    annotations = concat_annotations(tables)
    if annotations.source_id is not None and not _unique(annotations.source_id):
        annotations = dataclasses.replace(annotations, source_id=None)
    starts = np.cumsum([0, *(len(part.annotations) for part in parts)])

    def where(row: int) -> Place:
        part = int(np.searchsorted(starts, row, side="right")) - 1
        find = places[part]
        return Place(splits[part]) if find is None else find(row - int(starts[part]))

    meta = {key: value for part in reversed(parts) for key, value in part.meta.items()}
    images = _join_images([part.images for part in parts], splits)
    return Dataset(images=images, annotations=annotations, categories=categories, meta=meta), where


def _join_categories(tables: list[Categories]) -> Categories:
    rows: dict[str, tuple[int, int]] = {}
    ids: dict[str, int | str] = {}
    for t, table in enumerate(tables):
        for row, (name, identity) in enumerate(zip(table.names, table.source_id or (), strict=False)):
            if ids.setdefault(name, identity) != identity:
                raise IdentityError(
                    f"the class '{show(name)}' has the ids {ids[name]} and {identity} in two files",
                    hint="give it one id in all files, or convert the files one by one",
                )
            rows.setdefault(name, (t, row))
    if len(set(ids.values())) < len(ids):
        raise IdentityError(
            "two classes have one id in two files", hint="give each its own id, or convert the files one by one"
        )
    chosen = [tables[t].take([row]) for t, row in rows.values()]
    columns: dict[str, Any] = {}
    defaults: dict[str, Any] = {"supercategory": None, "extra": {}}
    for field in dataclasses.fields(Categories):
        values = [getattr(table, field.name) for table in chosen]
        empty = defaults.get(field.name, ())
        if any(value is not None for value in values):
            columns[field.name] = tuple(empty if value is None else value[0] for value in values)
    return Categories(**columns) if columns else Categories(names=())


def _join_images(tables: list[Images], splits: Sequence[str]) -> Images:
    names = [name for table in tables for name in table.names]
    files = [table.file(row) for table in tables for row in range(len(table))]
    present = [file for file in files if file is not None]
    if len(set(present)) < len(present):
        twice = Counter(present).most_common(1)[0][0]
        raise IdentityError(
            f"the picture '{show(twice)}' is in two annotation files",
            hint="a picture can be in one split only; remove it from one of the files",
        )
    if len(set(names)) < len(names):
        pairs = [(split, name) for table, split in zip(tables, splits, strict=True) for name in table.names]
        names = [f"{split}/{name}" if split else name for split, name in pairs]
        if len(set(names)) < len(names):
            raise IdentityError(
                f"two pictures of several annotation files are called '{show(Counter(names).most_common(1)[0][0])}'",
                hint="rename one of them, or convert the files one by one",
            )
    kinds = tuple(dict.fromkeys(split for table in tables for split in table.splits))
    folders = tuple(dict.fromkeys(folder for table in tables for folder in table.folders))
    extra = None
    if any(table.extra is not None for table in tables):
        extra = Ragged.concat([table.extra or _no_extra(len(table)) for table in tables])
    ids = concat_ids([table.source_id for table in tables if table.source_id is not None])
    return Images(
        names=tuple(names),
        width=np.concatenate([table.width for table in tables]),
        height=np.concatenate([table.height for table in tables]),
        state=np.concatenate([table.state for table in tables]),
        split=np.concatenate([_recoded(table.split, table.splits, kinds) for table in tables]),
        splits=kinds,
        folder=np.concatenate([_recoded(table.folder, table.folders, folders) for table in tables]),
        folders=folders,
        files=tuple(name for table in tables for name in (table.files or table.names)),
        source_id=ids if len(ids) == len(names) and _unique(ids) else None,
        extra=extra,
    )


def _unique(ids: SourceIds) -> bool:
    return len(np.unique(ids) if isinstance(ids, np.ndarray) else set(ids)) == len(ids)


def _recoded(codes: NDArray[np.int32], names: Sequence[str], whole: Sequence[str]) -> NDArray[np.int32]:
    """Return codes into `names` as codes into `whole`; -1 stays."""
    table = np.array([*(whole.index(name) for name in names), -1], np.int32)
    return table[codes]


def _no_extra(rows: int) -> Ragged:
    return Ragged(np.zeros(0, np.uint8), np.zeros(rows + 1, np.int64))
