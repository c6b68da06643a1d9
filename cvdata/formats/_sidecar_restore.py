"""Put back what a sidecar kept, for every picture whose label file is as it was written."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset
from ..dataset.select import keep_annotations
from ..engine import batch_size
from ..errors import CvdataError, Place, show
from ..files import Counts
from ..files.hashes import hash_files
from ._sidecar_file import Kept, has_sidecar, load_sidecar
from ._sidecar_merge import Match, merge
from .intake import Intake
from .settle import Places, judge_polygons

__all__ = ["restore"]

_MOST_FILES = 2000


def restore(dataset: Dataset, format: str, carried: frozenset[str], intake: Intake) -> Dataset:  # noqa: A002
    """Return a dataset that was just read, with what the sidecar beside it kept.

    What is unchanged comes back exactly as it was before it was written, and in that order. Labels that were edited,
    and pictures that are new, stay as they were read; pictures that are gone stay gone. A sidecar that is damaged or
    not of these label files changes nothing, and `intake` has a note that says so.

    Args:
        format: name of the format that was read; `carried`: the features that it carries.
    """
    root = intake.label_root
    if root is None or not has_sidecar(Path(root)):
        return dataset
    try:
        kept = load_sidecar(root, intake.engine, intake.progress)
    except (CvdataError, OSError) as error:
        message = "what cvdata kept beside these labels cannot be used, so they are taken as they stand"
        intake.note("sidecar-unusable", message, 1, [str(error).splitlines()[0]])
        return dataset
    if kept.head.format.partition("-")[0] != format.partition("-")[0]:
        return dataset
    if kept.head.numbered and dataset.categories.names != kept.head.called:
        message = "the list of classes was edited after cvdata wrote it, so the labels are taken as they stand"
        intake.note("classes-edited", message)
        return dataset
    match = _match(dataset, kept, intake)
    _forget_problems(dataset, match, intake)
    if kept.unjudged:
        kept = _judge(kept, match, intake)
    merged, sources = merge(dataset, kept, match, carried)
    _account(kept, merged, sources, intake)
    return merged


def _match(dataset: Dataset, kept: Kept, intake: Intake) -> Match:
    """Find each picture that was read among those that were written, and tell which are unchanged since."""
    row_of = {name: row for row, name in enumerate(kept.names)}
    images = dataset.images
    rows = np.fromiter((row_of.get(name, -1) for name in images.names), np.int64, len(images))
    known = np.flatnonzero(rows >= 0)
    files = [intake.label_files.get(images.names[row]) for row in known.tolist()]
    hashes = _hashes([file for file in dict.fromkeys(files) if file is not None], intake)
    same = np.zeros(len(images), np.bool_)
    same[known] = [
        file == kept.files[row] and (file is None or hashes[file] == kept.hashes[row])
        for file, row in zip(files, rows[known].tolist(), strict=True)
    ]
    _note_edited([images.names[row] for row in known[~same[known]].tolist()], intake)
    return Match(rows, same & _same_size(dataset, kept, rows, intake))


def _note_edited(names: Sequence[str], intake: Intake) -> None:
    if names:
        message = "the label files of {n} pictures were edited after cvdata wrote them: what they say now counts"
        intake.note("edited", message, len(names), map(show, names[:5]))


def _same_size(dataset: Dataset, kept: Kept, rows: NDArray[np.int64], intake: Intake) -> NDArray[np.bool_]:
    """Tell which pictures have the size that they had: in another picture the kept pixels mean nothing."""
    images, before = dataset.images, kept.images
    if not len(before):
        return np.ones(len(images), np.bool_)
    known = (rows >= 0) & (images.width > 0) & (before.width[rows] > 0)
    other = known & ((images.width != before.width[rows]) | (images.height != before.height[rows]))
    if other.any():
        message = "{n} pictures have another size than when cvdata wrote their labels, which are taken as they stand"
        names = [show(images.names[row]) for row in np.flatnonzero(other)[:5].tolist()]
        intake.note("picture-replaced", message, int(other.sum()), names)
    return np.asarray(~other)


def _forget_problems(dataset: Dataset, match: Match, intake: Intake) -> None:
    """Take annotations of unchanged pictures out of quarantine: they come back as they were.

    A box that became too thin to be one when it was written is such a problem.
    """
    unchanged = {dataset.images.names[row] for row in np.flatnonzero(match.unchanged).tolist()}
    intake.quarantine = [item for item in intake.quarantine if item.kind != "annotation" or item.image not in unchanged]


def _judge(kept: Kept, match: Match, intake: Intake) -> Kept:
    """Judge outlines that were kept as text, as reading judges all others; what fails goes to quarantine by name."""
    table, images = kept.annotations, kept.images
    if table.polygons is None:
        return kept
    dataset = Dataset(images=images, annotations=table, categories=kept.head.classes)
    wanted = np.zeros(len(images), np.bool_)  # of other pictures the labels count as they were read
    wanted[match.rows[match.unchanged]] = True
    judged = wanted[table.image]
    good = judged.copy()

    def place(row: int) -> Place:
        image = int(table.image[row])
        return Place(kept.files[image] or images.names[image], field=f"annotation {row - dataset.offsets[image] + 1}")

    places = Places(lambda row: Place(images.names[row]), place)
    width, height = images.width[table.image], images.height[table.image]
    polygons = judge_polygons(table.polygons, width, height, dataset, intake, places, good)
    dataset = dataclasses.replace(dataset, annotations=dataclasses.replace(table, polygons=polygons))
    if not np.array_equal(good, judged):
        dataset = keep_annotations(dataset, np.flatnonzero(good | ~judged))
    return dataclasses.replace(kept, images=dataset.images, annotations=dataset.annotations)


def _account(kept: Kept, merged: Dataset, sources: NDArray[np.int64], intake: Intake) -> None:
    """Make the account and the places those of the merged dataset."""
    restored = int((sources < 0).sum())
    if restored:
        message = "{n} annotations of pictures whose label files are unchanged were restored from .cvdata/sidecar"
        intake.note("restored", message, restored)
    found = Counts(len(merged.images), len(merged.annotations))
    intake.read = found + intake.quarantined + intake.filtered
    before, names = intake.where, dict(zip(kept.images.names, kept.files, strict=True))

    def where(row: int) -> Place:
        if sources[row] >= 0 and before is not None:
            return before(int(sources[row]))
        image = int(merged.annotations.image[row])
        number = row - int(merged.offsets[image]) + 1
        return Place(names.get(merged.images.names[image]) or merged.images.names[image], field=f"annotation {number}")

    intake.where = where


def _hashes(names: list[str], intake: Intake) -> dict[str, str | None]:
    """Return the SHA-256 of label files, None where one is not there."""
    root = intake.label_root or ""
    intake.progress.start("comparing label files", len(names))
    step = batch_size(len(names), intake.engine.workers, _MOST_FILES, 100)
    paths = [f"{root}/{name}" for name in names]
    batches = (paths[first : first + step] for first in range(0, len(paths), step))
    found = [digest for part in intake.engine.map(hash_files, batches, progress=intake.progress) for digest in part]
    return {name: None if digest is None else digest.hex() for name, digest in zip(names, found, strict=True)}
