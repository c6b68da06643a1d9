"""A small dataset drawn by code: circles, boxes and triangles in several colours, and the edges that real data has.

Among the pictures are one that is stored lying on its side with an EXIF rotation, one with nothing in it, and one whose
name has blanks, an accent and a folder of its own.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..dataset import Annotations, Categories, Dataset, Images, Polygons, Ragged, State
from ..dataset.geometry import bounds, polygon_areas

__all__ = ["CLASSES", "EMPTY", "ODD_NAME", "SIZE", "TURNED", "Drawing", "draw"]

SIZE = (160, 120)
"""Width and height of every picture, in pixels, as it is shown."""

CLASSES = ("circle", "box", "triangle")
TURNED, EMPTY, ODD_NAME = "on-its-side.jpg", "nothing-here.jpg", "two words/café.png"

_COLOURS = {"red": (214, 62, 62), "green": (58, 150, 84), "blue": (52, 104, 192), "orange": (232, 146, 44)}
_PLAIN_PICTURES = 21
_SMALLEST, _LARGEST, _DIFFICULT = 18, 56, 24  # pixels; what is smaller than the last is marked difficult
_FINER = 4  # drawn so many times larger, then scaled down, so that edges lie between pixels as the labels say
_JPEG_QUALITY = 92
_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Shape:
    """One drawn object: row of `CLASSES`, name of a colour, and its outline, float64, shape (points, 2), in pixels."""

    kind: int
    colour: str
    ring: NDArray[np.float64]


@dataclass(frozen=True)
class Drawing:
    """A dataset and its pictures: name and encoded bytes of each."""

    dataset: Dataset
    pictures: dict[str, bytes]


def draw(seed: int, folder: str, plain: int = _PLAIN_PICTURES) -> Drawing:
    """Draw the pictures; the same seed gives the same shapes everywhere.

    Args:
        folder: absolute path that the pictures will be written to.
        plain: pictures besides the three odd ones.
    """
    rng = np.random.default_rng(seed)
    scenes = {name: [] if name == EMPTY else _scene(rng) for name in _names(plain)}
    pictures = {name: _encode(name, _paint(shapes, rng)) for name, shapes in scenes.items()}
    return Drawing(_dataset(scenes, folder), pictures)


def _names(plain: int) -> list[str]:
    digits = len(str(plain))
    names = [f"shapes-{i:0{digits}d}.{'png' if i % 4 == 0 else 'jpg'}" for i in range(1, plain + 1)]
    return sorted([*names, TURNED, EMPTY, ODD_NAME])


def _scene(rng: np.random.Generator) -> list[Shape]:
    """Choose one to five shapes that do not touch."""
    shapes: list[Shape] = []
    taken: list[tuple[float, float, float]] = []
    for _ in range(int(rng.integers(1, 6))):
        kind, colour = int(rng.integers(len(CLASSES))), list(_COLOURS)[int(rng.integers(len(_COLOURS)))]
        for _ in range(20):  # tries; a full picture stays as it is
            radius = float(rng.uniform(_SMALLEST, _LARGEST)) / 2
            x, y = (float(rng.uniform(radius + 1, side - radius - 1)) for side in SIZE)
            if all(np.hypot(x - a, y - b) > radius + r + 2 for a, b, r in taken):
                taken.append((x, y, radius))
                shapes.append(Shape(kind, colour, np.round(_outline(kind, rng) * radius + (x, y), 2)))
                break
    return shapes


def _outline(kind: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the outline of a class of shape, inside the circle of radius 1 around 0."""
    if CLASSES[kind] == "box":
        x, y = (float(rng.uniform(0.5, 0.85)) for _ in range(2))
        x, y = (side / np.hypot(x, y) for side in (x, y))
        return np.array([(-x, -y), (x, -y), (x, y), (-x, y)])
    corners, turn = (28, 0.0) if CLASSES[kind] == "circle" else (3, float(rng.uniform(0, 2 * np.pi)))
    angle = turn + np.arange(corners) * (2 * np.pi / corners)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _paint(shapes: list[Shape], rng: np.random.Generator) -> Image.Image:
    ground = int(rng.integers(200, 245))
    large = Image.new("RGB", (SIZE[0] * _FINER, SIZE[1] * _FINER), (ground, ground, min(255, ground + 8)))
    pen = ImageDraw.Draw(large)
    for shape in shapes:
        # Pillow counts centres of pixels, labels their edges.
        pen.polygon([(x * _FINER - 0.5, y * _FINER - 0.5) for x, y in shape.ring.tolist()], fill=_COLOURS[shape.colour])
    return large.resize(SIZE, Image.Resampling.BOX)


def _encode(name: str, picture: Image.Image) -> bytes:
    exif = Image.Exif()
    if name == TURNED:
        exif[_EXIF_ORIENTATION] = 6  # show it turned to the right by 90 degrees
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    stream = io.BytesIO()
    if name.endswith(".png"):
        picture.save(stream, "PNG")
    else:
        picture.save(stream, "JPEG", quality=_JPEG_QUALITY, exif=exif)
    return stream.getvalue()


def _dataset(scenes: dict[str, list[Shape]], folder: str) -> Dataset:
    counts = [len(shapes) for shapes in scenes.values()]
    rows = range(len(scenes))
    images = Images(
        names=tuple(scenes),
        width=np.full(len(scenes), SIZE[0], np.int32),
        height=np.full(len(scenes), SIZE[1], np.int32),
        state=np.array([State.LABELLED if count else State.EMPTY for count in counts], np.uint8),
        split=np.array([row % 4 == 3 for row in rows], np.int32),  # every fourth is in val
        splits=("train", "val"),
        folder=np.zeros(len(scenes), np.int32),
        folders=(folder,),
        source_id=np.arange(1, len(scenes) + 1),
    )
    image = np.repeat(np.arange(len(scenes), dtype=np.int32), counts)
    shapes = [shape for shapes in scenes.values() for shape in shapes]
    return Dataset(
        images=images,
        annotations=_annotations(image, shapes),
        categories=Categories(names=CLASSES),
        meta={"info": {"description": "Shapes drawn by cvdata demo"}},
    )


def _annotations(image: NDArray[np.int32], shapes: list[Shape]) -> Annotations:
    polygons = Polygons.of([[shape.ring] for shape in shapes])
    box = np.round(bounds(polygons), 2)  # hundredths of a pixel, as the outlines
    return Annotations(
        image=image,
        category=np.array([shape.kind for shape in shapes], np.int32),
        box=box,
        polygons=polygons,
        difficult=(box[:, 2:].max(axis=1) < _DIFFICULT).astype(np.int8),
        area=np.round(polygon_areas(polygons), 2),
        source_id=np.arange(1, len(shapes) + 1),
        extra=Ragged.texts([msgspec.json.encode({"attributes": {"colour": shape.colour}}) for shape in shapes]),
    )
