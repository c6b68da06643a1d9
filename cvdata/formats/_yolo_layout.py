"""Which pictures a YOLO dataset has, their splits and names, and where their label files lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import FormatError, Place, UsageError, show
from ..images import SUFFIXES, PictureIndex, find_pictures, is_picture
from ._yolo_finder import Finder, Listed
from ._yolo_source import Source
from .intake import Intake

__all__ = ["UNASSIGNED", "Layout", "lay_out", "unique_names"]

UNASSIGNED = "unassigned"
"""Key for pictures in no split; read back as such."""


@dataclass(frozen=True)
class Layout:
    """The pictures of the splits, row by row.

    Attributes:
        pictures: all pictures below the picture folder; `labels`: all `.txt` files below the dataset's root.
        files: name of each picture in `pictures`, or None where it is missing.
        names: name of each picture in the dataset.
        label_files: where its labels would lie below the root; what is not in `labels` is not there.
        split: name of its split, or None.
        keys: keys of the description that named pictures.
    """

    pictures: PictureIndex
    labels: PictureIndex
    files: list[str | None]
    names: list[str]
    label_files: list[str]
    split: list[str | None]
    keys: frozenset[str]


def unique_names(below: Sequence[str], splits: Sequence[str | None], whole: Sequence[str]) -> list[str]:
    """Name pictures by their path below their split's folder, with the split in front where two share it.

    Args:
        below: path of each picture below its split's folder; `whole`: unique path of each.
    """
    names = list(below)
    in_split = [name if split is None else f"{split}/{name}" for name, split in zip(below, splits, strict=True)]
    for longer in (in_split, whole):
        times = Counter(names)
        if len(times) == len(names):
            return names
        names = [full if times[name] > 1 else name for name, full in zip(names, longer, strict=True)]
    return names if len(set(names)) == len(names) else list(whole)


def lay_out(source: Source, intake: Intake) -> Layout:
    """Find the pictures of every split.

    Raises:
        FormatError: a folder or list is not there, or none is named.
        UnsafePathError: an entry or a picture lies outside the dataset.
        UsageError: the folder given with --images is not there.
    """
    everything = _find(source.root, SUFFIXES | {".txt"})
    labels = _only(everything, lambda name: name.endswith(".txt"))
    if intake.images is None:
        pictures = _only(everything, is_picture)
    elif intake.images.is_dir():
        pictures = _find(str(intake.images), SUFFIXES)
    else:
        raise UsageError(f"the picture folder '{show(intake.images)}' is not there", hint="correct --images")
    splits = dict(Finder(source, intake, pictures, labels).splits())
    if not splits:
        raise FormatError(
            "names no pictures", at=source.place(), hint="give the folders of the pictures under 'train' and 'val'"
        )
    keys = frozenset(splits)
    rows = _once(_without_false_splits(splits, source, intake), intake)
    listed = [row for _, row in rows]
    split = [None if name == UNASSIGNED else name for name, _ in rows]
    names = unique_names([row.below for row in listed], split, [row.file or row.label for row in listed])
    return Layout(pictures, labels, [r.file for r in listed], names, [r.label for r in listed], split, keys)


def _find(root: str, suffixes: frozenset[str]) -> PictureIndex:
    try:
        return find_pictures(root, suffixes)
    except OSError as error:
        raise FormatError(f"cannot be listed: {error.strerror}", at=Place(root)) from error


def _only(index: PictureIndex, wanted: Callable[[str], bool]) -> PictureIndex:
    return PictureIndex(index.root, [name for name in index.names if wanted(name)], index.refused)


def _without_false_splits(splits: dict[str, list[Listed]], source: Source, intake: Intake) -> dict[str, list[Listed]]:
    """Undo what exists only because trainers ask for `train` and `val`."""
    splits = {name: rows for name, rows in splits.items() if name not in source.stand_ins}
    train, val = splits.get("train"), splits.get("val")
    if not train or val is None or {row.file for row in train} != {row.file for row in val}:
        return splits
    message = (
        "train and val are the same {n} pictures: no split was made, and any score on val would be on training data"
    )
    intake.note("train-is-val", message, len(train), [show(source.file)])
    rest = {name: rows for name, rows in splits.items() if name not in ("train", "val", UNASSIGNED)}
    return {**rest, UNASSIGNED: train + splits.get(UNASSIGNED, [])}


def _once(splits: dict[str, list[Listed]], intake: Intake) -> list[tuple[str, Listed]]:
    """Return every picture once, with the first split that names it."""
    first: dict[str, str] = {}
    rows: list[tuple[str, Listed]] = []
    for split, listed in splits.items():
        for row in listed:
            identity = row.file if row.file is not None else row.label
            if identity not in first:
                first[identity] = split
                rows.append((split, row))
            elif first[identity] == split:
                intake.note("listed-twice", "{n} pictures are named twice in one split", 1, [show(identity)])
            else:
                message = "{n} pictures are in two splits and were kept in the first"
                intake.note("split-overlap", message, 1, [f"{show(identity)}: {first[identity]}, {show(split)}"])
    return rows
