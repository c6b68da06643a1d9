"""A cvdata dataset as commands use it: its versions, and adding one in place."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from ..dataset import Dataset
from ..engine import Engine, Progress
from ..errors import FormatError, Place, UsageError, show
from ..files import Account
from ..files.update import Update
from ._store_digest import label_digest
from ._store_pictures import PICTURES, stored_images
from ._store_read import load_dataset, load_file, load_version
from ._store_records import (
    STORE,
    VERSION,
    VERSIONS,
    Category,
    LockedClass,
    Source,
    StoreFile,
    Version,
    VersionSource,
    encode_record,
    lock_classes,
)
from ._store_write import Making, made_version, same_content, write_tables
from .outlet import Media, Origin
from .predictions import prediction_names

__all__ = [
    "Category",
    "LockedClass",
    "Source",
    "Store",
    "StoreFile",
    "Version",
    "VersionSource",
    "add_version",
    "find_version",
    "is_store",
    "open_store",
    "origin_of",
    "split_version",
]


@dataclass(frozen=True)
class Store:
    """A cvdata dataset on disk.

    Attributes:
        root: its folder.
        file: what its `cvdata.json` says.
        versions: oldest first; the last one is current.
    """

    root: Path
    file: StoreFile
    versions: tuple[Version, ...]

    @property
    def name(self) -> str:
        """Name for people."""
        return self.file.name or self.root.resolve().name

    @property
    def current(self) -> Version:
        """The version that is read where none is asked for."""
        return self.versions[-1]

    @property
    def predictions(self) -> tuple[str, ...]:
        """Names of what models said about the pictures; what a run is writing does not count."""
        return prediction_names(self.root)

    def load(self, version: str | None = None) -> Dataset:
        """Return a version as it was written, the current one where none is named; pictures are not looked at.

        Raises:
            FormatError: it is damaged.
            UsageError: there is no such version.
        """
        return load_dataset(self.root, self.current if version is None else find_version(self, version))


def is_store(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is the folder of a cvdata dataset."""
    return os.path.isfile(os.path.join(path, STORE))


def open_store(path: str | os.PathLike[str]) -> Store:
    """Open a cvdata dataset.

    Raises:
        FormatError: it is not one, or a version of it is missing or damaged.
    """
    root = Path(path)
    file = load_file(root)
    versions = [load_version(root, file.version)]
    while (parent := versions[-1].parent) is not None:
        before = load_version(root, parent)
        if before.number != versions[-1].number - 1:
            at = Place(f"{VERSIONS}/{versions[-1].id}/{VERSION}", field="parent")
            raise FormatError(f"version {before.number} is before version {versions[-1].number}", at=at)
        versions.append(before)
    return Store(root, file, tuple(reversed(versions)))


def find_version(store: Store, text: str) -> Version:
    """Return the version of a number, an id, or the beginning of an id that fits one version alone.

    Raises:
        UsageError: there is none, or more than one.
    """
    if text.isascii() and text.isdigit():
        number = text.lstrip("0")  # not as an int, which has a limit of digits
        fits = [version for version in store.versions if str(version.number) == number]
    else:
        fits = [version for version in store.versions if text and version.id.startswith(text)]
    if len(fits) == 1:
        return fits[0]
    ids = [version.id for version in store.versions]
    shown = ", ".join(ids if len(ids) <= 10 else [*ids[:3], "...", *ids[-6:]])
    what = "is more than one version" if fits else "is not a version"
    raise UsageError(f"'{show(text)}' {what} of '{show(store.name)}'", hint=f"versions: {shown}")


def split_version(path: str | os.PathLike[str]) -> tuple[Path, str | None]:
    """Split `pets@3` into the dataset and the version; any path that exists is a path and nothing else."""
    whole = os.fspath(path)
    before, at, version = whole.rpartition("@")
    if at and before and version and not os.path.lexists(whole) and is_store(before):
        return Path(before), version
    return Path(whole), None


def origin_of(source: Path, format: str, version: str | None, engine: Engine, progress: Progress) -> Origin:  # noqa: A002 - the word that users look for
    """Return what is known of a source: the id of its version, or a digest of its label files.

    Args:
        format: name of its format.
        version: as asked for where it is a cvdata dataset, None for the current one.
    """
    name = show(source.resolve().name)
    if format != "cvdata":
        return Origin(source=name, format=format, sha256=label_digest(source, engine, progress))
    store = open_store(source)
    chosen = store.current if version is None else find_version(store, version)
    return Origin(source=name, format=format, version=chosen.id)


def add_version(
    root: str | os.PathLike[str],
    dataset: Dataset,
    *,
    command: str,
    settings: Mapping[str, Any],
    account: Account | None = None,
    origin: Origin | None = None,
    sources: Sequence[Source] | None = None,
    pictures: Sequence[tuple[str, str]] = (),
    media: Media = "link",
    follows: str | None = None,
) -> Version:
    """Add a version to a cvdata dataset in place and make it the current one; a kill at any moment leaves the old one.

    Where it holds what the current version holds, no version is added and the current one is returned.

    Args:
        dataset: its pictures are in folders of the dataset, elsewhere, or among `pictures`.
        command: what makes the version; `settings`: as resolved.
        origin: what it is made from; the current version where not given.
        sources: where pictures are taken from from now on; as before where not given.
        pictures: (name below `images/`, path of the file as `dataset` has it) of those to put there, as `media` says.
        follows: id of the version that the dataset was made from, which must still be the current one.

    Raises:
        UsageError: another run added a version since.
        LockedError: another run is writing the dataset.
        FormatError: it is damaged.
        OutputError: the disk refused; the dataset is as it was.
    """
    load_file(Path(root))  # nothing is made in a folder that is something else
    with Update(root, VERSIONS, STORE) as update:
        store = open_store(update.root)  # now that nobody else changes it
        if follows not in (None, store.current.id):
            raise UsageError(f"another run added a version to '{show(store.name)}'", hint="run the command again")
        if media == "none":
            pictures = ()
        update.place(PICTURES, [name for name, _ in pictures], [path for _, path in pictures], media)
        stored = replace(dataset, images=stored_images(dataset.images, update.root, _placed(dataset, pictures)))
        files = write_tables(stored, update.write_stream)
        lock, next_id = lock_classes(store.file, dataset.categories.names)
        before = store.current
        made_from = origin or Origin(source=store.name, format="cvdata", version=before.id)
        making = Making(command=command, settings=settings, origin=made_from, account=account, parent=before)
        version = made_version(stored, files, lock, making)
        if same_content(version, before):
            version = before
        file = msgspec.structs.replace(
            store.file,
            classes=lock,
            next_class_id=next_id,
            version=version.id,
            sources=store.file.sources if sources is None else tuple(sources),
        )
        if version is not before:
            update.write(VERSION, encode_record(version))
            update.commit(version.id, encode_record(file), {known.id for known in store.versions})
        elif file != store.file:
            update.replace_record(encode_record(file))
    return version


def _placed(dataset: Dataset, pictures: Sequence[tuple[str, str]]) -> dict[int, str]:
    """Return the name below images/ of each row whose file is among those that were placed."""
    if not pictures:
        return {}
    names = {os.path.abspath(path): name for name, path in pictures}
    files = (dataset.images.file(row) for row in range(len(dataset.images)))
    return {row: names[path] for row, path in enumerate(files) if path is not None and path in names}
