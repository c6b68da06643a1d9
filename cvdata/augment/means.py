"""What all pictures of a run are made with: the recipe, and above it the settings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import msgspec
import numpy as np
from msgspec import structs

from ..dataset import Categories, Dataset
from ..dataset.copies import Copies
from ..errors import MissingExtraError, UsageError
from .follow import needs_of, with_flip_pairs
from .pipeline import Pipeline
from .recipe import MixUp, Mosaic, Recipe
from .remnants import Remnants
from .settings import AugmentSettings

__all__ = ["Means", "check_means", "means_of", "pipeline_of"]


@dataclass(frozen=True)
class Means:
    """What pictures are made with, the same for all of a run.

    Attributes:
        transform: of the recipe, as JSON; None where nothing is transformed.
        mosaic, mixup: how often pictures are put together, None for never.
        categories: classes of the dataset.
        quality: of lossy files.
        folder: where the files go.
    """

    transform: str | None
    remnants: Remnants
    mosaic: Mosaic | None
    mixup: MixUp | None
    categories: Categories
    seed: int
    quality: int
    folder: str


def means_of(dataset: Dataset, settings: AugmentSettings, recipe: Recipe | None, folder: str) -> Means:
    """Return what pictures are made with: as the recipe says, and above it the settings."""
    usual = Remnants() if recipe is None else recipe.remnants
    return Means(
        transform=None if recipe is None else msgspec.json.encode(recipe.transform).decode(),
        remnants=settings.remnants or usual,
        mosaic=_chosen(Mosaic, settings.mosaic, None if recipe is None else recipe.mosaic),
        mixup=_chosen(MixUp, settings.mixup, None if recipe is None else recipe.mixup),
        categories=with_flip_pairs(dataset),
        seed=settings.seed,
        quality=settings.quality,
        folder=folder,
    )


_Part = TypeVar("_Part", Mosaic, MixUp)


def _chosen(kind: type[_Part], share: float | None, part: _Part | None) -> _Part | None:
    if share is None:
        return part
    if not share:
        return None
    return kind(p=share) if part is None else structs.replace(part, p=share)


def check_means(dataset: Dataset, copies: Copies, means: Means) -> None:
    """Refuse, before any picture is touched, what cannot take along what the dataset has.

    Raises:
        UsageError: pictures that are labelled as a whole would be put together.
        AugmentError: a transform tears objects apart.
        MissingExtraError: what pictures are pasted together with is not installed; a recipe said so when it was read.
    """
    if len(copies):
        _check_installed()
    used = np.isin(dataset.annotations.image, copies.parent)
    if copies.pasted is not None:
        used[copies.pasted.values] = True
    table = dataset.annotations.take(np.flatnonzero(used))
    for what, part in (("mosaic", means.mosaic), ("mixup", means.mixup)):
        if part is not None and np.isnan(table.box[:, 0]).any():
            raise UsageError(
                f"{what} puts pictures with boxes together, and here labels are of whole pictures",
                hint=f"leave {what} out where the dataset is for classification",
            )
    if means.transform is not None:
        pipeline_of(means.transform).refuse(needs_of(table))


def _check_installed() -> None:
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"making new pictures needs the package OpenCV, which cannot be imported ({error})",
            hint="pip install 'cvdata[augment]'",
        ) from error


@lru_cache(maxsize=1)
def pipeline_of(transform: str) -> Pipeline:
    """Return the transforms of a recipe; they are built once for all pictures of a process."""
    return Pipeline(msgspec.json.decode(transform))
