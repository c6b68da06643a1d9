"""What a cvdata dataset says of itself: `cvdata.json`, and `version.json` of each version."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from ..dataset import Categories
from ..errors import FormatError, Place, UsageError, show
from ..files import Account, Counts
from ._json import BadGuess, decode_value

__all__ = [
    "ANNOTATIONS",
    "IMAGES",
    "STORE",
    "TABLES",
    "VERSION",
    "VERSIONS",
    "Category",
    "LockedClass",
    "Source",
    "StoreFile",
    "TableFile",
    "Version",
    "VersionSource",
    "categories_of",
    "category_rows",
    "encode_record",
    "lock_classes",
    "now",
    "read_record",
    "version_id",
]

STORE = "cvdata.json"
VERSIONS = "versions"
VERSION = "version.json"
IMAGES = "images.parquet"
ANNOTATIONS = "annotations.parquet"
TABLES = (IMAGES, ANNOTATIONS)

_LARGEST = 64 << 20  # bytes of a record; a class lock of a million names has less


class LockedClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A class name and the number that it has for ever."""

    id: int
    name: str


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pictures that were taken into a dataset.

    Attributes:
        path: the folder, file or archive, relative to the dataset where it can be, `/`-separated.
        prefix: what stands before the names of its pictures in the dataset, or nothing.
    """

    path: str
    prefix: str = ""


class StoreFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`cvdata.json`: what holds for all versions of a dataset, and which is the current one.

    Attributes:
        name: name for people; the folder's where empty.
        classes: the class lock: a name keeps its id also when no version uses it any more.
        next_class_id: id of the next new class; ids are never given twice.
        version: id of the current version.
        sources: where `cvdata ingest` took pictures from.
    """

    schema: Literal["cvdata/dataset/1"] = "cvdata/dataset/1"
    name: str = ""
    classes: tuple[LockedClass, ...] = ()
    next_class_id: int = 1
    version: str
    sources: tuple[Source, ...] = ()


class VersionSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a version was made from.

    Attributes:
        name: of what was read.
        format: its format.
        sha256: of the names and contents of its label files, or of the hashes of the pictures taken in; None where not
            known.
        version: id of the version that was read, where it was a cvdata dataset.
    """

    name: str
    format: str
    sha256: str | None = None
    version: str | None = None


class Category(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A class of a version.

    Attributes:
        id: its number in the class lock.
        source_id: its id in the source.
        supercategory: the group that it belongs to.
        keypoints: names of its keypoints.
        skeleton: pairs of keypoints, from 0.
        extra: other attributes.
    """

    id: int
    name: str
    source_id: int | str | None = None
    supercategory: str | None = None
    keypoints: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()
    extra: dict[str, Any] = {}


CategoryColumn = Literal["source_id", "supercategory", "keypoints", "skeleton", "extra"]
_COLUMNS: tuple[CategoryColumn, ...] = ("source_id", "supercategory", "keypoints", "skeleton", "extra")


class TableFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of a version: its size in bytes and its SHA-256."""

    size: int
    sha256: str


class Version(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`versions/ID/version.json`: a state of the dataset that never changes.

    Attributes:
        id: its number and the beginning of a hash over its content, such as `0003-1a2b3c4d`.
        number: counts from 1.
        parent: id of the version before, None for the first.
        command: what made it, such as `ingest`.
        settings: of that command, as resolved.
        time: when, in UTC; SOURCE_DATE_EPOCH decides where it is set.
        counts: how many pictures and annotations it has.
        account: where everything that was read went, null where nobody counted.
        source: what it was made from.
        categories: the classes in order.
        category_columns: which columns of the classes somebody set.
        meta: what the source says of the whole dataset.
        folders: folders that the pictures lie in, relative to the dataset where that can be.
        files: the tables, by name.
    """

    schema: Literal["cvdata/version/1"] = "cvdata/version/1"
    id: str
    number: int
    parent: str | None
    command: str
    settings: dict[str, Any]
    time: str
    counts: Counts
    account: Account | None = None
    source: VersionSource
    categories: tuple[Category, ...]
    category_columns: tuple[CategoryColumn, ...]
    meta: dict[str, Any]
    folders: tuple[str, ...]
    files: dict[str, TableFile]


