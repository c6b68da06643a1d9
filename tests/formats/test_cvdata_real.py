"""Datasets that people made with other tools, as cvdata and back: nothing at all may differ."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cvdata.convert import ConvertSettings, Reading, convert, read
from cvdata.formats.outlet import Media

from ..compare import identical

ASSETS = "datumaro_assets/tests/assets"
SOURCES = [
    "bccd_voc/BCCD",
    "bolt_yolo_seg",
    "clothing_cls",
    "coco_eval_100/tests/dataset/cocoapi",
    "coco_eval_100/tests/keypoints_dataset",
    "dali_coco/db/coco",
    "exif_orientation",
    "nonascii_name",
    "padilla_multiformat/data/database/dets/coco_format",
    "padilla_multiformat/data/database/gts/coco_format_v1",
    "padilla_multiformat/data/database/gts/coco_format_v2",
    "padilla_multiformat/data/database/gts/imagenet_format",
    "padilla_multiformat/data/database/gts/pascalvoc_format",
    "padilla_multiformat/tests/test_coco_eval/dets",
    "padilla_multiformat/tests/test_coco_eval/gts",
    "padilla_multiformat/toyexample",
    "rice_pest_yolo",
    "unet_membrane",
    f"{ASSETS}/coco_dataset/coco",
    f"{ASSETS}/coco_dataset/coco_image_info",
    f"{ASSETS}/coco_dataset/coco_instances",
    f"{ASSETS}/coco_dataset/coco_labels",
    f"{ASSETS}/coco_dataset/coco_person_keypoints",
    f"{ASSETS}/coco_dataset/coco_roboflow",
    f"{ASSETS}/coco_dataset/coco_stuff",
    f"{ASSETS}/coco_dataset/mmdet_coco",
    f"{ASSETS}/imagenet_dataset",
    f"{ASSETS}/imagenet_subsets_dataset",
    f"{ASSETS}/kaggle_dataset/relaxed_coco",
    f"{ASSETS}/kaggle_dataset/relaxed_voc1",
    f"{ASSETS}/kaggle_dataset/relaxed_voc2",
    f"{ASSETS}/roboflow_dataset/coco",
    f"{ASSETS}/roboflow_dataset/voc",
    f"{ASSETS}/voc_dataset/voc_dataset1",
    f"{ASSETS}/voc_dataset/voc_dataset2",
    f"{ASSETS}/voc_dataset/voc_dataset3",
    f"{ASSETS}/yolo_dataset/strict",
]
PLACES = frozenset({"folder", "folders", "files"})


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("media", ["link", "none"])
def test_nothing_at_all_differs(source: str, media: Media, shared: Path, tmp_path: Path) -> None:
    there = read(shared / "data" / source, workers=1)
    settings = ConvertSettings(media=media, strict=True, workers=1)

    report = convert(shared / "data" / source, tmp_path / "out", "cvdata", settings=settings)
    back = read(tmp_path / "out", workers=1)

    assert (report.losses, report.quarantined) == ([], there.intake.quarantined)
    assert (back.intake.quarantine, back.intake.findings) == ([], [])
    assert back.intake.read == report.written
    identical(back.dataset, there.dataset, but=PLACES)
    if media == "none":
        assert files(back) == files(there)
    else:
        assert all(path is None or path.startswith(f"{tmp_path.resolve()}/out/images/") for path in files(back))
    assert [path is None for path in files(back)] == [path is None for path in files(there)]


def files(reading: Reading) -> list[str | None]:
    images = reading.dataset.images
    found = [images.file(row) for row in range(len(images))]
    return [None if path is None else os.path.realpath(path) for path in found]
