"""What the outputs of an ONNX file of another program mean, checked as a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...dataset.ragged import starts
from ...models.columns import Columns
from ...models.enlarge import map_of, runs_of
from ..looking.fuse import non_maximum_suppression
from ._detections import columns_of
from ._onnx_layout import Activation, LayoutName
from ._onnx_pictures import Fitted

__all__ = ["Meaning", "MeaningError", "meant"]

_LEAST = 0.001
"""Score below which raw boxes are noise, by thousands; where Ultralytics stops as it measures AP."""
_CANDIDATES = 5000
"""Raw boxes of a picture that may be left out for a better one; `_MOST`: that remain, as Ultralytics has it."""
_MOST = 300
_BEYOND = 1e-3
"""By how much half precision may miss 0 or 1."""


class MeaningError(Exception):
    """Outputs are not what the layout says; the text says what is wrong with them."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Meaning:
    """What the outputs of a file mean.

    Attributes:
        rows: int64, class of the spec for each number of the file, -1 for none.
        points: of each object, and numbers of each.
        least: score below which nobody wants a detection.
    """

    layout: LayoutName
    rows: NDArray[np.int64]
    activation: Activation
    nms_iou: float
    points: tuple[int, int]
    least: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Objects:
    """Detections in pixels of the network: corners (n, 4), label, score, and where there are any what else belongs."""

    corners: NDArray[np.float64]
    label: NDArray[np.int64]
    score: NDArray[np.float64]
    parts: NDArray[np.float32] | None = None
    masks: NDArray[np.float32] | None = None
    points: NDArray[np.float64] | None = None


def meant(found: Mapping[str, NDArray[Any]], meaning: Meaning, fitted: Fitted) -> Columns:
    """Return what a file found in a picture.

    Args:
        found: outputs by what they are; see `OnnxOutput.names`.

    Raises:
        MeaningError: they are not what the layout says, or no numbers.
    """
    values = {role: _sound(role, array) for role, array in found.items()}
    if meaning.layout in ("logits", "probabilities"):
        return Columns(images=1, scores=_probabilities(values["main"], meaning)[None])
    if meaning.layout == "pixels":
        return Columns(images=1, maps=[_map(values["main"], meaning, fitted)])
    if meaning.layout == "torchvision":
        objects = _torchvision(values, meaning)
    elif meaning.layout == "detr":
        objects = _detr(values, meaning, fitted)
    else:
        objects = _yolo(values["main"], meaning)
    return _in_picture(objects, values.get("protos"), meaning, fitted)


def _sound(role: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind == "f":
        array = array.astype(np.float32, copy=False)
        if not np.isfinite(array).all():
            raise MeaningError(f"{role} that are no numbers")
    elif array.dtype.kind not in "iub":
        raise MeaningError(f"{role} as {array.dtype}, expected numbers")
    return array


def _shares(scores: NDArray[Any], of: str = "scores") -> NDArray[np.float64]:
    """Return what has to be from 0 to 1."""
    scores = scores.astype(np.float64)
    if scores.size and (scores.min() < -_BEYOND or scores.max() > 1 + _BEYOND):
        raise MeaningError(f"{of} from {scores.min():.4g} to {scores.max():.4g}, expected 0 to 1")
    shares: NDArray[np.float64] = np.clip(scores, 0, 1)
    return shares


def _activated(logits: NDArray[Any], activation: Activation) -> NDArray[np.float64]:
    """Return probabilities, classes in the last axis."""
    values = logits.astype(np.float64)
    if activation == "none":
        return _shares(values)
    if activation == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-np.clip(values, -500, 500))))
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _probabilities(main: NDArray[Any], meaning: Meaning) -> NDArray[np.float64]:
    _expect("main", main, (1, len(meaning.rows)))
    return _activated(main[0], meaning.activation)


def _expect(role: str, array: NDArray[Any], shape: tuple[int | None, ...]) -> None:
    fits = array.ndim == len(shape) and all(
        there == side or side is None for there, side in zip(array.shape, shape, strict=True)
    )
    if not fits:
        expected = ", ".join("any" if side is None else str(side) for side in shape)
        raise MeaningError(f"{role} of shape {list(array.shape)}, expected [{expected}]")


