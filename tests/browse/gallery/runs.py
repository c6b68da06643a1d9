"""Whole runs of `cvdata browse SRC --static DIR`, here or in a process that gets killed on the way."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cvdata.cli.browse_job import BrowseInputs
from cvdata.cli.browse_show import Showing
from tests.ingestion import draw
from tests.kills import killed_before

__all__ = ["source", "write_pages"]


def source(folder: Path, pictures: int) -> Path:
    """Write a COCO dataset: pictures that all look different, with an object in each."""
    images, rows = [], []
    for number in range(1, pictures + 1):
        name = f"{number:03d}.jpg"
        draw(folder / name, number)
        images.append({"id": number, "file_name": name, "width": 48, "height": 32})
        row = {"image_id": number, "category_id": 1, "bbox": [4, 4, 20, 12], "area": 240, "iscrowd": 0}
        rows.append({"id": number, **row})
    document = {"images": images, "annotations": rows, "categories": [{"id": 1, "name": "bolt"}]}
    (folder / "annotations.json").write_text(json.dumps(document), "utf-8")
    return folder


def write_pages(origin: Path, target: Path, *, workers: int = 1) -> None:
    """Write a gallery as the command does; one that is there is replaced."""
    inputs = BrowseInputs(source=origin, labels_only=True, workers=workers)
    Showing(inputs=inputs, as_json=False, quiet=True).as_pages(target, overwrite=True)


if __name__ == "__main__":  # python -m tests.browse.gallery.runs N SRC DST
    killed_before(int(sys.argv[1]), lambda: write_pages(Path(sys.argv[2]), Path(sys.argv[3])))
