"""Pictures that other versions of a cvdata dataset have, for what a model found before they were dropped.

A list of results goes by ids, or by file names or stems, and these mean a picture only among others: once `a.jpg` is
dropped, `b/a.jpg` alone is called so; once the picture of the highest id is dropped, the next that comes gets its id.
So a list is read onto the pictures of all versions; what it says of one that is gone stays with that.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping
from dataclasses import replace

import numpy as np

from ..dataset import Dataset, Images, SourceIds
from ..dataset.concat import concat_images, ids_of
from ..errors import CvdataError, show
from ..images import file_name, stem_of
from ._results_names import Names
from ._store_read import load_images
from ._store_records import IMAGES
from .store import find_version, is_store, open_store, split_version

__all__ = ["with_namesakes", "with_other_versions"]


def with_other_versions(path: str | os.PathLike[str], dataset: Dataset) -> tuple[Dataset, Mapping[int | str, str]]:
    """Return a version of a cvdata dataset with the pictures that only others have behind its own.

    Args:
        path: where it was read from; what is no cvdata dataset comes back as it is.

    Returns:
        The dataset, and the ids that mean another picture elsewhere, each with a clause that says so.

    Raises:
        FormatError: what describes a version is missing or damaged.
    """
    if not is_store(split_version(path)[0]):
        return dataset, {}
    union, differing = _Union(dataset.images), list[tuple[str, int | str, str]]()
    for version, images in _others(path, union.names):
        differing += [(version, *pair) for pair in union.take(images)]
    if not differing and len(union.parts) == 1:
        return dataset, {}
    whole = replace(dataset, images=concat_images(union.parts))
    return whole, _clashes(Names(whole), differing)


def with_namesakes(found: Dataset, truth: Dataset) -> Dataset:
    """Return what was read onto all versions so that nothing in a picture that is gone can be taken for another's.

    Those who match the two go by whole names first and by parts of names for what is left. So pictures of the truth
    that are called like one that is gone, but for the folder or the suffix, are listed, too; nothing is found in them.
    """
    known = frozenset(truth.images.names)
    gone = {stem_of(file_name(name)) for name in found.images.names if name not in known}
    if not gone:
        return found
    listed = frozenset(found.images.names)
    names = enumerate(truth.images.names)
    rows = np.array([row for row, name in names if stem_of(file_name(name)) in gone and name not in listed], np.int64)
    return replace(found, images=concat_images([found.images, truth.images.take(rows)])) if len(rows) else found


def _others(path: str | os.PathLike[str], known: Container[str]) -> Iterator[tuple[str, Images]]:
    """Yield id and pictures of each other version, newest first; each table once."""
    root, asked = split_version(path)
    store = open_store(root)
    read = store.current if asked is None else find_version(store, asked)
    seen = {read.files[IMAGES].sha256}
    for version in reversed(store.versions):
        if version.files[IMAGES].sha256 in seen:
            continue
        seen.add(version.files[IMAGES].sha256)
        try:
            images = load_images(store.root, version, known)
        except CvdataError:  # damaged: whoever reads that version is told; this one is sound
            continue
        yield version.id, images


class _Union:
    """The pictures of a version, and then those that others have besides.

    Attributes:
        parts: tables of pictures whose names and ids differ.
    """

    def __init__(self, images: Images) -> None:
        self.parts = [images]
        self._has_ids = images.source_id is not None
        self._ids = dict(zip(images.names, _plain(images), strict=True))
        self._taken = set(self._ids.values())
        self._files = {images.file(row) for row in range(len(images))} - {None}

    @property
    def names(self) -> Container[str]:
        """Names of all pictures so far."""
        return self._ids.keys()

    def take(self, images: Images) -> list[tuple[int | str, str]]:
        """Add the pictures that are not there by name or by file; return id and name of those whose id is another."""
        ids = _plain(images)
        new = [row for row, name in enumerate(images.names) if name not in self._ids]
        new = [row for row in new if images.file(row) not in self._files]
        if new:
            self._add(replace(images, facts=None, extra=None, group=None, groups=()).take(np.array(new, np.int64)))
        pairs = zip(ids, images.names, strict=True)
        return [(key, name) for key, name in pairs if key is not None and self._ids.get(name) != key]

    def _add(self, images: Images) -> None:
        ids: SourceIds | None = None
        if self._has_ids:
            # Numbers made up here might be those of others: a picture whose id is taken goes by its name.
            pairs = zip(_plain(images), images.names, strict=True)
            ids = ids_of([name if key is None or key in self._taken else key for key, name in pairs])
        images = replace(images, source_id=ids)
        self.parts.append(images)
        self._ids |= dict(zip(images.names, _plain(images), strict=True))
        self._taken |= set(_plain(images))
        self._files |= {images.file(row) for row in range(len(images))} - {None}


def _plain(images: Images) -> list[int | str | None]:
    ids = images.source_id
    return [None] * len(images) if ids is None else ids.tolist() if isinstance(ids, np.ndarray) else list(ids)


def _clashes(names: Names, differing: list[tuple[str, int | str, str]]) -> dict[int | str, str]:
    """Return the ids that mean another picture in another version, by version, id and name there."""
    known, clashes = names.truth.images.names, dict[int | str, str]()
    rows = names.images([key for _, key, _ in differing]).tolist()
    for row, (version, key, name) in zip(rows, differing, strict=True):
        if row >= 0 and file_name(known[row]) != file_name(name):
            said = f"which is '{show(known[row])}' here and '{show(name)}' in version {show(version)}"
            clashes.setdefault(key, said)
    return clashes
