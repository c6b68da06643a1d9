"""What the outputs of an ONNX file are, by their shapes, their names and what the file says about itself."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...models.export.session import Port
from ._onnx_layout import LayoutName, OnnxOutput, names_in

__all__ = ["Recognised", "Said", "recognise", "said_in"]

_FEW = 1000
"""Rows that a network leaves after its own choice; raw outputs have thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a file says about itself; None for what it does not say. Ultralytics writes all of it.

    Attributes:
        names: of the classes; `ultralytics`: whether it is one of theirs; `task`: as they call it.
        size: height and width; `stride`: that its sides have to be multiples of.
        points: of each object, and numbers of each; (0, 0) for none.
        chooses: it leaves one box of each object itself.
    """

    names: tuple[str, ...] | None = None
    ultralytics: bool = False
    task: str | None = None
    size: tuple[int, int] | None = None
    stride: int | None = None
    points: tuple[int, int] = (0, 0)
    chooses: bool = False


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the outputs of a file are.

    Attributes:
        roles: outputs by what they are: see `OnnxOutput.names`.
        classes: how many it has room for; None where that cannot be seen.
        spare: behind the classes comes one more, that of no object, as softmax needs it.
        several: of a classifier: each class has a probability of its own.
    """

    layout: LayoutName
    roles: dict[str, str] = field(default_factory=dict)
    classes: int | None = None
    spare: bool = False
    several: bool = False


def said_in(properties: Mapping[str, str]) -> Said:
    """Read what a file says about itself; what makes no sense is as if it were not said."""
    stride = _numbers(properties.get("stride", ""))
    size = _numbers(properties.get("imgsz", ""))
    points = _numbers(properties.get("kpt_shape", ""))
    names = names_in(properties["names"]) if "names" in properties else None
    return Said(
        names=names,
        ultralytics=names is not None and len(stride) == 1,
        task=properties.get("task"),
        size=(size[0], size[-1]) if len(size) in (1, 2) else None,
        stride=stride[0] if len(stride) == 1 else None,
        points=(points[0], points[1]) if len(points) == 2 and points[1] in (2, 3) else (0, 0),
        chooses=properties.get("end2end", "").lower() == "true",
    )


def _numbers(text: str) -> tuple[int, ...]:
    """Return whole numbers above 0 from `32`, `[640, 640]` or `(17, 3)`."""
    if len(text) > _FEW:
        return ()
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ()
    whole = tuple(found) if isinstance(found, (list, tuple)) else (found,)
    return whole if all(type(number) is int and 0 < number <= 1 << 20 for number in whole) else ()


def recognise(outputs: Sequence[Port], said: Said, asked: OnnxOutput, classes: int | None) -> Recognised | None:
    """Tell what the outputs are; None where nobody can.

    Args:
        outputs: with their sides, as far as they are known.
        asked: what a person says of them, which stands over what they look like.
        classes: how many there are, where their names are known.
    """
    by_name = {one.name: one for one in outputs}
    if asked.layout is not None:
        looks = [_LOOKS[asked.layout]]
    elif said.chooses:
        looks = [_LOOKS["end-to-end"]]
    else:
        looks = list(_LOOKS.values())
    given = {role: by_name[name] for role, name in asked.names.items() if name in by_name}
    seen = _Seen(given or _roles(outputs), said, asked, classes)
    for look in looks:
        found = look(seen)
        if found is not None:
            return found
    return None


def _roles(outputs: Sequence[Port]) -> dict[str, Port]:
    """Return outputs by what their names, and where these say nothing their shapes, tell."""
    known = {
        "boxes": "boxes", "pred_boxes": "boxes", "dets": "boxes", "labels": "labels", "scores": "scores",
        "masks": "masks", "keypoints": "keypoints", "logits": "logits", "pred_logits": "logits",
    }  # fmt: skip
    counted = any(len(one.shape) == 1 for one in outputs)
    roles: dict[str, Port] = {}
    for one in outputs:
        role = known.get(one.name)
        if role == "labels" and len(one.shape) == 3:  # RF-DETR calls its logits so
            role = "logits"
        role = role or _by_shape(one, counted=counted)
        if role is not None:
            roles.setdefault(role, one)
    return roles


