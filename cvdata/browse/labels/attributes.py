"""What a dataset itself says of its annotations, as attributes of FiftyOne's labels: flags and `extra`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np

from ...dataset import FLAGS, Dataset, Ragged
from ..names import EVAL, EVAL_ID, EVAL_IOU, LABEL_ERROR, NUMBER, PARTNER_CLASS, SIZE, SURETY, VERDICT, VISIBILITY
from .texts import safe_text

__all__ = ["RESERVED", "SCALARS", "ExtraField", "Kind", "Shown", "shown_of", "values_of", "written"]

Kind = Literal["BooleanField", "IntField", "FloatField", "StringField"]

_OURS = (NUMBER, VERDICT, EVAL, EVAL_ID, EVAL_IOU, PARTNER_CLASS, SIZE, LABEL_ERROR, SURETY, "crowd", VISIBILITY)

# fmt: off
_FIFTYONES = (
    "STRICT", "apply_confidence_threshold", "attributes", "bounding_box", "clean", "clear_field", "closed",
    "confidence", "copy", "delete_attribute", "export_mask", "fancy_repr", "field_names", "field_to_mongo",
    "field_to_python", "filled", "from_cuboid", "from_dict", "from_json", "from_mask", "from_rotated_box",
    "get_attribute_value", "get_field", "get_mask", "get_text_score", "has_attribute", "has_field", "has_mask",
    "id", "import_mask", "index", "instance", "instance_id", "iter_attributes", "iter_fields", "label", "logits",
    "mask", "mask_path", "merge", "my_metaclass", "points", "set_attribute_value", "set_field", "tags",
    "to_detection", "to_dict", "to_json", "to_mongo", "to_polyline", "to_segmentation", "to_shapely", "validate",
)
# fmt: on

RESERVED = frozenset((*_OURS, *FLAGS, *_FIFTYONES))
"""Names of attributes that are taken: by cvdata, or by the labels of FiftyOne and their methods."""

_MOST = 50
"""Attributes that are shown, the most frequent ones; FiftyOne keeps each as a field of its own."""

_LONGEST = 60
"""Characters of an attribute's name."""

SCALARS = (bool, int, float, str)
"""Types of attributes that are shown; others, such as lists, are not."""


@dataclass(frozen=True, slots=True)
class ExtraField:
    """An attribute of the source.

    Attributes:
        key: its own name; `name`: the one that it has in FiftyOne; `kind`: of its values there.
        inner: it was first seen in a table `attributes` among the others, as CVAT and others have it.
    """

    key: str
    name: str
    kind: Kind
    inner: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of the annotations of a whole dataset, so that all of its pictures have the same fields.

    Attributes:
        boxed: some have a box, or there are none, so that boxes may be drawn.
        flags: `crowd` and those of `FLAGS` of which the source says anything.
        extras: other attributes, in the order of their first appearance.
    """

    boxed: bool
    flags: tuple[str, ...]
    extras: tuple[ExtraField, ...]


def shown_of(dataset: Dataset) -> Shown:
    """Look over a dataset."""
    table = dataset.annotations
    flags = [flag for flag in FLAGS if (column := getattr(table, flag)) is not None and (column >= 0).any()]
    crowd = ["crowd"] if table.has("crowd").any() else []
    boxed = not len(table) or not bool(np.isnan(table.box[:, 0]).all())
    return Shown(boxed, (*crowd, *flags), _extra_fields(dataset))


def values_of(dataset: Dataset, shown: Iterable[ExtraField]) -> list[dict[str, Any]] | None:
    """Return for each annotation its attributes as FiftyOne has them, None where no annotation has any."""
    extra, fields = dataset.annotations.extra, {one.key: (one.name, _MADE[one.kind]) for one in shown}
    if extra is None or not fields:
        return None
    known: dict[bytes, dict[str, Any]] = {}
    rows = []
    for text in extra.to_bytes():
        if text not in known:
            own, inner = _tables(text) if text else ({}, {})
            known[text] = _shown({**inner, **own}, fields)
        rows.append(known[text])
    return rows


def _extra_fields(dataset: Dataset) -> tuple[ExtraField, ...]:
    """Return the attributes with single values that annotations have beside the columns of their table.

    Values of one attribute have one type: whole numbers and fractions together are fractions, other mixtures texts.
    """
    extra = dataset.annotations.extra
    if extra is None or not len(extra.values):
        return ()
    kinds: dict[str, set[Kind]] = {}
    seen: Counter[str] = Counter()
    inner: dict[str, bool] = {}
    for text, count in Counter(_texts(extra)).items():
        own, deep = _tables(text)
        for key, value in {**deep, **own}.items():
            if isinstance(value, SCALARS):
                kinds.setdefault(key, set()).add(_kind(value))
                inner.setdefault(key, key not in own)
                seen[key] += count
    # In the order of their first appearance: the same whatever their frequency.
    shown = {key for key, _ in seen.most_common(_MOST)}
    keys = [key for key in seen if key in shown]
    named = zip(keys, _names(keys), strict=True)
    return tuple(ExtraField(key, name, _common(kinds[key]), inner[key]) for key, name in named)


def _texts(extra: Ragged) -> Iterable[bytes]:
    there = np.flatnonzero(extra.lengths > 0)
    return extra.take(there).to_bytes()


def _tables(text: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return attributes by their key, and those that CVAT and others keep in a table `attributes` among them."""
    try:
        own = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}, {}
    if not isinstance(own, dict):
        return {}, {}
    inner = own.get("attributes")
    return own, inner if isinstance(inner, dict) else {}


def _kind(value: bool | float | str) -> Kind:
    if isinstance(value, bool):
        return "BooleanField"
    if isinstance(value, int):
        return "IntField" if -(2**63) <= value < 2**63 else "StringField"
    return "FloatField" if isinstance(value, float) else "StringField"


def _common(kinds: set[Kind]) -> Kind:
    if len(kinds) == 1:
        return next(iter(kinds))
    return "FloatField" if kinds == {"IntField", "FloatField"} else "StringField"


def written(value: bool | float | str) -> str:
    """Return a single value as a text field of FiftyOne has it."""
    return safe_text(value) if isinstance(value, str) else msgspec.json.encode(value).decode()


_MADE: Mapping[Kind, Callable[[Any], Any]] = {
    "BooleanField": bool,
    "IntField": int,
    "FloatField": float,
    "StringField": written,
}


def _shown(own: Mapping[str, Any], fields: Mapping[str, tuple[str, Callable[[Any], Any]]]) -> dict[str, Any]:
    shown = {}
    for key, value in own.items():
        if key in fields and isinstance(value, SCALARS):
            name, made = fields[key]
            shown[name] = made(value)
    return shown


def _names(keys: Iterable[str]) -> list[str]:
    """Return a name of its own for each attribute: letters, digits and underscores, and none that is taken."""
    taken: set[str] = set()
    names = []
    for key in keys:
        plain = "".join(sign if sign.isalnum() else "_" for sign in key)[:_LONGEST].lstrip("_")
        plain = f"source_{plain}".rstrip("_") if plain in RESERVED or not plain or plain[0].isdigit() else plain
        name, count = plain, 1
        while name in taken:
            count += 1
            name = f"{plain}_{count}"
        taken.add(name)
        names.append(name)
    return names
