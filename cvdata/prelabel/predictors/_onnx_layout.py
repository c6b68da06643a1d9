"""What a person can say about an ONNX file of another program: a small YAML file, every key of which may be left out.

classes: [person, bicycle, car]      # by number, from 0; or {0: person, 1: bicycle}
keypoints: [nose, tail]
nms_iou: 0.7                         # overlap from which two boxes of a class are one object
input:
  size: [640, 640]                   # height, width
  fit: center                        # or corner, stretch, crop
  channels: rgb                      # or bgr
  scale: 0.00392156862745098         # times the bytes; then less mean, over std
  mean: [0, 0, 0]
  std: [1, 1, 1]
  axes: nchw                         # or nhwc, chw, hwc
  stride: 32                         # sides are multiples of it instead of the whole size
output:
  layout: yolo-v8
  activation: none                   # or softmax, sigmoid: what makes probabilities of the numbers
  names: {main: output0, protos: output1}
"""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from ...errors import ModelError, Place, UsageError, show
from ...formats._yolo_yaml import load_yaml, typed

__all__ = [
    "Activation",
    "Axes",
    "Fit",
    "LayoutName",
    "OnnxInput",
    "OnnxLayout",
    "OnnxOutput",
    "check_names",
    "in_order",
    "names_in",
    "read_layout",
]

LayoutName: TypeAlias = Literal[
    "yolo-v5", "yolo-v8", "end-to-end", "torchvision", "detr", "logits", "probabilities", "pixels"
]
Fit: TypeAlias = Literal["center", "corner", "stretch", "crop"]
Axes: TypeAlias = Literal["nchw", "nhwc", "chw", "hwc"]
Activation: TypeAlias = Literal["none", "softmax", "sigmoid"]
Triple: TypeAlias = tuple[float, float, float]

_LONGEST_NAMES = 1 << 20
_LARGEST_SIDE = 16_384
_KEYS = (
    "its keys are classes, keypoints, nms_iou, input: {size, fit, stride, channels, scale, mean, std, axes} and "
    "output: {layout, activation, names}"
)


class OnnxInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an ONNX file takes; None for what its shapes say, or what its layout usually takes.

    Attributes:
        size: height and width in pixels that pictures are brought to.
        fit: how: `center` scales the whole picture, with grey around it, as Ultralytics does; `corner` likewise, in the
            upper left corner; `stretch` changes its shape; `crop` scales its shorter side and cuts out the middle.
        stride: with `center` and `corner`, no more grey than makes the sides multiples of it.
        channels: their order.
        scale, mean, std: a byte times `scale`, less `mean`, over `std` is what the network sees.
        axes: n pictures, c channels, h rows, w columns.
    """

    size: tuple[int, int] | None = None
    fit: Fit | None = None
    stride: int | None = None
    channels: Literal["rgb", "bgr"] | None = None
    scale: float | None = None
    mean: Triple | None = None
    std: Triple | None = None
    axes: Axes | None = None


class OnnxOutput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an ONNX file gives; None for what its shapes and names say.

    Attributes:
        layout: `yolo-v5`: rows of cx, cy, width, height, objectness, a probability per class; `yolo-v8`: columns of
            cx, cy, width, height, a probability per class; `end-to-end`: rows of left, top, right, bottom, score,
            class; `torchvision`: boxes, labels, scores; `detr`: logits, and boxes as shares of the sides; `logits` and
            `probabilities` of a classifier; `pixels`: logits of each pixel's class, or its class.
        activation: what makes probabilities of the numbers of `detr`, `logits` or one-channel `pixels`.
        names: outputs by what they are: `main`, `protos`, `boxes`, `labels`, `scores`, `logits`, `masks`, `keypoints`.
    """

    layout: LayoutName | None = None
    activation: Activation | None = None
    names: dict[str, str] = {}


class OnnxLayout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person says about an ONNX file.

    Attributes:
        classes: names by number, from 0. Where `__background__` or `N/A` stands, detectors have no class.
        keypoints: names of the points of each object.
        nms_iou: overlap from which two boxes of a class are one object; for layouts of raw boxes.
    """

    classes: tuple[str, ...] | dict[str, str] | None = None
    keypoints: tuple[str, ...] | None = None
    nms_iou: float | None = None
    input: OnnxInput = OnnxInput()
    output: OnnxOutput = OnnxOutput()


def read_layout(path: str | os.PathLike[str]) -> OnnxLayout:
    """Read a layout file.

    Raises:
        FormatError: it cannot be read, or is no safe YAML.
        UsageError: a key is unknown, or a value makes no sense.
    """
    shown = show(path)
    tree = load_yaml(os.fspath(path), shown, what="a description of an ONNX file")
    if tree is None:
        tree = {}
    if not isinstance(tree, dict):
        raise UsageError("expected keys such as 'classes:'", at=Place(shown), hint=_KEYS)
    # Names are text whatever they look like: yes, 012 and 1e3 are classes, too.
    named = {key: tree[key] for key in ("classes", "keypoints") if key in tree}
    try:
        layout = msgspec.convert({**typed(tree), **named}, OnnxLayout)
    except msgspec.ValidationError as error:
        found, _, place = str(error).partition(" - at ")
        field = place.strip("`").removeprefix("$.") or None
        raise UsageError(show(found), at=Place(shown, field=field), hint=_KEYS) from error
    _check(layout, shown)
    return layout


def _check(layout: OnnxLayout, shown: str) -> None:
    given = layout.input
    wrong = {
        "input.size": given.size is not None and not all(0 < side <= _LARGEST_SIDE for side in given.size),
        "input.stride": given.stride is not None and not 0 < given.stride <= _LARGEST_SIDE,
        "input.scale": given.scale is not None and not given.scale > 0,
        "input.std": given.std is not None and not all(part > 0 for part in given.std),
        "nms_iou": layout.nms_iou is not None and not 0 < layout.nms_iou <= 1,
    }
    for field, is_wrong in wrong.items():
        if is_wrong:
            hint = "sizes, strides, scale and std are above 0, nms_iou is above 0 and 1 at most"
            raise UsageError("is out of its range", at=Place(shown, field=field), hint=hint)


def names_in(text: str) -> tuple[str, ...] | None:
    """Return the class names that a file itself gives, as Ultralytics writes them: a dict or a list of Python or JSON.

    None where it is nothing of the kind; nothing in it is run.
    """
    if len(text) > _LONGEST_NAMES:
        return None
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    if isinstance(found, dict):
        found = {str(key): value for key, value in found.items()}
        return in_order(found) if all(isinstance(value, str) for value in found.values()) else None
    if isinstance(found, (list, tuple)) and all(isinstance(value, str) for value in found):
        return tuple(found)
    return None


def in_order(names: Mapping[str, str] | Sequence[str]) -> tuple[str, ...] | None:
    """Return names by their numbers; None where these are not 0, 1, 2, ..."""
    if not isinstance(names, Mapping):
        return tuple(names)
    numbers = [str(number) for number in range(len(names))]
    return tuple(names[number] for number in numbers) if set(names) == set(numbers) else None


def check_names(names: Sequence[str], at: Place) -> None:
    """Refuse classes of one name, or of none.

    Raises:
        ModelError: there are some.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen or not name.strip():
            finding = f"the class '{show(name, 60)}' stands there twice" if name.strip() else "a class has no name"
            raise ModelError(
                finding, at=at, hint="name each class once, in a layout file where the names cannot change"
            )
        seen.add(name)
