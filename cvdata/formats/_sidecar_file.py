"""The files of a sidecar: what they are called, what they say, and whether they can be believed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Images
from ..engine import Engine, Progress
from ..errors import FormatError, Place
from ..files import PRIVATE, FileEntry, safe_join
from ..files.hashes import hash_file
from ._sidecar_outlines import COLUMN, with_outlines
from ._store_tables import decode_annotations, decode_images, from_parquet

__all__ = ["ANNOTATIONS", "HEAD", "IMAGES", "SIDECAR", "Kept", "Sidecar", "has_sidecar", "load_sidecar"]

SIDECAR = f"{PRIVATE}/sidecar"
"""Folder of the sidecar, below the output's root."""

HEAD, IMAGES, ANNOTATIONS = "sidecar.json", "images.parquet", "annotations.parquet"
_LARGEST = 1 << 26  # bytes of the head: classes and notes, nothing that grows with the pictures


class Sidecar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`.cvdata/sidecar/sidecar.json`: what stands beside the tables of pictures and annotations.

    Attributes:
        format: format of the label files.
        classes: the classes in full.
        called: name of each class in the label files, or in the list that they number.
        numbered: label files name classes by their numbers in a list that stands elsewhere.
        splits: name of each split as the label files and lists tell it, null where they do not.
        meta: what is known of the whole dataset.
        files: the two tables with size and SHA-256.
    """

    schema: Literal["cvdata/sidecar/1"] = "cvdata/sidecar/1"
    format: str
    classes: Categories
    called: tuple[str, ...]
    numbered: bool
    splits: tuple[str | None, ...]
    meta: dict[str, Any]
    files: list[FileEntry]


@dataclass(frozen=True)
class Kept:
    """A sidecar, read.

    Attributes:
        names: name of each picture in the output.
        files: label file of each picture, below the output's root, or None; `hashes`: its SHA-256 in hexadecimal.
        unjudged: outlines were kept as text, and nobody has looked yet whether they can be right.
    """

    head: Sidecar
    images: Images
    annotations: Annotations
    names: tuple[str, ...]
    files: tuple[str | None, ...]
    hashes: tuple[str | None, ...]
    unjudged: bool = False


def has_sidecar(path: Path) -> bool:
    """Tell whether a dataset at a path may have a sidecar: in its folder, or above the folder of its one file."""
    folders = [path] if path.is_dir() else [path.parent, path.parent.parent]
    return any((folder / SIDECAR / HEAD).is_file() for folder in folders)


def load_sidecar(root: str, engine: Engine, progress: Progress) -> Kept:
    """Read the sidecar of an output.

    Raises:
        FormatError: it is damaged, or a newer cvdata wrote it.
        UnsafePathError: a link on the way leaves the output.
        OSError: a file cannot be read.
    """
    head = _read_head(_path(root, HEAD))
    tables = {entry.name: entry for entry in head.files}
    if sorted(tables) != [ANNOTATIONS, IMAGES]:
        raise FormatError("does not name its two tables", at=Place(f"{SIDECAR}/{HEAD}"))
    for name in (IMAGES, ANNOTATIONS):
        _check_table(_path(root, name), tables[name])
    table = from_parquet(_path(root, IMAGES), at=Place(f"{SIDECAR}/{IMAGES}"))
    images = decode_images(table, Place(f"{SIDECAR}/{IMAGES}"))
    at = Place(f"{SIDECAR}/{ANNOTATIONS}")
    path = _path(root, ANNOTATIONS)
    annotations = decode_annotations(from_parquet(path, without=[COLUMN], at=at), head.classes, at)
    outlined = with_outlines(annotations, path, engine, progress, at)
    names, files = _column(table, "output_name"), _column(table, "label_file")
    kept = Kept(head, images, outlined or annotations, names, files, _hex(table), unjudged=outlined is not None)
    _check_rows(kept)
    return kept


def _path(root: str, name: str) -> str:
    return safe_join(root, f"{SIDECAR}/{name}", Place(f"{SIDECAR}/{name}"))


def _read_head(path: str) -> Sidecar:
    at = Place(f"{SIDECAR}/{HEAD}")
    if os.path.getsize(path) > _LARGEST:
        raise FormatError("is larger than 64 MiB", at=at)
    with open(path, "rb") as file:
        data = file.read()
    try:
        # Not msgspec's decoder: it has no place for whole numbers of any size, nor for halves of characters.
        said = json.loads(data)
        schema = said.get("schema") if isinstance(said, dict) else None
        if isinstance(schema, str) and schema.startswith("cvdata/sidecar/") and schema != "cvdata/sidecar/1":
            raise FormatError("a newer cvdata wrote it", at=at)
        return msgspec.convert(said, Sidecar)
    except (ValueError, RecursionError) as error:  # msgspec's ValidationError is a ValueError
        raise FormatError("is not what cvdata writes", at=at) from error


def _check_table(path: str, entry: FileEntry) -> None:
    at = Place(f"{SIDECAR}/{entry.name}")
    if os.stat(path).st_size != entry.size:
        raise FormatError("is not of the size that it was written with", at=at)
    if hash_file(path).hex() != entry.sha256:
        raise FormatError("was changed after cvdata wrote it", at=at)


def _column(table: Any, name: str) -> tuple[Any, ...]:
    if name not in table.column_names:
        raise FormatError(f"has no column '{name}'", at=Place(f"{SIDECAR}/{IMAGES}"))
    try:
        return tuple(table.column(name).to_pylist())
    except ValueError as error:  # no UTF-8
        raise FormatError(f"the column '{name}' holds something else", at=Place(f"{SIDECAR}/{IMAGES}")) from error


def _hex(table: Any) -> tuple[str | None, ...]:
    values = _column(table, "label_sha256")
    return tuple(value.hex() if isinstance(value, bytes) else None for value in values)


def _check_rows(kept: Kept) -> None:
    """Hold what tells of rows against the rows."""
    head, images, annotations = kept.head, kept.images, kept.annotations
    columns = [getattr(head.classes, field.name) for field in fields(Categories)]
    sound = (
        all(column is None or len(column) == len(head.classes) for column in columns)
        and len(head.called) == len(head.classes) == len(set(head.classes.names))
        and len(head.splits) == len(images.splits)
        and all(isinstance(name, str) for name in kept.names)
        and len(set(kept.names)) == len(set(images.names)) == len(images)
        and all(name is None or isinstance(name, str) for name in kept.files)
        and _fits(annotations.image, len(images))
    )
    if not sound:
        raise FormatError("its parts do not fit together", at=Place(SIDECAR))


def _fits(rows: NDArray[np.int32], count: int) -> bool:
    return not len(rows) or (int(rows.min()) >= 0 and int(rows.max()) < count)
