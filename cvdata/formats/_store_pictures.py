"""Where the pictures of a cvdata dataset lie: which are there, and what a version writes down about it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..dataset import Images
from ..errors import Place, UnsafePathError, show
from ..files import stays_inside
from ..images import is_picture

__all__ = ["PICTURES", "file_key", "lost_pictures", "stored_images", "taken_files"]

PICTURES = "images"
"""Folder of a dataset that holds pictures."""


def stored_images(images: Images, root: str, placed: Mapping[int, str]) -> Images:
    """Return the pictures as a version of the dataset at `root` has them: folders relative to it where that can be.

    Args:
        placed: name below `images/` of each row that was put there; the others stay where they are.
    """
    folder = images.folder.copy()
    rows = np.fromiter(placed.keys(), np.int64, len(placed))
    folder[rows] = len(images.folders)
    used = sorted(set(folder[folder >= 0].tolist()))
    texts = [PICTURES if old == len(images.folders) else _relative(images.folders[old], root) for old in used]
    names = tuple(dict.fromkeys(texts))
    renumbered = np.full(len(images.folders) + 2, -1, np.int32)  # the last one is for -1
    renumbered[used] = [names.index(text) for text in texts]
    files = list(images.names if images.files is None else images.files)
    for row, name in placed.items():
        files[row] = name
    return replace(
        images,
        folder=renumbered[folder],
        folders=names,
        files=None if files == list(images.names) else tuple(files),
    )


def _relative(folder: str, root: str) -> str:
    try:
        # Links resolved, because `..` after a link leads elsewhere.
        path = os.path.relpath(os.path.realpath(folder), os.path.realpath(root))
    except ValueError:  # another drive
        path = os.path.abspath(folder)
    return path.replace(os.sep, "/")


def taken_files(images: Images, root: str | os.PathLike[str]) -> set[str]:
    """Return the keys of the files that a version of the dataset at `root` has below `images/`; see `file_key`."""
    home = os.path.join(os.path.realpath(root), PICTURES)
    own = {row for row, folder in enumerate(images.folders) if os.path.realpath(folder) == home}
    files = images.names if images.files is None else images.files
    return {file_key(file) for file, folder in zip(files, images.folder.tolist(), strict=True) if folder in own}


def file_key(name: str) -> str:
    """Return what names have in common that some file system does not tell apart."""
    return name.casefold()


def lost_pictures(images: Images, at: Place) -> NDArray[np.bool_]:
    """Tell which pictures are not in the folder that they should be in, bool, shape (images,).

    Raises:
        UnsafePathError: a picture is a link that leaves its folder.
    """
    names: Sequence[str] = images.names if images.files is None else images.files
    lost = np.zeros(len(images), np.bool_)
    listed: dict[tuple[int, str], dict[str, bool]] = {}
    for row, folder in enumerate(images.folder.tolist()):
        if folder < 0:
            continue
        below, _, base = names[row].rpartition("/")
        root = images.folders[folder]
        if (folder, below) not in listed:
            listed[folder, below] = _listing(root, below, at)
        link = listed[folder, below].get(base)
        lost[row] = link is None or not is_picture(base)
        if link and not lost[row] and not stays_inside(root, f"{root}/{names[row]}"):
            raise UnsafePathError(
                f"the picture '{show(names[row])}' is a link that leaves the folder",
                at=at,
                hint="put the picture itself there, or give the folder that the link points to with --images",
            )
    return lost


def _listing(root: str, below: str, at: Place) -> dict[str, bool]:
    """Return the files of one folder, and whether each is a link."""
    path = f"{root}/{below}" if below else root
    if os.path.isdir(path) and not stays_inside(root, path):
        raise UnsafePathError(
            f"'{show(below)}' leads through a link out of its folder",
            at=at,
            hint="put the folder itself there, or give the one that the link points to with --images",
        )
    try:
        with os.scandir(path) as entries:
            return {entry.name: entry.is_symlink() for entry in entries if entry.is_file()}
    except OSError:
        return {}
