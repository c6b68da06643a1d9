"""Haar cascades and the HOG detector of people, as predictors.

Neither gives a probability. What each gives is how far a place is beyond the border that its training drew, the margin
m >= 0: of a cascade (Viola and Jones 2001) the sum of its last stage less the threshold of that stage, of HOG (Dalal
and Triggs 2005) the distance from the support vector machine's plane. The score is m / (1 + m): 0 on the border, 0.5 at
a margin of 1, never 1; a larger margin always has a larger score. Scores of two detectors cannot be compared.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import MissingExtraError, ModelError, Place
from ...models.columns import Columns, concat_columns
from ...models.spec import ModelSpec
from ._detections import columns_of

__all__ = ["CascadeFinder", "PeopleFinder", "margin_scores", "opencv_with"]

_SCALE_CASCADE, _SCALE_PEOPLE = 1.1, 1.05
"""From one size of window to the next; OpenCV's defaults."""
_NEIGHBOURS = 3
"""Windows that must agree on a place; OpenCV's default."""
_STRIDE, _AROUND = 8, 16
"""Pixels between windows of HOG, and beyond the border of the picture, as its authors moved them."""
_MARGIN = (16 / 64, 16 / 128)
"""Of a window that is beside the person, at each side: "Our 64x128 detection window includes about 16 pixels of margin
around the person on all four sides" (Dalal and Triggs 2005, Detector Window and Context)."""
_THRESHOLDS = re.compile(r"<stage_?[tT]hreshold>\s*([-+0-9.eE]+)\s*<")


class CascadeFinder:
    """A Haar cascade; see `Predictor`."""

    def __init__(self, name: str, label: str, file: str) -> None:
        """Load a cascade of the package.

        Args:
            label: what it finds; `file`: of the package's folder of cascades.

        Raises:
            MissingExtraError: OpenCV is not installed, or is a version without them.
            ModelError: the package has no such file.
        """
        cv2 = opencv_with("CascadeClassifier")
        path = os.path.join(cv2.data.haarcascades, file)
        data, self._border = _read_cascade(path)
        self._cascade = cv2.CascadeClassifier(path)
        if self._cascade.empty():
            raise _broken(path)
        size = tuple(self._cascade.getOriginalWindowSize())
        self.name = f"opencv:{name}"
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.spec = ModelSpec(task="detector", architecture="haar-cascade", classes=(label,), size=(size[1], size[0]))
        self._cv2 = cv2

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds; see `Predictor.find`."""
        return concat_columns([self._found(picture) for picture in pictures])

    def _found(self, picture: NDArray[np.uint8]) -> Columns:
        grey = self._cv2.cvtColor(picture, self._cv2.COLOR_RGB2GRAY)
        boxes, _, sums = self._cascade.detectMultiScale3(
            grey, scaleFactor=_SCALE_CASCADE, minNeighbors=_NEIGHBOURS, outputRejectLevels=True
        )
        return _columns(boxes, margin_scores(np.ravel(sums) - self._border), picture.shape)


class PeopleFinder:
    """People who stand or walk, by histograms of oriented gradients; see `Predictor`."""

    def __init__(self) -> None:
        """Make it ready.

        Raises:
            MissingExtraError: OpenCV is not installed, or is a version without it.
        """
        self._cv2 = opencv_with("HOGDescriptor")
        plane = np.asarray(self._cv2.HOGDescriptor_getDefaultPeopleDetector(), np.float32)
        self._hog = self._cv2.HOGDescriptor()
        self._hog.setSVMDetector(plane)
        self.name = "opencv:people"
        self.sha256 = hashlib.sha256(plane.astype("<f4").tobytes()).hexdigest()
        self.spec = ModelSpec(task="detector", architecture="hog", classes=("person",), size=(128, 64))

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds; see `Predictor.find`."""
        return concat_columns([self._found(picture) for picture in pictures])

    def _found(self, picture: NDArray[np.uint8]) -> Columns:
        if picture.shape[0] + 2 * _AROUND < self.spec.size[0] or picture.shape[1] + 2 * _AROUND < self.spec.size[1]:
            return _columns([], np.empty(0), picture.shape)  # no window has room; OpenCV fails on some of these
        windows, distances = self._hog.detectMultiScale(
            self._cv2.cvtColor(picture, self._cv2.COLOR_RGB2BGR),
            winStride=(_STRIDE, _STRIDE),
            padding=(_AROUND, _AROUND),
            scale=_SCALE_PEOPLE,
        )
        boxes = np.asarray(windows, np.float64).reshape(-1, 4)
        room = boxes[:, 2:] * _MARGIN
        people = np.concatenate([boxes[:, :2] + room, boxes[:, 2:] - 2 * room], axis=1)
        return _columns(people, margin_scores(np.ravel(distances)), picture.shape)


def margin_scores(margins: NDArray[Any]) -> NDArray[np.float64]:
    """Return scores from 0 to 1 of margins: m / (1 + m)."""
    beyond = np.clip(np.asarray(margins, np.float64), 0, None)
    return np.asarray(beyond / (1 + beyond), np.float64)


def _columns(boxes: Any, scores: NDArray[np.float64], picture: tuple[int, ...]) -> Columns:
    """Return boxes cut at the borders of the picture, surest first.

    OpenCV's threads find them in any order, so that boxes of one score are put in the order of their places.
    """
    found = np.asarray(boxes, np.float64).reshape(-1, 4)
    order = np.lexsort([*found.T[::-1], -scores])
    corners = np.concatenate([found[:, :2], found[:, :2] + found[:, 2:]], axis=1)[order]
    return columns_of((picture[0], picture[1]), corners, np.zeros(len(found), np.int64), scores[order], least=0.0)[0]


def opencv_with(needed: str) -> Any:
    """Return the package, which has what is needed of it.

    Raises:
        MissingExtraError: it is not installed, or has it no more.
    """
    hint = "pip install 'opencv-python-headless>=4.9,<5'"
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError(
            "OpenCV's detectors need the package cv2, which cannot be imported", hint=hint
        ) from error
    if not hasattr(cv2, needed):
        message = f"OpenCV {cv2.__version__} has no {needed}: version 5 left the classical detectors out"
        raise MissingExtraError(message, hint=hint)
    return cv2


def _read_cascade(path: str) -> tuple[bytes, float]:
    """Return the bytes of a cascade, and the threshold of its last stage."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise _broken(path) from error
    thresholds = _THRESHOLDS.findall(data.decode("latin-1"))
    if not thresholds:
        raise _broken(path)
    return data, float(thresholds[-1])


def _broken(path: str) -> ModelError:
    hint = "install the package again: pip install --force-reinstall 'opencv-python-headless>=4.9,<5'"
    return ModelError("OpenCV's package has no such cascade, or it is broken", at=Place(path), hint=hint)
