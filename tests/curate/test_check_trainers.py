"""What torchvision and Detectron2 would make of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cvdata.curate.check.findings import CheckReport
from tests.curate.checked import checked, codes, found, noise
from tests.formats.coco_documents import annotation, document, picture, put

RING = [[1, 1, 30, 1, 30, 30]]
OUTLINED = {"segmentation": RING}


def of_trainer(report: CheckReport) -> dict[str, int]:
    return {code: n for code, n in codes(report).items() if code.startswith(("torchvision", "detectron2", "trainer"))}


def coco(folder: Path, annotations: list[dict[str, Any]], **more: Any) -> Path:
    images = [picture(1), picture(2)]
    both = [*annotations, annotation(90, 2, **OUTLINED)]
    return put(folder / "labels.json", document(images, both, **more))


@pytest.mark.parametrize("trainer", ["torchvision", "detectron2"])
def test_a_good_file_has_no_finding_of_the_trainer(tmp_path: Path, trainer: str) -> None:
    file = coco(tmp_path, [annotation(1, **OUTLINED)])

    assert of_trainer(checked(file, trainer=trainer, labels_only=True)) == {}


@pytest.mark.parametrize(
    ("rows", "torchvision", "detectron2"),
    [
        (
            [annotation(1, iscrowd=1, segmentation={"size": [80, 100], "counts": [100, 200, 7700]})],
            {"torchvision-crowd": 1},
            {"detectron2-crowd": 1, "detectron2-crowd-only": 1},
        ),
        ([], {"torchvision-empty": 1}, {"detectron2-empty": 1}),
        (
            [annotation(1, segmentation=[[1, 1, 30, 30]]), annotation(2, **OUTLINED)],
            {"torchvision-two-points": 1},
            {"detectron2-two-points": 1},
        ),
        (
            [annotation(1), annotation(2, **OUTLINED)],
            {"torchvision-missing-key": 1, "torchvision-no-outline": 1},
            {"detectron2-mixed": 1},
        ),
        (
            [annotation(1, segmentation={"size": [80, 100], "counts": [100, 200, 7700]})],
            {},
            {"detectron2-masks": 1},
        ),
        (
            [annotation(1, bbox=[1, 1, 1, 30], **OUTLINED)],
            {"torchvision-thin-box": 1},
            {},
        ),
        ([annotation(1, ignore=1, **OUTLINED)], {}, {"detectron2-ignore": 1}),
        ([annotation(1, ignore=0, **OUTLINED)], {}, {}),
        ([annotation(90, **OUTLINED)], {}, {"detectron2-annotation-ids": 1}),
    ],
    ids=["crowd", "empty", "two points", "no outline", "mask", "thin", "ignore", "not ignore", "ids"],
)
def test_what_each_drops_or_stops_at_is_counted(
    tmp_path: Path, rows: list[dict[str, Any]], torchvision: dict[str, int], detectron2: dict[str, int]
) -> None:
    file = coco(tmp_path, rows)

    first = of_trainer(checked(file, trainer="torchvision", labels_only=True))
    second = of_trainer(checked(file, trainer="detectron2", labels_only=True))

    assert first == torchvision
    assert second == detectron2


def test_class_ids_are_used_as_they_stand_by_torchvision_and_mapped_by_detectron2(tmp_path: Path) -> None:
    classes = [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}, {"id": 120, "name": "cow"}]
    rows = [annotation(1, category=0, **OUTLINED), annotation(2, category=120, **OUTLINED)]
    file = coco(tmp_path, rows, categories=classes)

    torchvision = checked(file, trainer="torchvision", labels_only=True)
    detectron2 = checked(file, trainer="detectron2", labels_only=True)

    assert of_trainer(torchvision) == {"torchvision-background-class": 1, "torchvision-class-ids": 1}
    background = found(torchvision, "torchvision-background-class")
    assert background.title == "torchvision takes the class 'cat' for background"
    assert background.cure.endswith(f"cvdata convert coco coco {file} DST --category-ids 1")
    assert [s.what for s in found(detectron2, "detectron2-ids").places] == [
        "cat: 0 becomes 0",
        "dog: 1 becomes 1",
        "cow: 120 becomes 2",
    ]


def test_pictures_that_exif_turns_are_an_error_for_torchvision(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(noise(tmp_path / "plain.jpg", 1, (80, 100))) as image:
        image.save(tmp_path / "1.jpg", exif=exif)
    noise(tmp_path / "2.jpg", 2, (100, 80))
    (tmp_path / "plain.jpg").unlink()
    file = coco(tmp_path, [annotation(1, **OUTLINED)])

    assert of_trainer(checked(file, trainer="torchvision")) == {"torchvision-turned": 1}
    assert of_trainer(checked(file, trainer="detectron2")) == {}


@pytest.mark.parametrize("trainer", ["torchvision", "detectron2"])
def test_another_format_is_named_with_the_conversion(tmp_path: Path, trainer: str) -> None:
    noise(tmp_path / "cat/a.png")
    noise(tmp_path / "dog/b.png", 1)

    report = checked(tmp_path, "imagefolder", trainer=trainer)

    assert of_trainer(report) == {"trainer-other-format": 1}
    assert found(report, "trainer-other-format").cure == f"cvdata convert imagefolder coco {tmp_path} DST"


def voc(root: Path, name: str = "cat", suffix: str = "jpg", origin: int = 1) -> Path:
    noise(root / f"JPEGImages/1.{suffix}", size=(100, 80))
    (root / "Annotations").mkdir()
    (root / "Annotations/1.xml").write_text(
        f"<annotation><filename>1.{suffix}</filename><size><width>100</width><height>80</height><depth>3</depth></size>"
        f"<object><name>{name}</name><bndbox><xmin>{origin}</xmin><ymin>5</ymin><xmax>50</xmax><ymax>60</ymax></bndbox>"
        "</object></annotation>"
    )
    (root / "ImageSets/Main").mkdir(parents=True)
    (root / "ImageSets/Main/train.txt").write_text("1\n")
    return root


def test_voc_as_the_challenge_has_it_is_fine_for_detectron2(tmp_path: Path) -> None:
    assert of_trainer(checked(voc(tmp_path), trainer="detectron2")) == {}


def test_voc_that_is_not_as_the_challenge_has_it_is_named_for_detectron2(tmp_path: Path) -> None:
    report = checked(voc(tmp_path, "zebra", "png", 0), trainer="detectron2")

    assert of_trainer(report) == {
        "detectron2-voc-classes": 1,
        "detectron2-voc-suffix": 1,
        "detectron2-voc-origin": 1,
    }


def test_voc_is_left_to_the_user_by_torchvision(tmp_path: Path) -> None:
    report = checked(voc(tmp_path), trainer="torchvision")

    assert list(of_trainer(report)) == ["torchvision-voc"]
    assert f"cvdata convert voc coco {tmp_path} DST" in found(report, "torchvision-voc").cure
