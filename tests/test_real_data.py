"""Datasets that people made with other tools: what they hold is known, and every reader must find it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cvdata
from cvdata.convert import Reading
from cvdata.dataset import Dataset
from cvdata.errors import CvdataError

Boxes = dict[tuple[str, str], list[tuple[float, float, float, float]]]


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    return shared / "data"


def boxes(dataset: Dataset) -> Boxes:
    """Return the boxes by picture and class, in order of their numbers."""
    found: Boxes = {}
    for row in dataset.rows():
        found.setdefault((row.image, row.category), []).append(row.box)
    return {key: sorted(values) for key, values in sorted(found.items())}


def agree(found: Boxes, wanted: Boxes, pixels: float) -> None:
    assert list(found) == list(wanted)
    for key, values in wanted.items():
        np.testing.assert_allclose(found[key], values, atol=pixels, rtol=0, err_msg=str(key))


def prints(root: Path) -> Iterator[tuple[str, str, int]]:
    """Yield the name, the hash and the time of change of every file and folder below a root."""
    for path in sorted(root.rglob("*")):
        text = path.read_bytes() if path.is_file() else b""
        yield path.relative_to(root).as_posix(), hashlib.sha256(text).hexdigest(), os.stat(path).st_mtime_ns


# ---- one dataset in four formats


@pytest.fixture(scope="module")
def padilla(data: Path) -> Path:
    return data / "padilla_multiformat/data/database"


@pytest.fixture(scope="module")
def published(padilla: Path) -> Boxes:
    """The boxes as the makers of the dataset published them in COCO, read with Python's json and nothing of ours."""
    content = json.loads((padilla / "gts/coco_format_v1/instances_default.json").read_text("utf-8"))
    images = {image["id"]: image["file_name"] for image in content["images"]}
    classes = {category["id"]: category["name"] for category in content["categories"]}
    found: Boxes = {}
    for row in content["annotations"]:
        found.setdefault((images[row["image_id"]], classes[row["category_id"]]), []).append((*row["bbox"],))
    return {key: sorted(values) for key, values in sorted(found.items())}


def test_there_are_273_published_boxes_in_100_pictures(published: Boxes) -> None:
    assert sum(map(len, published.values())) == 273
    assert len({image for image, _ in published}) == 100


@pytest.mark.parametrize(
    ("folder", "name", "options", "pixels"),
    [
        ("coco_format_v1", "coco", {}, 1e-3),
        ("coco_format_v2", "coco", {}, 1e-3),
        ("pascalvoc_format", "voc", {"origin": "0"}, 1e-3),  # the convention by which its makers converted it
        ("imagenet_format", "voc", {}, 1e-3),
        ("yolo_format", "yolo", {}, 0.01),
    ],
)
def test_every_format_gives_the_published_boxes(
    folder: str, name: str, options: dict[str, str], pixels: float, padilla: Path, published: Boxes
) -> None:
    reading = cvdata.read(padilla / "gts" / folder, images=padilla / "images", options=options)

    assert reading.format == name
    assert reading.intake.quarantine == []
    assert reading.intake.verified == "sizes in the picture headers, 100 pictures"
    agree(boxes(reading.dataset), published, pixels)


def test_vocs_own_rule_makes_each_box_one_pixel_larger_to_the_left_and_top(padilla: Path, published: Boxes) -> None:
    dataset = cvdata.load(padilla / "gts/pascalvoc_format", images=padilla / "images")

    larger = {key: [(x - 1, y - 1, w + 1, h + 1) for x, y, w, h in values] for key, values in published.items()}
    agree(boxes(dataset), larger, 1e-3)


@pytest.mark.parametrize(("folder", "origin"), [("pascalvoc_format", "1"), ("imagenet_format", "0")])
def test_the_origin_is_decided_from_evidence_and_said(folder: str, origin: str, padilla: Path) -> None:
    reading = cvdata.read(padilla / "gts" / folder, images=padilla / "images")

    (message,) = [found.message for found in reading.intake.findings if found.code == "voc-origin"]
    assert f"{origin}-based" in message


def test_one_conversion_leads_from_any_format_to_the_published_boxes(
    padilla: Path, published: Boxes, tmp_path: Path
) -> None:
    settings = cvdata.ConvertSettings(images=str(padilla / "images"), media="none")
    report = cvdata.convert(padilla / "gts/yolo_format", tmp_path / "coco", "coco", settings=settings)

    assert (report.read, report.losses) == (report.written, [])
    agree(boxes(cvdata.load(tmp_path / "coco")), published, 0.01)


# ---- BCCD


@pytest.fixture(scope="module")
def bccd(data: Path) -> Reading:
    return cvdata.read(data / "bccd_voc/BCCD")


