"""An ONNX file of another program at work: what it takes and gives is made out once, when it is opened."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError, Place, UsageError, nearest_of, show
from ...models.columns import Columns, concat_columns
from ...models.export.session import OnnxFile, OnnxSession, Port
from ...models.letterbox import GREY
from ...models.spec import ModelSpec, Task
from ._coco_points import COCO_POINTS, flips_of
from ._onnx_input import taking_of
from ._onnx_layout import Activation, LayoutName, OnnxLayout, OnnxOutput, check_names, in_order, read_layout
from ._onnx_outputs import Meaning, MeaningError, meant
from ._onnx_pictures import Taking, fitted
from ._onnx_recognise import Recognised, Said, recognise, said_in
from .family import ModelOptions

__all__ = ["ForeignOnnx"]

_TASKS: dict[LayoutName, Task] = {"logits": "classifier", "probabilities": "classifier", "pixels": "segmenter"}
_NOTHING = ("__background__", "N/A")
"""How torchvision, and the DETRs trained on COCO, name numbers that are no class."""
_WITH_ACTIVATION = ("detr", "logits", "pixels")
_WITH_POINTS = ("yolo-v8", "end-to-end", "torchvision")
_NMS_IOU = 0.7
_ACTIVATIONS: dict[LayoutName, Activation] = {"logits": "softmax", "detr": "sigmoid"}
_MOST_CLASSES = 255
"""Of a map of classes, which has 8 bits."""
_ANY = (640, 640)
"""What stands for the size of a network that takes any."""


class ForeignOnnx:
    """A network that another program exported; see `Predictor`."""

    spec: ModelSpec
    name: str
    sha256: str

    def __init__(self, file: OnnxFile, options: ModelOptions) -> None:
        """Open a file.

        Raises:
            UsageError: the layout file makes no sense, or onnxruntime cannot use the device.
            ModelError: nobody can tell what it takes or gives, or how its classes are called.
        """
        self._session = file.open(options.device)
        self.name = Path(file.path).stem
        layout, at = _layout_of(file, options)
        self.sha256 = _hash_of(self._session, layout)
        said = _with_points(said_in(file.properties), layout, at)
        if said.task == "obb":
            hint = "give a detector of upright boxes, a segmenter or a classifier"
            raise ModelError("finds rotated boxes, which are not taken", at=Place(file.path), hint=hint)
        names = said.names
        if layout.classes is not None:
            names = in_order(layout.classes)
            if names is None:
                raise UsageError("has numbers that are not 0, 1, 2, ...", at=Place(at, field="classes"))
        taking = taking_of(self._session, said, layout, layout.output.layout)
        outputs = _known_outputs(self._session, taking)
        _check_asked(layout.output, outputs, at)
        found = recognise(outputs, said, layout.output, None if names is None else len(names))
        if found is None:
            raise _unrecognised(self._session, outputs, names)
        _check_names(self._session, names, found, at if layout.classes is not None else file.path)
        _check_activation(layout.output.activation, found.layout, at)
        # What it takes depends on what it gives, and only now is that known.
        self._taking = taking_of(self._session, said, layout, found.layout)
        self._roles = found.roles
        self._meaning = _meaning_of(said, layout, names or (), found, options)
        self.spec = _spec_of(self._meaning, names or (), found, layout, self._taking)

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds; see `Predictor.find`.

        Each picture goes in alone, so that what is found in it does not depend on the others.
        """
        return concat_columns([self._found(picture) for picture in pictures])

    def _found(self, picture: NDArray[np.uint8]) -> Columns:
        put = fitted(picture, self._taking)
        values = self._session.run(list(self._roles.values()), {self._session.inputs[0].name: put.array})
        try:
            return meant({role: values[name] for role, name in self._roles.items()}, self._meaning, put)
        except MeaningError as problem:
            raise ModelError(
                f"it gives {problem}",
                at=Place(self._session.path),
                hint=f"taken for the layout {self._meaning.layout}; a layout file can name another: --layout FILE",
            ) from problem


def _layout_of(file: OnnxFile, options: ModelOptions) -> tuple[OnnxLayout, str]:
    """Return what a person says of a file, and where."""
    beside = os.path.splitext(file.path)[0] + ".yaml"
    path = options.layout or (beside if os.path.isfile(beside) else None)
    return (OnnxLayout(), beside) if path is None else (read_layout(path), path)


def _hash_of(session: OnnxSession, layout: OnnxLayout) -> str:
    """Return the SHA-256 of the file; where a person describes it, of both, since both decide what it finds."""
    if layout == OnnxLayout():
        return session.sha256
    return hashlib.sha256(
        session.sha256.encode() + msgspec.json.encode(layout, order="sorted", enc_hook=str)
    ).hexdigest()


def _known_outputs(session: OnnxSession, taking: Taking) -> tuple[Port, ...]:
    """Return the outputs with the sides that the file leaves open, which a grey picture tells.

    How many there are of something depends on the picture, so the first side stays as it is.
    """
    if all(None not in one.shape[1:] for one in session.outputs):
        return session.outputs
    grey = np.full((*(taking.size or _ANY), 3), GREY, np.uint8)
    found = session.run([one.name for one in session.outputs], {session.inputs[0].name: fitted(grey, taking).array})
    return tuple(
        Port(one.name, one.kind, (*one.shape[:1], *found[one.name].shape[1:]), one.maker) for one in session.outputs
    )


