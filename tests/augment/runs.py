"""Whole runs on small datasets made by code, here or in a process that gets killed on the way."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cvdata.augment.parents import choose_parents
from cvdata.augment.recipe import load_recipe
from cvdata.augment.run import Made, make
from cvdata.augment.settings import AugmentSettings
from cvdata.convert import ConvertSettings, Edit, read, write_edit
from cvdata.dataset import Dataset
from cvdata.engine import Silent, start
from tests.ingestion import draw
from tests.kills import killed_before

__all__ = ["NAMES", "RECIPE", "augment", "contents", "made", "source"]

NAMES = ("a.jpg", "b.jpg", "c/d é.png", "e.JPG")

RECIPE = """\
transform:
  __class_fullname__: Compose
  transforms:
  - {__class_fullname__: HorizontalFlip, p: 0.5}
  - {__class_fullname__: RandomBrightnessContrast, p: 1.0}
  - {__class_fullname__: Affine, scale: [0.8, 1.2], translate_percent: [-0.2, 0.2], p: 1.0}
"""


def source(
    folder: Path, names: Sequence[str], boxes: Sequence[list[float]] = ([4, 4, 20, 12], [30, 10, 10, 20])
) -> Path:
    """Write a COCO dataset: a picture of each name with the same boxes, of the classes a and b in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(RECIPE, "utf-8")
    images: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(names, 1):
        if not (folder / "images" / name).exists():
            draw(folder / "images" / name, int.from_bytes(name.encode()[:6], "big"))
        images.append({"id": number, "file_name": name, "width": 48, "height": 32})
        for kind, box in enumerate(boxes):
            row = {"image_id": number, "category_id": 1 + kind % 2, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
            rows.append({"id": len(rows) + 1, **row})
    categories = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    document = {"images": images, "annotations": rows, "categories": categories}
    (folder / "coco.json").write_text(json.dumps(document), "utf-8")
    return folder / "coco.json"


@contextmanager
def made(dataset: Dataset, target: Path, *, workers: int = 1, progress: Any = None, **settings: Any) -> Iterator[Made]:
    """Make the copies of a dataset by `settings`; the recipe is a ready one, or the file `recipe`."""
    chosen = AugmentSettings(**({"recipe": "light"} | settings))
    copies = choose_parents(dataset, chosen).copies
    recipe = load_recipe(chosen.recipe)
    with (
        start(workers) as engine,
        make(
            dataset, copies, chosen, recipe=recipe, target=target, engine=engine, progress=progress or Silent()
        ) as done,
    ):
        yield done


def contents(dataset: Dataset, **settings: Any) -> dict[str, bytes]:
    """Return the files of the copies and their boxes, by the names of the copies."""
    target = Path(dataset.images.folders[0]).parent.parent / "out"
    with made(dataset, target, **settings) as done:
        images, table = done.dataset.images, done.dataset.annotations
        rows = range(len(dataset.images), len(images))
        return {
            images.names[row]: Path(images.file(row) or "").read_bytes() + table.box[table.image == row].tobytes()
            for row in rows
        }


def augment(origin: Path, target: Path, *, workers: int = 1, progress: Any = None, **settings: Any) -> Made:
    """Read a dataset, make copies of its pictures, and write it with them."""
    reading = read(origin, workers=1)
    recipe = str(origin.parent / "recipe.yaml")
    with made(reading.dataset, target, workers=workers, progress=progress, **({"recipe": recipe} | settings)) as done:
        reading.intake.quarantine += done.quarantine
        edit = Edit(command="augment", settings={}, dataset=done.dataset, added=done.added, made=done.made)
        write_edit([reading], [origin], edit, target, settings=ConvertSettings(workers=1))
    return done


if __name__ == "__main__":  # python -m tests.augment.runs N WORKERS SRC DST
    workers, origin, target = int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    killed_before(int(sys.argv[1]), lambda: augment(origin, target, workers=workers))