def _by_shape(one: Port, *, counted: bool) -> str | None:
    """Tell what an output is by its shape.

    Args:
        counted: an output is a mere list, as torchvision's detectors give them; the exporter numbers these.
    """
    whole, rank = one.kind.startswith(("int", "uint")), len(one.shape)
    if counted:
        return {1: "labels" if whole else "scores", 2: "boxes", 3: "keypoints", 4: "masks"}.get(rank)
    if rank == 4 and not whole and one.shape[1] != 1:
        return "planes"
    return "main" if rank in (2, 3, 4) else None


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that tells what the outputs are: `roles` by name or shape, and the rest as `recognise` has it."""

    roles: Mapping[str, Port]
    said: Said
    asked: OnnxOutput
    classes: int | None


def _torchvision(seen: _Seen) -> Recognised | None:
    roles = seen.roles
    if not {"boxes", "labels", "scores"} <= set(roles):
        return None
    names = {role: roles[role].name for role in ("boxes", "labels", "scores", "masks", "keypoints") if role in roles}
    return Recognised("torchvision", names)


def _detr(seen: _Seen) -> Recognised | None:
    roles, asked, classes = seen.roles, seen.asked, seen.classes
    if "boxes" not in roles or "logits" not in roles:
        return None
    room = roles["logits"].shape[-1] if len(roles["logits"].shape) == 3 else None
    if room is None:
        return None
    names = {"boxes": roles["boxes"].name, "logits": roles["logits"].name}
    one_more = classes is not None and room == classes + 1
    spare = asked.activation == "softmax" or (asked.activation is None and one_more)
    return Recognised("detr", names, None if classes is None else room - spare, spare)


def _yolo(seen: _Seen, layout: LayoutName) -> Recognised | None:
    """Tell whether the main output has the columns of a YOLO layout."""
    roles, said = seen.roles, seen.said
    main, protos = roles.get("main"), roles.get("protos") or roles.get("planes")
    if main is None or len(main.shape) != 3 or None in main.shape[1:]:
        return None
    fixed = {"yolo-v5": 5, "yolo-v8": 4, "end-to-end": 6}[layout]
    columns, rows = main.shape[2] or 0, main.shape[1] or 0
    if layout == "yolo-v8":
        columns, rows = rows, columns
    parts = 0 if protos is None or protos.shape[1] is None else protos.shape[1]
    extra = parts + said.points[0] * said.points[1]
    names = {"main": main.name} | ({} if protos is None else {"protos": protos.name})
    if layout == "end-to-end":
        few = rows <= _FEW or said.chooses
        return Recognised(layout, names) if columns == fixed + extra and few else None
    room = columns - fixed - extra
    if room < 1 or (room != seen.classes if seen.classes is not None else rows <= columns):
        return None
    return Recognised(layout, names, room)


def _yolo_5(seen: _Seen) -> Recognised | None:
    return _yolo(seen, "yolo-v5")


def _yolo_8(seen: _Seen) -> Recognised | None:
    return _yolo(seen, "yolo-v8")


def _end_to_end(seen: _Seen) -> Recognised | None:
    return _yolo(seen, "end-to-end")


def _label(seen: _Seen, layout: LayoutName) -> Recognised | None:
    """Tell whether there is one row of numbers, and whether they are probabilities, by what made them."""
    main = seen.roles.get("main") or seen.roles.get("logits")
    if main is None or len(main.shape) != 2 or main.shape[1] is None:
        return None
    ready = main.maker in ("Softmax", "Sigmoid")
    if seen.asked.layout is None and ready != (layout == "probabilities"):
        return None
    return Recognised(layout, {"main": main.name}, main.shape[1], several=main.maker == "Sigmoid")


def _logits(seen: _Seen) -> Recognised | None:
    return _label(seen, "logits")


def _probabilities(seen: _Seen) -> Recognised | None:
    return _label(seen, "probabilities")


def _pixels(seen: _Seen) -> Recognised | None:
    roles, asked = seen.roles, seen.asked
    planes = roles.get("planes") or roles.get("logits") or roles.get("main")
    if planes is None or (asked.layout is None and len({"planes", "logits", "main"} & set(roles)) > 1):
        return None
    whole = planes.kind.startswith(("int", "uint"))
    if len(planes.shape) == 4 and not whole and planes.shape[1] is not None:
        room = planes.shape[1]
        if room == 1 and asked.layout is None:
            return None  # one channel may be a probability, a logit or something else
        return Recognised("pixels", {"main": planes.name}, max(room, 2))
    if whole and len(planes.shape) in (3, 4):
        return Recognised("pixels", {"main": planes.name})
    return None


_LOOKS = {
    "torchvision": _torchvision,
    "detr": _detr,
    "end-to-end": _end_to_end,
    "yolo-v8": _yolo_8,
    "yolo-v5": _yolo_5,
    "logits": _logits,
    "probabilities": _probabilities,
    "pixels": _pixels,
}
