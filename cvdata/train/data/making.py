"""Pictures as a network sees them: read, letterboxed, changed by a recipe, with their labels; runs in workers."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...augment.carry import place
from ...augment.follow import follow
from ...augment.mixup import mixup
from ...augment.mosaic import QUARTERS, mosaic
from ...augment.motion import Plane, scaled
from ...augment.pipeline import Pipeline
from ...augment.recipe import Recipe
from ...augment.sample import Sample
from ...dataset import Annotations
from ...errors import AugmentError
from ...models.crops import cut_out
from ...models.letterbox import letterbox, scaled_sizes
from ...models.spec import ModelSpec
from .arrays import PartArrays
from .cache import Cache
from .moving import move_pixels
from .painting import VOID, paint
from .reading import check_size, classes_of_values, decode_picture, read_values
from .sampling import Draw, draw_seed

__all__ = ["Made", "Maker"]


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A picture in the size of the network.

    Attributes:
        image: uint8, shape (height, width, 3).
        table: its objects, in pixels of `image`; empty but for detectors.
        pixels: segmenters: uint8, shape (height, width), class of each pixel.
    """

    image: NDArray[np.uint8]
    table: Annotations
    pixels: NDArray[np.uint8] | None = None


_NOTHING = Annotations(image=np.zeros(0, np.int32), category=np.zeros(0, np.int32), box=np.zeros((0, 4)))


