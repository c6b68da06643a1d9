"""Putting a picture into an ONNX file of another program, and what that file finds back into the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...models.letterbox import GREY
from ._onnx_layout import Axes, Fit, Triple

__all__ = ["Fitted", "Taking", "fitted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What a file takes; see `OnnxInput`.

    Attributes:
        size: None where a picture goes in as it is.
        kind: of its numbers.
    """

    size: tuple[int, int] | None
    fit: Fit
    stride: int | None
    channels: Literal["rgb", "bgr"]
    scale: float
    mean: Triple
    std: Triple
    axes: Axes
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A picture in the size of the file.

    Attributes:
        array: what goes in.
        picture: height and width of the picture; `network`: of what went in.
        content: left, top, width, height of the picture in it, whole pixels.
    """

    array: NDArray[Any]
    picture: tuple[int, int]
    network: tuple[int, int]
    content: tuple[int, int, int, int]

    def points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points, x and y in the last axis, in pixels of the picture instead of the network's."""
        left, top, width, height = self.content
        grown = np.array([self.picture[1] / width, self.picture[0] / height])
        return np.asarray((points - [left, top]) * grown, np.float64)

    def inside(self, layer: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what a layer of numbers of any size, which covers what went in, has where the picture is.

        It comes at the resolution of the network, so that no border of the picture lies inside a number.
        """
        if layer.shape != self.network:
            large = Image.fromarray(np.ascontiguousarray(layer, np.float32))
            layer = np.asarray(large.resize(self.network[::-1], Image.Resampling.BILINEAR), np.float32)
        left, top, width, height = self.content
        return layer[top : top + height, left : left + width]


def fitted(picture: NDArray[np.uint8], taking: Taking) -> Fitted:
    """Put a picture, uint8, shape (any height, any width, 3), RGB, into the size and the numbers of a file."""
    tall, wide = picture.shape[:2]
    network, content = _placed(tall, wide, taking)
    left, top, width, height = content
    small = _scaled(picture, height, width, taking.fit)
    if taking.fit == "crop":
        seen = small[-top : network[0] - top, -left : network[1] - left]
    elif small.shape[:2] == network:
        seen = small
    else:
        seen = np.full((*network, 3), GREY, np.uint8)
        seen[top : top + height, left : left + width] = small
    return Fitted(_numbers(seen, taking), (tall, wide), network, content)


def _placed(tall: int, wide: int, taking: Taking) -> tuple[tuple[int, int], tuple[int, int, int, int]]:
    """Return the size of what goes in, and where in it the picture lies: left, top, width, height."""
    if taking.size is None:
        return (tall, wide), (0, 0, wide, tall)
    down, across = taking.size
    if taking.fit == "stretch":
        return taking.size, (0, 0, across, down)
    ratios = (down / tall, across / wide)
    scale = max(ratios) if taking.fit == "crop" else min(ratios)
    if taking.fit == "crop":
        # As torchvision's Resize and CenterCrop: the longer side is cut to whole pixels, the place is rounded.
        width, height = max(across, int(wide * scale + 1e-9)), max(down, int(tall * scale + 1e-9))
        return taking.size, (-round((width - across) / 2), -round((height - down) / 2), width, height)
    width, height = min(across, max(1, round(wide * scale))), min(down, max(1, round(tall * scale)))
    if taking.stride is not None:
        down, across = (-(-side // taking.stride) * taking.stride for side in (height, width))
    if taking.fit == "corner":
        return (down, across), (0, 0, width, height)
    # As Ultralytics does: of an odd number of grey rows the smaller half lies above.
    return (down, across), (round((across - width) / 2 - 0.1), round((down - height) / 2 - 0.1), width, height)


def _scaled(picture: NDArray[np.uint8], height: int, width: int, fit: Fit) -> NDArray[np.uint8]:
    """Return a picture of another size; `center` by the filter of Ultralytics, others by Pillow's, as torchvision."""
    if picture.shape[:2] == (height, width):
        return picture
    if fit == "center":
        import cv2

        return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR), np.uint8)


def _numbers(seen: NDArray[np.uint8], taking: Taking) -> NDArray[Any]:
    if taking.channels == "bgr":
        seen = seen[..., ::-1]
    values: NDArray[Any] = seen
    if taking.kind != "uint8":
        values = seen.astype(np.float32) * np.float32(taking.scale)
        if taking.mean != (0.0, 0.0, 0.0) or taking.std != (1.0, 1.0, 1.0):
            values = (values - np.array(taking.mean, np.float32)) / np.array(taking.std, np.float32)
    if "chw" in taking.axes:
        values = values.transpose(2, 0, 1)
    if taking.axes.startswith("n"):
        values = values[None]
    return np.ascontiguousarray(values, taking.kind)
