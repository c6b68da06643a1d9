"""Which pictures belong to a folder of VOC files: the folder that holds them, and the file of each."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..errors import Place, UnsafePathError, show
from ..files import stays_inside
from ..images import PictureIndex, find_pictures
from .intake import Intake

__all__ = ["match_pictures", "picture_folder", "picture_names"]

_USUAL = ("JPEGImages", "images", "Images")


def picture_folder(root: str, labels: str, folders: Sequence[str]) -> PictureIndex | None:
    """Find the pictures, where the user does not say: in a usual place below the root, or beside the files.

    Args:
        root: folder of the dataset; `labels`: folder of its files, the root itself or below it.
        folders: what the files say in `<folder>`.

    Raises:
        UnsafePathError: the folder is a link that leaves the dataset.
        OSError: a folder cannot be listed.
    """
    named = [name for name in folders if name and name not in (".", "..") and not set(name) & set("/\\:\0")]
    usual = [f"{root}/{name}" for name in dict.fromkeys([*_USUAL, *named])]
    for path in dict.fromkeys([*usual, labels]):
        if not os.path.isdir(path):
            continue
        if path != labels and not stays_inside(root, path):
            raise UnsafePathError(
                "the picture folder is a link that leaves the dataset",
                at=Place(os.path.relpath(path, root)),
                hint="give the folder that the link points to with --images",
            )
        found = find_pictures(path)
        if found.names or found.refused:
            return found
    return None


def match_pictures(
    stems: Sequence[str], filenames: Sequence[str], pictures: PictureIndex, intake: Intake
) -> list[str | None]:
    """Return the picture of each file: the one with its stem, else the one that its `<filename>` names.

    Args:
        stems: names of the files below the folder of labels, without suffix.
        filenames: what each file says in `<filename>`, "" where it says nothing.
    """
    known = frozenset(pictures.names)
    return [
        # Nearly always: a file that names a picture with its own stem, which is there.
        filename
        if filename in known and filename[: filename.rfind(".")] == stem
        else _match(stem, filename, pictures, intake)
        for stem, filename in zip(stems, filenames, strict=True)
    ]


def _match(stem: str, filename: str, pictures: PictureIndex, intake: Intake) -> str | None:
    folder, slash, base = stem.rpartition("/")
    direct = f"{folder}{slash}{filename}"
    if filename.startswith(base) and os.path.splitext(filename)[0] == base and direct in pictures:
        return direct
    named = filename.rpartition("/")[2]
    same = named == base or os.path.splitext(named)[0] == base
    candidates = pictures.by_stem.get(stem, [])
    if candidates:
        if filename and not same:
            message = "{n} files name another picture than the one with their own name, which was taken"
            intake.note("voc-filename", message, 1, [f"{show(stem)}.xml: {show(filename)}"])
        suffix = os.path.splitext(named)[1].lower()
        alike = [name for name in candidates if os.path.splitext(name)[1].lower() == suffix]
        return (alike or candidates)[0]
    if not filename:
        return None
    # Beside its own folder first: `train/a.xml` that names `a.jpg` means `train/a.jpg`.
    return pictures.resolve(f"{folder}{slash}{filename}")


def picture_names(
    stems: Sequence[str], filenames: Sequence[str], files: Sequence[str | None] | None
) -> tuple[str, ...]:
    """Name the pictures: as they are called where they were found, else after the file and the suffix it names."""
    if files is None:
        files = [None] * len(stems)
    return tuple(
        _name(stem, filename) if file is None else file
        for stem, filename, file in zip(stems, filenames, files, strict=True)
    )


def _name(stem: str, filename: str) -> str:
    named = filename.rpartition("/")[2]
    if named == stem.rpartition("/")[2]:  # without a suffix; what follows a dot belongs to the name
        return f"{stem}.jpg"
    return f"{stem}{os.path.splitext(named)[1] or '.jpg'}"
