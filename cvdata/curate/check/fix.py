"""Repair what can be repaired without a person: `cvdata check --fix`.

Reading has left out what no command can use, and clipped what reaches over an edge; here copies go, and what a trainer
would stumble over. Nothing that is a matter of opinion is touched: names of classes, boxes that nearly cover each
other, pictures that look alike or are hard to see.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Facts, Images, Polygons
from ...dataset.geometry import box_corners
from ...dataset.select import keep_annotations, keep_images
from ...files import Scratch
from ...images.similar import exact_copies
from .boxes import repeats
from .copies import members
from .findings import CheckReport, Fixed
from .pictures import Pictures
from .trainers.pictures import EndBatch, read_ends

__all__ = ["fix", "fixed_rows"]

_SMALLEST = 10  # pixels; Ultralytics leaves out what is smaller
_END = b"\xff\xd9"


def fix(dataset: Dataset, pictures: Pictures | None, to: str, trainer: str | None, scratch: Scratch) -> Dataset:
    """Return the dataset without what should not be there.

    Args:
        pictures: what the files of its pictures say, or None where none was opened.
        to: format that it will be written in.
        trainer: trainer that it is for.
        scratch: takes pictures that have to be written anew.
    """
    again, _ = repeats(dataset.annotations)
    rows = np.setdiff1d(np.arange(len(dataset.annotations)), again, assume_unique=True)
    if len(again):
        dataset = keep_annotations(dataset, rows)
    if to == "yolo-seg":
        dataset = _with_outlines(dataset)
    if pictures is not None:
        kept = _kept(dataset.images, pictures)
        if trainer == "ultralytics":
            kept &= ~_too_small(pictures)
        dataset = keep_images(dataset, np.flatnonzero(kept)) if not kept.all() else dataset
        if trainer == "ultralytics":
            dataset = replace(dataset, images=_with_end_marks(dataset.images, scratch))
    return dataset


def _kept(images: Images, pictures: Pictures) -> NDArray[np.bool_]:
    """Tell which pictures stay: those that can be read, and of copies over several splits one."""
    kept = np.ones(len(images), np.bool_)
    kept[list(pictures.problems)] = False
    kept[_leaked(images, pictures.facts)] = False
    return kept


_RANK = {"test": 0, "val": 1, "train": 2}


def _leaked(images: Images, facts: Facts) -> list[int]:
    """Return the pictures that are in another split, too: all but the first in test, else in val, else in train."""
    out: list[int] = []
    rank = [_RANK.get(name, 3) for name in images.splits]
    for rows in members(exact_copies(facts.sha256)):
        placed = [row for row in rows if images.split[row] >= 0]
        if len({int(images.split[row]) for row in placed}) > 1:
            first = min(placed, key=lambda row: (rank[images.split[row]], row))
            out += [row for row in rows if row != first]
    return out


def _too_small(pictures: Pictures) -> NDArray[np.bool_]:
    shorter = np.minimum(pictures.width, pictures.height)
    return np.asarray((shorter > 0) & (shorter < _SMALLEST))


def _with_outlines(dataset: Dataset) -> Dataset:
    """Give every box without outline its four corners as one."""
    table = dataset.annotations
    bare = ~table.has("polygons") & ~table.has("masks") & ~table.has("crowd") & np.isfinite(table.box).all(axis=1)
    if not bare.any():
        return dataset
    have = table.polygons if table.polygons is not None else Polygons.none(len(table))
    corners = box_corners(table.box[bare]).reshape(-1, 2)
    count = int(bare.sum())
    added = Polygons(corners, np.arange(count + 1) * 4, np.arange(count + 1))
    source = np.arange(len(table))
    source[bare] = len(table) + np.arange(count)
    return replace(dataset, annotations=replace(table, polygons=Polygons.concat([have, added]).take(source)))


def _with_end_marks(images: Images, scratch: Scratch) -> Images:
    """Copy JPEGs that do not end with their end mark, and add it; the originals stay as they are."""
    there = np.flatnonzero(images.folder >= 0).tolist()
    ends = read_ends(EndBatch([images.file(row) or "" for row in there]))
    cut = [row for row, end in zip(there, ends, strict=True) if end.cut]
    if not cut:
        return images
    folder, files = images.folder.copy(), list(images.files or images.names)
    for number, row in enumerate(cut):
        files[row] = f"{number}{os.path.splitext(images.names[row])[1]}"
        scratch.write(files[row], _read(images.file(row) or "") + _END)
        folder[row] = len(images.folders)
    return replace(images, folder=folder, folders=(*images.folders, scratch.path), files=tuple(files), facts=None)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def fixed_rows(before: CheckReport, after: CheckReport) -> list[Fixed]:
    """Say what became of each finding, and which ones are new."""
    left = {finding.code: finding for finding in after.findings}
    rows = [
        Fixed(
            code=finding.code,
            severity=finding.severity,
            title=finding.title,
            done=_done(finding.fixed, finding.count, left[finding.code].count if finding.code in left else 0),
            before=finding.count,
            after=left[finding.code].count if finding.code in left else 0,
        )
        for finding in before.findings
    ]
    known = {finding.code for finding in before.findings}
    new = [finding for finding in after.findings if finding.code not in known and finding.severity != "info"]
    return rows + [
        Fixed(
            code=finding.code,
            severity=finding.severity,
            title=finding.title,
            done="new: it comes of the other repairs",
            before=0,
            after=finding.count,
        )
        for finding in new
    ]


def _done(fixed: str, before: int, after: int) -> str:
    if after >= before:
        return ""
    return fixed or "gone with other repairs"
