"""Write a version of a cvdata dataset: its tables, and what `version.json` says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ..dataset import Dataset
from ..files import Account, Counts, FileEntry
from ._store_records import (
    IMAGES,
    TABLES,
    LockedClass,
    TableFile,
    Version,
    VersionSource,
    category_rows,
    now,
    version_id,
)
from ._store_tables import encode_annotations, encode_images, to_parquet
from .outlet import Origin

__all__ = ["Making", "made_version", "same_content", "write_tables"]


@dataclass(frozen=True, kw_only=True)
class Making:
    """How a version comes about.

    Attributes:
        command: what makes it; `settings`: as resolved.
        origin: what it is made from.
        account: where everything that was read went, None where nobody counted.
        parent: the version before.
    """

    command: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin
    account: Account | None = None
    parent: Version | None = None


def write_tables(dataset: Dataset, write: Callable[[str, Iterable[bytes]], FileEntry]) -> dict[str, TableFile]:
    """Write the two tables of a version; return their sizes and hashes.

    Args:
        dataset: its folders are those that the version names.
        write: writes a file of a name from pieces.
    """
    files = {}
    for name in TABLES:
        table = encode_images(dataset.images) if name == IMAGES else encode_annotations(dataset)
        entry = write(name, to_parquet(table))
        files[name] = TableFile(size=entry.size, sha256=entry.sha256 or "")
    return files


def made_version(
    dataset: Dataset, files: dict[str, TableFile], lock: tuple[LockedClass, ...], making: Making
) -> Version:
    """Return what `version.json` says of a dataset whose tables are written."""
    categories, columns = category_rows(dataset.categories, lock)
    parent, origin = making.parent, making.origin
    number = 1 if parent is None else parent.number + 1
    version = Version(
        id="",
        number=number,
        parent=None if parent is None else parent.id,
        command=making.command,
        settings=msgspec.to_builtins(dict(making.settings)),
        time=now(),
        counts=Counts(len(dataset.images), len(dataset.annotations)),
        account=making.account,
        source=VersionSource(name=origin.source, format=origin.format, sha256=origin.sha256, version=origin.version),
        categories=categories,
        category_columns=columns,
        meta=msgspec.to_builtins(dict(dataset.meta)),
        folders=dataset.images.folders,
        files=files,
    )
    return msgspec.structs.replace(version, id=version_id(number, version.parent, _content(version)))


def _content(version: Version) -> dict[str, Any]:
    """Return what a version holds, as opposed to how and when it came about."""
    return {
        "files": version.files,
        "categories": version.categories,
        "category_columns": version.category_columns,
        "meta": version.meta,
        "folders": version.folders,
    }


def same_content(a: Version, b: Version) -> bool:
    """Tell whether two versions hold the same."""
    return _content(a) == _content(b)
