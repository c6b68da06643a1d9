"""Several COCO files, one per split, and where their pictures lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cvdata.convert import ConvertSettings, convert
from cvdata.convert import read as read_any
from cvdata.errors import IdentityError, UnsafePathError
from cvdata.formats import Intake
from cvdata.formats.coco import ReadOptions, read

from .coco_documents import Through, annotation, document, load, picture, put, through


@pytest.fixture(name="through")
def _through(tmp_path: Path) -> Through:
    return through(tmp_path)


def test_a_file_per_split_is_one_dataset_and_goes_back_to_a_file_per_split(tmp_path: Path) -> None:
    train, val = document([picture(1)], [annotation(1)]), document([picture(2)], [annotation(2, 2, 2)])
    put(tmp_path / "in/annotations/instances_train.json", train)
    put(tmp_path / "in/annotations/instances_val2017.json", val)
    put(tmp_path / "in/annotations/captions_train.json", document([picture(1)], []))
    put(tmp_path / "in/annotations/person_keypoints_train.json", train)

    report = convert(tmp_path / "in", tmp_path / "out", "coco")

    assert (report.source_format, report.read.images, report.read.annotations) == ("coco", 2, 2)
    written = sorted(path.name for path in (tmp_path / "out/annotations").iterdir())
    assert written == ["instances_train.json", "instances_val.json"]
    added = {"info": {"description": ""}, "licenses": []}
    assert load(tmp_path / "out/annotations/instances_train.json") == train | added
    assert load(tmp_path / "out/annotations/instances_val.json") == val | added


def test_the_layout_of_roboflow_is_read(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "valid", "test"), start=1):
        put(tmp_path / f"in/{split}/_annotations.coco.json", document([picture(number)], [annotation(number, number)]))
        Image.new("RGB", (100, 80)).save(tmp_path / f"in/{split}/{number}.jpg")

    reading = read_any(tmp_path / "in")

    images = reading.dataset.images
    assert reading.format == "coco"
    assert [images.splits[code] for code in images.split.tolist()] == ["test", "train", "val"]
    assert reading.intake.verified == "sizes in the picture headers, 3 pictures"
    assert [Path(str(images.file(row))).parent.name for row in range(3)] == ["test", "train", "valid"]


def test_one_name_in_two_splits_is_two_pictures(tmp_path: Path) -> None:
    for split in ("train", "val"):
        put(tmp_path / f"in/annotations/instances_{split}.json", document())
        path = tmp_path / f"in/images/{split}/1.jpg"
        path.parent.mkdir(parents=True)
        Image.new("RGB", (100, 80), "red" if split == "val" else "blue").save(path)

    report = convert(tmp_path / "in", tmp_path / "out", "coco")

    assert report.written.images == 2
    for split in ("train", "val"):
        (image,) = load(tmp_path / f"out/annotations/instances_{split}.json")["images"]
        written = (tmp_path / "out/images" / image["file_name"]).read_bytes()
        assert written == (tmp_path / f"in/images/{split}/1.jpg").read_bytes()


def test_one_name_in_a_split_and_in_none_is_two_pictures(tmp_path: Path) -> None:
    for split in ("default", "train"):
        put(tmp_path / f"in/annotations/instances_{split}.json", document())

    dataset = read(tmp_path / "in", ReadOptions(), Intake())

    assert dataset.images.names == ("1.jpg", "train/1.jpg")


def test_one_picture_in_two_splits_is_refused(tmp_path: Path) -> None:
    for split in ("train", "val"):
        put(tmp_path / f"in/annotations/instances_{split}.json", document())
    (tmp_path / "in/images").mkdir()
    Image.new("RGB", (100, 80)).save(tmp_path / "in/images/1.jpg")

    with pytest.raises(IdentityError, match="is in two annotation files"):
        read(tmp_path / "in", ReadOptions(), Intake())


@pytest.mark.parametrize("number", [3, 2**64, "a"])
def test_annotation_ids_that_two_files_share_are_numbered_anew(number: Any, tmp_path: Path) -> None:
    for image, split in ((1, "train"), (2, "val")):
        content = document([picture(image)], [annotation(number, image)])
        put(tmp_path / f"in/annotations/instances_{split}.json", content)

    intake = Intake()

    dataset = read(tmp_path / "in", ReadOptions(), intake)

    assert dataset.annotations.source_id is None
    assert [(found.code, found.count) for found in intake.findings] == [("shared-annotation-ids", 2)]


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ([{"id": 2, "name": "cat"}], "the class 'cat' has the ids 1 and 2"),
        ([{"id": 1, "name": "bird"}], "two classes have one id in two files"),
    ],
)
def test_files_that_disagree_on_a_class_are_refused(second: list[dict[str, Any]], found: str, tmp_path: Path) -> None:
    put(tmp_path / "in/annotations/instances_train.json", document())
    content = document([picture(2)], [annotation(2, 2, second[0]["id"])], second)
    put(tmp_path / "in/annotations/instances_val.json", content)

    with pytest.raises(IdentityError, match=found):
        read(tmp_path / "in", ReadOptions(), Intake())


def test_classes_of_several_files_are_joined_in_the_order_they_come_up(tmp_path: Path) -> None:
    put(tmp_path / "in/annotations/instances_train.json", document())
    classes = [{"id": 3, "name": "bird"}, {"id": 2, "name": "dog"}]
    put(
        tmp_path / "in/annotations/instances_val.json",
        document([picture(2)], [annotation(2, 2, 3), annotation(3, 2, 2)], classes),
    )

    dataset = read(tmp_path / "in", ReadOptions(), Intake())

    assert dataset.categories.names == ("cat", "dog", "bird")
    assert [row.category for row in dataset.rows()] == ["cat", "bird", "dog"]


def test_quarantine_names_the_file_of_several(tmp_path: Path) -> None:
    put(tmp_path / "in/annotations/instances_train.json", document())
    content = document([picture(2)], [annotation(2, 2), annotation(3, 2, bbox=[1, 1, 0, 5]), annotation(4, 2, 77)])
    put(tmp_path / "in/annotations/instances_val.json", content)
    intake = Intake()

    read(tmp_path / "in", ReadOptions(), intake)

    assert sorted((item.file, item.field) for item in intake.quarantine) == [
        ("annotations/instances_val.json", "annotations[1] (id 3)"),
        ("annotations/instances_val.json", "annotations[2] (id 4)"),
    ]


@pytest.mark.parametrize("folder", ["images/train2017", "images/train", "train2017", "train", "images", "data", "."])
def test_pictures_are_found_in_the_usual_places(folder: str, tmp_path: Path) -> None:
    put(tmp_path / "annotations/instances_train2017.json", document())
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (100, 80)).save(tmp_path / folder / "1.jpg")

    reading = read_any(tmp_path)

    assert reading.dataset.images.file(0) == str((tmp_path / folder / "1.jpg").resolve())
    assert reading.intake.verified == "sizes in the picture headers, 1 pictures"


def test_pictures_elsewhere_are_found_where_the_user_says(tmp_path: Path) -> None:
    file = put(tmp_path / "in.json", document([picture("猫 é")], [annotation(1, "猫 é")]))
    (tmp_path / "away").mkdir()
    Image.new("RGB", (100, 80)).save(tmp_path / "away/猫 é.jpg")

    convert(file, tmp_path / "out", "coco", settings=ConvertSettings(images=str(tmp_path / "away")))

    assert (tmp_path / "out/images/猫 é.jpg").is_file()
    text = (tmp_path / "out/annotations/instances.json").read_text("utf-8")
    assert "猫 é.jpg" in text


def test_labels_without_pictures_convert_and_say_that_nothing_was_held_against_them(through: Through) -> None:
    _, report = through(document())

    assert report.verified.startswith("nothing: no pictures were found")


def test_a_picture_of_another_size_and_a_missing_one_are_quarantined(tmp_path: Path) -> None:
    images = [picture(1), picture(2), picture(3)]
    put(tmp_path / "in/a.json", document(images, [annotation(n, n) for n in (1, 2, 3)]))
    Image.new("RGB", (100, 80)).save(tmp_path / "in/1.jpg")
    Image.new("RGB", (100, 81)).save(tmp_path / "in/2.jpg")
    intake = Intake()

    dataset = read(tmp_path / "in/a.json", ReadOptions(), intake)

    assert dataset.images.names == ("1.jpg",)
    assert [(item.image, item.images, item.annotations) for item in intake.quarantine] == [
        ("3.jpg", 1, 1),
        ("2.jpg", 1, 1),
    ]
    assert intake.quarantine[1].found == "the labels say 100x80, the picture '2.jpg' is 100x81"


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../1.jpg", "C:\\1.jpg", "a/../../1.jpg", "\\\\host\\1.jpg", "a\0.jpg"]
)
def test_a_name_that_leaves_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    file = put(tmp_path / "a.json", document([picture(1, file_name=name)]))

    with pytest.raises(UnsafePathError, match="image id 1"):
        read(file, ReadOptions(), Intake())