# --- JSON


T = TypeVar("T", bound=msgspec.Struct)


def encode_record(record: Any) -> bytes:
    """Return a record as JSON for people: indented, and all in ASCII, which can hold names of undecodable bytes."""
    return json.dumps(msgspec.to_builtins(record), indent=1, allow_nan=False).encode() + b"\n"


def read_record(path: Path, kind: type[T], shown: str) -> T:
    """Read a record; its text is a stranger's.

    Raises:
        FormatError: it is not there, damaged, or written by a newer cvdata.
    """
    at = Place(shown)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise FormatError(
            f"cannot be read: {error.strerror or type(error).__name__}", at=at, hint="restore it from a copy"
        ) from error
    if len(data) > _LARGEST:
        raise FormatError(f"has more than {_LARGEST >> 20} MiB", at=at)
    try:
        raw = decode_value(data)
    except (BadGuess, ValueError) as error:
        raise FormatError("is not JSON, or is damaged", at=at, hint="restore it from a copy") from error
    _check_schema(raw, kind, at)
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise FormatError(show(str(error)), at=at, hint="restore it from a copy") from error


def _check_schema(raw: Any, kind: type[Any], at: Place) -> None:
    wanted = str(msgspec.structs.fields(kind)[0].default)
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found == wanted:
        return
    family, _, _ = wanted.rpartition("/")
    if isinstance(found, str) and re.fullmatch(rf"{family}/[0-9]+", found):
        raise FormatError(
            f"its schema is {show(found)}, this cvdata knows {wanted}",
            at=at,
            hint="a newer cvdata wrote it: update this one",
        )
    raise FormatError(f"it has not the schema {wanted}", at=at, hint="restore it from a copy")


# --- classes


def lock_classes(file: StoreFile | None, names: Sequence[str]) -> tuple[tuple[LockedClass, ...], int]:
    """Return the class lock with the new ones of these names at its end, and the id after them."""
    known = () if file is None else file.classes
    first = 1 if file is None else file.next_class_id
    taken = {locked.name for locked in known}
    new = [name for name in names if name not in taken]
    return (*known, *(LockedClass(id=first + n, name=name) for n, name in enumerate(new))), first + len(new)


def category_rows(
    categories: Categories, lock: Sequence[LockedClass]
) -> tuple[tuple[Category, ...], tuple[CategoryColumn, ...]]:
    """Return the classes as records, and which of their columns somebody set."""
    ids = {locked.name: locked.id for locked in lock}
    present = tuple(column for column in _COLUMNS if getattr(categories, column) is not None)
    rows = [
        Category(
            id=ids[name],
            name=name,
            source_id=None if categories.source_id is None else categories.source_id[row],
            supercategory=None if categories.supercategory is None else categories.supercategory[row],
            keypoints=() if categories.keypoints is None else categories.keypoints[row],
            skeleton=() if categories.skeleton is None else categories.skeleton[row],
            extra={} if categories.extra is None else dict(categories.extra[row]),
        )
        for row, name in enumerate(categories.names)
    ]
    return tuple(rows), present


def categories_of(version: Version) -> Categories:
    """Return the classes of a version."""
    columns: dict[str, Any] = {
        column: tuple(getattr(category, column) for category in version.categories)
        for column in version.category_columns
    }
    return Categories(names=tuple(category.name for category in version.categories), **columns)


# --- identity


def version_id(number: int, parent: str | None, content: Mapping[str, Any]) -> str:
    """Return the id of a version: its number, and the beginning of a hash over its parent and its content."""
    text = json.dumps([parent, msgspec.to_builtins(content)], sort_keys=True)
    return f"{number:04d}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def now() -> str:
    """Return the time in UTC, or the one that SOURCE_DATE_EPOCH says (reproducible-builds.org/specs).

    Raises:
        UsageError: the variable is set to something else.
    """
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        moment = time.gmtime(int(said) if said else None)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"the environment variable SOURCE_DATE_EPOCH is '{show(said)}'",
            hint="set it to seconds since 1970, or unset it",
        ) from error
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
