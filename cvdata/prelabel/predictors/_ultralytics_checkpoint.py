"""A checkpoint of ultralytics at work: the package looks at the pictures, its results become columns."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...dataset.ragged import starts
from ...errors import MissingExtraError, ModelError, Place, show
from ...files.hashes import hash_file
from ...models.columns import Columns, concat_columns
from ...models.enlarge import runs_of
from ...models.spec import ModelSpec, Task
from ...models.torch_predictor import device_of
from ._coco_points import COCO_POINTS, flips_of
from ._detections import columns_of
from ._onnx_layout import check_names, in_order
from .family import ModelOptions

__all__ = ["UltralyticsCheckpoint"]

_TASKS: dict[str, Task] = {"detect": "detector", "segment": "detector", "pose": "detector", "classify": "classifier"}
_LEAST = 0.001
"""Score below which boxes are noise, by thousands; where the package stops as it measures AP."""


class UltralyticsCheckpoint:
    """A network that ultralytics trained; see `Predictor`."""

    def __init__(self, path: str, options: ModelOptions) -> None:
        """Load a checkpoint, which runs the code in it.

        Raises:
            MissingExtraError: the package cannot be imported.
            ModelError: it is no checkpoint, or one of a task that is not taken.
            UsageError: there is no such device.
        """
        self._device = str(device_of(options.device))
        self._least = max(options.score, _LEAST)
        self._path = path
        self.name = Path(path).stem
        self.sha256 = hash_file(path).hex()
        self._model = _loaded(path)
        task = _TASKS.get(str(self._model.task))
        if task is None:
            message = f"is of the task '{show(str(self._model.task), 40)}', expected {', '.join(_TASKS)}"
            raise ModelError(message, at=Place(path), hint="give one of these")
        names = in_order({str(number): str(name) for number, name in dict(self._model.names).items()})
        if names is None:
            raise ModelError("its classes are not numbered 0, 1, 2, ...", at=Place(path))
        check_names(names, Place(path))
        shape = getattr(self._model.model.model[-1], "kpt_shape", None) if self._model.task == "pose" else None
        count = 0 if shape is None else int(shape[0])
        coco = count == len(COCO_POINTS)
        self.spec = ModelSpec(
            task=task,
            architecture="ultralytics",
            classes=names,
            size=self._size(),
            keypoints=COCO_POINTS if coco else tuple(f"point {number}" for number in range(1, count + 1)),
            flips=flips_of(COCO_POINTS) if coco else (),
            masks=self._model.task == "segment",
        )

    def _size(self) -> tuple[int, int]:
        side = self._model.overrides.get("imgsz", 640)
        both = (side, side) if isinstance(side, int) else tuple(int(one) for one in side)
        return (both[0], both[-1])

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds; see `Predictor.find`.

        Each picture goes in alone: pictures of different sizes are put into another size together than each has alone.
        """
        return concat_columns([self._found(picture) for picture in pictures])

    def _found(self, picture: NDArray[np.uint8]) -> Columns:
        try:
            with _quietly():
                result = (
                    self._model.predict(
                        np.ascontiguousarray(picture[..., ::-1]),  # it takes BGR
                        conf=self._least,
                        device=self._device,
                        retina_masks=True,  # at the size of the picture
                        save=False,
                        verbose=False,
                    )[0]
                    .cpu()
                    .numpy()
                )
        except Exception as error:  # the package raises nearly anything
            message = f"ultralytics fails on a picture: {show(str(error) or type(error).__name__)}"
            raise ModelError(message, at=Place(self._path)) from error
        if self.spec.task == "classifier":
            return Columns(images=1, scores=np.asarray(result.probs.data, np.float64)[None])
        return self._objects(result, (picture.shape[0], picture.shape[1]))

    def _objects(self, result: Any, size: tuple[int, int]) -> Columns:
        boxes = result.boxes
        label = np.asarray(boxes.cls, np.int64)
        corners, score = np.asarray(boxes.xyxy, np.float64), np.asarray(boxes.conf, np.float64)
        columns, rows = columns_of(size, corners, label, score, least=self._least)
        if self.spec.keypoints:
            columns = replace(columns, keypoints=_points(result.keypoints, len(self.spec.keypoints))[rows])
        if self.spec.masks:
            masks = [] if result.masks is None else [result.masks.data[row] for row in rows.tolist()]
            columns = replace(columns, masks=_runs(masks, columns, size))
        return columns


def _points(found: Any, count: int) -> NDArray[np.float64]:
    points = np.asarray(found.data, np.float64)
    if points.shape[2] == 3:
        return points
    return np.concatenate([points, np.ones((len(points), count, 1))], axis=2)


def _runs(masks: Sequence[Any], columns: Columns, size: tuple[int, int]) -> Ragged:
    box = np.empty((0, 4)) if columns.box is None else columns.box
    runs = [runs_of(np.asarray(mask, np.float32), own, size, size) for mask, own in zip(masks, box, strict=True)]
    lengths = np.fromiter(map(len, runs), np.int64, len(runs))
    return Ragged(np.concatenate([np.empty(0, np.uint32), *runs]), starts(lengths))


def _loaded(path: str) -> Any:
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")  # it would run pip for what a checkpoint lacks
    try:
        with _quietly():
            from ultralytics import YOLO
    except ImportError as error:
        raise MissingExtraError(
            f"a checkpoint of ultralytics needs the package, which cannot be imported ({show(str(error))})",
            hint="read its licence, AGPL-3.0, first; then: pip install ultralytics",
        ) from error
    try:
        with _quietly():
            return YOLO(os.path.abspath(path))
    except Exception as error:  # the package raises nearly anything, and so may the code in a checkpoint
        message = f"ultralytics cannot load it: {show(str(error) or type(error).__name__)}"
        raise ModelError(
            message, at=Place(path), hint="give a checkpoint that this version of the package wrote"
        ) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what the package prints off stdout, which is for reports."""
    with redirect_stdout(io.StringIO()):
        yield
