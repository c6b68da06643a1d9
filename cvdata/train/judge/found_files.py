"""What a run found in its validation pictures, as files that `cvdata eval` reads and gives the run's figures for.

val.txt              names of the pictures, a line each
found/found.json     detectors: a COCO dataset with scores
found/scores.csv     classifiers: image,label,score
found/maps/*.png     segmenters: label maps, with dataset_meta.json, which names the classes
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...convert import read
from ...dataset import Dataset
from ...errors import FormatError, Place
from ...formats._coco_encode import AnnotationBatch, ImageBatch, encode_batch
from ...formats.label_maps import read_map
from ...formats.score_table import read_scores
from ...images import stem_of
from ...models.spec import ModelSpec, Task
from ...reports.palette import class_colour, rgb

__all__ = [
    "CLASSES",
    "FOUND",
    "MOST_SCORES",
    "PICTURES",
    "encode_classes",
    "encode_found",
    "encode_map",
    "encode_names",
    "map_files",
    "read_found",
    "read_found_map",
]

FOUND: dict[Task, str] = {"detector": "found/found.json", "classifier": "found/scores.csv", "segmenter": "found/maps"}
"""Where what a network of each task found lies in the run folder."""

PICTURES = "val.txt"
CLASSES = "found/maps/dataset_meta.json"

MOST_SCORES = 100
"""Classes of a picture whose scores are kept where it has one label, the surest: of 1,000 the others say nothing."""


def encode_names(names: Sequence[str]) -> bytes:
    """Return the names of pictures as a text, a line each."""
    return "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")


def encode_found(found: Dataset, task: Task) -> bytes:
    """Return detections, or the scores of classes, as a file."""
    return _coco(found) if task == "detector" else _scores(found)


def read_found(run: Path, task: Task, names: Sequence[str]) -> Dataset:
    """Read back what a detector or a classifier found.

    Args:
        names: of the pictures, some of which may be escaped in the file.

    Raises:
        FormatError: the file is not there, or not what was written.
    """
    path = run / FOUND[task]
    if not path.is_file():
        raise FormatError("is not there", at=Place(path), hint="the run was cut off: cvdata train ... --resume ends it")
    found = read_scores(path) if task == "classifier" else read(path, "coco", verify="none", on_bad="fail").dataset
    own = {_text(name): name for name in names}
    images = replace(found.images, names=tuple(own.get(name, name) for name in found.images.names))
    return replace(found, images=images)


def _text(name: str) -> str:
    """Return a name as text: bytes that are none, which file names may have, are escaped."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _coco(found: Dataset) -> bytes:
    images, table, classes = found.images, found.annotations, found.categories
    plain = replace(images, files=None, source_id=None, extra=None)
    sizes = np.stack([images.height[table.image], images.width[table.image]], axis=1)
    rows = AnnotationBatch(
        np.arange(1, len(table) + 1),
        table.image.astype(np.int64) + 1,
        table.category.astype(np.int64) + 1,
        table,
        sizes if table.masks is not None else None,
    )
    listed: list[dict[str, Any]] = [{"id": row, "name": name} for row, name in enumerate(classes.names, 1)]
    for row, names in enumerate(classes.keypoints or ()):
        listed[row] |= {"keypoints": list(names), "skeleton": []}
    pictures = encode_batch(ImageBatch(np.arange(1, len(images) + 1), list(map(_text, images.names)), plain))
    categories = msgspec.json.encode(listed)
    parts = [b'{"images":[', pictures, b'],"annotations":[', encode_batch(rows), b'],"categories":', categories, b"}\n"]
    return b"".join(parts)


def _scores(found: Dataset) -> bytes:
    table = found.annotations
    names, classes = list(map(_text, found.images.names)), found.categories.names
    scores = [] if table.score is None else table.score.tolist()
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(["image", "label", "score"])
    writer.writerows(
        (names[image], classes[category], score)
        for image, category, score in zip(table.image.tolist(), table.category.tolist(), scores, strict=True)
    )
    return text.getvalue().encode("utf-8")


def map_files(names: Sequence[str]) -> list[str]:
    """Return the file of the label map of each picture, below the run folder.

    Two pictures that differ only in their suffix keep it.
    """
    stems = [stem_of(name) for name in names]
    often = Counter(stem.casefold() for stem in stems)
    return [
        f"{FOUND['segmenter']}/{name if often[stem.casefold()] > 1 else stem}.png"
        for name, stem in zip(names, stems, strict=True)
    ]


def encode_map(values: NDArray[np.uint8]) -> bytes:
    """Return a map of classes, uint8, shape (height, width), as a PNG file whose palette has the classes' colours."""
    from PIL import Image

    image = Image.fromarray(values, "L")
    image.putpalette([channel for row in range(256) for channel in rgb(class_colour(row))])
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def read_found_map(run: Path, file: str) -> NDArray[np.uint8]:
    """Read back a map of classes.

    Raises:
        FormatError: the file is not there, or not what was written.
    """
    values = read_map(str(run / file))
    if values.dtype != np.uint8:
        raise FormatError("is no map of classes of one byte a pixel", at=Place(run / file), hint="train the run again")
    return values


def encode_classes(spec: ModelSpec) -> bytes:
    """Return the list of classes beside label maps, as Datumaro has it and `cvdata eval` reads it."""
    table = {"label_map": {str(row): name for row, name in enumerate(spec.classes)}}
    return msgspec.json.format(msgspec.json.encode(table), indent=2) + b"\n"
