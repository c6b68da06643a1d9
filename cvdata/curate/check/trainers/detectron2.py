"""What Detectron2 would make of a dataset.

Rules: `load_coco_json` (detectron2/data/datasets/coco.py), `load_voc_instances` (datasets/pascal_voc.py),
`filter_images_with_only_crowd_annotations` (data/build.py), `annotations_to_instances` (data/detection_utils.py) and
`DatasetMapper` (data/dataset_mapper.py).
"""

from __future__ import annotations

import numpy as np

from ....errors import show
from ....images import stem_of
from ..findings import Hit, Spot
from .case import Case
from .torchvision import outlined, pictures_hit, two_points

__all__ = ["detectron2_hits"]

_VOC = frozenset(
    {
        "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
        "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
    }
)  # fmt: skip


def detectron2_hits(case: Case) -> list[Hit]:
    """Say what Detectron2 would make of a dataset."""
    if case.format == "voc":
        return [*_voc(case), *_filtered(case)]
    hits = [] if case.format == "coco" else [case.other_format("Detectron2", "coco")]
    if case.format == "coco":
        hits += [*two_points(case, "detectron2-two-points"), *_ids(case), *_ignored(case)]
    return [*hits, *_filtered(case), *_masks(case)]


def _filtered(case: Case) -> list[Hit]:
    """Say which pictures and annotations never reach the model."""
    dataset, table = case.dataset, case.dataset.annotations
    if not len(table):
        return []  # nobody has labelled anything, and that is said once
    count = np.diff(dataset.offsets)
    crowd = table.has("crowd")
    crowds = np.bincount(table.image[crowd], minlength=len(dataset.images))
    return [
        *pictures_hit(case, "detectron2-empty", count == 0, "no annotations"),
        *pictures_hit(case, "detectron2-crowd-only", (count > 0) & (crowds == count), "crowds alone"),
        *case.rows.hit("detectron2-crowd", np.flatnonzero(crowd), lambda _: "a crowd region"),
    ]


def _masks(case: Case) -> list[Hit]:
    dataset, table = case.dataset, case.dataset.annotations
    crowd = table.has("crowd")
    packed = table.has("masks") & ~crowd
    hits = case.rows.hit("detectron2-masks", np.flatnonzero(packed), lambda _: "a mask of run lengths")
    if case.format == "coco":
        size = len(dataset.images)
        with_outline = np.bincount(table.image[outlined(case) & ~crowd], minlength=size)
        without = np.bincount(table.image[~outlined(case) & ~crowd], minlength=size)
        hits += pictures_hit(case, "detectron2-mixed", (with_outline > 0) & (without > 0), "outlines and bare boxes")
    return hits


def _ids(case: Case) -> list[Hit]:
    categories = case.dataset.categories
    hits = []
    ids = sorted(number for number in categories.source_id or () if isinstance(number, int))
    if ids and ids != list(range(1, len(ids) + 1)):
        pairs = zip(categories.names, categories.source_id or (), strict=True)
        place: dict[int | str, int] = {number: row for row, number in enumerate(ids)}
        spots = [Spot(what=f"{show(name)}: {number} becomes {place.get(number)}") for name, number in pairs]
        hits.append(Hit("detectron2-ids", len(ids), spots[:1000]))
    renumbered = [note for note in case.intake.findings if note.code == "annotation-ids"]
    return hits + [Hit("detectron2-annotation-ids", 1, [Spot(what=show(note.message))]) for note in renumbered]


def _ignored(case: Case) -> list[Hit]:
    extra = case.dataset.annotations.extra
    if extra is None or b'"ignore"' not in extra.values.tobytes():
        return []
    import msgspec

    texts = extra.to_bytes()
    marked = [row for row, text in enumerate(texts) if b'"ignore"' in text and msgspec.json.decode(text).get("ignore")]
    return case.rows.hit("detectron2-ignore", np.array(marked, np.int64), lambda _: "ignore is set")


def _voc(case: Case) -> list[Hit]:
    images, names = case.dataset.images, case.dataset.categories.names
    words = case.words("coco")
    hits = []
    other = [name for name in names if name not in _VOC]
    if other:
        hits.append(Hit("detectron2-voc-classes", len(other), [Spot(what=show(name)) for name in other[:1000]]))
    lost = np.zeros(len(images), np.bool_)
    for row, name in enumerate(images.names):
        path = images.file(row)
        lost[row] = path is not None and not path.endswith(f"/JPEGImages/{stem_of(name)}.jpg")
    hits += pictures_hit(case, "detectron2-voc-suffix", lost, "not JPEGImages/<id>.jpg", words)
    if not (case.source / "ImageSets" / "Main").is_dir():
        hits.append(Hit("detectron2-voc-sets", 1, [Spot(what="there is no folder ImageSets/Main")], words=words))
    origin = next((note.message for note in case.intake.findings if note.code == "voc-origin"), "")
    boxes = len(case.dataset.annotations)
    if origin.startswith("coordinates taken as 0-based") and boxes:
        spot = Spot(what="it takes 1 from the left and top edge of every box")
        hits.append(Hit("detectron2-voc-origin", boxes, [spot], words=words))
    return hits
