"""What a recipe does, in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ._recipe_part import RecipePart

__all__ = ["summary_of"]

_HOLDERS = {
    "Compose": "all of",
    "OneOf": "one of",
    "OneOrOther": "one or the other of",
    "RandomOrder": "in any order, some of",
    "SelectiveChannelTransform": "on some channels,",
    "Sequential": "all of",
    "SomeOf": "some of",
}


def summary_of(transform: Mapping[str, Any], part: RecipePart) -> str:
    """Return a line for each thing that a recipe does, with the share of new pictures that it acts in."""
    lines = []
    if part.mosaic is not None:
        lines.append((part.mosaic.p, "mosaic of four pictures"))
    if part.mixup is not None:
        lines.append((part.mixup.p, "mix-up of two pictures"))
    lines += [(inner["p"] * transform["p"], _said(inner)) for inner in transform["transforms"]]
    return "\n".join(f"{share:5.0%}  {text}" for share, text in lines)


def _said(transform: Mapping[str, Any]) -> str:
    name: str = transform["__class_fullname__"]
    if "transforms" not in transform:
        return name
    return f"{_HOLDERS.get(name, name)} {', '.join(_inner(transform))}"


def _inner(transform: Mapping[str, Any]) -> Iterator[str]:
    for inner in transform["transforms"]:
        text = _said(inner)
        yield f"({text})" if "transforms" in inner else text
