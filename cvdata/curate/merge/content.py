"""Which pictures of several sources are the same picture: by the bytes of their files, else by name and size."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Images
from ...engine import Engine, Progress, batch_size
from ...files.hashes import hash_files
from ...images.sets import Sets
from ...images.similar import exact_copies
from ..diff.pictures import sizes_differ

__all__ = ["Same", "same_pictures"]

_MOST_FILES = 200  # files a batch to hash


@dataclass(frozen=True)
class Same:
    """Which pictures are one.

    Attributes:
        roots: int64, shape (images,), the first row of the set that each picture is in; its own where it is alone.
        unseen: bool, shape (images,), pictures whose content nobody could look at.
    """

    roots: NDArray[np.int64]
    unseen: NDArray[np.bool_]


def same_pictures(images: Images, source: NDArray[np.int32], engine: Engine, progress: Progress) -> Same:
    """Find the pictures that more than one source has; what one source has twice stays apart, unless another has it.

    Files of a size that one source alone has are not opened; a file with several names is opened once. A picture that
    is not there to be looked at is taken for the one of its name in another source, if their sizes do not differ.

    Args:
        images: of all sources end to end; `source`: int32, the source of each.
    """
    sets = Sets(len(images))
    content, unseen = _contents(images, source, engine, progress)
    cluster = exact_copies(content)
    rows = np.flatnonzero(cluster >= 0)
    first, last = _first_and_last(cluster[rows], rows, len(images))
    shared = source[first] != source[last]  # rows of one source lie end to end
    sets.join(first[shared], rows[shared])
    sets.join(*_by_name(images, unseen))
    return Same(sets.roots, unseen)


def _first_and_last(
    cluster: NDArray[np.int32], rows: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last row of the cluster of each row, both of the shape of `rows`."""
    first, last = np.full(count, count), np.full(count, -1)
    np.minimum.at(first, cluster, rows)
    np.maximum.at(last, cluster, rows)
    return first[cluster], last[cluster]


def _contents(
    images: Images, source: NDArray[np.int32], engine: Engine, progress: Progress
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the SHA-256 of each picture, uint8, shape (images, 32), zeros where it cannot matter or is not known.

    Also, bool, of which pictures nothing is known.
    """
    content = np.zeros((len(images), 32), np.uint8)
    size, files = _sizes(images)
    kept = np.zeros(len(images), np.bool_)
    if images.facts is not None:
        kept = images.facts.size >= 0
        content[kept] = images.facts.sha256[kept]
    common = _in_several(size, source)
    wanted: dict[tuple[int, int], list[int]] = {}
    for row in np.flatnonzero(common & ~kept).tolist():
        wanted.setdefault(files[row], []).append(row)
    paths = [images.file(rows[0]) or "" for rows in wanted.values()]
    if paths:
        progress.start("comparing pictures", len(paths))
    step = batch_size(len(paths), engine.workers, _MOST_FILES)
    batches = (paths[i : i + step] for i in range(0, len(paths), step))
    digests = [digest for part in engine.map(hash_files, batches, progress=progress) for digest in part]
    for rows, digest in zip(wanted.values(), digests, strict=True):
        if digest is None:
            size[rows] = -1
        else:
            content[rows] = np.frombuffer(digest, np.uint8)
    return content, size < 0


def _sizes(images: Images) -> tuple[NDArray[np.int64], dict[int, tuple[int, int]]]:
    """Return the size of each picture in bytes, -1 where none is there, and which file each is that had to be asked.

    Names that are hard links of one file have one device and one inode.
    """
    size = np.full(len(images), -1, np.int64)
    if images.facts is not None:
        size = images.facts.size.copy()
    files: dict[int, tuple[int, int]] = {}
    names = images.names if images.files is None else images.files
    folder = images.folder.tolist()
    for row in np.flatnonzero((size < 0) & (images.folder >= 0)).tolist():
        try:
            status = os.stat(f"{images.folders[folder[row]]}/{names[row]}")
        except OSError:
            continue  # a picture that is not there has no content
        size[row] = status.st_size
        # Where a file system knows no inodes, every name is a file of its own.
        files[row] = (status.st_dev, status.st_ino) if status.st_ino else (-1, row)
    return size, files


def _in_several(size: NDArray[np.int64], source: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which sizes are in more than one source, bool, of the shape of `size`."""
    pairs = np.unique(np.stack([size, source]), axis=1)
    values, times = np.unique(pairs[0], return_counts=True)
    return np.asarray(np.isin(size, values[(times > 1) & (values >= 0)]))


def _by_name(images: Images, unseen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair pictures that nobody could look at with the one of their name: one that is there, else the first."""
    if not unseen.any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(images.names):
        rows_of.setdefault(name, []).append(row)
    hidden = unseen.tolist()
    pairs = []
    for rows in rows_of.values():
        if len(rows) > 1:
            anchor = next((row for row in rows if not hidden[row]), rows[0])
            pairs += [
                (anchor, row)
                for row in rows
                if hidden[row] and row != anchor and not sizes_differ(images, anchor, images, row)
            ]
    joined = np.array(pairs, np.int64).reshape(-1, 2)
    return joined[:, 0], joined[:, 1]
