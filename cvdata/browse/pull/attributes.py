"""Flags and other attributes of an object as a person left them in FiftyOne, held against those in the dataset."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ...dataset import FLAGS, Dataset
from ...errors import show
from ..labels.attributes import SCALARS, ExtraField, Kind, Shown, written
from ..labels.said import FLAG_NAMES, plain, said_of

__all__ = ["Attributes", "Changes"]

_TABLE = "attributes"
_IN_TABLE = frozenset(
    ("area", "bbox", "category_id", "id", "image_id", "iscrowd", "keypoints", "num_keypoints", "score", "segmentation")
)
"""Keys that COCO has for itself: a new attribute of such a name goes into the table `attributes`."""

_EXPECTED: Mapping[Kind, str] = {
    "BooleanField": "yes or no",
    "IntField": "a whole number",
    "FloatField": "a number",
    "StringField": "a text",
}


class _Refused(Exception):  # noqa: N818 - it never leaves this file
    """A value that cannot be taken; the text says what was expected."""


@dataclass(slots=True)
class Changes:
    """What is to become of the flags and attributes of an annotation.

    Attributes:
        flags: new values by column: 1 yes, 0 no, -1 not said.
        extra: its other attributes as JSON, None where they stay.
        problems: names and values that cannot be taken.
    """

    flags: dict[str, int] = field(default_factory=dict)
    extra: bytes | None = None
    problems: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.flags) or self.extra is not None


class Attributes:
    """Reads what labels say of the annotations of a dataset.

    An attribute that no annotation had before is taken as well, under its name in FiftyOne, where its value is a truth
    value, a number or a text: whoever fills it in wants it kept. It lies beside the others, so in the table
    `attributes` where those do. Names of cvdata, of FiftyOne's labels, and those that an evaluation or another run of
    FiftyOne wrote are no person's.
    """

    def __init__(self, dataset: Dataset, shown: Shown, ignored: frozenset[str] = frozenset()) -> None:
        """Begin with what is shown of a dataset; `ignored`: names that runs of FiftyOne wrote."""
        self._table, self._ignored = dataset.annotations, ignored
        self._fields = {one.name: one for one in shown.extras}
        self._inner = bool(shown.extras) and all(one.inner for one in shown.extras)

    @property
    def ignored(self) -> frozenset[str]:
        """Names that are no person's."""
        return self._ignored

    def is_same(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Tell whether two labels say the same."""
        return said_of(one, self._ignored) == said_of(other, self._ignored)

    def changes(self, row: int | None, label: Mapping[str, Any], *, exact: bool = True) -> Changes:
        """Return what a label says otherwise than an annotation.

        Args:
            row: of the annotation, None for a new one.
            exact: what the label lacks was cleared; otherwise it may never have been put.
        """
        said = {name: label[name] for name in said_of(label, self._ignored)}
        changes = Changes()
        self._flags(row, said, exact, changes)
        text = b"" if row is None or self._table.extra is None else self._table.extra[row].tobytes()
        try:
            extra = _Extra(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            changes.problems += [f"{show(name, 40)}: the others of the object are no JSON" for name in self._own(said)]
            return changes
        asked = list(self._asked(said, extra, exact, changes))
        for key, inner, value in asked:
            extra.put(key, value, inner=inner)
        changes.extra = extra.text() if asked else None
        return changes

    def flags(self, label: Mapping[str, Any], row: int | None = None) -> dict[str, int]:
        """Return the flags alone that a label says otherwise than an annotation, or than a new one."""
        changes = Changes()
        self._flags(row, label, True, changes)
        return changes.flags

    def _own(self, said: Mapping[str, Any]) -> Iterator[str]:
        return (name for name in said if name not in FLAG_NAMES)

    def _flags(self, row: int | None, said: Mapping[str, Any], exact: bool, changes: Changes) -> None:
        for flag in FLAG_NAMES:
            value = plain(said.get(flag))
            if value not in (None, 0, 1):
                changes.problems.append(_problem(flag, value, "yes or no"))
                continue
            column, unset = getattr(self._table, flag), -1 if flag in FLAGS else 0
            before = unset if row is None or column is None else int(column[row])
            now = unset if value is None else int(value)
            if now != before and (value is not None or exact):
                changes.flags[flag] = now

    def _asked(
        self, said: Mapping[str, Any], extra: _Extra, exact: bool, changes: Changes
    ) -> Iterator[tuple[str, bool, Any]]:
        """Yield key, place and value of what is to be set; None for what goes."""
        seen = set()
        for name in self._own(said):
            known = self._fields.get(name)
            key = name if known is None else known.key
            seen.add(key)
            before = extra.get(key)
            if _is_it(before, said[name]):
                continue
            try:
                yield key, self._place(key, known), _taken(said[name], None if known is None else known.kind, before)
            except _Refused as expected:
                changes.problems.append(_problem(name, said[name], str(expected)))
        for known in self._fields.values() if exact else ():
            before = extra.get(known.key)
            there = isinstance(before, SCALARS) and plain(before) is not None
            if there and known.key not in seen and known.name not in self._ignored:
                yield known.key, known.inner, None

    def _place(self, key: str, known: ExtraField | None) -> bool:
        return (self._inner or key in _IN_TABLE) if known is None else known.inner


class _Extra:
    """The other attributes of an annotation; what is not put stays as it is written.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError: the text is no JSON object.
    """

    def __init__(self, text: bytes) -> None:
        self._own: dict[str, Any] = msgspec.json.decode(text or b"{}", type=dict[str, msgspec.Raw])
        self._inner: dict[str, Any] | None = None
        table = bytes(self._own.get(_TABLE, b"{}"))
        if table.startswith(b"{"):
            self._inner = msgspec.json.decode(table, type=dict[str, msgspec.Raw])

    def get(self, key: str) -> Any:
        """Return a value, None where there is none."""
        held = self._inner if key not in self._own and self._inner is not None else self._own
        return msgspec.json.decode(held[key]) if key in held else None

    def put(self, key: str, value: Any, *, inner: bool) -> None:
        """Set a value where it lies, a new one into the table `attributes` where `inner`; None takes it out."""
        there = key not in self._own and (inner or key in (self._inner or ()))
        held = self._inner if there and self._inner is not None else self._own
        if value is None:
            held.pop(key, None)
        else:
            held[key] = msgspec.Raw(msgspec.json.encode(value))
        if held is self._inner and held:
            self._own[_TABLE] = msgspec.Raw(msgspec.json.encode(held))
        elif held is self._inner:
            self._own.pop(_TABLE, None)

    def text(self) -> bytes:
        """Return the JSON, nothing where no attribute is left."""
        return msgspec.json.encode(self._own) if self._own else b""


def _is_it(before: Any, said: Any) -> bool:
    """Tell whether a value in FiftyOne shows one of the dataset, in whatever type it may have been put there."""
    if not isinstance(before, SCALARS) or not isinstance(said, SCALARS):
        return False
    if isinstance(said, str):
        return written(before) == said
    if isinstance(before, str):
        return False
    return before == said or (isinstance(said, float) and abs(before) < 2**64 and float(before) == said)


def _taken(said: Any, kind: Kind | None, before: Any) -> Any:
    """Return a value as the dataset is to have it.

    Raises:
        _Refused: it is of another type than the values of the attribute are.
    """
    if not isinstance(said, SCALARS):
        raise _Refused("a single value")
    if before is not None and not isinstance(before, SCALARS):
        raise _Refused("another name: the dataset has this one for what is no single value")
    if isinstance(said, float) and math.isinf(said):
        raise _Refused("a finite number")
    if kind == "StringField":
        return _as_before(said if isinstance(said, str) else written(said), before)
    if kind is None:
        return said
    number = plain(said)  # 3.0 is 3: the App writes either
    fits = (
        not isinstance(said, str)
        and {
            "BooleanField": number in (0, 1),
            "IntField": isinstance(number, int) and not isinstance(said, bool),
            "FloatField": not isinstance(said, bool),
        }[kind]
    )
    if not fits:
        raise _Refused(_EXPECTED[kind])
    if kind == "BooleanField":
        return bool(number)
    return number if kind == "IntField" or (type(before) is int and isinstance(number, int)) else float(said)


def _as_before(text: str, before: Any) -> Any:
    """Return a text as the number or truth value that it stands for, where there was one among texts before."""
    if before is None or isinstance(before, str):
        return text
    try:
        value = msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        return text
    return value if type(value) is type(before) else text


def _problem(name: str, value: Any, expected: str) -> str:
    found = str(value) if isinstance(value, (bool, int, float)) else f"a {type(value).__name__}"
    found = repr(show(value, 40)) if isinstance(value, str) else found
    return f"{show(name, 40)} is {found}, expected {expected}"
