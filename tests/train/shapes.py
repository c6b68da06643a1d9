"""Small datasets of drawn shapes that a network can learn: boxes, outlines, masks, keypoints, classes, label maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cvdata.dataset import Annotations, Categories, Dataset, Images, Polygons, Ragged, State
from cvdata.dataset.rle import from_mask

__all__ = ["CLASSES", "draw_classes", "draw_maps", "draw_shapes"]

CLASSES = ("square", "disc", "triangle")
_COLOURS = ((210, 60, 50), (60, 160, 70), (60, 90, 210))
_POINTS = ("top", "left", "right")


def draw_shapes(
    folder: Path, images: int = 8, side: int = 96, *, seed: int = 0, objects: int = 3, val: float = 0.25
) -> Dataset:
    """Draw pictures with up to so many objects each, none overlapping much, and return them with all kinds of labels.

    The last `val` of the pictures are the split `val`, the others `train`. Every fifth picture is empty where there are
    more than four.
    """
    rng = np.random.default_rng(seed)
    owner, category, boxes, rings, masks, points = [], [], [], [], [], []
    for row in range(images):
        picture = _background(rng, side)
        pen = ImageDraw.Draw(picture)
        taken: list[tuple[float, float, float]] = []
        for _ in range(0 if images > 4 and row % 5 == 4 else objects):
            size = float(rng.integers(side // 5, side // 3))
            x, y = (float(rng.integers(1, side - int(size) - 1)) for _ in range(2))
            if any(abs(x - a) < (size + s) / 2 and abs(y - b) < (size + s) / 2 for a, b, s in taken):
                continue
            taken.append((x, y, size))
            kind = int(rng.integers(len(CLASSES)))
            ring = _outline(kind, x, y, size)
            pen.polygon([tuple(point) for point in ring.tolist()], fill=_COLOURS[kind])
            owner.append(row)
            category.append(kind)
            boxes.append([x, y, size, size])
            rings.append([ring.ravel().tolist()])
            masks.append(_mask(ring, side).tolist())
            points.append([[x + size / 2, y, 2], [x, y + size, 2], [x + size, y + size, 2]])
        picture.save(_folder(folder) / f"{row:04d}.png")
    keypoints = Ragged.of(points, np.float64) if points else None
    table = Annotations(
        image=np.array(owner, np.int32),
        category=np.array(category, np.int32),
        box=np.array(boxes, np.float64).reshape(-1, 4),
        polygons=Polygons.of(rings),
        masks=Ragged.of(masks, np.uint32),
        keypoints=keypoints,
    )
    count = len(CLASSES)
    classes = Categories(names=CLASSES, keypoints=(_POINTS,) * count, skeleton=(((0, 1), (0, 2)),) * count)
    return Dataset(images=_images(folder, images, side, table, val), annotations=table, categories=classes)


def draw_classes(folder: Path, images: int = 12, side: int = 48, *, seed: int = 0, val: float = 0.25) -> Dataset:
    """Draw one shape a picture; the label is its class."""
    rng = np.random.default_rng(seed)
    kinds = (np.arange(images) % len(CLASSES)).astype(np.int32)
    for row, kind in enumerate(kinds.tolist()):
        picture = _background(rng, side)
        size = float(rng.integers(side // 2, side - 4))
        x, y = (float(rng.integers(1, side - int(size))) for _ in range(2))
        ring = _outline(kind, x, y, size)
        ImageDraw.Draw(picture).polygon([tuple(point) for point in ring.tolist()], fill=_COLOURS[kind])
        picture.save(_folder(folder) / f"{row:04d}.png")
    table = Annotations(image=np.arange(images, dtype=np.int32), category=kinds, box=np.full((images, 4), np.nan))
    dataset = _images(folder, images, side, table, val)
    return Dataset(images=dataset, annotations=table, categories=Categories(names=CLASSES))


def draw_maps(folder: Path, images: int = 8, side: int = 64, *, seed: int = 0) -> tuple[Path, Path]:
    """Draw pictures and a map of classes for each, 0 for the background; return the folders `image` and `label`."""
    dataset = draw_shapes(folder / "image", images, side, seed=seed, val=0)
    labels = _folder(folder / "label")
    table = dataset.annotations
    for row, name in enumerate(dataset.images.names):
        values = np.zeros((side, side), np.uint8)
        for one in range(int(dataset.offsets[row]), int(dataset.offsets[row + 1])):
            assert table.polygons is not None
            ring = table.polygons[one][0]
            values[_drawn(ring, side)] = table.category[one] + 1
        Image.fromarray(values).save(labels / name)
    return folder / "image", labels


def _folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _background(rng: np.random.Generator, side: int) -> Image.Image:
    return Image.fromarray(rng.integers(150, 200, (side, side, 3), dtype=np.uint8))


def _outline(kind: int, x: float, y: float, size: float) -> NDArray[np.float64]:
    if kind == 0:
        return np.array([[x, y], [x + size, y], [x + size, y + size], [x, y + size]])
    if kind == 1:
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        return np.stack([x + size / 2 * (1 + np.cos(angle)), y + size / 2 * (1 + np.sin(angle))], axis=1)
    return np.array([[x + size / 2, y], [x + size, y + size], [x, y + size]])


def _drawn(ring: NDArray[np.float64], side: int) -> NDArray[np.bool_]:
    mask = Image.new("1", (side, side))
    ImageDraw.Draw(mask).polygon([tuple(point) for point in ring.tolist()], fill=1)
    return np.array(mask, np.bool_)


def _mask(ring: NDArray[np.float64], side: int) -> NDArray[np.uint32]:
    return from_mask(_drawn(ring, side))


def _images(folder: Path, images: int, side: int, table: Annotations, val: float) -> Images:
    count = np.bincount(table.image, minlength=images)
    held = np.arange(images) >= images - round(images * val)
    return Images(
        names=tuple(f"{row:04d}.png" for row in range(images)),
        width=np.full(images, side, np.int32),
        height=np.full(images, side, np.int32),
        state=np.where(count > 0, State.LABELLED, State.EMPTY).astype(np.uint8),
        split=held.astype(np.int32),
        splits=("train", "val"),
        folder=np.zeros(images, np.int32),
        folders=(str(folder),),
    )
