"""One folder per class, as torchvision and Ultralytics read them: `train/cat/1.jpg`, or `cat/1.jpg` without splits.

A picture outside every class folder is one that nobody has labelled. `classes.json` is written only where folders alone
would not read back as what was written; tools that do not know it pass over it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Dataset, State
from ..errors import CvdataError, FormatError, IdentityError, Place, show
from ..files import Counts, output_names
from ..images import PictureIndex, is_picture
from ._class_folders import MAP, SPLITS, ClassMap, Plan, distinct, plan_folders, read_map, split_order
from .images import check_pictures, find_all, pictures_table
from .intake import Intake, Likeness
from .outlet import Outlet, Refusal
from .settle import Places, settle

__all__ = ["PRECISION", "SUMMARY", "ReadOptions", "WriteOptions", "carries", "looks_like", "read", "refuses", "write"]

SUMMARY = "classes of whole pictures as folders (cat/1.jpg, train/cat/1.jpg)"
PRECISION = 0.0  # there are no boxes

# Folders by which formats with labels, or pairs of pictures and masks, are known: they are not classes.
_OTHERS = {"annotations", "image", "images", "imagesets", "jpegimages", "label", "labels", "mask", "masks"}
_OTHERS |= {"detections", "ground_truth", "gts", "image_2", "label_2", "segmentationclass", "segmentationobject"}
_LABELS = (".csv", ".json", ".txt", ".xml")  # files that do not lie among the pictures of one class
_LOOKED_AT = 200  # entries of a folder that detection looks at
_CLASSES_TRIED = 20  # class folders that detection looks into


class ReadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


class WriteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


def looks_like(path: Path) -> Likeness:
    """Say how much a path looks like a folder per class."""
    if not path.is_dir():
        return Likeness(0, "not a folder")
    try:
        if read_map(path) is not None:
            return Likeness(95, f"a {MAP} of cvdata")
        return _judge(path)
    except (OSError, CvdataError):
        return Likeness(0, "cannot be read")


def _judge(path: Path) -> Likeness:
    top = _glance(path)
    splits = [path / name for name in top.folders if name.lower() in SPLITS]
    below = [_glance(split) for split in splits]
    if any(split.folders for split in below):
        if len(splits) < len(top.folders):
            return Likeness(0, "split folders and others side by side")
        levels, names = below, sorted({name for split in below for name in split.folders})
    else:
        splits, levels, names = [path], [top], top.folders
        if all(name.lower() in SPLITS for name in names):
            return Likeness(0, "no folders of classes")
    if any(name.lower() in _OTHERS for name in names):
        return Likeness(0, "folders of pictures and labels side by side")
    classes = [(n, _glance(split / n)) for split in splits for n in names[:_CLASSES_TRIED] if (split / n).is_dir()]
    if any(found.labels for _, found in classes):
        return Likeness(0, "label files among the pictures")
    if len({name for name, found in classes if found.pictures}) < 2:
        return Likeness(0, "fewer than two folders that hold pictures")
    if any(level.pictures for level in levels):
        return Likeness(20, "a folder of pictures per class, and pictures beside them")
    return Likeness(30, "a folder of pictures per class")


@dataclass(frozen=True)
class _Glance:
    """What the first entries of a folder are."""

    folders: list[str]
    pictures: bool
    labels: bool


def _glance(folder: Path) -> _Glance:
    names, pictures, labels = [], False, False
    with os.scandir(folder) as entries:
        for entry in islice(entries, _LOOKED_AT):
            if entry.is_dir():
                if not _passed_over(entry.name):
                    names.append(entry.name)
            elif is_picture(entry.name):
                pictures = True
            elif entry.name.lower().endswith(_LABELS):
                labels = True
    return _Glance(sorted(names), pictures, labels)


def _passed_over(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def carries(options: WriteOptions) -> frozenset[str]:  # noqa: ARG001 - the protocol's signature
    """Return what writing keeps."""
    return frozenset({"image-labels", "splits", "unused-categories", "unlabelled"})


def refuses(dataset: Dataset, options: WriteOptions) -> list[Refusal]:  # noqa: ARG001 - the protocol's signature
    """Return nothing: of every annotation at least the class is kept."""
    return []


def read(path: Path, options: ReadOptions, intake: Intake) -> Dataset:  # noqa: ARG001 - the protocol's signature
    """Read pictures whose folder says their class, with or without folders of splits above.

    Raises:
        FormatError: there is no class folder, or split folders and others lie side by side.
        UnsafePathError: a link leaves the folder.
    """
    root = intake.images or path
    known = read_map(root)
    index = find_all(root, intake)
    layout = _layout(root, known, index)
    dataset = _tables(layout, index.names)
    intake.read += Counts(len(dataset.images), len(dataset.annotations))
    beside = np.flatnonzero(dataset.images.state == State.UNLABELLED)
    if len(beside):
        examples = [show(index.names[row]) for row in beside[:5].tolist()]
        message = "{n} pictures lie in no class folder and are taken as not labelled"
        intake.note("picture-outside-classes", message, len(beside), examples)
    rows = dataset.annotations.image
    places = Places(lambda row: Place(index.names[row]), lambda row: Place(index.names[rows[row]]))
    return settle(dataset, intake, places, index, index.names)


@dataclass(frozen=True)
class _Layout:
    """What the folders mean: split of each split folder, and class of each class folder, both in order."""

    splits: dict[str, str]
    classes: dict[str, str]


def _layout(root: Path, known: ClassMap | None, index: PictureIndex) -> _Layout:
    tops = _folders_in(root)
    if known is not None:
        splits = known.splits
    else:
        splits = {top: top for top in sorted(tops, key=split_order) if top.lower() in SPLITS}
        if len(splits) < len(tops) and not any(_folders_in(root / top) for top in splits):
            splits = {}  # a class may be called `test`
    beside = [top for top in tops if top not in splits]
    if known is None and splits and beside:
        raise FormatError(
            f"the folder '{show(beside[0])}' lies beside the split folder '{show(next(iter(splits)))}' and is none",
            at=Place(root),
            hint=f"splits are called {', '.join(SPLITS)}; move the others out of here",
        )
    found = set(beside).union(*(_folders_in(root / top) for top in splits))
    classes = {} if known is None else dict(known.classes)
    classes.update((folder, folder) for folder in sorted(found - classes.keys()))
    if len(set(classes.values())) < len(classes):
        raise IdentityError(f"a folder has the name that {MAP} gives to another", at=Place(root / MAP))
    if not classes and known is None:
        raise FormatError(
            "there is no folder of a class",
            at=Place(index.root),
            hint="put the pictures of a class into a folder of its name; pictures without labels are the format images",
        )
    return _Layout(splits, classes)


def _folders_in(folder: Path) -> list[str]:
    """Return the folders in a folder, sorted; empty ones too, since a class may have no picture."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and not _passed_over(entry.name))
    except FileNotFoundError:
        return []  # `classes.json` names a split that has lost its folder


