"""What a recipe would make, on one sheet: some pictures, each beside its first copies, with their labels drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..dataset import Dataset, Images, State
from ..dataset.copies import Copies
from ..engine import Engine, Progress
from ..errors import CvdataError, show
from ..reports.canvas import Canvas
from ..reports.draw import draw_labels
from ..reports.fonts import lettering
from ..reports.palette import class_colour
from ..reports.scales import plural
from ..reports.sheet import assemble
from ..reports.spread import spread
from .jobs import Batch, Job, batches_of
from .making import Reader, make_sample
from .means import check_means, means_of
from .parents import counted_on
from .recipe import Recipe
from .sample import Sample
from .settings import AugmentSettings
from .work import one_thread

__all__ = ["preview"]

_PICTURES, _COPIES = 6, 3
_TILE, _TALLEST = 320, 1.3  # width of a tile in pixels, and its height at most, of that
_CAPTION = 13  # pixels of its letters, as on every sheet
_GREY = 227


def preview(
    dataset: Dataset,
    parents: NDArray[np.int64],
    settings: AugmentSettings,
    recipe: Recipe,
    *,
    engine: Engine,
    progress: Progress,
) -> Image.Image:
    """Draw a few pictures in the first column and beside each its first copies, just as a run makes them.

    Args:
        parents: rows of the pictures to choose from, ascending.

    Raises:
        UsageError: the dataset has what the recipe cannot take along.
    """
    rows = spread(dataset, _PICTURES, np.random.default_rng(settings.seed), among=parents)
    counts = np.zeros(len(dataset.images), np.int64)
    counts[rows] = _COPIES
    means = means_of(dataset, settings, recipe, folder="")
    copies = counted_on(dataset.images, Copies.times(counts), "aug")
    check_means(dataset, copies, means)
    batches = batches_of(dataset, copies, means, {}, size=_COPIES)
    progress.start("drawing", len(rows) * _COPIES)
    drawn = [tile for part in engine.map(_draw_batch, batches, progress=progress) for tile in part]
    present = sorted({category for tile in drawn for category in tile.classes})
    return assemble(
        [Image.fromarray(tile.pixels) for tile in drawn],
        [tile.caption for tile in drawn],
        title=f"Recipe {show(recipe.name)}",
        subtitle=f"{plural(len(rows), 'picture')} in the first column, and {_COPIES} copies beside each",
        legend=[(dataset.categories.names[row], class_colour(row)) for row in present],
        columns=1 + _COPIES,
        tile=_TILE,
    )


@dataclass(frozen=True, eq=False)
class _Tile:
    """A picture with its labels.

    Attributes:
        pixels: uint8, shape (height, width, 3).
        caption: two lines; classes: rows of those that are on it.
    """

    pixels: NDArray[np.uint8]
    caption: tuple[str, str]
    classes: frozenset[int]


def _draw_batch(batch: Batch) -> list[_Tile]:
    """Draw one parent and its copies; runs in a worker."""
    reader = Reader(batch)
    name = batch.pictures[batch.jobs[0].parent].name
    try:
        parent = reader.parent(batch.jobs[0].parent)
    except CvdataError as error:
        return [_missing(name, error.message)] * (1 + len(batch))
    with one_thread():
        return [_drawn(parent, batch, (name, "as it is")), *(_draw_copy(batch, job, reader) for job in batch.jobs)]


def _draw_copy(batch: Batch, job: Job, reader: Reader) -> _Tile:
    try:
        made = make_sample(batch, job, reader)
    except CvdataError as error:
        return _missing("no copy", error.message)
    return _drawn(made.sample, batch, _said(made.lineage))


def _said(lineage: Mapping[str, Any]) -> tuple[str, str]:
    """Return what made a copy, in two lines."""
    acted = [str(one.get("name", "")) for one in lineage.get("transforms", ())]
    words = [*(what for what in ("mosaic", "mixup") if what in lineage), *acted] or ["unchanged"]
    lines = [""]
    for word in words:
        longer = f"{lines[-1]}, {word}" if lines[-1] else word
        if len(lines) == 1 and lines[0] and lettering(longer, _CAPTION).width > _TILE:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines[0], lines[1] if len(lines) > 1 else ""


def _drawn(sample: Sample, batch: Batch, caption: tuple[str, str]) -> _Tile:
    size = sample.width, sample.height
    images = Images(
        names=("",),
        width=np.array(size[:1], np.int32),
        height=np.array(size[1:], np.int32),
        state=np.array([State.LABELLED], np.uint8),
        split=np.array([-1], np.int32),
        folder=np.array([-1], np.int32),
    )
    one = Dataset(images=images, annotations=sample.table, categories=batch.means.categories)
    within = _TILE, round(_TILE * _TALLEST)
    drawing = draw_labels(sample.image, one, 0, within=within, names=len(one.categories) > 1)
    return _Tile(np.asarray(drawing, np.uint8), caption, frozenset(sample.table.category.tolist()))


def _missing(name: str, problem: str) -> _Tile:
    """Draw what stands for a picture that is not to be had."""
    size = _TILE, round(_TILE * 0.75)
    canvas = Canvas(np.full((size[1], size[0], 3), _GREY, np.uint8), size)
    canvas.note(problem)
    return _Tile(np.asarray(canvas.finish(), np.uint8), (name, ""), frozenset())
