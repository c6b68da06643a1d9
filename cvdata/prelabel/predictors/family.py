"""What a family of models is, how one is named on the command line, and how it is made ready.

A file of this package that has `NAME` is a family:

    NAME        how `--model NAME:WHAT` names it, such as `opencv`
    SUMMARY     what it is, in a few words
    EXAMPLES    what to write behind `--model`
    claims      tells whether a path without a NAME is one of its models
    load        makes a model ready: a `Predictor`, or an `Outliner`

One for which people can say more has `TAKES`, the names of these options: `prompt`, `layout`.

Other packages add models by an entry point of the group `cvdata.predictors`; see `plugin`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...errors import UsageError, show
from ...models.predictor import Predictor

__all__ = ["Family", "Model", "ModelOptions", "Outliner", "families", "family_of", "load_model"]


class ModelOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be said about any model.

    Attributes:
        weights: of a run `best` or `last`; else the file, or folder, of its weights, for families that take one.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        prompt: names of what to look for, for models that take words.
        layout: YAML file that says what an ONNX file of another program takes and gives.
        score: nobody will keep what is less sure, so that a model may leave it out.
    """

    weights: str | None = None
    device: str = "auto"
    prompt: tuple[str, ...] = ()
    layout: str | None = None
    score: float = 0.0


@runtime_checkable
class Outliner(Protocol):
    """Draws the outline of an object of which the box is known.

    Attributes:
        name: what to call it; `sha256`: of the file of its weights.
        architecture: what it is.
    """

    name: str
    sha256: str
    architecture: str

    def outline(self, picture: NDArray[np.uint8], box: NDArray[np.float64]) -> Ragged:
        """Return the masks of objects as run lengths over the whole picture, as `Annotations.masks` has them.

        Args:
            picture: uint8, shape (height, width, 3), RGB.
            box: float64, shape (n, 4): x, y, width, height in pixels.
        """
        ...


Model: TypeAlias = Predictor | Outliner


class Family(Protocol):
    """A file of this package."""

    NAME: str
    SUMMARY: str
    EXAMPLES: tuple[str, ...]

    def claims(self, path: str) -> bool:
        """Tell whether a path is a model of this family; never raises."""
        ...

    def load(self, what: str, options: ModelOptions) -> Model:
        """Make a model ready.

        Args:
            what: what stands behind `NAME:`, or a path that `claims` knows; empty where there is nothing.

        Raises:
            UsageError: there is no such model, or an option makes no sense for it.
            ModelError: its files are broken, or are not there and cannot be fetched.
            MissingExtraError: a package is not installed.
        """
        ...


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """Return the families, in the order of their names."""
    package = importlib.import_module(__package__ or "")
    found = [module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_")]
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in found]
    return tuple(sorted((m for m in modules if hasattr(m, "NAME")), key=lambda family: str(family.NAME)))


def family_of(text: str) -> tuple[Family, str]:
    """Return the family of a model as it was named, and what stands behind the family's name.

    Args:
        text: `opencv:faces`, `torchvision:retinanet_resnet50_fpn_v2`, a run folder, the path of a file.

    Raises:
        UsageError: nothing is meant by it.
    """
    name, colon, what = text.partition(":")
    named = next((family for family in families() if name == family.NAME), None)
    if named is not None and colon:
        return named, what
    for family in families():  # a folder `sam` that a training made is that run
        if family.claims(text):
            return family, text
    if named is not None:
        return named, ""
    known = ", ".join(example for family in families() for example in family.EXAMPLES[:1])
    raise UsageError(f"'{show(text)}' is no model: no file or folder of one, and no family is named so", hint=known)


def load_model(text: str, options: ModelOptions) -> Model:
    """Make a model ready, by how it is named.

    Raises:
        CvdataError: see `Family.load`.
    """
    family, what = family_of(text)
    return family.load(what, options)
