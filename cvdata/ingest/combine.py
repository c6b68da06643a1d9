"""Put together what a dataset has, the pictures that are new, and the labels that were joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset, Images, Ragged, State
from ..dataset.concat import concat_annotations, concat_categories, concat_images, fill_ids
from ..formats._class_folders import SPLITS, split_order
from ..formats.images import pictures_table
from ..images.facts import PicturesRead

__all__ = [
    "Joined",
    "add_labels",
    "add_pictures",
    "labelled",
    "new_pictures",
    "replace_pictures",
    "split_folders",
]


@dataclass(frozen=True)
class Joined:
    """Labels of pictures of the dataset.

    Attributes:
        rows: row in the dataset of each picture of `dataset`.
    """

    dataset: Dataset
    rows: NDArray[np.int64]


def new_pictures(
    names: Sequence[str], read: PicturesRead, folder: NDArray[np.int32], folders: Sequence[str], files: Sequence[str]
) -> Images:
    """Return a table of pictures that nobody has labelled."""
    return replace(
        pictures_table(names),
        width=read.width,
        height=read.height,
        folder=folder,
        folders=tuple(folders),
        files=tuple(files),
        facts=read.facts,
    )


def add_pictures(dataset: Dataset, new: Images, *, by_folder: bool) -> Dataset:
    """Return the dataset with more pictures behind its own.

    Args:
        by_folder: whether the folder that all names begin with is the split.
    """
    if by_folder:
        tops = [name.partition("/")[0] for name in new.names]
        splits = sorted(set(tops), key=split_order)
        new = replace(new, split=np.array([splits.index(top) for top in tops], np.int32), splits=tuple(splits))
    return replace(dataset, images=concat_images([dataset.images, new]))


def split_folders(names: Sequence[str]) -> bool:
    """Tell whether all pictures lie in folders called as splits are."""
    tops = {name.partition("/")[0] if "/" in name else "" for name in names}
    return bool(tops) and all(top.lower() in SPLITS for top in tops)


def replace_pictures(dataset: Dataset, rows: NDArray[np.int64], new: Images) -> Dataset:
    """Return the dataset with the content of some pictures changed: their sizes, facts and files."""
    if not len(rows):
        return dataset
    images = dataset.images
    order = np.arange(len(images))
    order[rows] = len(images) + np.arange(len(rows))
    renamed = replace(new, names=tuple(f"{name}\0" for name in new.names))  # apart from the old ones for a moment
    both = concat_images([images, renamed]).take(order)
    columns = {name: getattr(both, name) for name in ("width", "height", "folder", "folders", "files", "facts")}
    return replace(dataset, images=replace(images, **columns))


def add_labels(dataset: Dataset, parts: Sequence[Joined]) -> Dataset:
    """Return the dataset with more labels; each part has pictures of its own columns, classes and annotations."""
    if not parts:
        return dataset
    categories, rows = concat_categories([dataset.categories, *(part.dataset.categories for part in parts)])
    tables = [replace(dataset.annotations, category=rows[0][dataset.annotations.category])]
    for part, at in zip(parts, rows[1:], strict=True):
        table = part.dataset.annotations
        image = part.rows[table.image].astype(np.int32)
        tables.append(replace(table, image=image, category=at[table.category]))
    whole = concat_annotations([table for table in tables if len(table)] or tables[:1])
    whole = whole.take(np.argsort(whole.image, kind="stable"))
    if whole.source_id is not None and len(set(whole.source_id)) < len(whole):
        whole = replace(whole, source_id=None)  # two label files counted from 1
    meta: dict[str, Any] = {}
    for source in (dataset, *(part.dataset for part in parts)):
        meta = {**source.meta, **meta}
    images = _with_columns(dataset.images, parts)
    return replace(dataset, images=images, annotations=whole, categories=categories, meta=meta)


def _with_columns(images: Images, parts: Sequence[Joined]) -> Images:
    """Fill in what labels say of pictures: state, split, group, id and other attributes."""
    state = images.state.copy()
    for part in parts:
        state[part.rows] = np.maximum(state[part.rows], part.dataset.images.state)
    columns: dict[str, Any] = {"state": state}
    for name in ("split", "group"):
        columns[name], columns[f"{name}s"] = _named(images, parts, name)
    if any(table.source_id is not None for table in (images, *(part.dataset.images for part in parts))):
        columns["source_id"] = _ids(images, parts)
    if any(table.extra is not None for table in (images, *(part.dataset.images for part in parts))):
        columns["extra"] = _extra(images, parts)
    return replace(images, **columns)


def _named(images: Images, parts: Sequence[Joined], name: str) -> tuple[NDArray[np.int32] | None, tuple[str, ...]]:
    """Fill in a column of rows in a list of names; what a label file says counts for more than a folder."""
    column, known = getattr(images, name), list(getattr(images, f"{name}s"))
    row_of = {text: row for row, text in enumerate(known)}
    filled = np.full(len(images), -1, np.int32) if column is None else column.copy()
    for part in parts:
        said = getattr(part.dataset.images, name)
        if said is None:
            continue
        texts = getattr(part.dataset.images, f"{name}s")
        for text in texts:
            if text not in row_of:
                row_of[text] = len(known)
                known.append(text)
        at = np.array([*(row_of[text] for text in texts), -1], np.int32)[said]
        filled[part.rows[at >= 0]] = at[at >= 0]
        column = filled
    return (None if column is None else filled), tuple(known)


def _ids(images: Images, parts: Sequence[Joined]) -> Any:
    ids: list[int | str | None] = [None] * len(images) if images.source_id is None else list(images.source_id)
    for part in parts:
        if part.dataset.images.source_id is not None:
            taken = set(ids)
            for row, value in zip(part.rows.tolist(), part.dataset.images.source_id, strict=True):
                if ids[row] is None and value not in taken:
                    ids[row] = value
    return fill_ids(ids)


def _extra(images: Images, parts: Sequence[Joined]) -> Ragged:
    rows = [b""] * len(images) if images.extra is None else images.extra.to_bytes()
    for part in parts:
        if part.dataset.images.extra is not None:
            for row, text in zip(part.rows.tolist(), part.dataset.images.extra.to_bytes(), strict=True):
                rows[row] = rows[row] or text
    return Ragged.texts(rows)


def labelled(dataset: Dataset) -> NDArray[np.bool_]:
    """Tell which pictures somebody has looked at, bool, shape (images,)."""
    return np.asarray(dataset.images.state != State.UNLABELLED)
