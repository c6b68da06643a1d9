"""Data of COCO's shape at any scale: the same pictures and labels as COCO, VOC and YOLO, in the layouts peers expect.

    FOLDER/images/*.jpg              a few pictures, hard-linked under many names
    FOLDER/coco.json                 boxes, outlines of 24 points, areas
    FOLDER/voc/Annotations/*.xml     one file a picture
    FOLDER/yolo/labels/*.txt         one file a picture; data.yaml beside labels/ and in it, for tools that look there

Sizes, the number of objects a picture (7.3 on average) and the skew of the 80 classes follow COCO train2017.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["CLASSES", "make_data"]

CLASSES = tuple(f"class {i:02d}" for i in range(80))

_SIZES = ((640, 480), (640, 427), (480, 640), (500, 375), (612, 612), (640, 360), (427, 640), (333, 500))
_OBJECTS_PER_PICTURE = 7.3
_POINTS = 24
_LINKS_PER_FILE = 20_000  # file systems allow some tens of thousands


def make_data(folder: Path, images: int, seed: int = 7) -> dict[str, int]:
    """Write the data unless it is there already; return how many images and boxes it has."""
    stamp = folder / f"made-{images}-{seed}.json"
    if stamp.is_file():
        found: dict[str, int] = json.loads(stamp.read_text("utf-8"))
        return found
    if folder.is_dir() and any(folder.iterdir()):
        raise SystemExit(f"error: {folder} holds something else; give an empty folder")
    for part in ("images", "voc/Annotations", "yolo/labels"):
        (folder / part).mkdir(parents=True)
    rng = np.random.default_rng(seed)
    pictures: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    files = _Pictures(folder)
    for number in range(images):
        kind = int(rng.integers(len(_SIZES)))
        stem = f"{number:012d}"
        files.put(kind, f"{stem}.jpg")
        width, height = _SIZES[kind]
        pictures.append({"id": number + 1, "file_name": f"{stem}.jpg", "width": width, "height": height})
        classes, boxes = _objects(rng, width, height)
        (folder / f"voc/Annotations/{stem}.xml").write_text(_voc(stem, width, height, classes, boxes), "utf-8")
        (folder / f"yolo/labels/{stem}.txt").write_text(_yolo(width, height, classes, boxes), "utf-8")
        annotations += _coco(number + 1, len(annotations) + 1, classes, boxes)
    _write_wholes(folder, pictures, annotations)
    counts = {"images": images, "boxes": len(annotations)}
    stamp.write_text(json.dumps(counts), "utf-8")
    return counts


class _Pictures:
    """A real file for each size, linked under every other name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "images"
        self._first: dict[int, tuple[Path, int]] = {}

    def put(self, kind: int, name: str) -> None:
        path = self._folder / name
        first, count = self._first.get(kind, (path, 0))
        if count in (0, _LINKS_PER_FILE):
            path.write_bytes(_jpeg(*_SIZES[kind]))
            first, count = path, 0
        else:
            os.link(first, path)
        self._first[kind] = (first, count + 1)


def _jpeg(width: int, height: int) -> bytes:
    y, x = np.mgrid[0:height, 0:width]
    stream = io.BytesIO()
    Image.fromarray(np.stack([x % 256, y % 256, (x + y) % 256], -1).astype(np.uint8)).save(stream, "JPEG", quality=60)
    return stream.getvalue()


def _objects(rng: np.random.Generator, width: int, height: int) -> tuple[list[int], NDArray[np.float64]]:
    """Choose classes and boxes, x, y, width, height in whole pixels, so that every format holds them exactly."""
    count = int(rng.poisson(_OBJECTS_PER_PICTURE))
    skew = 1 / np.arange(1, len(CLASSES) + 1) ** 1.1
    classes = rng.choice(len(CLASSES), count, p=skew / skew.sum())
    w, h = (np.round(np.clip(rng.lognormal(4.0, 0.8, count), 4, side - 2)) for side in (width, height))
    x, y = np.floor(rng.uniform(0, width - w)), np.floor(rng.uniform(0, height - h))
    return classes.tolist(), np.stack([x, y, w, h], axis=1)


def _coco(image: int, first: int, classes: list[int], boxes: NDArray[np.float64]) -> list[dict[str, Any]]:
    angle = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
    circle = np.stack([1 + np.cos(angle), 1 + np.sin(angle)], axis=1) / 2
    outlines = np.round(boxes[:, None, :2] + circle * boxes[:, None, 2:], 2).reshape(len(boxes), -1)
    return [
        {
            "id": first + row,
            "image_id": image,
            "category_id": category + 1,
            "bbox": box,
            "area": round(0.785 * box[2] * box[3], 2),
            "iscrowd": 0,
            "segmentation": [outline],
        }
        for row, (category, box, outline) in enumerate(zip(classes, boxes.tolist(), outlines.tolist(), strict=True))
    ]


_OBJECT = (
    "\t<object>\n\t\t<name>{}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n"
    "\t\t<difficult>0</difficult>\n\t\t<bndbox>\n\t\t\t<xmin>{:.0f}</xmin>\n\t\t\t<ymin>{:.0f}</ymin>\n"
    "\t\t\t<xmax>{:.0f}</xmax>\n\t\t\t<ymax>{:.0f}</ymax>\n\t\t</bndbox>\n\t</object>\n"
)


def _voc(stem: str, width: int, height: int, classes: list[int], boxes: NDArray[np.float64]) -> str:
    objects = [
        _OBJECT.format(CLASSES[category], x + 1, y + 1, x + w, y + h)
        for category, (x, y, w, h) in zip(classes, boxes.tolist(), strict=True)
    ]
    return (
        f"<annotation>\n\t<folder>images</folder>\n\t<filename>{stem}.jpg</filename>\n"
        "\t<source>\n\t\t<database>synthetic</database>\n\t</source>\n"
        f"\t<size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n\t\t<depth>3</depth>\n\t</size>\n"
        f"\t<segmented>0</segmented>\n{''.join(objects)}</annotation>\n"
    )


def _yolo(width: int, height: int, classes: list[int], boxes: NDArray[np.float64]) -> str:
    return "".join(
        f"{category} {(x + w / 2) / width:.6f} {(y + h / 2) / height:.6f} {w / width:.6f} {h / height:.6f}\n"
        for category, (x, y, w, h) in zip(classes, boxes.tolist(), strict=True)
    )


def _write_wholes(folder: Path, pictures: list[dict[str, Any]], annotations: list[dict[str, Any]]) -> None:
    categories = [{"id": i + 1, "name": name, "supercategory": "none"} for i, name in enumerate(CLASSES)]
    whole = {"info": {}, "licenses": [], "images": pictures, "annotations": annotations, "categories": categories}
    (folder / "coco.json").write_text(json.dumps(whole), "utf-8")
    names = "".join(f"  {i}: {name}\n" for i, name in enumerate(CLASSES))
    for place in ("yolo/data.yaml", "yolo/labels/data.yaml"):
        (folder / place).write_text(f"path: .\ntrain: images\nval: images\nnames:\n{names}", "utf-8")
    (folder / "yolo/images").symlink_to("../images")