def test_bccd_is_read_whole_and_two_boxes_are_put_aside_by_name(bccd: Reading) -> None:
    intake = bccd.intake
    images, table = bccd.dataset.images, bccd.dataset.annotations

    assert (intake.read.images, intake.read.annotations) == (364, 4888)
    assert sorted(item.image or "" for item in intake.quarantine) == ["BloodImage_00338.jpg", "BloodImage_00343.jpg"]
    assert all("without area" in item.found for item in intake.quarantine)
    assert dict(zip(images.splits, np.bincount(images.split).tolist(), strict=True)) == {
        "train": 205,
        "val": 87,
        "test": 72,
    }
    assert int(table.has("truncated").sum()) == 1131
    assert Counter(row.category for row in bccd.dataset.rows()) == {"RBC": 4153, "WBC": 372, "Platelets": 361}


def test_bccd_has_the_boxes_of_its_own_table(bccd: Reading, data: Path) -> None:
    wanted: Boxes = {}
    with (data / "bccd_voc/test.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            left, right, top, bottom = (int(row[key]) for key in ("xmin", "xmax", "ymin", "ymax"))
            if right > left and bottom > top:
                wanted.setdefault((row["filename"], row["cell_type"]), []).append((left, top, right, bottom))

    (message,) = [found.message for found in bccd.intake.findings if found.code == "voc-origin"]
    shift = 1 if "1-based" in message else 0
    found = {
        key: sorted((x + shift, y + shift, x + w, y + h) for x, y, w, h in values)
        for key, values in boxes(bccd.dataset).items()
    }
    clipped = sum(found.count for found in bccd.intake.findings if found.code == "clipped-box")
    agree(found, {key: sorted(values) for key, values in sorted(wanted.items())}, 1e-9 if not clipped else 1)


# ---- COCO


def test_dali_keeps_its_ids_and_puts_flat_polygons_aside(data: Path) -> None:
    reading = cvdata.read(data / "dali_coco/db/coco")

    fields = [item.field or "" for item in reading.intake.quarantine]
    assert sorted(int(re.findall(r"\(id (\d+)\)", field)[0]) for field in fields) == [8, 69, 79]
    assert (reading.intake.read.images, reading.intake.read.annotations) == (61, 91)
    categories = reading.dataset.categories
    assert categories.source_id == tuple(range(17))
    assert "Banan" in categories.names
    crowds = [found.count for found in reading.intake.findings if found.code == "crowd-polygon"]
    assert crowds == [4]


@pytest.fixture(scope="module")
def val2014(data: Path) -> Path:
    return data / "coco_eval_100/tests/dataset/cocoapi/instances_val2014_100.json"


def test_masks_and_polygons_of_coco_go_through_unchanged(val2014: Path, tmp_path: Path) -> None:
    source = json.loads(val2014.read_text("utf-8"))

    report = cvdata.convert(val2014, tmp_path / "out", "coco")

    (path,) = (tmp_path / "out/annotations").iterdir()
    found = json.loads(path.read_text("utf-8"))
    assert (report.quarantined.annotations, report.losses) == (0, [])
    by_id = {row["id"]: row for row in found["annotations"]}
    assert len(by_id) == len(source["annotations"]) == 839
    kinds: Counter[str] = Counter()
    for row in source["annotations"]:
        assert by_id[row["id"]] == row
        outline = row["segmentation"]
        kinds["mask" if isinstance(outline, dict) else "several" if len(outline) > 1 else "one"] += 1
    assert (kinds["mask"], kinds["several"]) == (9, 75)
    assert sorted(found["categories"], key=lambda row: row["id"]) == sorted(
        source["categories"], key=lambda row: row["id"]
    )
    assert {row["id"]: row for row in found["images"]} == {row["id"]: row for row in source["images"]}


def test_ids_as_text_and_as_numbers_are_one(data: Path) -> None:
    reading = cvdata.read(data / "coco_eval_100/tests/dataset/gt_ignore_test.json")

    assert len(reading.dataset.annotations) + reading.intake.quarantined.annotations == 14
    assert "an image that is not listed" not in str([item.found for item in reading.intake.quarantine])
    assert "id-as-text" in [found.code for found in reading.intake.findings]


# ---- YOLO


def test_rice_pest_has_its_boxes_and_the_exact_names_of_its_classes(data: Path) -> None:
    root = data / "rice_pest_yolo"
    reading = cvdata.read(root)

    assert reading.format == "yolo"
    assert (len(reading.dataset.images), len(reading.dataset.annotations)) == (126, 281)
    text = (root / "data.yaml").read_text("utf-8")
    names = reading.dataset.categories.names
    assert len(names) == 7
    assert all(name in text for name in names)
    assert any("-" in name for name in names)


def test_bolts_are_30_boxes_and_1338_outlines_below_a_windows_path(data: Path) -> None:
    reading = cvdata.read(data / "bolt_yolo_seg")
    table = reading.dataset.annotations

    assert len(table) == 1368
    assert int(table.has("polygons").sum()) == 1338
    assert [found.code for found in reading.intake.findings][:1] == ["yolo-path"]


# ---- the zoo of Datumaro's own tests

READS: dict[str, tuple[Any, ...]] = {
    # folder: (format, pictures, annotations, in quarantine), why
    "voc_dataset/voc_dataset1": ("voc", 1, 2, 1),  # a second picture is listed and has neither file nor labels
    "voc_dataset/voc_dataset2": ("voc", 5, 4, 0),
    "voc_dataset/voc_dataset3": ("voc", 1, 1, 0),
    "coco_dataset/coco": ("coco", 2, 3, 0),  # of several tasks, instances
    "coco_dataset/coco_image_info": ("coco", 2, 0, 0),
    "coco_dataset/coco_instances": ("coco", 2, 3, 0),
    "coco_dataset/coco_labels": ("coco", 2, 3, 0),
    "coco_dataset/coco_person_keypoints": ("coco", 2, 3, 0),
    "coco_dataset/coco_roboflow": ("coco", 2, 3, 0),
    "coco_dataset/coco_stuff": ("coco", 2, 2, 0),
    "coco_dataset/mmdet_coco": ("coco", 2, 3, 0),
    "yolo_dataset/strict": ("yolo", 1, 2, 0),
    "roboflow_dataset/coco": ("coco", 3, 4, 0),
    "roboflow_dataset/voc": ("voc", 3, 4, 0),
    "imagenet_dataset": ("imagefolder", 4, 3, 0),  # a picture lies outside the classes
    "imagenet_subsets_dataset": ("imagefolder", 12, 9, 0),
    "image_dir_dataset": ("images", 2, 0, 0),
}
REFUSES = {
    "roboflow_dataset/yolo": "'../valid/images' is not there",  # the folder is called val
    "roboflow_dataset/yolo_obb": "'../valid/images' is not there",
    "coco_dataset/coco_captions": "are captions, which cvdata does not read",
    "coco_dataset/coco_panoptic": "are panoptic segments, which cvdata does not read",
    "yolo_dataset/annotations": "is in no format that cvdata knows",  # neither data.yaml nor obj.data beside the labels
    "yolo_dataset/labels": "is in no format that cvdata knows",
    "roboflow_dataset/createml": "is in no format that cvdata knows",
    "roboflow_dataset/multiclass": "is in no format that cvdata knows",
    "roboflow_dataset/tfrecord": "is in no format that cvdata knows",
    "voc_dataset": "none of the 7 pictures is in",  # three datasets side by side
}


@pytest.fixture(scope="module")
def zoo(data: Path) -> Path:
    return data / "datumaro_assets/tests/assets"


@pytest.mark.parametrize("folder", sorted(READS))
def test_a_folder_of_the_zoo_is_read(folder: str, zoo: Path) -> None:
    reading = cvdata.read(zoo / folder)

    dataset = reading.dataset
    found = (reading.format, len(dataset.images), len(dataset.annotations), len(reading.intake.quarantine))
    assert found == READS[folder]


@pytest.mark.parametrize("folder", sorted(REFUSES))
def test_a_folder_of_the_zoo_is_refused_with_a_hint(folder: str, zoo: Path) -> None:
    with pytest.raises(CvdataError) as error:
        cvdata.read(zoo / folder)

    assert REFUSES[folder] in str(error.value)
    assert error.value.hint


def test_every_folder_of_the_zoo_is_in_one_of_the_tables(zoo: Path) -> None:
    groups = ("voc_dataset", "coco_dataset", "yolo_dataset", "roboflow_dataset")
    folders = {f"{group}/{path.name}" for group in groups for path in (zoo / group).iterdir() if path.is_dir()}

    assert folders <= {*READS, *REFUSES}


def test_reading_the_zoo_changes_nothing_in_it(zoo: Path) -> None:
    groups = sorted({folder.partition("/")[0] for folder in READS})
    before = [entry for group in groups for entry in prints(zoo / group)]

    for folder in READS:
        cvdata.read(zoo / folder, workers=2, verify="decode")

    assert [entry for group in groups for entry in prints(zoo / group)] == before


@pytest.mark.slow
@pytest.mark.parametrize("target", ["coco", "voc", "yolo", "yolo-seg", "imagefolder", "images"])
def test_whatever_reads_converts_or_says_why_not(target: str, zoo: Path, tmp_path: Path) -> None:
    for number, folder in enumerate(READS):
        try:
            report = cvdata.convert(zoo / folder, tmp_path / str(number), target)
        except CvdataError as error:
            assert error.hint
            assert not (tmp_path / str(number)).exists()
        else:
            assert report.read == report.written + report.quarantined + report.filtered
