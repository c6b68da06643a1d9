"""The first step: pictures and labels as they might come from elsewhere."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import msgspec
import numpy as np

from .. import __version__
from ..convert import save
from ..dataset import Annotations, Dataset
from ..files import Account, Counts, Manifest, Staging
from .shapes import EMPTY, ODD_NAME, TURNED, draw
from .tour import Look, Step, Tour

__all__ = ["PICTURES", "draw_pictures", "write_pictures"]

PICTURES = "pictures"


def draw_pictures(tour: Tour) -> Step:
    """Draw pictures, and save labels for them in which one box is wrong."""
    folder = tour.folder / PICTURES
    drawing = draw(tour.seed, os.path.abspath(folder))
    write_pictures(folder, drawing.pictures, tour)
    dataset, spoiled = _with_bad_box(drawing.dataset)
    as_it_is = msgspec.structs.replace(tour.settings(), verify="none")
    save(dataset, tour.folder / "delivered", "coco", settings=as_it_is)
    table, images = drawing.dataset.annotations, drawing.dataset.images
    in_val = int((images.split == 1).sum())
    return Step(
        title=f"Draw {len(images)} pictures with {len(table)} shapes in them",
        lines=[
            "Circles, boxes and triangles, each with a box, an outline and a colour as an attribute.",
            f"{int(table.has('difficult').sum())} small ones are marked difficult; "
            f"{len(images) - in_val} pictures are in train, {in_val} in val.",
            f"{TURNED} is stored lying on its side (EXIF), {EMPTY} has no labels,",
            f"'{ODD_NAME}' has blanks, an accent and a folder in its name.",
            f"And one box was added that is wrong on purpose, in {spoiled}.",
        ],
        looks=[
            Look(f"{tour.folder / PICTURES}", "the pictures"),
            Look(f"{tour.folder / 'delivered'}", "their labels as they might come from elsewhere (COCO)"),
        ],
    )


def write_pictures(folder: Path, pictures: dict[str, bytes], tour: Tour) -> None:
    """Write drawn pictures into a folder, in place of those that an earlier demo left there."""
    count = Counts(len(pictures), 0)
    manifest = Manifest(
        cvdata=__version__,
        command="demo",
        format="images",
        settings={"seed": tour.seed},
        account=Account(read=count, written=count, quarantined=Counts(), filtered=Counts()),
        losses=[],
        renamed={},
    )
    with Staging(folder, overwrite=True) as staging:
        for name, data in pictures.items():
            staging.write(name, data)
        staging.commit(manifest, [])


def _with_bad_box(dataset: Dataset) -> tuple[Dataset, str]:
    """Add a copy of the third annotation whose box has no width; return also the name of its picture."""
    table = dataset.annotations
    spoiled = 3
    rows = np.insert(np.arange(len(table)), spoiled, spoiled - 1)
    box, ids = table.box[rows], np.insert(np.arange(1, len(table) + 1), spoiled, len(table) + 1)
    box[spoiled, 2] = 0
    added: Annotations = dataclasses.replace(table.take(rows), box=box, source_id=ids)
    return dataclasses.replace(dataset, annotations=added), dataset.images.names[added.image[spoiled]]
