"""The dataset with every edge that bit other tools, and pictures made by code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image

from cvdata.dataset import Annotations, Categories, Dataset, Images, Polygons, Ragged, State
from cvdata.dataset.rle import from_mask

__all__ = ["build", "draw_pictures", "tiny"]

_SIZES = {
    "street.jpg": (64, 48),
    "rooms/two words é.png": (40, 40),
    "turned.jpg": (30, 50),  # as shown; stored lying on its side
    "empty.jpg": (64, 48),
    "new.jpg": (20, 20),
    "UPPER.JPG": (33, 21),
}


def build(
    sizes: Mapping[str, tuple[int, int]],
    rows: list[dict[str, Any]],
    categories: Categories,
    *,
    states: Mapping[str, State] | None = None,
    splits: Mapping[str, str] | None = None,
    folder: Path | None = None,
    meta: Mapping[str, Any] | None = None,
    **columns: Any,
) -> Dataset:
    """Make a dataset from rows of {"image", "category", "box", ...}; other columns are given whole."""
    names = tuple(sizes)
    order = sorted(range(len(rows)), key=lambda i: names.index(rows[i]["image"]))
    rows = [rows[i] for i in order]
    table: dict[str, Any] = {
        "image": np.array([names.index(row["image"]) for row in rows], np.int32),
        "category": np.array([categories.names.index(row["category"]) for row in rows], np.int32),
        "box": np.array([row["box"] for row in rows], np.float64).reshape(-1, 4),
    }
    table |= _columns(rows)
    used = {row["image"] for row in rows}
    state = [(states or {}).get(name, State.LABELLED if name in used else State.EMPTY) for name in names]
    kinds = tuple(dict.fromkeys((splits or {}).values()))
    image_columns = {
        "names": names,
        "width": np.array([w for w, _ in sizes.values()], np.int32),
        "height": np.array([h for _, h in sizes.values()], np.int32),
        "state": np.array(state, np.uint8),
        "split": np.array([kinds.index(splits[n]) if splits and n in splits else -1 for n in names], np.int32),
        "splits": kinds,
        "folder": np.full(len(names), -1 if folder is None else 0, np.int32),
        "folders": () if folder is None else (str(folder),),
    }
    return Dataset(
        images=Images(**(image_columns | columns)),
        annotations=Annotations(**table),
        categories=categories,
        meta=meta or {},
    )


def _columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if any("rings" in row for row in rows):
        columns["polygons"] = Polygons.of([row.get("rings", []) for row in rows])
    if any("mask" in row for row in rows):
        runs = [from_mask(row["mask"]).tolist() if "mask" in row else [] for row in rows]
        columns["masks"] = Ragged.of(runs, np.uint32)
        columns["mask_listed"] = np.array([row.get("listed", False) for row in rows], np.bool_)
    if any("keypoints" in row for row in rows):
        flat = Ragged.of([np.ravel(row.get("keypoints", [])).tolist() for row in rows], np.float64)
        columns["keypoints"] = Ragged(flat.values.reshape(-1, 3), flat.offsets // 3)
    if any("rotated" in row for row in rows):
        columns["rotated"] = np.array([row.get("rotated", [np.nan] * 8) for row in rows], np.float64)
    for name, unset, dtype in (("score", np.nan, np.float64), ("area", np.nan, np.float64), ("crowd", False, np.bool_)):
        if any(name in row for row in rows):
            columns[name] = np.array([row.get(name, unset) for row in rows], dtype)
    for name in ("difficult", "truncated", "occluded"):
        if any(name in row for row in rows):
            columns[name] = np.array([row.get(name, -1) for row in rows], np.int8)
    if any("extra" in row for row in rows):
        texts = [msgspec.json.encode(row["extra"]) if "extra" in row else b"" for row in rows]
        columns["extra"] = Ragged.texts(texts)
    return columns


def tiny(folder: Path | None = None) -> Dataset:
    """Return the dataset; its pictures are in `folder` if that is given and `draw_pictures` filled it."""
    mask = np.zeros((48, 64), np.bool_)
    mask[5:20, 10:40] = True
    mask[8:12, 20:25] = False
    rows: list[dict[str, Any]] = [
        {"image": "street.jpg", "category": "cat", "box": [4, 4, 20, 12], "difficult": 1},
        {"image": "street.jpg", "category": "cat", "box": [4, 4, 20, 12]},  # the same box twice
        {
            "image": "street.jpg",
            "category": "dog <b>&amp;",
            "box": [10, 10, 30, 20],
            "rings": [[(10, 10), (20, 10), (20, 30), (10, 30)], [(30, 12.5), (40, 12), (35, 29.25)]],
            "area": 250.5,
        },
        {"image": "street.jpg", "category": "cat", "box": [10, 5, 30, 15], "mask": mask, "crowd": True, "listed": True},
        {"image": "street.jpg", "category": "cat", "box": [10, 5, 30, 15], "mask": mask, "occluded": 1},
        {
            "image": "rooms/two words é.png",
            "category": "cat",
            "box": [8.5, 8.25, 30.125, 20],  # corners between pixels
            "extra": {"pose": "Left", "attributes": {"colour": "red", "age": 3}},
            "truncated": 1,
        },
        {
            "image": "rooms/two words é.png",
            "category": "person",
            "box": [1, 2, 10, 12],
            "keypoints": [[2, 3, 2], [0, 0, 0], [5.5, 6.5, 1]],
        },
        {"image": "turned.jpg", "category": "dog <b>&amp;", "box": [0, 0, 30, 50]},
        {"image": "UPPER.JPG", "category": "cat", "box": [32, 20, 1, 1], "rings": [[(32, 20), (33, 20), (33, 21)]]},
        {"image": "UPPER.JPG", "category": "cat", "box": [2, 2, 8, 8], "rotated": [6, 2, 10, 6, 6, 10, 2, 6]},
    ]
    categories = Categories(
        names=("cat", "dog <b>&amp;", "unused", "person"),
        source_id=(3, 7, 9, 12),
        supercategory=("animal", "animal", None, "person"),
        keypoints=((), (), (), ("nose", "eye", "ear")),
        skeleton=((), (), (), ((0, 1), (1, 2))),
    )
    return build(
        _SIZES,
        rows,
        categories,
        states={"new.jpg": State.UNLABELLED},
        splits={"street.jpg": "train", "turned.jpg": "val", "empty.jpg": "train", "UPPER.JPG": "val"},
        folder=folder,
        meta={"info": {"year": 2026}, "licenses": [{"id": 1, "name": "CC0"}]},
    )


def draw_pictures(folder: Path, dataset: Dataset | None = None) -> Path:
    """Write a picture for every image: shapes in a colour of their own, `turned.jpg` with EXIF orientation 6."""
    images = (dataset or tiny()).images
    rng = np.random.default_rng(0)
    for name, width, height in zip(images.names, images.width.tolist(), images.height.tolist(), strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full((height, width, 3), rng.integers(0, 255, 3), np.uint8)
        pixels[height // 4 : height // 2, width // 4 : width // 2] = rng.integers(0, 255, 3)
        image = Image.fromarray(pixels)
        if name == "turned.jpg":
            exif = Image.Exif()
            exif[0x0112] = 6
            image.rotate(90, expand=True).save(path, exif=exif)
        else:
            image.save(path)
    return folder