def _check_asked(asked: OnnxOutput, outputs: Sequence[Port], at: str) -> None:
    """Refuse outputs that the file does not have.

    Raises:
        UsageError: with those that it has.
    """
    there = [one.name for one in outputs]
    for role, name in asked.names.items():
        if name not in there:
            message = f"the file has no output '{show(name, 60)}'"
            raise UsageError(
                message, at=Place(at, field=f"output.names.{show(role, 40)}"), hint=nearest_of(name, there)
            )


def _check_activation(asked: Activation | None, name: LayoutName, at: str) -> None:
    """Refuse what would make probabilities of numbers that are probabilities already.

    Raises:
        UsageError: the layout has them.
    """
    if asked is not None and name not in _WITH_ACTIVATION:
        message = f"the layout {name} has probabilities already"
        raise UsageError(message, at=Place(at, field="output.activation"), hint="leave it out")


def _with_points(said: Said, layout: OnnxLayout, at: str) -> Said:
    """Return what a file says about itself, with the points that a person names.

    Raises:
        UsageError: the file says another number of them.
    """
    named = len(layout.keypoints or ())
    if named and said.points[0] not in (0, named):
        message = f"{named} points are named, and the file has {said.points[0]}"
        raise UsageError(message, at=Place(at, field="keypoints"), hint="name each, in their order")
    return said if not named or said.points[0] else replace(said, points=(named, 3))


def _meaning_of(
    said: Said, layout: OnnxLayout, names: tuple[str, ...], found: Recognised, options: ModelOptions
) -> Meaning:
    usual: Activation = "softmax" if found.spare else _ACTIVATIONS.get(found.layout, "none")
    kept = _kept(names, found.layout)
    points = said.points if found.layout != "torchvision" or "keypoints" in found.roles else (0, 0)
    return Meaning(
        layout=found.layout,
        rows=np.array([kept.index(name) if name in kept else -1 for name in names], np.int64),
        activation=layout.output.activation or usual,
        nms_iou=layout.nms_iou or _NMS_IOU,
        points=points if found.layout in _WITH_POINTS else (0, 0),
        least=options.score,
    )


def _spec_of(
    meaning: Meaning, names: tuple[str, ...], found: Recognised, layout: OnnxLayout, taking: Taking
) -> ModelSpec:
    task, count = _TASKS.get(found.layout, "detector"), meaning.points[0]
    keypoints = tuple(f"point {number}" for number in range(1, count + 1))
    if count:
        keypoints = layout.keypoints or (COCO_POINTS if count == len(COCO_POINTS) else keypoints)
    return ModelSpec(
        task=task,
        architecture=f"onnx-{found.layout}",
        classes=_kept(names, found.layout),
        size=taking.size or _ANY,
        several=task == "classifier" and (found.several or meaning.activation == "sigmoid"),
        keypoints=keypoints,
        flips=flips_of(COCO_POINTS) if keypoints == COCO_POINTS else (),
        masks="protos" in found.roles or "masks" in found.roles,
    )


def _kept(names: tuple[str, ...], layout: LayoutName) -> tuple[str, ...]:
    """Return the names that are classes; torchvision and DETR have numbers that are none."""
    return tuple(name for name in names if name not in _NOTHING) if layout in ("torchvision", "detr") else names


def _check_names(
    session: OnnxSession, names: tuple[str, ...] | None, found: Recognised, at: str | os.PathLike[str]
) -> None:
    """Refuse classes that are missing, of one name, or more or fewer than the outputs have room for.

    Raises:
        ModelError: with the layout file to write.
    """
    beside = f"{Path(session.path).stem}.yaml"
    if names is None:
        count = "its classes" if found.classes is None else f"its {found.classes} classes"
        raise ModelError(
            f"does not say how {count} are called (it looks like {found.layout})",
            at=Place(session.path),
            hint=f"write {show(beside)} beside it, or give --layout FILE, with the names by number from 0:\n"
            f"    classes: {_example(found.classes)}",
        )
    if found.classes is not None and len(names) != found.classes:
        message = f"{len(names)} classes are named, and its outputs have {found.classes}"
        raise ModelError(message, at=Place(at), hint=f"name each by its number, from 0, in {show(beside)}")
    if found.layout == "pixels" and len(names) > _MOST_CLASSES:
        raise ModelError(f"has {len(names)} classes, and a map of classes holds {_MOST_CLASSES}", at=Place(at))
    check_names(_kept(names, found.layout), Place(at))


def _example(count: int | None) -> str:
    names = ["person", "car", "dog"][: 3 if count is None else min(count, 3)]
    return f"[{', '.join(names)}{', ...' if count is None or count > 3 else ''}]"


def _unrecognised(session: OnnxSession, outputs: Sequence[Port], names: tuple[str, ...] | None) -> ModelError:
    shapes = ", ".join(
        f"{show(one.name, 40)} [{', '.join('?' if side is None else str(side) for side in one.shape)}]"
        for one in outputs[:6]
    )
    return ModelError(
        f"nobody can tell what its outputs are: {shapes}",
        at=Place(session.path),
        hint=f"describe it in {show(Path(session.path).stem)}.yaml beside it, or in --layout FILE:\n"
        f"    classes: {_example(None if names is None else len(names))}\n"
        "    input: {size: [640, 640], fit: center, channels: rgb, scale: 0.00392157}\n"
        "    output: {layout: yolo-v8}    # or yolo-v5, end-to-end, torchvision, detr, logits, probabilities, pixels",
    )
