"""The worst pictures: what is labelled on the left, what was found on the right, in the colours of the verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...dataset import Dataset
from ...dataset.select import keep_annotations, keep_images
from ...reports.canvas import Canvas, fit
from ...reports.draw import draw_shape
from ...reports.measures import box_areas
from ..diagnosis import Verdict
from ..pair import Pair, chosen
from ..report import WorstPicture
from .colours import PLAIN, VERDICT_COLOURS
from .drawing import Drawing, PictureSource, draw_scenes, label_space, rows_of

__all__ = ["draw_worst"]

_WITHIN = (400, 340)
_MOST_BYTES = 32_000
_FONT, _THICK, _THIN = 17, 3.0, 1.3  # two stand side by side, so that the page shows them at about half their size
_RIGHT = (Verdict.TRUE, Verdict.FOUND, Verdict.IGNORED)


class _Ink(NamedTuple):
    """How an object is drawn: an error thick and with its name, what is right thin."""

    colour: str
    error: bool
    word: str = ""


class _Side(NamedTuple):
    """A dataset of one picture, and how each of its annotations is drawn."""

    dataset: Dataset
    inks: tuple[_Ink, ...]


@dataclass(frozen=True, slots=True)
class _Scene:
    path: str
    sides: tuple[_Side, ...]
    most_bytes: int = _MOST_BYTES

    def draw(self, picture: NDArray[np.uint8]) -> list[Image.Image]:
        """Draw each side on a picture of its own."""
        return [_drawn(picture, side) for side in self.sides]


def draw_worst(source: PictureSource, worst: Sequence[WorstPicture]) -> list[Drawing]:
    """Draw pictures, objects on the first part and detections on the second; labels of whole pictures on one.

    Detections below the least confidence that counts are not drawn.
    """
    rows = rows_of(source.pair, [item.image for item in worst])
    needed = np.unique(np.array([row for row in rows if row >= 0], np.int64))
    # Cut once to what is drawn: to cut picture by picture would go through all annotations each time.
    part = chosen(source.pair, needed)
    places = np.searchsorted(needed, rows).tolist()
    scenes = [_scene(source, part, row, place) for row, place in zip(rows, places, strict=True)]
    return draw_scenes(source, scenes, "drawing the worst pictures")


def _scene(source: PictureSource, part: Pair, row: int, place: int) -> _Scene | None:
    """Prepare a picture, of which `part` has the row `place`."""
    path = None if row < 0 else source.pair.truth.images.file(row)
    if path is None:
        return None
    truth, found = (keep_images(side, np.array([place])) for side in (part.truth, part.found))
    if np.isnan(truth.annotations.box).any():
        return _Scene(path, (_whole_picture(truth, found),))
    if source.verdicts is None:
        return _Scene(path, (_plain(truth), _plain(found)))
    of_truth = source.verdicts.truth[_rows(source.pair.truth, row)]
    of_found = source.verdicts.found[_rows(source.pair.found, row)]
    sure = np.flatnonzero(of_found != Verdict.UNSURE)
    return _Scene(path, (_judged(truth, of_truth), _judged(keep_annotations(found, sure), of_found[sure])))


def _rows(dataset: Dataset, image: int) -> slice:
    return slice(int(dataset.offsets[image]), int(dataset.offsets[image + 1]))


def _judged(side: Dataset, codes: NDArray[np.uint8]) -> _Side:
    inks = []
    for row, code in enumerate(codes.tolist()):
        verdict = Verdict(code)
        error = verdict not in _RIGHT
        inks.append(_Ink(VERDICT_COLOURS[verdict], error, _called(side, row) if error else ""))
    return _Side(side, tuple(inks))


def _plain(side: Dataset) -> _Side:
    return _Side(side, tuple(_Ink(PLAIN, True, _called(side, row)) for row in range(len(side.annotations))))


def _whole_picture(truth: Dataset, found: Dataset) -> _Side:
    """Name the labels of a whole picture, and the surest prediction below them."""
    inks = [_Ink(VERDICT_COLOURS[Verdict.TRUE], True, _called(truth, row)) for row in range(len(truth.annotations))]
    score = found.annotations.score
    if score is not None and len(score):
        best = int(np.argmax(score))
        right = found.annotations.category[best] in truth.annotations.category
        verdict = Verdict.TRUE if right else Verdict.MISSED
        inks.append(_Ink(VERDICT_COLOURS[verdict], True, f"found: {_called(found, best)}"))
    return _Side(truth, tuple(inks))


def _called(side: Dataset, row: int) -> str:
    table = side.annotations
    # Where there is one class its name would say nothing.
    name = side.categories.names[table.category[row]] if len(side.categories) > 1 else ""
    return name if table.score is None or np.isnan(table.score[row]) else f"{name} {table.score[row]:.2f}".lstrip()


def _drawn(picture: NDArray[np.uint8], side: _Side) -> Image.Image:
    """Draw a side: large objects before small ones, errors last, so that nothing lies on them."""
    images, table = side.dataset.images, side.dataset.annotations
    space = label_space(picture, (int(images.width[0]), int(images.height[0])))
    canvas = Canvas(picture, fit(picture.shape[1], picture.shape[0], _WITHIN), space)
    canvas.font = _FONT
    whole = np.asarray(np.isnan(table.box).any(axis=1))
    for ink in (ink for row, ink in enumerate(side.inks) if row >= len(table) or whole[row]):
        canvas.banner(ink.word, ink.colour)
    error = np.array([ink.error for ink in side.inks[: len(table)]], np.bool_)
    for row in np.lexsort((-box_areas(table.box), error)).tolist():
        if whole[row]:
            continue
        ink = side.inks[row]
        canvas.line = _THICK if ink.error else _THIN
        draw_shape(canvas, side.dataset, row, ink.colour)
        if ink.word:
            canvas.name(ink.word, table.box[row].tolist(), ink.colour)
    return canvas.finish()
