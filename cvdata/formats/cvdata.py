"""cvdata's own format: Parquet tables in versions that never change, and the pictures beside them.

    pets/
      cvdata.json            schema, name, class lock, current version
      versions/ID/           images.parquet, annotations.parquet, version.json
      images/                the pictures, unless they stay where they are
      predictions/NAME/      what models say

DuckDB, Polars, Spark and Hugging Face read the tables as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from ..dataset import Dataset
from ..files import Counts, FileEntry, disk, output_names
from ..images import find_pictures
from ._store_pictures import PICTURES, lost_pictures, stored_images
from ._store_read import load_dataset, load_file, load_version, polygons_in, table_place
from ._store_records import (
    ANNOTATIONS,
    IMAGES,
    STORE,
    VERSION,
    VERSIONS,
    Source,
    StoreFile,
    Version,
    encode_record,
    lock_classes,
)
from ._store_sound import sound
from ._store_write import Making, made_version, write_tables
from .intake import Intake, Likeness
from .outlet import Outlet, Refusal
from .settle import Places, settle
from .store import find_version, open_store

__all__ = [
    "HISTORY",
    "PRECISION",
    "SUMMARY",
    "ReadOptions",
    "WriteOptions",
    "carries",
    "looks_like",
    "read",
    "refuses",
    "write",
]

SUMMARY = "cvdata's own: everything, in Parquet, with versions"
PRECISION = 0.0
HISTORY = True  # a version says what it was made from


class ReadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to read a cvdata dataset.

    Attributes:
        version: number, id or beginning of the id of a version; the current one where not given.
    """

    version: str | None = None


class WriteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to write a cvdata dataset.

    Attributes:
        name: of the dataset, for people; that of its folder where not given.
        sources: where its pictures come from, for `cvdata ingest` to come back to.
    """

    name: str = ""
    sources: tuple[Source, ...] = ()


def looks_like(path: Path) -> Likeness:
    """Say whether a folder is a cvdata dataset."""
    try:
        with (path / STORE).open("rb") as file:
            if b'"cvdata/dataset/' in file.read(4096):
                return Likeness(100, f"its {STORE} says so")
    except OSError:
        pass
    return Likeness(0, f"no {STORE}")


def carries(options: WriteOptions) -> frozenset[str]:  # noqa: ARG001 - the protocol's signature
    """Return everything."""
    from . import FEATURES

    return frozenset(FEATURES)


def refuses(dataset: Dataset, options: WriteOptions) -> list[Refusal]:  # noqa: ARG001 - the protocol's signature
    """Return nothing: every annotation has a place."""
    return []


# --- reading


def read(path: Path, options: ReadOptions, intake: Intake) -> Dataset:
    """Read a version of a cvdata dataset.

    Raises:
        FormatError: it is not one, is damaged, or a newer cvdata wrote it.
        IdentityError: two pictures or classes have one name.
        UnsafePathError: a name leaves the dataset.
        UsageError: there is no such version.
    """
    if options.version is None:
        version = load_version(path, load_file(path).version)
    else:
        version = find_version(open_store(path), options.version)
    unread = None if intake.wanted is None or "polygons" in intake.wanted else polygons_in(path, version)
    dataset = load_dataset(path, version, [] if unread is None else ["polygons"])
    if unread is not None:
        intake.unread["polygons"] = unread
    intake.read += Counts(len(dataset.images), len(dataset.annotations))
    dataset, rows = sound(dataset, version, intake)
    places = Places(
        lambda row: table_place(version, IMAGES, row), lambda row: table_place(version, ANNOTATIONS, int(rows[row]))
    )
    return _settled(dataset, version, intake, places)


def _settled(dataset: Dataset, version: Version, intake: Intake, places: Places) -> Dataset:
    images = dataset.images
    if intake.images is not None:
        return settle(dataset, intake, places, find_pictures(intake.images))
    lost = lost_pictures(images, table_place(version, IMAGES))
    if not ((images.folder >= 0) & ~lost).any():
        nowhere = replace(images, folder=np.full(len(images), -1, np.int32), folders=(), files=None)
        return settle(replace(dataset, images=nowhere), intake, places)
    return settle(dataset, intake, places, lost=lost)


# --- writing


def write(dataset: Dataset, outlet: Outlet, options: WriteOptions) -> None:
    """Write a dataset of one version; pictures keep their names, and lie below images/ under names for any system."""
    images = dataset.images
    targets = output_names(images.names)
    outlet.place_pictures(images, [f"{PICTURES}/{target}" for target in targets])
    placed = {row: targets[row] for row in np.flatnonzero(outlet.places(images)).tolist()}
    outlet.renamed.update({images.names[row]: name for row, name in placed.items() if images.names[row] != name})
    stored = replace(dataset, images=stored_images(images, outlet.staging.path, placed))
    version, file = _write_version(stored, outlet, options)
    _write_record(outlet, f"{VERSIONS}/{version.id}", VERSION, version)
    _write_record(outlet, "", STORE, file)


def _write_version(dataset: Dataset, outlet: Outlet, options: WriteOptions) -> tuple[Version, StoreFile]:
    new = f"{VERSIONS}/.new"
    outlet.staging.make_folders([new])
    root, entries = outlet.staging.path, []

    def write_table(name: str, pieces: Iterable[bytes]) -> FileEntry:
        entries.append(disk.write_stream(f"{root}/{new}", name, pieces))
        return entries[-1]

    files = write_tables(dataset, write_table)
    lock, next_id = lock_classes(None, dataset.categories.names)
    origin = outlet.origin
    making = Making(command=origin.command, settings=origin.settings, origin=origin)
    version = made_version(dataset, files, lock, making)
    disk.rename(f"{root}/{new}", f"{root}/{VERSIONS}/{version.id}")  # the id is known when the tables are written
    outlet.staging.record(
        FileEntry(f"{VERSIONS}/{version.id}/{entry.name}", entry.size, entry.sha256) for entry in entries
    )
    file = StoreFile(
        name=options.name, classes=lock, next_class_id=next_id, version=version.id, sources=options.sources
    )
    return version, file


def _write_record(outlet: Outlet, folder: str, name: str, record: StoreFile | Version) -> None:
    """Write a record; the manifest has no hash of it, because it holds the time, or changes with every version."""
    root = f"{outlet.staging.path}/{folder}" if folder else outlet.staging.path
    (entry,) = disk.write_files(root, [name], [encode_record(record)])
    outlet.staging.record([FileEntry(f"{folder}/{name}" if folder else name, entry.size, None)])
