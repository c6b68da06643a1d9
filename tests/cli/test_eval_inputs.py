"""What `cvdata eval` reads as TRUTH and FOUND, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cvdata as library
from cvdata.dataset.select import keep_images
from cvdata.formats.store import add_version, open_store
from tests.cli.command import cvdata

from .eval_made import BOX, report_of, write_found, write_truth


def test_a_path_that_is_not_there_is_said_at_once(truth: Path, tmp_path: Path) -> None:
    done = cvdata("eval", truth, tmp_path / "gone.json")

    assert done.returncode == 2
    assert "gone.json' does not exist" in done.stderr


def test_bad_labels_of_the_truth_are_left_out_and_named(tmp_path: Path, found: Path) -> None:
    bad = {"id": 99, "image_id": 1, "category_id": 1, "bbox": [5, 5, 0, 4], "area": 0, "iscrowd": 0}
    good = json.loads(write_truth(tmp_path / "data").read_text("utf-8"))["annotations"]
    truth = write_truth(tmp_path / "data", annotations=[*good, bad])

    report = report_of(truth, found, "--quick")

    (note,) = [note for note in report.findings if note.code == "bad-items"]
    assert note.message == "1 bad item of the truth was left out; cvdata check names them"
    assert note.examples[0].startswith("labels.json: annotations[6]")
    assert report.objects == 6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"score": None}, "[1]"),
        ({"score": "0.9"}, "score"),
        ({"image_id": 999}, "999"),
        ({"category_id": 999}, "999"),
        ({"bbox": [5, 5, -3, 4]}, "bbox"),
    ],
)
def test_a_bad_detection_is_refused_with_its_place(
    truth: Path, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    good = {"image_id": 1, "category_id": 1, "bbox": [4, 4, 20, 12], "score": 0.9}
    (tmp_path / "results.json").write_text(json.dumps([good, good | change]), "utf-8")

    done = cvdata("eval", truth, tmp_path / "results.json", "--json")

    assert (done.returncode, done.stdout) == (1, "")
    assert "results.json: " in done.stderr
    assert said in done.stderr


def test_a_bad_item_of_a_dataset_of_detections_is_refused_too(truth: Path, tmp_path: Path) -> None:
    rows = [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": list(BOX), "area": 1600, "iscrowd": 0, "score": 0.9},
        {"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 1, 0, 5], "area": 1, "iscrowd": 0, "score": 0.9},
    ]
    found = write_truth(tmp_path / "found", annotations=rows)

    done = cvdata("eval", truth, found, "--quick")

    assert (done.returncode, done.stdout) == (1, "")
    assert "labels.json: annotations[1] (id 2)" in done.stderr
    assert "hint: correct it: no detection is left out" in done.stderr


def test_a_dataset_with_scores_is_matched_by_names(truth: Path, tmp_path: Path) -> None:
    # The same pictures and classes under other ids, in another order.
    found = write_truth(
        tmp_path / "found",
        images=[{"id": 50 + i, "file_name": f"{i}.jpg", "width": 100, "height": 100} for i in (3, 1, 2, 4)],
        categories=[{"id": 7, "name": "dog"}, {"id": 8, "name": "cat"}],
        annotations=[
            {"id": i, "image_id": 50 + i, "category_id": 8, "bbox": list(BOX), "area": 1600, "iscrowd": 0, "score": 0.5}
            for i in range(1, 5)
        ],
    )

    report = report_of(truth, found, "--quick")

    assert report.found_format == "coco"
    assert [row.metrics["AP"].value for row in report.classes] == [pytest.approx(1), 0]


def test_labels_without_scores_are_no_detections(truth: Path) -> None:
    done = cvdata("eval", truth, truth)

    assert done.returncode == 1
    assert "FOUND has no scores" in done.stderr
    assert "cvdata diff" in done.stderr


def test_truth_and_found_the_wrong_way_round_are_told_apart(truth: Path, found: Path) -> None:
    done = cvdata("eval", found, truth)

    assert done.returncode == 2
    assert "is a list of results" in done.stderr
    assert "hint: the labels come first: cvdata eval TRUTH FOUND" in done.stderr


def test_what_is_no_form_of_detections_says_which_there_are(truth: Path, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"a": 1}', "utf-8")

    done = cvdata("eval", truth, tmp_path / "other.json")

    assert done.returncode == 2
    assert "hint: FOUND is a COCO result list" in done.stderr


def test_a_folder_of_pictures_is_not_a_model_that_found_nothing(truth: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (100, 100)).save(tmp_path / "pictures" / "1.jpg")

    done = cvdata("eval", truth, tmp_path / "pictures")

    assert (done.returncode, done.stdout) == (1, "")
    assert "holds pictures, and nothing that was found in them" in done.stderr


def test_an_empty_result_list_is_a_model_that_found_nothing(truth: Path, tmp_path: Path) -> None:
    report = report_of(truth, write_found(tmp_path / "none.json"), "--intervals", "100")

    assert report.detections == 0
    assert report.metrics["AP"].value == 0


def test_outlines_count_only_where_the_model_gave_masks(tmp_path: Path) -> None:
    # A triangle, and a detection of its left half: as boxes they overlap by 1/2, as masks by 3/4.
    triangle = [0.0, 0.0, 80.0, 0.0, 0.0, 80.0]
    row = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 80, 80], "iscrowd": 0}
    truth = write_truth(tmp_path / "data", annotations=[row | {"segmentation": [triangle], "area": 3200}])
    half = [0.0, 0.0, 40.0, 0.0, 40.0, 40.0, 0.0, 80.0]
    plain = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 40, 80], "score": 0.9}
    (tmp_path / "boxes.json").write_text(json.dumps([plain]), "utf-8")
    (tmp_path / "masks.json").write_text(json.dumps([plain | {"segmentation": [half]}]), "utf-8")

    boxes = report_of(truth, tmp_path / "boxes.json", "--quick")
    masks = report_of(truth, tmp_path / "masks.json", "--quick")
    asked = report_of(truth, tmp_path / "masks.json", "--quick", "--kind", "boxes")

    assert [one.kind for one in (boxes, masks, asked)] == ["boxes", "masks", "boxes"]
    assert [round(one.metrics["AP75"].value or 0) for one in (boxes, asked)] == [0, 0]
    assert masks.metrics["AP50"].value == pytest.approx(1)


def test_areas_that_the_file_does_not_give_come_from_outlines_whatever_is_compared(tmp_path: Path) -> None:
    # The box has 1,600 square pixels, medium; the triangle half as many, small.
    row = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 40, 40], "iscrowd": 0}
    truth = write_truth(tmp_path / "data", annotations=[row | {"segmentation": [[0, 0, 40, 0, 0, 40]]}])
    found = write_found(tmp_path / "found.json", (1, 1, (0.0, 0.0, 40.0, 40.0), 0.9))

    report = report_of(truth, found, "--quick")

    assert report.metrics["APm"].value is None
    assert report.metrics["APs"].value == pytest.approx(1)


def test_classes_of_whole_pictures_are_scored_from_a_table(tmp_path: Path) -> None:
    for number in range(4):
        path = tmp_path / f"photos/{'cat' if number < 2 else 'dog'}/{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number * 40, 90, 120)).save(path)
    rows = ["image,label,score", "0.jpg,cat,0.9", "1.jpg,dog,0.8", "2.jpg,dog,0.7", "3.jpg,dog,0.6"]
    (tmp_path / "scores.csv").write_text("\n".join(rows) + "\n", "utf-8")

    report = report_of(tmp_path / "photos", tmp_path / "scores.csv", "--intervals", "100")

    assert (report.task, report.found_format) == ("classification", "class scores")
    assert report.metrics["top1"].value == pytest.approx(0.75)


def test_label_maps_are_scored_pixel_by_pixel(tmp_path: Path) -> None:
    for side, value in (("truth", 1), ("found", 0)):
        (tmp_path / side).mkdir()
        for number in range(2):
            picture = Image.new("L", (4, 4), 0)
            picture.paste(1, (0, 0, 2, 4))
            if number:
                picture.paste(value, (3, 3, 4, 4))
            picture.save(tmp_path / side / f"{number}_mask.png")

    report = report_of(tmp_path / "truth", tmp_path / "found", "--intervals", "0")

    assert report.task == "segmentation"
    # One of 32 pixels is wrong.
    assert report.metrics["pixel_accuracy"].value == pytest.approx(31 / 32)

    for option, path in (("--found-format", "coco"), ("--images", tmp_path / "truth")):
        done = cvdata("eval", tmp_path / "truth", tmp_path / "found", option, str(path))
        assert done.returncode == 2
        assert f"{option} is not for maps of pixels" in done.stderr


def test_results_of_pictures_that_were_dropped_are_refused_by_name(truth: Path, found: Path, tmp_path: Path) -> None:
    whole = library.load(truth)
    library.save(whole, tmp_path / "pets", "cvdata")
    first, before = open_store(tmp_path / "pets").current.id, report_of(truth, found)
    add_version(tmp_path / "pets", keep_images(whole, np.arange(1, len(whole.images))), command="browse", settings={})

    done = cvdata("eval", tmp_path / "pets", found)

    assert done.returncode == 1
    assert "the truth lacks 1 picture with detections: 1.jpg" in done.stderr
    assert report_of(f"{tmp_path / 'pets'}@{first}", found).metrics == before.metrics


def test_no_picture_is_taken_for_one_that_was_dropped_where_that_has_all_the_results(tmp_path: Path) -> None:
    truth = write_truth(tmp_path / "truth")
    text = truth.read_text("utf-8").replace('"1.jpg"', '"x/2.jpg"').replace('"3.jpg"', '"3.png"')
    truth.write_text(text.replace('"4.jpg"', '"x/3.jpg"'), "utf-8")
    whole = library.load(truth)
    library.save(whole, tmp_path / "pets", "cvdata")
    add_version(tmp_path / "pets", keep_images(whole, np.array([0, 2])), command="browse", settings={})
    labels = tmp_path / "predict/labels"
    labels.mkdir(parents=True)
    (labels / "2.txt").write_text("0 0.3 0.3 0.4 0.4 0.9\n", "utf-8")

    for image, name in ((2, "2.jpg"), (4, "x/3.jpg")):
        done = cvdata("eval", tmp_path / "pets", write_found(tmp_path / "found.json", (image, 1, BOX, 0.9)))
        assert (done.returncode, f"the truth lacks 1 picture with detections: {name}" in done.stderr) == (1, True)
    done = cvdata("eval", tmp_path / "pets", tmp_path / "predict")
    assert (done.returncode, "belongs to no picture of the truth, or to several" in done.stderr) == (1, True)
    assert report_of(tmp_path / "pets", write_found(tmp_path / "found.json", (1, 1, BOX, 0.9))).detections == 1


def test_yolo_predictions_are_read_onto_the_truth(truth: Path, tmp_path: Path) -> None:
    for image in range(1, 5):
        path = tmp_path / f"predict/labels/{image}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("0 0.3 0.3 0.4 0.4 0.9\n", "utf-8")  # the cat of every picture: 10, 10, 40 x 40 of 100 x 100

    report = report_of(truth, tmp_path / "predict")

    assert report.found_format == "YOLO predictions"
    assert report.detections == 4
    assert {row.name: row.metrics["AP"].value for row in report.classes} == {"cat": 1.0, "dog": 0.0}
