"""A small conversion: a document with a bad annotation, its picture, and a short way to convert it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

from cvdata.convert import ConvertSettings, Report, convert


def run(source: Path, target: Path, to: str, **settings: Any) -> Report:
    return convert(source, target, to, settings=ConvertSettings(**settings))


def bad_coco(root: Path, *, name: str = "a.json") -> Path:
    """Write a document with one good and one bad annotation."""
    row = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5], "area": 25, "iscrowd": 0}
    content = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 20, "height": 30}],
        "annotations": [row, row | {"id": 2, "bbox": [1, 1, 0, 5]}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(json.dumps(content), "utf-8")
    return root / name


def draw_photo(root: Path) -> Path:
    """Write the document and its picture."""
    path = bad_coco(root)
    Image.new("L", (20, 30)).save(root / "1.jpg")
    return path
