"""Which labels of a dataset a task can learn from; what it cannot use is left out and said, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset, Ragged, State
from ...dataset.ragged import starts
from ...dataset.rle import run_sums
from ...dataset.select import keep_annotations
from ...errors import TrainingError, show
from ...files import Finding
from ...models.spec import Task
from ...reports.scales import plural
from .painting import drawn_objects

__all__ = ["Wanted", "finding", "fitting_masks", "refuse_nothing", "usable_labels"]

_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an architecture wants of labels.

    Attributes:
        masks, keypoints: detectors: of each object, besides its box.
        crops: classifiers: boxes that are cut out, in place of labels of whole pictures.
    """

    architecture: str
    masks: bool = False
    keypoints: bool = False
    crops: bool = False


def usable_labels(dataset: Dataset, task: Task, wanted: Wanted, findings: list[Finding]) -> Dataset:
    """Return the dataset with the annotations that a task learns from; crowd regions stay, marked as such.

    Raises:
        TrainingError: there are none.
    """
    refuse_nothing(dataset)
    if task == "detector":
        return _boxes(dataset, wanted, findings)
    if task == "segmenter":
        return _areas(dataset, findings)
    return _cut_boxes(dataset, findings) if wanted.crops else _classes(dataset, findings)


def refuse_nothing(dataset: Dataset) -> None:
    """Refuse a dataset without pictures, labels or classes.

    Raises:
        TrainingError: it is one.
    """
    if not len(dataset.images):
        raise TrainingError("the dataset has no pictures", hint="check the path, or what was put aside as bad")
    if not len(dataset.annotations):
        nobody = bool((dataset.images.state == State.UNLABELLED).all())
        what = "nobody has labelled these pictures" if nobody else "no picture has an object"
        raise TrainingError(f"{what}, so there is nothing to learn", hint="give a dataset with labels")
    if not len(dataset.categories):
        raise TrainingError("the dataset has no classes", hint="give a dataset whose labels name classes")


def finding(code: str, message: str, dataset: Dataset, images: NDArray[np.integer]) -> Finding:
    """Return a finding on pictures, given by their rows, one for each time it was found."""
    names = [show(dataset.images.names[row]) for row in dict.fromkeys(images[:1000].tolist())]
    return Finding(code=code, message=message, count=len(images), examples=names[:_EXAMPLES])


def fitting_masks(dataset: Dataset, findings: list[Finding]) -> Dataset:
    """Take away masks that have not as many pixels as their picture, whose size must be known; and say so."""
    table, images = dataset.annotations, dataset.images
    if table.masks is None:
        return dataset
    owner = table.image
    pixels = images.width[owner].astype(np.int64) * images.height[owner]
    bad = (table.masks.lengths > 0) & (run_sums(table.masks) != pixels)
    if not bad.any():
        return dataset
    message = f"{plural(int(bad.sum()), 'mask')} of another size than the picture; the outline or the box stands for it"
    findings.append(finding("masks-of-other-size", message, dataset, owner[bad]))
    values = table.masks.values[np.repeat(~bad, table.masks.lengths)]
    masks = Ragged(values, starts(np.where(bad, 0, table.masks.lengths)))
    return replace(dataset, annotations=replace(table, masks=masks))


def _boxes(dataset: Dataset, wanted: Wanted, findings: list[Finding]) -> Dataset:
    if np.isnan(dataset.annotations.box[:, 0]).all():
        raise TrainingError(
            "a detector needs boxes, and these labels are of whole pictures",
            hint="train a classifier: cvdata train classifier SRC",
        )
    dataset = _sound_boxes(dataset, findings)
    if wanted.masks:
        _check_masks(dataset, wanted, findings)
    if wanted.keypoints:
        _check_keypoints(dataset, wanted)
    return dataset


def _sound_boxes(dataset: Dataset, findings: list[Finding]) -> Dataset:
    """Leave out labels of whole pictures and boxes without area; say what crowd regions are used for."""
    dataset = _without(
        dataset,
        lambda table: np.isnan(table.box[:, 0]),
        "labels-among-boxes",
        "left out: {n} of whole pictures among the boxes",
        "label",
        findings,
    )
    dataset = _without(
        dataset,
        lambda table: ~((table.box[:, 2] > 0) & (table.box[:, 3] > 0)),
        "box-without-area",
        "left out: {n} without area",
        "box",
        findings,
    )
    table = dataset.annotations
    if table.crowd is not None and table.crowd.any():
        owner = table.image[table.crowd]
        message = f"not learnt from: {plural(len(owner), 'crowd region')}, where nothing counts as wrong"
        findings.append(finding("crowd-regions", message, dataset, owner))
    if not len(table) or (table.crowd is not None and table.crowd.all()):
        raise TrainingError("no box is left to learn from", hint="run `cvdata check` on the dataset")
    return dataset


