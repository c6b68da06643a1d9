"""What an ONNX file of another program takes, by the shape of its input and what is usual for its layout."""

from __future__ import annotations

from ...errors import ModelError, Place, UsageError, show
from ...models.export.session import OnnxSession, Port
from ._onnx_layout import Axes, Fit, LayoutName, OnnxLayout, Triple
from ._onnx_pictures import Taking
from ._onnx_recognise import Said

__all__ = ["taking_of"]

_IMAGENET: tuple[Triple, Triple] = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_PLAIN: tuple[Triple, Triple] = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
_KINDS = ("float32", "float16", "float64", "uint8")
_YOLO = ("yolo-v5", "yolo-v8", "end-to-end")


def taking_of(session: OnnxSession, said: Said, layout: OnnxLayout, name: LayoutName | None) -> Taking:
    """Return what a file takes: what a person says of it, else what it says or shows itself, else what is usual.

    Usual is for YOLO and torchvision's detectors 0 to 1 in RGB, for all others that with ImageNet's mean and deviation;
    a file of bytes takes them as they are.

    Args:
        name: of the layout of its outputs; None while that is not known.

    Raises:
        ModelError: it takes something else than one picture.
        UsageError: a person says what the file contradicts, or what makes no sense for its layout.
    """
    port = _picture_port(session)
    given = layout.input
    axes = given.axes or _axes_of(port, session)
    sides = tuple(port.shape[axes.index(side)] for side in "hw")
    size, stride = _size_of(session, sides, said, layout, name)
    plain = said.ultralytics or name in (*_YOLO, "torchvision") or port.kind == "uint8"
    mean, std = _PLAIN if plain else _IMAGENET
    fit = given.fit or _usual_fit(said, name)
    if fit == "crop" and name not in (None, "logits", "probabilities"):
        raise UsageError("fit: crop is for classifiers, and what lies outside would not be seen", hint="fit: center")
    if port.kind == "uint8" and any(value is not None for value in (given.scale, given.mean, given.std)):
        raise UsageError("it takes bytes, which scale, mean and std do not change", hint="leave these out")
    return Taking(
        size=size,
        fit=fit,
        stride=stride,
        channels=given.channels or "rgb",
        scale=given.scale or 1 / 255,
        mean=given.mean or mean,
        std=given.std or std,
        axes=axes,
        kind=port.kind,
    )


def _picture_port(session: OnnxSession) -> Port:
    ports = session.inputs
    if len(ports) != 1:
        names = ", ".join(show(one.name, 40) for one in ports[:6]) or "none"
        message = f"takes {len(ports)} inputs ({names}), expected one, the picture"
        raise ModelError(message, at=Place(session.path), hint="export it so that the picture is all it takes")
    port = ports[0]
    if port.kind not in _KINDS or len(port.shape) not in (3, 4):
        sides = ", ".join("?" if side is None else str(side) for side in port.shape)
        message = f"its input is {show(port.kind, 40)} [{sides}], expected a picture, such as float32 [1, 3, 640, 640]"
        raise ModelError(message, at=Place(session.path))
    if len(port.shape) == 4 and port.shape[0] not in (None, 1):
        message = f"takes {port.shape[0]} pictures at once, expected one"
        raise ModelError(message, at=Place(session.path), hint="export it for one picture, or for any number")
    return port


def _axes_of(port: Port, session: OnnxSession) -> Axes:
    """Return the order of the axes, by where the three channels are."""
    shape = port.shape[-3:]
    first = shape[0] in (3, None) and (shape[0] == 3 or shape[2] != 3)
    if not first and shape[2] != 3:
        channels = shape[0] if shape[0] is not None and shape[0] < 16 else shape[2]
        message = f"takes pictures of {channels} channels, expected 3"
        raise ModelError(message, at=Place(session.path), hint="where the axes are others, say so: input: {axes: nhwc}")
    if len(port.shape) == 4:
        return "nchw" if first else "nhwc"
    return "chw" if first else "hwc"


def _size_of(
    session: OnnxSession,
    sides: tuple[int | None, ...],
    said: Said,
    layout: OnnxLayout,
    name: LayoutName | None,
) -> tuple[tuple[int, int] | None, int | None]:
    """Return the size that pictures are brought to, and what their sides may be multiples of instead."""
    asked, stride = layout.input.size, layout.input.stride
    height, width = sides
    fixed = (height, width) if height is not None and width is not None else None
    if fixed is not None:
        if asked is not None and asked != fixed:
            message = f"input.size is {list(asked)}, and the file takes {list(fixed)} alone"
            raise UsageError(message, at=Place(session.path), hint="leave it out of the layout file")
        return fixed, None
    if asked is not None:
        return asked, stride
    if said.size is not None:
        return said.size, stride or said.stride
    if name in (None, "torchvision"):
        return None, None
    raise ModelError(
        "takes pictures of any size, and does not say which suits it",
        at=Place(session.path),
        hint="say it in a layout file, height and width: input: {size: [640, 640]}",
    )


def _usual_fit(said: Said, name: LayoutName | None) -> Fit:
    if name in ("logits", "probabilities"):
        return "crop"
    return "center" if said.ultralytics or name in (None, *_YOLO) else "stretch"