def _map(main: NDArray[Any], meaning: Meaning, fitted: Fitted) -> NDArray[np.uint8]:
    """Return the class of each pixel of the picture."""
    classes = len(meaning.rows)
    if main.dtype.kind != "f":
        plane = main.reshape(main.shape[-2:]) if main.size == np.prod(main.shape[-2:]) else main
        _expect("pixels", plane, (None, None))
        if plane.size and not 0 <= plane.min() <= plane.max() < classes:
            raise MeaningError(f"classes beyond its {classes}")
        layers = (np.arange(classes)[:, None, None] == plane).astype(np.float32)
    elif main.shape[1:2] == (1,) and classes == 2:
        _expect("pixels", main, (1, 1, None, None))
        sure = _activated(main[0, 0, ..., None], meaning.activation)[..., 0].astype(np.float32)
        layers = np.stack([1 - sure, sure])
    else:
        _expect("pixels", main, (1, classes, None, None))
        layers = main[0]
    inside = np.stack([fitted.inside(layer) for layer in layers])
    return map_of(inside, (inside.shape[1], inside.shape[2]), fitted.picture)


def _yolo(main: NDArray[Any], meaning: Meaning) -> _Objects:
    """Return the detections of the three layouts of YOLO."""
    _expect("main", main, (1, None, None))
    rows = main[0].T if meaning.layout == "yolo-v8" else main[0]
    fixed = {"yolo-v5": 5 + len(meaning.rows), "yolo-v8": 4 + len(meaning.rows), "end-to-end": 6}[meaning.layout]
    spots, numbers = meaning.points
    if rows.shape[1] < fixed + spots * numbers:
        raise MeaningError(f"rows of {rows.shape[1]} numbers, expected at least {fixed + spots * numbers}")
    if meaning.layout == "end-to-end":
        score = _shares(rows[:, 4])
        kept = np.flatnonzero(score >= max(meaning.least, _LEAST))
        corners, label, score = rows[kept, :4].astype(np.float64), _whole(rows[kept, 5]), score[kept]
    else:
        kept, corners, label, score = _raw(rows, fixed, meaning)
    behind = rows[kept, fixed:]
    points = None if not spots else behind[:, : spots * numbers].astype(np.float64).reshape(-1, spots, numbers)
    return _Objects(
        corners=corners,
        label=label,
        score=score,
        parts=behind[:, spots * numbers :],
        points=points,
    )