def _without(
    dataset: Dataset,
    which: Callable[[Annotations], NDArray[np.bool_]],
    code: str,
    message: str,
    noun: str,
    findings: list[Finding],
) -> Dataset:
    """Leave annotations out, and say how many."""
    out = which(dataset.annotations)
    if not out.any():
        return dataset
    owner = dataset.annotations.image[out]
    findings.append(finding(code, message.replace("{n}", plural(len(owner), noun)), dataset, owner))
    return keep_annotations(dataset, np.flatnonzero(~out))


def _check_masks(dataset: Dataset, wanted: Wanted, findings: list[Finding]) -> None:
    drawn = drawn_objects(dataset.annotations)
    if not drawn.any():
        raise TrainingError(
            f"{wanted.architecture} learns the mask of each object, and these labels are boxes alone",
            hint="choose an architecture that needs boxes only",
        )
    if not drawn.all():
        owner = dataset.annotations.image[~drawn]
        message = f"{plural(len(owner), 'object')} without an outline; the box stands for it"
        findings.append(finding("objects-without-outline", message, dataset, owner))


def _check_keypoints(dataset: Dataset, wanted: Wanted) -> None:
    table, classes = dataset.annotations, dataset.categories
    if not table.has("keypoints").any():
        raise TrainingError(
            f"{wanted.architecture} learns keypoints, and these labels have none",
            hint="choose an architecture that needs boxes only",
        )
    used = np.unique(table.category).tolist()
    named = {row: () if classes.keypoints is None else classes.keypoints[row] for row in used}
    lengths = table.keypoints.lengths if table.keypoints is not None else np.zeros(0, np.int64)
    counts = np.unique(lengths[lengths > 0])
    names = {points for points in named.values() if points}
    if len(counts) > 1 or len({len(points) for points in names}) > 1:
        several = ", ".join(f"'{show(classes.names[row])}' {len(points)}" for row, points in named.items())
        raise TrainingError(
            f"{wanted.architecture} needs classes of as many keypoints each, and these differ: {several}",
            hint="train on the classes of one kind of skeleton: cvdata filter",
        )


def _areas(dataset: Dataset, findings: list[Finding]) -> Dataset:
    table = dataset.annotations
    drawn = drawn_objects(table)
    if not drawn.any():
        raise TrainingError(
            "a segmenter needs masks, outlines or maps of classes, and these labels have none",
            hint="train a detector or a classifier, or give the folder of the maps",
        )
    boxed = ~drawn & ~np.isnan(table.box[:, 0])
    if boxed.any():
        owner = table.image[boxed]
        message = f"{plural(len(owner), 'object')} without an outline; what is in the box counts for no class"
        findings.append(finding("objects-without-outline", message, dataset, owner))
    message = "objects were painted into maps of classes, larger ones first; where several lie, the smallest is seen"
    findings.append(Finding(code="objects-painted", message=message, count=int(drawn.sum()), examples=[]))
    return dataset


def _cut_boxes(dataset: Dataset, findings: list[Finding]) -> Dataset:
    if np.isnan(dataset.annotations.box[:, 0]).all():
        raise TrainingError("--crops cuts boxes out, and these labels are of whole pictures", hint="leave --crops out")
    dataset = _sound_boxes(dataset, findings)
    table = dataset.annotations
    return dataset if table.crowd is None else keep_annotations(dataset, np.flatnonzero(~table.crowd))


def _classes(dataset: Dataset, findings: list[Finding]) -> Dataset:
    if not np.isnan(dataset.annotations.box[:, 0]).any():
        raise TrainingError(
            "a classifier learns labels of whole pictures, and these are boxes",
            hint="--crops learns the class of what is in each box; or train a detector",
        )
    dataset = _without(
        dataset,
        lambda table: ~np.isnan(table.box[:, 0]),
        "boxes-among-labels",
        "left out: {n} among the labels of whole pictures",
        "box",
        findings,
    )
    table = dataset.annotations
    key = table.image.astype(np.int64) * len(dataset.categories) + table.category
    _, first = np.unique(key, return_index=True)
    if len(first) < len(key):
        dataset = replace(dataset, annotations=table.take(np.sort(first)))
    return dataset
