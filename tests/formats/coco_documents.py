"""COCO documents made by code, for the tests of the format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cvdata.convert import ConvertSettings, Report, convert

CLASSES = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]


def picture(number: Any, **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": f"{number}.jpg", "width": 100, "height": 80, **more}


def annotation(number: Any, image: Any = 1, category: Any = 1, **more: Any) -> dict[str, Any]:
    row = {"id": number, "image_id": image, "category_id": category, "bbox": [1, 2, 30, 40], "area": 1200, "iscrowd": 0}
    return row | more


def document(
    images: list[dict[str, Any]] | None = None,
    annotations: list[dict[str, Any]] | None = None,
    categories: list[dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    return {
        "images": [picture(1)] if images is None else images,
        "annotations": [annotation(1)] if annotations is None else annotations,
        "categories": CLASSES if categories is None else categories,
        **more,
    }


def put(path: Path, content: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


Through = Callable[..., tuple[dict[str, Any], Report]]


def through(folder: Path) -> Through:
    """Return a function that converts a document from COCO to COCO and gives the output and the report."""

    def run(content: dict[str, Any], **settings: Any) -> tuple[dict[str, Any], Report]:
        put(folder / "in.json", content)
        report = convert(folder / "in.json", folder / "out", "coco", settings=ConvertSettings(**settings))
        return load(folder / "out/annotations/instances.json"), report

    return run
