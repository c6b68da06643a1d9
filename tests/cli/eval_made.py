"""Truth and detections for `cvdata eval`, as files, and the report that it gives on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
from PIL import Image

from cvdata.evaluate.report import EvalReport
from tests.cli.command import cvdata

__all__ = ["BOX", "report_of", "write_found", "write_truth"]

BOX = (10.0, 10.0, 40.0, 40.0)


def write_truth(root: Path, *, count: int = 4, pictures: bool = False, **more: Any) -> Path:
    """Write pictures of a cat each, and on every second one a dog."""
    rows = []
    for image in range(1, count + 1):
        rows.append({"image_id": image, "category_id": 1, "bbox": list(BOX), "area": 1600.0})
        if image % 2 == 0:
            rows.append({"image_id": image, "category_id": 2, "bbox": [60.0, 60.0, 30.0, 30.0], "area": 900.0})
    document = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "width": 100, "height": 100} for i in range(1, count + 1)],
        "annotations": [row | {"id": number, "iscrowd": 0} for number, row in enumerate(rows, 1)],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    path = root / "labels.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document | more), "utf-8")
    for image in range(1, count + 1) if pictures else ():
        Image.new("RGB", (100, 100), (image * 9, 90, 120)).save(root / f"{image}.jpg")
    return path


def write_found(path: Path, *rows: tuple[int, int, tuple[float, ...], float]) -> Path:
    """Write a result list of (image_id, category_id, bbox, score)."""
    content = [{"image_id": i, "category_id": c, "bbox": list(box), "score": score} for i, c, box, score in rows]
    path.write_text(json.dumps(content), "utf-8")
    return path


def report_of(*arguments: object) -> EvalReport:
    done = cvdata("eval", *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return msgspec.json.decode(done.stdout, type=EvalReport)