class Maker:
    """Makes pictures of a part; the same ones in any process."""

    def __init__(
        self, arrays: PartArrays, spec: ModelSpec, seed: int, recipe: Recipe | None, cache: Cache | None
    ) -> None:
        """Begin.

        Args:
            recipe: what becomes of each picture; None for nothing.
            cache: where pictures are kept once they are in the size of the network.
        """
        self.arrays, self.spec, self.cache = arrays, spec, cache
        self._seed, self._recipe = seed, recipe
        self._pipeline = None if recipe is None else Pipeline(recipe.transform)

    @property
    def changes(self) -> bool:
        """Whether a recipe changes pictures, for which its packages are needed."""
        return self._recipe is not None

    def make(self, draw: Draw) -> list[Made]:
        """Return the pictures of a draw.

        Raises:
            TrainingError: one cannot be read.
        """
        return [self._one(draw, row, turn) for row, turn in zip(draw.rows.tolist(), draw.turns.tolist(), strict=True)]

    def _one(self, draw: Draw, row: int, turn: int) -> Made:
        made = self.still(row)
        if self._recipe is not None and self._pipeline is not None:
            made = self._changed(made, self._recipe, self._pipeline, draw_seed(self._seed, draw.epoch, row, turn))
        return _boxed(made, draw.size or self.spec.size)

    def still(self, row: int) -> Made:
        """Return a picture as it is, in the size of the network."""
        image, pixels = self._kept(row)
        if self.spec.task != "detector":
            return Made(image, _NOTHING, pixels)
        size = int(self.arrays.width[row]), int(self.arrays.height[row])
        return Made(image, _scaled(self.arrays.objects(row), size, self.spec.size))

    def _kept(self, row: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
        """Return a picture, and for segmenters the class of each of its pixels, from the cache if it is there."""
        if self.cache is None:
            return self._read(row)
        planes = self.cache.get(row)
        if planes is None:
            image, pixels = self._read(row)
            planes = image if pixels is None else np.dstack([image, pixels])
            self.cache.put(row, planes)
        pixels = planes[..., 3].copy() if planes.shape[2] == 4 else None
        return planes[..., :3].copy(), pixels

    def _read(self, row: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
        arrays, size = self.arrays, self.spec.size
        crop = None if arrays.crop is None else arrays.crop[row]
        name = arrays.name(row)
        picture = cut_out(decode_picture(arrays.path(row), name), crop)
        check_size(picture, int(arrays.width[row]), int(arrays.height[row]), name)
        image = np.require(letterbox(picture, size), np.uint8, "W")  # transforms may write into it
        if self.spec.task != "segmenter":
            return image, None
        return image, _nearest(self._classes(row, picture.shape[:2]), size)

    def _classes(self, row: int, size: tuple[int, ...]) -> NDArray[np.uint8]:
        arrays = self.arrays
        if arrays.map_paths is None:
            return paint(arrays.objects(row), arrays.became, size[0], size[1])
        path = arrays.map_path(row)
        if path is None:
            return np.full(size[:2], VOID, np.uint8)
        values = read_values(path, size[0], size[1], arrays.by_colour, arrays.numbered)
        return classes_of_values(values, arrays.map_values)

    def _changed(self, made: Made, recipe: Recipe, pipeline: Pipeline, seed: int) -> Made:
        """Put a picture through the recipe; one that a transform fails on goes on without it."""
        if self.spec.task != "detector":
            return _changed_alone(made, pipeline, seed)
        sample = self._mixed(Sample(made.image, made.table), recipe, seed)
        with contextlib.suppress(AugmentError):
            sample = follow(sample, self.arrays.categories, pipeline, seed, recipe.remnants).sample
        return Made(sample.image, sample.table)

    def _mixed(self, sample: Sample, recipe: Recipe, seed: int) -> Sample:
        """Put pictures together where the recipe says so: four in one, then two over each other."""
        if recipe.mosaic is None and recipe.mixup is None:
            return sample
        rng = np.random.default_rng((seed, 1))
        height, width = self.spec.size
        if recipe.mosaic is not None and rng.random() < recipe.mosaic.p:
            samples = [sample, *(self._other(rng) for _ in range(QUARTERS - 1))]
            sample = mosaic(samples, (width, height), rng, recipe.remnants).sample
        if recipe.mixup is not None and rng.random() < recipe.mixup.p:
            sample = mixup(sample, self._other(rng), rng, recipe.remnants, recipe.mixup.alpha).sample
        return sample

    def _other(self, rng: np.random.Generator) -> Sample:
        made = self.still(int(rng.integers(len(self.arrays))))
        return Sample(made.image, made.table)


def _changed_alone(made: Made, pipeline: Pipeline, seed: int) -> Made:
    """Put a picture without objects through a recipe; its map of classes follows."""
    try:
        applied = pipeline.apply(made.image, np.zeros((0, 4)), seed)
    except AugmentError:
        return made
    pixels = None if made.pixels is None else move_pixels(made.pixels, applied.motion)
    return Made(applied.image, made.table, pixels)


def _scaled(table: Annotations, old: tuple[int, int], size: tuple[int, int]) -> Annotations:
    """Return the objects of a picture of a width and height where its letterbox of a height and width has them."""
    across, down = scaled_sizes(np.array([old[0]]), np.array([old[1]]), size)[0].tolist()
    if (across, down) == old and (down, across) == size:
        return table
    return place(table, Plane(scaled(across / old[0], down / old[1]), size[1], size[0]), old)


def _nearest(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Do to a map of classes what `letterbox` does to its picture; what is beside the picture is of no class."""
    tall, wide = pixels.shape
    across, down = scaled_sizes(np.array([wide]), np.array([tall]), size)[0].tolist()
    boxed = np.full(size, VOID, np.uint8)
    boxed[:down, :across] = np.asarray(Image.fromarray(pixels).resize((across, down), Image.Resampling.NEAREST))
    return boxed


def _boxed(made: Made, size: tuple[int, int]) -> Made:
    """Bring a picture that a recipe changed, or that is wanted in another size, to that size."""
    tall, wide = made.image.shape[:2]
    if (tall, wide) == size:
        return made
    pixels = None if made.pixels is None else _nearest(made.pixels, size)
    return Made(letterbox(made.image, size), _scaled(made.table, (wide, tall), size), pixels)
