"""From a dataset to two parts that can be trained on: what is left out is said, and what cannot be is refused."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...augment.follow import flip_pairs, with_flip_pairs
from ...dataset import Dataset, State
from ...engine import Engine, Progress, Silent, start, worker_count
from ...errors import TrainingError, show
from ...files import Finding
from ...models.packages import check_packages
from ...models.run_folder import DatasetInfo
from ...reports.scales import plural
from ..settings import TrainSettings
from ..source import Source
from .counting import count_pixels, objects_by_class, only_void
from .crops import cut_boxes
from .digest import digest_of
from .labels import Wanted, finding, fitting_masks, refuse_nothing, usable_labels
from .painting import VOID, painted_classes
from .part import Part, Prepared
from .pictures import leaking, read_pictures, there_and_labelled
from .splits import Divided, Names, choose_names, divide, rows_of

__all__ = ["Part", "Prepared", "prepare"]

_FEW_PICTURES = 200  # that are not worth a worker process


def prepare(source: Source, settings: TrainSettings, *, progress: Progress | None = None) -> Prepared:
    """Choose the pictures and labels to learn from and to validate with, and check all there is to check.

    Every picture is read once, unless the dataset knows it already: to find copies of pictures to learn from among
    those to validate with, and so that no file stops the training when it has begun.

    Raises:
        UsageError: a split does not exist.
        TrainingError: the dataset cannot be trained on.
    """
    progress, findings = progress or Silent(), list(source.findings)
    with ExitStack() as stack:
        engine = stack.enter_context(_engine(len(source.dataset.images), settings))
        whole, names = _usable(source, settings, findings)
        whole = read_pictures(whole, engine, progress, findings)
        whole = replace(whole, dataset=fitting_masks(whole.dataset, findings))
        whole = _with_shown(whole, settings, engine, progress, findings)
    divided = divide(whole.dataset, names, settings, findings)
    leaks = leaking(whole, divided.train, divided.val)
    if len(leaks):
        message = f"{plural(len(leaks), 'validation picture')} with a copy, or nearly one, among those to learn from"
        findings.append(finding("leaking-pictures", message, whole.dataset, leaks))
    return _prepared(source, settings, whole, divided, len(leaks), findings)


def _engine(pictures: int, settings: TrainSettings) -> Engine:
    return start(1 if pictures < _FEW_PICTURES else max(1, worker_count(settings.workers)))


def _usable(source: Source, settings: TrainSettings, findings: list[Finding]) -> tuple[Part, Names]:
    """Return the pictures and labels of the chosen splits that can be used, as far as labels can tell."""
    dataset = source.dataset
    if source.maps is None:
        refuse_nothing(dataset)
    names = choose_names(dataset.images, settings)
    part = Part(dataset, source.maps).take(rows_of(dataset.images, names, findings))
    if source.maps is None:
        part = Part(usable_labels(part.dataset, settings.task, _wanted(settings), findings))
    elif settings.task != "segmenter":
        raise TrainingError(f"maps of classes are for segmenters, not for a {settings.task}")
    part = there_and_labelled(part, findings)
    return part, names


def _wanted(settings: TrainSettings) -> Wanted:
    if settings.task != "detector":
        return Wanted(settings.architecture, crops=settings.crops)
    check_packages("training", "torch", "torchvision")
    from ...models.networks.catalogue import defaults_of  # with torch

    suits = defaults_of(settings.task, settings.architecture)
    return Wanted(settings.architecture, masks=suits.masks, keypoints=suits.keypoints)


def _with_shown(
    part: Part, settings: TrainSettings, engine: Engine, progress: Progress, findings: list[Finding]
) -> Part:
    """Count the pixels of each class on each picture, for segmenters; leave out pictures without any."""
    if settings.task != "segmenter":
        return part
    classes = len(_classes(part, settings))
    if classes > VOID:
        raise TrainingError(f"{classes:,} classes are too many for a segmenter", hint=f"it tells {VOID} apart at most")
    part = count_pixels(part, classes, engine, progress)
    void = only_void(part)
    if not len(void):
        return part
    message = f"left out: {plural(len(void), 'picture')} without a pixel of any class"
    findings.append(finding("only-void", message, part.dataset, void))
    kept = np.setdiff1d(np.arange(len(part)), void)
    if not len(kept):
        raise TrainingError("no pixel of any map is of a class", hint="check which values stand for which class")
    return part.take(kept)


def _classes(part: Part, settings: TrainSettings) -> tuple[str, ...]:
    if settings.task == "segmenter" and part.maps is None:
        return painted_classes(part.dataset.categories)[0]
    return part.dataset.categories.names


def _prepared(
    source: Source, settings: TrainSettings, whole: Part, divided: Divided, leaks: int, findings: list[Finding]
) -> Prepared:
    classes = _classes(whole, settings)
    train, val = whole.take(divided.train), whole.take(divided.val)
    several = False
    if settings.task == "classifier":
        if settings.crops:
            train, val = cut_boxes(train, settings.crop_margin), cut_boxes(val, settings.crop_margin)
        several = _several(whole.dataset) and not settings.crops
        train = _of_a_class(train, several, divided.names[0], findings)
        val = _of_a_class(val, several, divided.names[1], findings)
    elif settings.task == "detector":
        train = _without_crowds(train, findings)
    counts = tuple(objects_by_class(part, len(classes)) for part in (train, val))
    _refuse_sameness(settings, classes, counts, several=several)
    _note_classes(classes, counts, settings, findings)
    _note_empty(train, settings, several, findings)
    keypoints, flips = _keypoints(whole.dataset, settings)
    sides = dict(zip(divided.names, (train, val), strict=True))
    counted = {} if whole.maps is not None else sides  # a map has pixels, and no objects to count
    info = DatasetInfo(
        path=source.path,
        images_path=source.images_path,
        format=source.format,
        version=source.version,
        sha256=digest_of(train, val, classes),
        images={name: len(part) for name, part in sides.items()},
        objects={name: len(part.dataset.annotations) for name, part in counted.items()},
        held_out=divided.held_out,
    )
    return Prepared(
        train=train,
        val=val,
        classes=classes,
        several=several,
        keypoints=keypoints,
        flips=flips,
        findings=tuple(findings),
        info=info,
        leaks=leaks,
        class_counts=counts[0],
    )


def _several(dataset: Dataset) -> bool:
    """Tell whether pictures may have several labels, or one or none of a single class."""
    labels = np.diff(dataset.offsets)
    used = np.unique(dataset.annotations.category)
    return bool((labels > 1).any()) or (len(used) == 1 and bool((labels == 0).any()))


def _of_a_class(part: Part, several: bool, split: str, findings: list[Finding]) -> Part:
    """Leave out pictures without a class where each must have one."""
    bare = np.flatnonzero(np.diff(part.dataset.offsets) == 0)
    if several or not len(bare):
        return part
    if len(bare) == len(part):
        raise TrainingError(f"no picture of the split '{show(split)}' is of a class")
    message = f"left out: {plural(len(bare), 'picture')} of {show(split)} that are of no class"
    findings.append(finding("pictures-of-no-class", message, part.dataset, bare))
    return part.take(np.setdiff1d(np.arange(len(part)), bare))


def _without_crowds(part: Part, findings: list[Finding]) -> Part:
    """Leave out pictures to learn from that have crowd regions and nothing else: they are not background."""
    table = part.dataset.annotations
    if table.crowd is None or not table.crowd.any():
        return part
    single = np.bincount(table.image[~table.crowd], minlength=len(part)) > 0
    alone = np.setdiff1d(np.unique(table.image[table.crowd]), np.flatnonzero(single)).astype(np.int64)
    if not len(alone):
        return part
    if len(alone) == len(part):
        raise TrainingError("the pictures to learn from have crowd regions alone, and no object")
    message = f"left out: {plural(len(alone), 'picture')} to learn from with crowd regions alone"
    findings.append(finding("crowds-alone", message, part.dataset, alone))
    return part.take(np.setdiff1d(np.arange(len(part)), alone))


def _refuse_sameness(
    settings: TrainSettings, classes: Sequence[str], counts: Sequence[NDArray[np.int64]], *, several: bool
) -> None:
    """Refuse what leaves nothing to learn or to judge.

    Raises:
        TrainingError: a part has no object at all, or a classifier or segmenter sees one class alone.
    """
    what = {"detector": "object", "classifier": "labelled picture", "segmenter": "pixel of a class"}[settings.task]
    for count, name in zip(counts, ("learn from", "validate with"), strict=True):
        if not count.any():
            raise TrainingError(
                f"there is no {what} in the pictures to {name}", hint="divide the dataset anew: cvdata split"
            )
    used = np.flatnonzero(counts[0] + counts[1])
    if settings.task != "detector" and not several and len(used) < 2:
        raise TrainingError(
            f"everything is of one class, '{show(classes[used[0]])}', so there is nothing to tell apart",
            hint="give a dataset of two classes or more",
        )


def _note_classes(
    classes: Sequence[str], counts: Sequence[NDArray[np.int64]], settings: TrainSettings, findings: list[Finding]
) -> None:
    train, val = counts
    unit = {"detector": "object", "classifier": "picture", "segmenter": "pixel"}[settings.task]
    if len(classes) == 1:
        findings.append(Finding(code="one-class", message="there is one class", count=1, examples=[show(classes[0])]))
    kinds = (
        ("class-only-in-validation", (train == 0) & (val > 0), "{n} only in validation pictures, so never learnt"),
        ("unused-class", (train == 0) & (val == 0), "{n} without any " + unit + "; kept, so that numbers stay"),
        ("class-not-validated", (train > 0) & (val == 0), "{n} without any " + unit + " in validation pictures"),
    )  # fmt: skip
    for code, which, message in kinds:
        rows = np.flatnonzero(which).tolist()
        if rows:
            said = message.replace("{n}", plural(len(rows), "class"))
            names = [show(classes[row]) for row in rows[:5]]
            shown = f"{said}: {', '.join(names)}{', …' if len(rows) > len(names) else ''}"
            findings.append(Finding(code=code, message=shown, count=len(rows), examples=names))


def _note_empty(train: Part, settings: TrainSettings, several: bool, findings: list[Finding]) -> None:
    empty = np.flatnonzero(train.dataset.images.state == State.EMPTY)
    if len(empty) and (settings.task == "detector" or several):
        message = f"{plural(len(empty), 'picture')} with nothing in it, learnt as background"
        findings.append(finding("empty-pictures", message, train.dataset, empty))


def _keypoints(dataset: Dataset, settings: TrainSettings) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the names of the points of objects, and which takes the place of which in a mirror."""
    table, classes = dataset.annotations, dataset.categories
    if settings.task != "detector" or table.keypoints is None or not table.has("keypoints").any():
        return (), ()
    counts = np.unique(table.keypoints.lengths[table.keypoints.lengths > 0])
    if len(counts) > 1:
        return (), ()
    rows = np.unique(table.category[table.keypoints.lengths > 0]).tolist()
    named = [classes.keypoints[row] for row in rows] if classes.keypoints is not None else []
    count = int(counts[0])
    names = next((points for points in named if len(points) == count), None)
    swaps = flip_pairs(with_flip_pairs(dataset))
    swap = next((swaps[row] for row in rows if row in swaps and len(swaps[row]) == count), np.arange(count))
    return names or tuple(f"point {number}" for number in range(1, count + 1)), tuple(swap.tolist())
