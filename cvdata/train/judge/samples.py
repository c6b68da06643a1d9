"""The same few validation pictures after every epoch: what is labelled beside what was found."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ...dataset.select import keep_images
from ...errors import CvdataError, OutputError, show
from ...files import disk
from ...models.columns import Columns, categories_of, columns_dataset
from ...models.run_folder import Epoch
from ...models.spec import ModelSpec, Task
from ...reports.canvas import Canvas, fit
from ...reports.draw import draw_labels
from ...reports.palette import class_colour, rgb
from ...reports.scales import plural
from ...reports.sheet import assemble, encode
from ..data.painting import VOID
from .history import best_epoch
from .painted import paint_classes, unpainted

if TYPE_CHECKING:
    from ...dataset import Dataset
    from ..data.part import Part
    from ..folder import RunFolder

__all__ = ["SHOWN_FROM", "choose_samples", "draw_samples", "kept_epochs", "place_samples", "sample_file"]

SHOWN_FROM = 0.3
"""Detections less sure than this are not drawn: a young network finds a hundred of them in every picture."""

_MOST = {"detector": 8, "classifier": 15, "segmenter": 8}
_FOLDER = "samples"
_LAST_KEPT = 3

_HALF, _SEAM = 350, 8
_RIGHT, _WRONG, _GREY = "#009e73", "#d55e00", "#e3e5e8"
_LIKELY = 0.5  # from where on a label counts, where a picture may have several


def choose_samples(part: Part, task: Task) -> NDArray[np.int64]:
    """Return rows of a few pictures, ascending: together they show as many classes as possible.

    First come pictures with the most classes that none before them has; then some that lie evenly among the others.
    """
    dataset = part.dataset
    count = min(_MOST[task], len(dataset.images))
    table = dataset.annotations
    image, category = table.image.astype(np.int64), table.category.astype(np.int64)
    if task == "segmenter":
        none = np.zeros(0, np.int64)
        image, category = (none, none) if part.shown is None else (part.shown.image, part.shown.category)
    chosen: list[int] = []
    while len(chosen) < count and len(image):
        # A picture shows a class once, however many objects of it are there.
        pairs = np.unique(np.stack([image, category]), axis=1)
        chosen.append(int(np.bincount(pairs[0]).argmax()))
        new = ~np.isin(category, category[image == chosen[-1]])
        image, category = image[new], category[new]
    others = np.setdiff1d(np.arange(len(dataset.images)), chosen)
    even = others[np.linspace(0, len(others) - 1, count - len(chosen)).round().astype(np.int64)] if len(others) else []
    return np.sort(np.array([*chosen, *even], np.int64))


class _Tile(NamedTuple):
    picture: Image.Image
    caption: str


def draw_samples(
    part: Part, columns: Columns, rows: NDArray[np.int64], spec: ModelSpec, *, title: str, subtitle: str = ""
) -> bytes:
    """Draw pictures with what was found in them as a PNG.

    Args:
        columns: what was found in these pictures alone, in the order of `rows`.
    """
    tiles, present = _drawn(part, columns, rows, spec)
    names = [part.dataset.images.names[row] for row in rows.tolist()]
    sheet = assemble(
        [tile.picture for tile in tiles],
        [(name, tile.caption) for name, tile in zip(names, tiles, strict=True)],
        title=title,
        subtitle=" · ".join(text for text in (subtitle, _explained(spec)) if text),
        legend=[(spec.classes[one], class_colour(one)) for one in present] if len(spec.classes) > 1 else (),
        columns=(5 if spec.task == "classifier" else 2) if len(tiles) > 1 else 1,
        tile=_HALF * 3 // 4 if spec.task == "classifier" else 2 * _HALF + _SEAM,
    )
    return encode(sheet)


def _explained(spec: ModelSpec) -> str:
    if spec.task == "classifier":
        return "green: right, orange: wrong"
    sure = f", at least {SHOWN_FROM:.2f} sure" if spec.task == "detector" else ""
    return f"left: the labels, right: what was found{sure}"


def _drawn(part: Part, columns: Columns, rows: NDArray[np.int64], spec: ModelSpec) -> tuple[list[_Tile], list[int]]:
    """Return the tiles, and the classes that the legend names."""
    if spec.task == "segmenter":
        return _maps(part, columns, rows, spec)
    truth = _of_kind(keep_images(part.dataset, rows), spec)
    if spec.task == "classifier":
        tiles = [_labelled(part, columns, truth, at, row, spec) for at, row in enumerate(rows.tolist())]
        return tiles, []
    sure = columns.surer(SHOWN_FROM)
    known = part.dataset.categories
    categories = known if known.names == spec.classes else categories_of(spec)
    found = columns_dataset(truth.images, categories, sure, spec)
    tiles = [_boxed(part, columns, (truth, found), at, row) for at, row in enumerate(rows.tolist())]
    present = np.union1d(truth.annotations.category, found.annotations.category)
    return tiles, [one for one in present.tolist() if one < len(spec.classes)]


def _of_kind(truth: Dataset, spec: ModelSpec) -> Dataset:
    """Return the labels without what a network does not look for, such as outlines beside boxes."""
    kept = truth.annotations
    if not spec.masks:
        kept = replace(kept, polygons=None, masks=None, rotated=None)
    return replace(truth, annotations=kept if spec.keypoints else replace(kept, keypoints=None))


def _picture(part: Part, row: int) -> NDArray[np.uint8]:
    """Read a picture; one that cannot be read any more is grey."""
    from ..data.reading import read_picture

    try:
        return read_picture(part, row)
    except CvdataError:
        images = part.dataset.images
        size = max(int(images.height[row]), 1), max(int(images.width[row]), 1)
        return np.full((*size, 3), rgb(_GREY), np.uint8)


def _boxed(part: Part, columns: Columns, sides: tuple[Dataset, Dataset], at: int, row: int) -> _Tile:
    """Draw the labels of a picture, and what was found in it, side by side."""
    picture = _picture(part, row)
    within = (_HALF, round(1.3 * _HALF))
    halves = [
        draw_labels(picture, side, at, within=within, names=len(side.categories) > 1 or side is sides[1])
        for side in sides
    ]
    labels, drawn = (int(side.offsets[at + 1] - side.offsets[at]) for side in sides)
    said = f"{drawn:,} found"
    if not drawn:
        mine = np.zeros(0) if columns.score is None else columns.score[columns.owner == at]
        said = f"nothing so sure; the surest is {mine.max():.2f}" if len(mine) else "nothing found"
    return _Tile(_beside(halves), f"{plural(labels, 'label') if labels else 'no labels'} · {said}")


def _beside(halves: Sequence[Image.Image]) -> Image.Image:
    left, right = halves
    pair = Image.new("RGB", (2 * left.width + _SEAM, left.height), "#ffffff")
    pair.paste(left, (0, 0))
    pair.paste(right, (left.width + _SEAM, 0))
    return pair


def _labelled(part: Part, columns: Columns, truth: Dataset, at: int, row: int, spec: ModelSpec) -> _Tile:
    """Write on a picture which class it was taken for, in green where that is right."""
    scores = np.zeros(len(spec.classes)) if columns.scores is None else columns.scores[at]
    real = sorted(set(truth.annotations.category[truth.offsets[at] : truth.offsets[at + 1]].tolist()))
    said = np.flatnonzero(scores >= _LIKELY).tolist() if spec.several else [int(scores.argmax())]
    right = set(said) == set(real) if spec.several else said[0] in real
    picture = _picture(part, row)
    canvas = Canvas(picture, fit(picture.shape[1], picture.shape[0], (_HALF * 3 // 4, _HALF)))
    for one in said[:4]:
        canvas.banner(f"{scores[one]:.2f} {spec.classes[one]}", _RIGHT if one in real else _WRONG)
    drawn = canvas.finish()
    ImageDraw.Draw(drawn).rectangle(
        (0, 0, drawn.width - 1, drawn.height - 1), None, rgb(_RIGHT if right else _WRONG), 4
    )
    return _Tile(drawn, "right" if right else _what_is_wrong([one for one in real if one not in said], scores, spec))


def _what_is_wrong(missed: Sequence[int], scores: NDArray[np.float64], spec: ModelSpec) -> str:
    if not missed:
        return "more than is there" if spec.several else "not labelled"
    names = ", ".join(f"{spec.classes[one]} ({scores[one]:.2f})" for one in missed[:3])
    return f"{'missed' if spec.several else 'labelled'} {names}"


def _maps(part: Part, columns: Columns, rows: NDArray[np.int64], spec: ModelSpec) -> tuple[list[_Tile], list[int]]:
    from ..data.reading import read_pixels

    tiles, present = [], set[int]()
    for at, row in enumerate(rows.tolist()):
        picture, truth = _picture(part, row), read_pixels(part, row)
        found = None if columns.maps is None else columns.maps[at]
        size = fit(picture.shape[1], picture.shape[0], (_HALF, round(1.3 * _HALF)))
        halves = [paint_classes(picture, values, size, spec.classes) for values in (truth, found)]
        present |= {int(one) for values in (truth, found) if values is not None for one in np.unique(values)}
        tiles.append(_Tile(_beside(halves), _right_share(truth, found)))
    return tiles, [one for one in sorted(present) if one < len(spec.classes) and one not in unpainted(spec.classes)]


def _right_share(truth: NDArray[np.uint8] | None, found: NDArray[np.uint8] | None) -> str:
    if truth is None or found is None or truth.shape != found.shape:
        return "no labels"
    counted = truth != VOID
    share = float((truth == found)[counted].mean()) if counted.any() else None
    return "no labels" if share is None else f"{100 * share:.1f} % of the pixels right"


def kept_epochs(history: Sequence[Epoch]) -> set[int]:
    """Return the epochs whose pictures are worth their room: of those that were validated the first, second, fourth,
    eighth, ..., the best one and the last three.

    A network changes most at its beginning. Only the epochs decide: a run that was cut off keeps the same.
    """
    drawn = [epoch.epoch for epoch in history if epoch.metrics]
    best = best_epoch(history)
    early = {epoch for number, epoch in enumerate(drawn, 1) if number & (number - 1) == 0}
    return early | set(drawn[-_LAST_KEPT:]) | ({best.epoch} if best is not None else set())


_NAME = re.compile(r"epoch-(\d+)\.png")


def sample_file(folder: Path, epoch: int) -> Path:
    """Return where the pictures of an epoch are, if they were kept."""
    return folder / _FOLDER / f"epoch-{epoch:04d}.png"


def place_samples(folder: RunFolder, history: Sequence[Epoch], picture: bytes) -> None:
    """Write the picture of the last epoch into a run folder, and remove those that are not kept any more.

    Raises:
        OutputError: the disk refused.
    """
    if not folder.writes:
        return
    folder.write(os.fspath(sample_file(Path(), history[-1].epoch)), picture)
    kept, root = kept_epochs(history), os.path.join(os.path.abspath(folder.path), _FOLDER)
    try:
        for name in sorted(os.listdir(root)):
            found = _NAME.fullmatch(name)
            if found and int(found[1]) not in kept:
                disk.remove(os.path.join(root, name))
    except OSError as error:
        raise OutputError(
            f"cannot write the run folder '{show(folder.path)}': {error.strerror or type(error).__name__}",
            hint="check that the folder may be written",
        ) from error
