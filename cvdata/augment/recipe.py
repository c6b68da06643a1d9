"""Recipes: how new pictures are made of old ones, as YAML files that are checked before any picture is touched.

A recipe is what `albumentations.save(pipeline, "recipe.yaml", data_format="yaml")` writes, or the same by hand; what
Albumentations does not know stands beside it:

    transform:
      __class_fullname__: Compose
      transforms:
      - __class_fullname__: HorizontalFlip
        p: 0.5
    cvdata:
      mosaic: {p: 0.3}
      remnants: {min_visible: 0.2}
"""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ..errors import UsageError, show
from ..formats._yolo_yaml import Lines, load_yaml
from ._recipe_document import read_document
from ._recipe_part import MixUp, Mosaic, RecipePart
from ._recipe_summary import summary_of
from .remnants import Remnants

__all__ = [
    "MixUp",
    "Mosaic",
    "Recipe",
    "RecipePart",
    "load_recipe",
    "ready_recipes",
    "recipe_text",
    "recipe_title",
]

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recipes")
_ORDER = ("light", "standard", "heavy", "weather", "document", "aerial", "medical")


@dataclass(frozen=True)
class Recipe:
    """A recipe that was checked.

    Attributes:
        name: of a ready recipe, or of the file, without its folder.
        transform: what `Pipeline` takes: a Compose and what is in it, as Albumentations serialises them.
        remnants: which objects at the edge of a new picture keep their label.
        mosaic, mixup: how often and how pictures are put together, or None for never.
        digest: SHA-256 of everything above but the name: the same for files that differ only in layout or comments.
        findings: what the file says and cvdata does otherwise, as sentences.
        summary: what it does, a line for each transform.
    """

    name: str
    transform: Mapping[str, Any]
    remnants: Remnants
    mosaic: Mosaic | None
    mixup: MixUp | None
    digest: str
    findings: tuple[str, ...]
    summary: str


def load_recipe(name_or_path: str) -> Recipe:
    """Read and check a ready recipe, or the YAML file of one.

    Raises:
        UsageError: there is neither a ready recipe nor a file of that name.
        FormatError: the file is not a recipe: which line, what was found, and how it should be.
        MissingExtraError: Albumentations is not installed.
    """
    path, shown = _find(name_or_path)
    lines: Lines = {}
    node = load_yaml(path, shown, what="a recipe", lines=lines)
    transform, part, findings = read_document(node, shown, lines)
    return Recipe(
        name=os.path.basename(name_or_path),
        transform=transform,
        remnants=part.remnants,
        mosaic=part.mosaic,
        mixup=part.mixup,
        digest=_digest(transform, part),
        findings=findings,
        summary=summary_of(transform, part),
    )


def ready_recipes() -> tuple[str, ...]:
    """Return the names of the recipes that come with cvdata, the mildest first."""
    return _ORDER


def recipe_text(name: str) -> bytes:
    """Return the file of a ready recipe, to be copied and edited.

    Raises:
        UsageError: there is no ready recipe of that name.
    """
    if name not in _ORDER:
        raise UsageError(f"there is no ready recipe '{show(name)}'", hint=_others(name))
    with open(_ready(name), "rb") as file:
        return file.read()


def recipe_title(name: str) -> str:
    """Return what a ready recipe is for: the first line of its file.

    Raises:
        UsageError: there is no ready recipe of that name.
    """
    return recipe_text(name).split(b"\n", 1)[0].decode().strip("# .")


def _find(name_or_path: str) -> tuple[str, str]:
    """Return the path of a recipe and its name in messages; a ready recipe hides a file of the same name."""
    if name_or_path in _ORDER:
        return _ready(name_or_path), f"{name_or_path}.yaml"
    if os.path.lexists(name_or_path):
        return name_or_path, name_or_path
    shown = show(name_or_path)
    if name_or_path.endswith((".yaml", ".yml")) or os.sep in name_or_path:
        raise UsageError(f"there is no recipe file '{shown}'", hint=_others(name_or_path, "check the path, or take"))
    raise UsageError(f"there is neither a ready recipe nor a file '{shown}'", hint=_others(name_or_path))


def _ready(name: str) -> str:
    return f"{_FOLDER}/{name}.yaml"


def _others(name: str, otherwise: str = "there are") -> str:
    stem = os.path.splitext(os.path.basename(name))[0].lower()
    near = difflib.get_close_matches(stem, _ORDER, 1)
    return f"did you mean '{near[0]}'?" if near else f"{otherwise} {', '.join(_ORDER)}"


def _digest(transform: Mapping[str, Any], part: RecipePart) -> str:
    content = msgspec.json.encode({"transform": transform, "cvdata": part}, order="sorted")
    return hashlib.sha256(content).hexdigest()
