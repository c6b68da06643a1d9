"""Drawing pictures for the page, in as many processes as there are, each no heavier than the page can bear."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ...engine import Engine, InProcess, Progress, batch_size
from ...errors import CvdataError
from ..diagnosis import Verdicts
from ..pair import Pair

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Drawing", "PictureSource", "Scene", "draw_scenes", "label_space", "rows_of"]


@dataclass(frozen=True, slots=True, eq=False)
class PictureSource:
    """What is needed to draw: the pictures, what is on them, and what became of it.

    Attributes:
        verdicts: on each object and detection; None where there are none, as for labels of whole pictures.
        engine: reads and draws the pictures; None does it here and now.
        progress: told of each picture.
    """

    pair: Pair
    verdicts: Verdicts | None = None
    engine: Engine | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """JPEG pictures that belong together, or in a few words why there are none."""

    parts: tuple[bytes, ...] = ()
    problem: str = ""


class Scene(Protocol):
    """One picture to draw, small enough to travel to another process."""

    @property
    def path(self) -> str:
        """File of the picture."""

    @property
    def most_bytes(self) -> int:
        """What each part of the drawing may weigh."""

    def draw(self, picture: NDArray[np.uint8]) -> list[Image.Image]:
        """Draw on a picture, uint8, shape (height, width, 3); return the parts from left to right."""


@dataclass(frozen=True, slots=True)
class _Scenes:
    """A batch of pictures."""

    items: tuple[Scene, ...]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, part: slice) -> _Scenes:
        return _Scenes(self.items[part])


def draw_scenes(source: PictureSource, scenes: Sequence[Scene | None], task: str) -> list[Drawing]:
    """Read and draw pictures; None stands for one without a file, and one that cannot be read says why."""
    ready = [scene for scene in scenes if scene is not None]
    engine = source.engine or InProcess()
    if source.progress is not None and ready:
        source.progress.start(task, len(ready))
    size = batch_size(len(ready), engine.workers, 4)
    batches: Iterator[_Scenes] = (_Scenes(tuple(ready[at : at + size])) for at in range(0, len(ready), size))
    results = engine.map(_draw_batch, batches, lost=_lost, progress=source.progress)
    drawn = iter([drawing for part in results for drawing in part])
    return [Drawing(problem="no picture file was found") if scene is None else next(drawn) for scene in scenes]


def _lost(_: _Scenes) -> list[Drawing]:
    return [Drawing(problem="the picture stopped the program that read it")]


def _draw_batch(batch: _Scenes) -> list[Drawing]:
    return [_draw_scene(scene) for scene in batch.items]


def _draw_scene(scene: Scene) -> Drawing:
    from ...images.decode import decode

    try:
        picture = decode(scene.path)
    except CvdataError as error:
        return Drawing(problem=error.message)
    return Drawing(tuple(_jpeg(part, scene.most_bytes) for part in scene.draw(picture)))


def _jpeg(picture: Image.Image, most: int) -> bytes:
    """Return a picture as JPEG, as good as it can be in so many bytes."""
    data = b""
    for quality in (84, 70, 55, 40, 25, 12):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True)
        data = out.getvalue()
        if len(data) <= most:
            break
    return data


def rows_of(pair: Pair, names: Sequence[str]) -> list[int]:
    """Return the row of each picture, -1 for a name that is none."""
    wanted = dict.fromkeys(names, -1)
    for row, name in enumerate(pair.truth.images.names):
        if name in wanted:
            wanted[name] = row
    return [wanted[name] for name in names]


def label_space(picture: NDArray[np.uint8], said: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of the picture that labels are drawn for.

    Labels of another shape than the picture are in its pixels; of the same shape, the picture was resized (as
    `reports.draw` has it).
    """
    size = picture.shape[1], picture.shape[0]
    alike = min(said) > 0 and abs(said[0] * size[1] - said[1] * size[0]) <= 0.02 * said[0] * size[1]
    return said if alike else size