def _raw(
    rows: NDArray[np.float32], fixed: int, meaning: Meaning
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Return which boxes stand: their rows, corners, classes and scores.

    As Ultralytics' `predict` does it: each box has its surest class, and of two of one class that overlap by more than
    `nms_iou` the surer one stands.
    """
    each = _shares(rows[:, fixed - len(meaning.rows) : fixed])
    if meaning.layout == "yolo-v5":
        each = each * _shares(rows[:, 4:5], "objectness")
    score = each.max(axis=1)
    likely = np.flatnonzero(score >= max(meaning.least, _LEAST))
    likely = likely[np.argsort(-score[likely], kind="stable")][:_CANDIDATES]
    label = each[likely].argmax(axis=1).astype(np.int64)
    middle, size = rows[likely, :2].astype(np.float64), rows[likely, 2:4].astype(np.float64)
    box = np.concatenate([middle - size / 2, size], axis=1)
    stands = non_maximum_suppression(box, label, score[likely], meaning.nms_iou)[:_MOST]
    corners = np.concatenate([box[stands, :2], box[stands, :2] + box[stands, 2:]], axis=1)
    return likely[stands], corners, label[stands], score[likely[stands]]


def _whole(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return class numbers, which may come as floats."""
    if labels.dtype.kind == "f" and (labels != np.round(labels)).any():
        raise MeaningError("labels that are no whole numbers")
    return labels.astype(np.int64)


def _torchvision(values: Mapping[str, NDArray[Any]], meaning: Meaning) -> _Objects:
    boxes, labels, scores = (values[role] for role in ("boxes", "labels", "scores"))
    if boxes.ndim == 3:  # with an axis of pictures, which is one
        values = {role: array[0] for role, array in values.items() if len(array) == 1}
        if len(values) < 3 or "boxes" not in values:
            raise MeaningError(f"boxes of shape {list(boxes.shape)}, expected those of one picture")
        boxes, labels, scores = (values[role] for role in ("boxes", "labels", "scores"))
    count = len(boxes)
    _expect("boxes", boxes, (None, 4))
    _expect("labels", labels, (count,))
    _expect("scores", scores, (count,))
    masks, points = values.get("masks"), values.get("keypoints")
    if masks is not None:
        _expect("masks", masks, (count, 1, None, None) if masks.ndim == 4 else (count, None, None))
        masks = masks.reshape(count, *masks.shape[-2:])
    if points is not None:
        _expect("keypoints", points, (count, meaning.points[0], 3))
        # torchvision's third number says that a point is in the picture; how sure it is stands elsewhere.
        points = points.astype(np.float64)
    return _Objects(
        corners=boxes.astype(np.float64),
        label=_whole(labels),
        score=_shares(scores),
        masks=masks,
        points=points,
    )


def _detr(values: Mapping[str, NDArray[Any]], meaning: Meaning, fitted: Fitted) -> _Objects:
    logits, boxes = values["logits"], values["boxes"]
    one_more = meaning.activation == "softmax"
    _expect("logits", logits, (1, None, len(meaning.rows) + one_more))
    _expect("boxes", boxes, (1, logits.shape[1], 4))
    each = _activated(logits[0], meaning.activation)[:, : len(meaning.rows)]
    height, width = fitted.network
    middle, size = boxes[0, :, :2].astype(np.float64), boxes[0, :, 2:].astype(np.float64)
    corners = np.concatenate([middle - size / 2, middle + size / 2], axis=1) * [width, height, width, height]
    return _Objects(corners=corners, label=each.argmax(axis=1).astype(np.int64), score=each.max(axis=1))


def _in_picture(objects: _Objects, protos: NDArray[Any] | None, meaning: Meaning, fitted: Fitted) -> Columns:
    """Return detections in pixels of the picture, with classes of the spec."""
    label = objects.label
    if label.size and not 0 <= label.min() <= label.max() < len(meaning.rows):
        raise MeaningError(f"classes beyond its {len(meaning.rows)}")
    corners = fitted.points(objects.corners.reshape(-1, 2, 2)).reshape(-1, 4)
    columns, rows = columns_of(fitted.picture, corners, meaning.rows[label], objects.score, least=meaning.least)
    if objects.points is not None:
        columns = replace(columns, keypoints=_points(objects.points[rows], fitted))
    layers: list[NDArray[np.float32]] | None = None
    if objects.masks is not None:
        layers = [objects.masks[row] for row in rows.tolist()]
    elif protos is not None and objects.parts is not None:
        layers = _prototyped(objects.parts[rows], protos)
    return columns if layers is None else replace(columns, masks=_runs(layers, columns, fitted))


def _points(points: NDArray[np.float64], fitted: Fitted) -> NDArray[np.float64]:
    """Return points with x, y in pixels of the picture and a confidence, 1 where the file gives none."""
    edges = np.array([fitted.picture[1], fitted.picture[0]], np.float64)
    places = np.clip(fitted.points(points[..., :2]), 0, edges)
    sure = np.clip(points[..., 2:], 0, 1) if points.shape[2] == 3 else np.ones((*points.shape[:2], 1))
    return np.concatenate([places, sure], axis=2)


def _prototyped(parts: NDArray[np.float32], protos: NDArray[Any]) -> list[NDArray[np.float32]]:
    """Return a layer per object, more than 0.5 where it is: its share of each of the prototypes, summed up.

    The sums are above 0 where the object is, as Ultralytics has it, so that a half is added.
    """
    _expect("protos", protos, (1, parts.shape[1], None, None))
    return [np.asarray(np.tensordot(own, protos[0], 1) + 0.5, np.float32) for own in parts]


def _runs(layers: list[NDArray[np.float32]], columns: Columns, fitted: Fitted) -> Ragged:
    box = np.empty((0, 4)) if columns.box is None else columns.box
    runs = []
    for layer, own in zip(layers, box, strict=True):
        inside = fitted.inside(layer)
        runs.append(runs_of(inside, own, (inside.shape[0], inside.shape[1]), fitted.picture))
    lengths = np.fromiter(map(len, runs), np.int64, len(runs))
    return Ragged(np.concatenate([np.empty(0, np.uint32), *runs]), starts(lengths))
