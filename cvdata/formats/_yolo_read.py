"""The one reader of the YOLO family: rows of every kind, line by line, as they stand there."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..dataset import Categories, Dataset, Images
from ..errors import FormatError, show
from ..images import Sizes, measure
from ._yolo_labels import Labels, read_labels
from ._yolo_layout import Layout, lay_out
from ._yolo_pixels import in_pixels
from ._yolo_source import Source, read_source
from .intake import Intake
from .settle import settle

__all__ = ["read_yolo"]


def read_yolo(path: Path, intake: Intake, *, corners: bool = False) -> Dataset:
    """Read a YOLO dataset.

    Args:
        corners: rows of 9 columns are the corners of a rotated box, not a polygon of 4 points.

    Raises:
        FormatError: the description, a list or a folder cannot be used, or no picture is there.
        IdentityError: two classes have one name.
        UnsafePathError: something points outside the dataset.
    """
    source = read_source(path)
    layout = lay_out(source, intake)
    labels = read_labels(source, layout, intake)
    intake.label_root = source.root
    intake.label_files = dict(zip(layout.names, layout.label_files, strict=True))
    kept = labels.kept
    files = [layout.files[row] for row in kept]
    sizes = _measure(layout, files, source, intake)
    names = [layout.names[row] for row in kept]
    images = _images(layout, labels, names, sizes)
    annotations = in_pixels(labels, sizes, source, corners)
    meta = {key: value for key, value in source.meta.items() if key not in layout.keys}
    dataset = Dataset(
        images=images,
        annotations=annotations,
        categories=Categories(names=source.names),
        meta={"yolo": meta} if meta else {},
    )
    return settle(dataset, intake, labels.places(layout, names), layout.pictures, files, sizes)


def _measure(layout: Layout, files: list[str | None], source: Source, intake: Intake) -> Sizes:
    """Read the sizes of the pictures: rows are fractions of them."""
    root = layout.pictures.root
    there = [row for row, file in enumerate(files) if file is not None]
    if not there and len(files) + len(layout.labels.names):
        raise FormatError(
            f"no picture of the dataset is in '{show(root)}', and YOLO rows are fractions of their sizes",
            at=source.place(),
            hint="name the folder of the pictures with --images",
        )
    paths = [f"{root}/{files[row]}" for row in there]
    sizes = measure(paths, intake.engine, decode=intake.verify == "decode", progress=intake.progress)
    if len(there) == len(files):
        return sizes
    width, height = np.zeros((2, len(files)), np.int32)
    turned = np.zeros(len(files), np.bool_)
    width[there], height[there], turned[there] = sizes.width, sizes.height, sizes.turned
    return Sizes(width, height, turned, {there[row]: problem for row, problem in sizes.problems.items()})


def _images(layout: Layout, labels: Labels, names: list[str], sizes: Sizes) -> Images:
    found = [layout.split[row] for row in labels.kept]
    splits = tuple(str(split) for split in dict.fromkeys(found) if split is not None)  # keys of YAML are no plain text
    number = {split: row for row, split in enumerate(splits)}
    return Images(
        names=tuple(names),
        width=sizes.width,
        height=sizes.height,
        state=labels.state,
        split=np.array([-1 if split is None else number[split] for split in found], np.int32),
        splits=splits,
        folder=np.full(len(names), -1, np.int32),
    )
