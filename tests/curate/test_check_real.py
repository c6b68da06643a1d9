"""Real datasets: every oddity that is known of them is found, and nothing that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.curate.check.findings import CheckReport
from tests.curate.checked import checked, codes, found


def without_look(report: CheckReport) -> dict[str, int]:
    """Return how often each code was found, but for pictures that look alike: tests/images has those."""
    return {code: count for code, count in codes(report).items() if not code.endswith("near-copy")}


def test_the_two_boxes_without_area_of_bccd_are_named(shared: Path) -> None:
    report = checked(shared / "data/bccd_voc/BCCD")

    assert [spot.at for spot in found(report, "zero-box").places] == [
        "Annotations/BloodImage_00338.xml: object[13]",
        "Annotations/BloodImage_00343.xml: object[4]",
    ]
    assert without_look(report) == {
        "zero-box": 2,
        "class-imbalance": 2,
        "few-objects-class": 2,
        "voc-origin": 1,
    }


def test_the_imbalance_of_rice_pest_is_found_and_nothing_is_wrong_with_its_boxes(shared: Path) -> None:
    report = checked(shared / "data/rice_pest_yolo", trainer="ultralytics")

    imbalance = found(report, "class-imbalance")
    assert imbalance.title == "5 classes are rare beside 'wereng pada daun padi', which has 70% of all annotations"
    assert report.severities["error"] == 0
    assert without_look(report).keys() == {"class-imbalance", "class-not-in-train", "few-objects-class"}


def test_copies_mixed_rows_and_the_path_of_bolt_are_found(shared: Path) -> None:
    plain = checked(shared / "data/bolt_yolo_seg")
    report = checked(shared / "data/bolt_yolo_seg", trainer="ultralytics")

    assert without_look(plain) == {"mixed-rows": 22, "unlisted-copy": 5, "yolo-path": 1}
    assert found(plain, "unlisted-copy").places[0].what.startswith("the same file as valid/images/177ba1c2")
    assert without_look(report) == {"ultralytics-mixed-rows": 22, "ultralytics-start": 1, "unlisted-copy": 5}
    assert found(report, "ultralytics-start").places[0].what.startswith("path is 'G:\\bolt_counter\\dataset'")


def test_two_point_outlines_and_class_0_of_dali_are_found(shared: Path) -> None:
    report = checked(shared / "data/dali_coco/db/coco", trainer="torchvision")

    trainer = {code: n for code, n in codes(report).items() if code.startswith("torchvision")}
    assert trainer == {
        "torchvision-background-class": 11,
        "torchvision-two-points": 3,
        "torchvision-crowd": 4,
        "torchvision-empty": 3,
    }
    assert found(report, "bad-outline").images == [
        "clock-1274699_1280.jpg",
        "pizza-2802332_1280.jpg",
        "pizza-2068272_1280.jpg",
    ]
    assert found(report, "odd-picture").count == 2
    assert "empty-picture" not in codes(report)


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("clothing_cls", None, {"few-objects-class": 10}),
        ("dhcn_semseg", "images", {"mask-as-picture": 120, "no-labels": 120}),
        ("unet_membrane/data/membrane", "images", {"mask-as-picture": 8, "no-labels": 8}),
        ("exif_orientation", "images", {"no-labels": 5, "odd-picture": 1}),
        ("nonascii_name/tests", "images", {"no-labels": 2}),
        ("coco_eval_100/tests/dataset/gt_dataset.json", None, {"single-sample-class": 1, "few-objects-class": 3}),
    ],
)
def test_other_real_datasets_have_what_is_true_of_them_and_no_more(
    shared: Path, source: str, name: str | None, expected: dict[str, int]
) -> None:
    assert without_look(checked(shared / "data" / source, name)) == expected
