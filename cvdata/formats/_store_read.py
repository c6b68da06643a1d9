"""Read a version of a cvdata dataset, every value checked as a stranger's."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..dataset import Categories, Dataset, Images
from ..errors import FormatError, IdentityError, Place, show
from ..files import relative_name, safe_join
from ..files.hashes import hash_file
from ._store_records import (
    ANNOTATIONS,
    IMAGES,
    STORE,
    TABLES,
    VERSION,
    VERSIONS,
    StoreFile,
    TableFile,
    Version,
    categories_of,
    read_record,
)
from ._store_tables import count_polygons, decode_annotations, decode_images, from_parquet

__all__ = [
    "Tables",
    "load_dataset",
    "load_file",
    "load_images",
    "load_tables",
    "load_version",
    "polygons_in",
    "table_place",
]

_DRIVE = re.compile(r"^[A-Za-z]:")
_ID = re.compile(r"[0-9]{4,9}-[0-9a-f]{8}")


def load_file(root: Path) -> StoreFile:
    """Return the `cvdata.json` of a dataset.

    Raises:
        FormatError: there is none, it is damaged, or written by a newer cvdata.
    """
    if not (root / STORE).is_file():
        raise FormatError(f"'{show(root)}' is not a cvdata dataset", at=Place(STORE), hint=f"it has no {STORE}")
    file = read_record(root / STORE, StoreFile, STORE)
    ids, names = [locked.id for locked in file.classes], [locked.name for locked in file.classes]
    if len(set(ids)) < len(ids) or len(set(names)) < len(names) or max(ids, default=0) >= file.next_class_id:
        raise IdentityError(
            "two classes share a name or an id, or an id is not below next_class_id",
            at=Place(STORE, field="classes"),
            hint="restore it from a copy",
        )
    return file


def load_version(root: Path, name: str) -> Version:
    """Return the `version.json` of a version.

    Raises:
        FormatError: there is none, it is damaged, or written by a newer cvdata.
        UnsafePathError: it leads out of the dataset.
    """
    at = Place(STORE, field="version")
    if not _ID.fullmatch(name):
        raise FormatError(f"'{show(name)}' is not the id of a version", at=at, hint="restore it from a copy")
    shown = f"{VERSIONS}/{name}/{VERSION}"
    version = read_record(Path(safe_join(str(root), shown, at)), Version, shown)
    if version.id != name or int(name.partition("-")[0]) != version.number:
        raise FormatError(f"it is the version {show(version.id)}", at=Place(shown), hint="restore it from a copy")
    names = [category.name for category in version.categories]
    if len(set(names)) < len(names) or not all(names):
        raise IdentityError("two classes have one name, or one has none", at=Place(shown, field="categories"))
    if sorted(version.files) != sorted(TABLES):
        raise FormatError(f"it does not name {IMAGES} and {ANNOTATIONS}", at=Place(shown, field="files"))
    return version


def table_place(version: Version, table: str, row: int | None = None) -> Place:
    """Return the place of a table, or of a row in it, for messages."""
    return _tables(version).place(table, row)


def load_dataset(root: Path, version: Version, without: Sequence[str] = ()) -> Dataset:
    """Return a version as it was written; its folders are absolute paths, and its pictures are not looked at.

    Args:
        without: columns of the annotations that nobody wants.

    Raises:
        FormatError: a table is missing, damaged, or holds what it must not.
        IdentityError: two pictures have one name.
        UnsafePathError: the name of a picture leaves its folder.
    """
    dataset = load_tables(root, _tables(version), categories_of(version), without)
    return replace(dataset, meta=version.meta)


@dataclass(frozen=True)
class Tables:
    """The two tables of a folder of a dataset.

    Attributes:
        folder: relative to the dataset, `/`-separated; `record`: the file in it that knows their sizes and hashes.
        files: these, by name.
        cure: what to do where a table is damaged.
    """

    folder: str
    record: str
    files: Mapping[str, TableFile]
    cure: str

    def place(self, table: str, row: int | None = None) -> Place:
        """Return the place of a table, or of a row in it, for messages."""
        return Place(f"{self.folder}/{table}", field=None if row is None else f"row {row}")


def _tables(version: Version) -> Tables:
    cure = "restore the file from a copy, or read another version: SRC@VERSION"
    return Tables(f"{VERSIONS}/{version.id}", VERSION, version.files, cure)


def load_tables(root: Path, tables: Tables, categories: Categories, without: Sequence[str] = ()) -> Dataset:
    """Return what two tables hold, its folders as absolute paths; see `load_dataset`.

    Raises:
        FormatError: a table is missing, damaged, or holds what it must not.
        IdentityError: two pictures have one name.
        UnsafePathError: the name of a picture leaves its folder.
    """
    base = os.path.realpath(root)
    images = _images(base, tables)
    at = tables.place(ANNOTATIONS)
    annotations = decode_annotations(_table(base, tables, ANNOTATIONS, without), categories, at)
    if len(annotations) and annotations.image[-1] >= len(images):
        raise FormatError(
            f"picture {annotations.image[-1]} is not among the {len(images)}",
            at=replace(at, field="column 'image'"),
            hint="restore the file from a copy",
        )
    return Dataset(images=images, annotations=annotations, categories=categories)


def load_images(root: Path, version: Version, known: Container[str] = ()) -> Images:
    """Return the pictures of a version alone; see `load_dataset`.

    Args:
        known: names that are sound; they are most of them where another version was read.

    Raises:
        FormatError: the table is missing, damaged, or holds what it must not.
        IdentityError: two pictures have one name.
        UnsafePathError: the name of a picture leaves its folder.
    """
    return _images(os.path.realpath(root), _tables(version), known)


def _images(base: str, tables: Tables, known: Container[str] = ()) -> Images:
    images = decode_images(_table(base, tables, IMAGES), tables.place(IMAGES))
    _check_names(images, tables.place(IMAGES), known)
    return replace(images, folders=tuple(os.path.normpath(os.path.join(base, folder)) for folder in images.folders))


def polygons_in(root: Path, version: Version) -> int | None:
    """Return how many annotations have an outline, without reading one; None where that cannot be told.

    Raises:
        FormatError: the table is missing or damaged.
    """
    tables = _tables(version)
    return count_polygons(_checked(os.path.realpath(root), tables, ANNOTATIONS), tables.place(ANNOTATIONS))


def _table(base: str, tables: Tables, name: str, without: Sequence[str] = ()) -> Any:
    return from_parquet(_checked(base, tables, name), without, tables.place(name))


def _checked(base: str, tables: Tables, name: str) -> str:
    """Return the path of a table whose bytes are those that were written."""
    at = tables.place(name)
    path = safe_join(base, str(at.file), at)
    wanted = tables.files[name]
    try:
        found = _measured(path, wanted.size)
    except OSError as error:
        raise FormatError(
            f"cannot be read: {error.strerror or type(error).__name__}", at=at, hint="restore it from a copy"
        ) from error
    if found != wanted:
        what = f"it has {found.size:,} bytes, not {wanted.size:,}" if found.size != wanted.size else "its bytes changed"
        raise FormatError(f"is damaged: {what} (SHA-256 in {tables.record})", at=at, hint=tables.cure)
    return path


def _measured(path: str, expected: int) -> TableFile:
    size = os.stat(path).st_size
    if size != expected:
        return TableFile(size=size, sha256="")
    return TableFile(size=size, sha256=hash_file(path).hex())


def _check_names(images: Images, at: Place, known: Container[str]) -> None:
    if not all(images.names):
        raise FormatError("a picture has no name", at=at)
    for name in (*images.names, *(images.files or ())):
        if name in known:
            continue
        relative_name(_DRIVE.sub("", name), at)  # `a:b.jpg` is a fine name in a folder, `C:/b.jpg` is not
    if len(set(images.names)) < len(images.names):
        names, counts = np.unique(np.array(images.names, object), return_counts=True)
        raise IdentityError(f"two pictures are named '{show(names[counts > 1][0])}'", at=at)
