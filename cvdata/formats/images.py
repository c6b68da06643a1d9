"""Plain pictures: a folder of them, or one. Nobody has labelled them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from ..dataset import Annotations, Categories, Dataset, Images, State
from ..errors import FormatError, Place, UnsafePathError, UsageError, show
from ..files import Counts, output_names
from ..images import PictureIndex, find_pictures, is_picture
from .intake import Intake, Likeness
from .outlet import Outlet, Refusal
from .settle import Places, settle

__all__ = [
    "PRECISION",
    "SUMMARY",
    "ReadOptions",
    "WriteOptions",
    "carries",
    "check_pictures",
    "find_all",
    "looks_like",
    "pictures_table",
    "read",
    "refuses",
    "write",
]

SUMMARY = "plain pictures without labels (a folder, or one file)"
PRECISION = 0.0  # there are no boxes

_MOST_FOLDERS = 1000  # that detection looks into


class ReadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


class WriteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


def looks_like(path: Path) -> Likeness:
    """Say how much a path looks like plain pictures; formats with labels know more and score higher."""
    if path.is_file():
        return Likeness(60, "a picture") if is_picture(path.name) else Likeness(0, "not a picture")
    picture = False
    for name in _file_names(str(path)):
        if _LABELS.search(name) and not _NOTES.match(name):
            # Taking labels that no format knows for nothing would lose them in silence.
            return Likeness(0, f"a folder with {show(name)}, which may hold labels")
        picture = picture or is_picture(name)
    return Likeness(10, "a folder with pictures and nothing else") if picture else Likeness(0, "no pictures")


_LABELS = re.compile(r"(?i)\.(?:txt|xml|json|jsonl|csv|tsv|ya?ml|mat|npy|npz|parquet|tfrecord|data|names|pts|dat)$")
_NOTES = re.compile(r"(?i)(?:read_?me|licen[cs]e|notice|copying|changelog|about)")


def _file_names(root: str) -> Iterator[str]:
    """Yield the names of files below a folder, of so many folders at most."""
    folders = [root]
    for _ in range(_MOST_FOLDERS):
        if not folders:
            return
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_file():
                        yield entry.name
                    elif entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                        folders.append(entry.path)
        except OSError:
            continue


def carries(options: WriteOptions) -> frozenset[str]:  # noqa: ARG001 - the protocol's signature
    """Return what writing keeps: that nobody has labelled the pictures."""
    return frozenset({"unlabelled"})


def refuses(dataset: Dataset, options: WriteOptions) -> list[Refusal]:  # noqa: ARG001 - the protocol's signature
    """Return every annotation: plain pictures hold no labels, and losing them all must not look like success."""
    every = np.ones(len(dataset.annotations), np.bool_)
    return [Refusal(every, "a label", "no labels; plain pictures hold none")] if len(every) else []


def read(path: Path, options: ReadOptions, intake: Intake) -> Dataset:  # noqa: ARG001 - the protocol's signature
    """Read a folder of pictures, or one picture, as images that nobody has labelled.

    Raises:
        FormatError: there is no picture, or the file is not one.
        UnsafePathError: a link leaves the folder.
    """
    index = _one(path) if path.is_file() else find_all(intake.images or path, intake)
    intake.read += Counts(images=len(index.names))
    dataset = Dataset(
        images=pictures_table(index.names),
        annotations=Annotations(image=np.zeros(0, np.int32), category=np.zeros(0, np.int32), box=np.zeros((0, 4))),
        categories=Categories(names=()),
    )
    places = Places(lambda row: Place(index.names[row]), lambda _: Place(path))
    return settle(dataset, intake, places, index, index.names)


def _one(path: Path) -> PictureIndex:
    if not is_picture(path.name):
        raise FormatError(
            f"'{show(path.name)}' has not the name of a picture",
            at=Place(path),
            hint="give a folder of pictures, or a picture; unpack an archive first",
        )
    return PictureIndex(os.path.abspath(path.parent), [path.name], {})


def find_all(root: Path, intake: Intake) -> PictureIndex:
    """List the pictures below a folder; links that lead nowhere and pipes go to quarantine.

    Raises:
        FormatError: there is no picture, or the folder cannot be listed.
        UnsafePathError: a link leaves the folder.
    """
    try:
        index = find_pictures(root)
    except OSError as error:
        raise FormatError(
            f"the folder cannot be listed: {error.strerror or type(error).__name__}", at=Place(root)
        ) from error
    for name, why in sorted(index.refused.items()):
        if "leaves" in why:
            raise UnsafePathError(
                f"'{show(name)}' {why}",
                at=Place(root),
                hint="put the picture itself there, or take the link out",
            )
        intake.read += Counts(images=1)
        intake.bad_image(Place(name), why, "a picture that can be read", name, 0)
    if not index.names and not index.refused:
        raise FormatError(
            "there is no picture in the folder",
            at=Place(root),
            hint="pictures are files that end in .jpg, .png, .bmp, .gif, .tif or .webp, whatever their case",
        )
    return index


def pictures_table(names: Sequence[str]) -> Images:
    """Return a table of pictures of which nothing is known but their names."""
    rows = len(names)
    return Images(
        names=tuple(names),
        width=np.zeros(rows, np.int32),
        height=np.zeros(rows, np.int32),
        state=np.full(rows, State.UNLABELLED, np.uint8),
        split=np.full(rows, -1, np.int32),
        folder=np.full(rows, -1, np.int32),
    )


def write(dataset: Dataset, outlet: Outlet, options: WriteOptions) -> None:  # noqa: ARG001 - the protocol's signature
    """Put the pictures under their own names.

    Raises:
        UsageError: a picture is not there, or none is wanted (`--media none`).
    """
    check_pictures(dataset.images, outlet, "images")
    targets = output_names(dataset.images.names)
    renamed = {old: new for old, new in zip(dataset.images.names, targets, strict=True) if old != new}
    outlet.renamed.update(renamed)
    outlet.place_pictures(dataset.images, targets)


def check_pictures(images: Images, outlet: Outlet, name: str) -> None:
    """Make sure that there is something to write in a format that consists of pictures.

    Raises:
        UsageError: a picture is not there, or none is wanted (`--media none`).
    """
    if outlet.media == "none" and len(images):
        raise UsageError(
            f"the format {name} consists of pictures, so --media none would leave nothing",
            hint="use --media link, copy or symlink",
        )
    missing = np.flatnonzero(images.folder < 0)
    if len(missing):
        raise UsageError(
            f"the format {name} consists of pictures, and {len(missing):,} of {len(images):,} are not there, "
            f"such as '{show(images.names[missing[0]])}'",
            hint="say with --images where the pictures lie",
        )
