"""The outermost keys of a recipe's file, and its part `cvdata:`."""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec

from ..errors import show
from ..formats._yolo_yaml import Lines, typed
from ._recipe_part import RecipePart
from ._recipe_source import Path, Source, nearest
from ._recipe_transforms import NAME, read_transforms

__all__ = ["read_document"]

_KEYS = ("__version__", "transform", "cvdata")
_BEGIN = "begin with 'transform:' and a list of transforms, or edit a ready recipe (--show-recipe standard)"


def read_document(node: Any, name: str, lines: Lines) -> tuple[dict[str, Any], RecipePart, tuple[str, ...]]:
    """Check the content of a recipe's file, as `load_yaml` gave it.

    Returns:
        A Compose in Albumentations' form, what is said to cvdata, and findings.

    Raises:
        FormatError: it is not a recipe.
    """
    node, source = typed(node), Source(name, lines)
    if node is None:
        raise source.error("is empty, expected a recipe", hint=_BEGIN)
    if not isinstance(node, (dict, list)):
        raise source.error("is text, expected a recipe", hint=_BEGIN)
    _check_numbers(node, (), source)
    path: Path = ()
    part = RecipePart()
    if isinstance(node, dict) and NAME not in node:
        _check_keys(node, source)
        version = node.get("__version__")
        source.version = None if version is None else str(version)
        part = _read_part(node.get("cvdata"), source)
        node, path = node["transform"], ("transform",)
    return read_transforms(node, path, source), part, source.findings()


def _check_numbers(node: Any, path: Path, source: Source) -> None:
    if isinstance(node, float) and not math.isfinite(node):
        raise source.error("holds a number beyond all bounds", path, "write a finite number")
    if isinstance(node, (dict, list)):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            _check_numbers(value, (*path, key), source)


def _check_keys(node: dict[str, Any], source: Source) -> None:
    for key in node:
        if key not in _KEYS:
            hint = nearest(key, _KEYS, "a recipe has the keys")
            raise source.error(f"there is no key '{show(key)}' in a recipe", (key,), hint)
    if "transform" not in node:
        raise source.error("there is no 'transform' in this recipe", hint=_BEGIN)


def _read_part(node: Any, source: Source) -> RecipePart:
    if node is None:
        return RecipePart()
    _check_settings(node, RecipePart, ("cvdata",), source)
    try:
        part = msgspec.convert(node, RecipePart)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$.")
        keys = tuple(where.rstrip("`").split(".")) if where else ()
        raise source.error(f"{'.'.join(('cvdata', *keys))}: {_plainly(said)}", ("cvdata", *keys)) from error
    _check_remnants(part, source)
    return part


def _check_remnants(part: RecipePart, source: Source) -> None:
    path = ("cvdata", "remnants")
    if not 0 <= part.remnants.min_visible <= 1:
        raise source.error("cvdata.remnants.min_visible: expected a number from 0 to 1", (*path, "min_visible"))
    if part.remnants.min_side < 0:
        raise source.error("cvdata.remnants.min_side: expected a number of pixels from 0", (*path, "min_side"))


def _check_settings(node: Any, kind: Any, path: Path, source: Source) -> None:
    """Refuse keys that a struct, or a struct in it, does not have."""
    here = ".".join(map(str, path))
    if not isinstance(node, dict):
        raise source.error(f"{here} is not a mapping, expected keys and values", path, f"write '{path[-1]}: {{...}}'")
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in node.items():
        if key not in fields:
            raise source.error(
                f"{here} has no key '{show(key)}'", (*path, key), nearest(key, fields, "it has the keys")
            )
        inner = _struct_in(fields[key])
        if inner is not None and value is not None:
            _check_settings(value, inner, (*path, key), source)


def _struct_in(kind: Any) -> Any:
    """Return the struct that a field holds, or None."""
    kinds = getattr(kind, "__args__", (kind,))
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, msgspec.Struct)), None)


_TYPES = {"float": "a number", "int": "a whole number", "str": "text", "object": "keys and values", "null": "nothing"}


def _plainly(said: str) -> str:
    """Say what msgspec says of a value in words that need no knowledge of types."""
    missing = re.fullmatch(r"Object missing required field `(\w+)`", said)
    if missing:
        return f"'{missing[1]}' is missing"
    words = said.replace("Expected", "expected")
    return re.sub(r"`([\w |]+)`", lambda m: " or ".join(_TYPES.get(t, t) for t in m[1].split(" | ")), words)
