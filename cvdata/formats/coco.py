"""COCO: one JSON file of pictures, annotations and classes; boxes, polygons, masks, keypoints.

Rules: format-data page of cocodataset.org, `pycocotools`; ids, unknown fields, info and licences are kept as they are.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

import msgspec

from ..dataset import Dataset
from ..errors import FormatError, Place, show
from ._coco_read import read_file
from ._coco_splits import TASKS, join_splits, split_name, split_of
from ._coco_write import write_dataset
from .intake import Intake, Likeness
from .outlet import Outlet, Refusal

__all__ = [
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

SUMMARY = "COCO JSON: boxes, polygons, masks, keypoints, crowd regions"
TEXT_OUTLINES = True  # outlines that nobody looked into are written as they came
PRECISION = 0.0
SIDECAR = True  # what it cannot hold is kept beside its files


class ReadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to read COCO; there is nothing to choose."""


class WriteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to write COCO.

    Attributes:
        category_ids: `keep` the ids of the source (from 1 where it has none), or number the classes from 1 or 0.
    """

    category_ids: Literal["keep", "1", "0"] = "keep"


_SECTION = re.compile(rb'"(?:images|annotations|categories)"\s*:\s*\[')
_ROBOFLOW = "_annotations.coco.json"


def looks_like(path: Path) -> Likeness:
    """Say how much a path looks like COCO: a JSON file with its sections, or a folder that holds such files."""
    if path.is_file():
        if path.suffix.lower() == ".json" and _has_sections(path):
            return Likeness(95, "a JSON file with images and annotations")
        return Likeness(0, "not a JSON file with images and annotations")
    files = _files(path)
    if files:
        return Likeness(90, f"it holds {show(files[0][0].name)}")
    return Likeness(0, "no annotation file")


def _has_sections(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(1 << 16)
            file.seek(max(0, path.stat().st_size - (1 << 16)))
            tail = file.read()
    except OSError:
        return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head, tail = head.replace(b"\0", b""), tail.replace(b"\0", b"")
    return head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1] == b"{" and bool(_SECTION.search(head + tail))


def _files(root: Path) -> list[tuple[Path, str | None]]:
    """Return the annotation files below a root and the split each is for.

    Of several tasks over the same pictures the first of instances, keypoints, labels, stuff, image_info is taken.
    """
    roboflow = sorted(root.glob(f"*/{_ROBOFLOW}"))
    if roboflow:
        return [(file, split_name(file.parent.name)) for file in roboflow]
    if (root / _ROBOFLOW).is_file():
        return [(root / _ROBOFLOW, None)]
    for folder in (root / "annotations", root):
        found = [file for file in sorted(folder.glob("*.json")) if _has_sections(file)]
        for task in TASKS:
            named = [file for file in found if file.name.startswith(f"{task}_")]
            if named:
                return [(file, split_of(file.stem)) for file in named]
        if len(found) == 1 or (found and folder.name == "annotations"):
            return [(file, None if len(found) == 1 else split_name(file.stem)) for file in found]
    return []


def carries(options: WriteOptions) -> frozenset[str]:
    """Return what a COCO file keeps; rotated boxes have no place in it."""
    kept = {
        "boxes", "image-labels", "polygons", "rings", "masks", "keypoints", "crowd", "score", "difficult", "truncated",
        "occluded", "area", "extra", "image-extra", "annotation-ids", "image-ids", "category-extra",
        "unused-categories", "unlabelled", "empty", "splits", "meta",
    }  # fmt: skip
    return frozenset(kept | {"category-ids"} if options.category_ids == "keep" else kept)


def refuses(dataset: Dataset, options: WriteOptions) -> list[Refusal]:  # noqa: ARG001 - the protocol's
    """Return nothing: every annotation has a place in COCO."""
    return []


def read(path: Path, options: ReadOptions, intake: Intake) -> Dataset:  # noqa: ARG001 - the protocol's
    """Read a COCO file, or a folder of them with one file per split.

    Raises:
        FormatError: a file is not COCO.
        IdentityError: two images or classes claim one id or name.
        UnsafePathError: a file name leaves the picture folder.
    """
    files = [(path, split_of(path.stem))] if path.is_file() else _files(path)
    if not files:
        raise FormatError(
            "no COCO annotation file is here",
            at=Place(path),
            hint="give the JSON file itself, or a folder that holds annotations/*.json",
        )
    base = path.parent if path.is_file() else path
    parts, places = [], []
    for file, split in files:
        shown = file.relative_to(base).as_posix()
        parts.append(read_file(file, split, shown, intake))
        places.append(intake.where)
    folder = Path(os.path.abspath(base))
    root = folder.parent if path.is_file() and folder.name == "annotations" else folder
    labels = [Path(os.path.abspath(file)).relative_to(root).as_posix() for file, _ in files]
    intake.label_root = str(root)
    if len(parts) == 1:
        intake.label_files = dict.fromkeys(parts[0].images.names, labels[0])
        return parts[0]
    dataset, intake.where = join_splits(parts, places, [split or "" for _, split in files])
    owners = (label for label, part in zip(labels, parts, strict=True) for _ in part.images.names)
    intake.label_files = dict(zip(dataset.images.names, owners, strict=True))
    _note_shared_ids(parts, dataset, intake)
    return dataset


def _note_shared_ids(parts: list[Dataset], dataset: Dataset, intake: Intake) -> None:
    if dataset.images.source_id is None:
        count = len(dataset.images)
        intake.note("shared-image-ids", "the files share image ids; all {n} are numbered anew", count)
    if dataset.annotations.source_id is None and all(part.annotations.source_id is not None for part in parts):
        count = len(dataset.annotations)
        intake.note("shared-annotation-ids", "the files share annotation ids; all {n} are numbered anew", count)


def write(dataset: Dataset, outlet: Outlet, options: WriteOptions) -> None:
    """Write annotations/instances.json, or one file per split, and the pictures below images/."""
    write_dataset(dataset, outlet, options.category_ids)
