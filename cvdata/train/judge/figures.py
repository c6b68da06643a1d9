"""The figures of an epoch, through `cvdata.evaluate`: the ones that `cvdata eval` gives for the same pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset
from ...evaluate.classify import class_metrics, classify
from ...evaluate.objects import Kind
from ...evaluate.pair import align
from ...evaluate.pixels.arrays import Segmented, pixel_metrics, segmented
from ...evaluate.run import evaluate
from ...evaluate.settings import EvalSettings
from ...models.columns import categories_of, columns_dataset
from ...models.spec import ModelSpec
from .seen import Seen

__all__ = ["figures_of", "found_dataset", "judged_maps", "kind_of", "metric_of"]

_DETECTION = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR100", "AR")
"""Figures of detectors that are kept of each epoch; keypoints have AR, others AR100."""

_BOXES = {"AP": "box_AP", "AP50": "box_AP50"}
"""Of detectors that find more than boxes: figures of the boxes, and what they are called beside those of their kind."""


def metric_of(spec: ModelSpec) -> str:
    """Return the name of the figure that decides which epoch is best; more of it is better."""
    if spec.task == "detector":
        return "AP"
    if spec.task == "segmenter":
        return "mIoU"
    return "mAP" if spec.several else "accuracy"


def kind_of(spec: ModelSpec) -> Kind:
    """Return the kind of shape that a detector is judged by."""
    if spec.masks:
        return "masks"
    return "keypoints" if spec.keypoints else "boxes"


def figures_of(truth: Dataset, spec: ModelSpec, seen: Seen) -> dict[str, float | None]:
    """Return the figures by name, `metric_of` first; None for those that are not defined.

    Args:
        truth: the pictures with their labels.
        seen: what was found in all of them.
    """
    if spec.task == "segmenter":
        return pixel_metrics(judged_maps(truth, spec, seen))
    if spec.task == "classifier":
        return _of_labels(truth, spec, seen)
    found, kind = found_dataset(truth, spec, seen), kind_of(spec)
    figures = _of_objects(truth, found, kind)
    if kind != "boxes":
        boxes = _of_objects(truth, found, "boxes")
        figures |= {name: boxes[key] for key, name in _BOXES.items()}
    return figures


def found_dataset(truth: Dataset, spec: ModelSpec, seen: Seen, most: int | None = None) -> Dataset:
    """Return what was found as a dataset with scores, on the pictures of the truth.

    Of a classifier every class of each picture that was looked at is there, with its score.

    Args:
        most: classes of a picture that are kept at most, the surest.
    """
    if seen.columns.scores is None:
        found = columns_dataset(truth.images, categories_of(spec), seen.columns, spec)
        # A mask without a pixel stays one: without any its box would be taken for it, and may be right.
        return replace(found, annotations=replace(found.annotations, masks=seen.columns.masks))
    table = _score_table(seen.rows, seen.columns.scores, most)
    return Dataset(images=truth.images, annotations=table, categories=categories_of(spec))


def judged_maps(truth: Dataset, spec: ModelSpec, seen: Seen) -> Segmented:
    """Return which class was found for which, in every picture that was looked at."""
    names = truth.images.names
    return segmented([names[row] for row in seen.rows.tolist()], spec.classes, seen.meetings or [])


_SHAPES = {"boxes": (), "masks": ("polygons", "masks"), "keypoints": ("keypoints",)}
"""Columns that objects must have to be compared by a kind of shape: one of them."""


def _of_objects(truth: Dataset, found: Dataset, kind: Kind) -> dict[str, float | None]:
    wanted = _SHAPES[kind]
    if wanted and not any(truth.annotations.has(column).any() for column in wanted):
        return {"AP": None}  # the validation pictures have boxes alone, or nothing
    settings = EvalSettings(kind=kind, details=False, resamples=0)
    metrics = evaluate(truth, found, settings).report.metrics
    return {name: metrics[name].value for name in _DETECTION if name in metrics}


_TOP = 5


def _of_labels(truth: Dataset, spec: ModelSpec, seen: Seen) -> dict[str, float | None]:
    if not len(truth.annotations):
        return {metric_of(spec): None}
    # Of one label a picture the five surest classes tell all; the rest would be sorted for nothing.
    found = found_dataset(truth, spec, seen, None if spec.several else _TOP)
    values = class_metrics(classify(align(truth, found), several=spec.several))
    if not spec.several:
        values = {"accuracy": values.pop("top1"), **values}
        if len(spec.classes) <= _TOP:
            del values["top5"]
    return {name: None if np.isnan(value) else value for name, value in values.items()}


def _score_table(rows: NDArray[np.int64], scores: NDArray[np.float64], most: int | None) -> Annotations:
    """Return a label for every picture and class, or for the surest classes of each picture."""
    if most is None or most >= scores.shape[1]:
        category = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    else:
        # Of equally sure classes the first one counts, as in the evaluation.
        category = np.sort(np.argsort(-scores, axis=1, kind="stable")[:, :most], axis=1)
    return Annotations(
        image=np.repeat(rows, category.shape[1]).astype(np.int32),
        category=category.ravel().astype(np.int32),
        box=np.broadcast_to(np.array(np.nan), (category.size, 4)),
        score=np.take_along_axis(scores, category, axis=1).ravel(),
    )