def _tables(layout: _Layout, files: Sequence[str]) -> Dataset:
    """Build the tables from the paths of the pictures below the root."""
    split_rows = {folder: row for row, folder in enumerate(layout.splits)}
    class_rows = {folder: row for row, folder in enumerate(layout.classes)}
    split = np.full(len(files), -1, np.int32)
    category = np.full(len(files), -1, np.int32)
    names = []
    for row, file in enumerate(files):
        top, _, rest = file.partition("/")
        if rest and top in split_rows:
            split[row] = split_rows[top]
            name = rest
        else:
            name = file
        folder, inside, _ = name.partition("/")
        if inside:
            category[row] = class_rows[folder]
        names.append(name)
    # Each split may have its own cat/1.jpg; then all names keep their split.
    images = pictures_table(names if len(set(names)) == len(names) else files)
    labelled = category >= 0
    state = np.where(labelled, State.LABELLED, State.UNLABELLED).astype(np.uint8)
    images = replace(images, state=state, split=split, splits=tuple(layout.splits.values()))
    owners = np.flatnonzero(labelled).astype(np.int32)
    annotations = Annotations(image=owners, category=category[labelled], box=np.full((len(owners), 4), np.nan))
    return Dataset(images=images, annotations=annotations, categories=Categories(names=tuple(layout.classes.values())))


def write(dataset: Dataset, outlet: Outlet, options: WriteOptions) -> None:  # noqa: ARG001 - the protocol's signature
    """Put each picture into the folder of its class; one without class beside the class folders.

    Raises:
        UsageError: a picture is not there, or none is wanted (`--media none`).
    """
    check_pictures(dataset.images, outlet, "imagefolder")
    plan = plan_folders(dataset)
    roots = [*(f"{split}/" for split in plan.splits), *([""] if plan.loose else [])]
    folders = [f"{root}{folder}" for root in roots for folder in plan.classes]
    rows, classes = _placements(dataset, outlet)
    wanted = [_target(dataset, plan, row, at) for row, at in zip(rows.tolist(), classes.tolist(), strict=True)]
    originals = [*folders, *(dataset.images.names[row] for row in rows.tolist())]
    targets = output_names(distinct([*folders, *wanted], originals))[len(folders) :]
    for row, want, target in zip(rows.tolist(), wanted, targets, strict=True):
        if target != want:
            outlet.renamed[dataset.images.names[row]] = target
    outlet.staging.make_folders([*plan.splits, *folders])
    if plan.map is not None:
        outlet.staging.write(MAP, msgspec.json.format(msgspec.json.encode(plan.map), indent=1) + b"\n")
    outlet.place_pictures(dataset.images.take(rows), targets)


def _placements(dataset: Dataset, outlet: Outlet) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return picture and class (-1 for none) of each file to write, in the order of the pictures."""
    table, classes = dataset.annotations, len(dataset.categories) + 1
    key = table.image.astype(np.int64) * classes + table.category
    pairs = np.unique(key)
    outlet.lose("annotations of a class that the picture has already", "kept once", len(key) - len(pairs))
    several = np.bincount(pairs // classes, minlength=len(dataset.images)) > 1
    outlet.lose(
        "pictures of several classes", "placed in the folder of each, so they read back as several", int(several.sum())
    )
    bare = np.flatnonzero(np.diff(dataset.offsets) == 0)
    pairs = np.sort(np.concatenate([pairs, bare * classes + classes - 1]))
    rows, at = np.divmod(pairs, classes)
    return rows, np.where(at == classes - 1, -1, at)


def _target(dataset: Dataset, plan: Plan, row: int, at: int) -> str:
    """Return where a picture goes; a split or class that its name begins with already is not said twice."""
    images, split = dataset.images, int(dataset.images.split[row])
    name, root = images.names[row], ""
    if split >= 0:
        root = f"{plan.splits[split]}/"
        name = _without(name, (plan.splits[split], images.splits[split]))
    if at < 0:
        return root + name.replace("/", "__")  # a folder would be a class
    folder = plan.classes[at]
    return f"{root}{folder}/{_without(name, (folder, dataset.categories.names[at]))}"


def _without(name: str, prefixes: Sequence[str]) -> str:
    for prefix in prefixes:
        if name.startswith(f"{prefix}/"):
            return name[len(prefix) + 1 :]
    return name
