"""Ids of labels in FiftyOne: the same whenever a label is put, so that others may name it before it is there."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Literal

from .texts import safe_text

__all__ = ["Beside", "head_of", "label_ids", "mark_of", "written_id"]

Beside = Literal["", "outline", "keypoints"]
"""What a label is: the object itself, or what is drawn beside it."""

_BESIDE = {"": 0, "outline": 64, "keypoints": 128}


def mark_of(side: Literal["truth", "found"], place: int = 0, beside: Beside = "") -> int:
    """Return the byte that tells the fields apart: 0 for the truth, from 1 on for what models found."""
    return (0 if side == "truth" else place + 1) + _BESIDE[beside]


def label_ids(names: Sequence[str], numbers: Sequence[int], mark: int) -> list[Any]:
    """Return an `ObjectId` for each label: 7 bytes of its picture's name, one of its field, 4 of its number.

    Args:
        names: of the picture of each label.
        numbers: its place among the annotations of its picture.
        mark: of its field, see `mark_of`.
    """
    object_id = importlib.import_module("bson").ObjectId
    heads = {name: head_of(name, mark) for name in set(names)}
    return [object_id(heads[name] + number.to_bytes(4, "big")) for name, number in zip(names, numbers, strict=True)]


def head_of(name: str, mark: int) -> bytes:
    """Return what the ids of a picture's labels in one field begin with."""
    return blake2b(safe_text(name).encode(), digest_size=7).digest() + bytes([mark])


def written_id(head: bytes, number: int) -> str:
    """Return an id as FiftyOne writes it, 24 hexadecimal digits; the gallery has it, too, without FiftyOne."""
    return f"{head.hex()}{number:08x}"
