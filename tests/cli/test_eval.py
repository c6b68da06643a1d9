"""`cvdata eval`, run as people run it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from PIL import Image

from cvdata.evaluate.report import EvalReport
from tests.cli.command import cvdata

REPO = Path(__file__).resolve().parents[2]
BOX = (10.0, 10.0, 40.0, 40.0)


def write_truth(root: Path, *, count: int = 4, pictures: bool = False, **more: Any) -> Path:
    """Write pictures of a cat each, and on every second one a dog."""
    rows = []
    for image in range(1, count + 1):
        rows.append({"image_id": image, "category_id": 1, "bbox": list(BOX), "area": 1600.0})
        if image % 2 == 0:
            rows.append({"image_id": image, "category_id": 2, "bbox": [60.0, 60.0, 30.0, 30.0], "area": 900.0})
    document = {
        "images": [{"id": i, "file_name": f"{i}.jpg", "width": 100, "height": 100} for i in range(1, count + 1)],
        "annotations": [row | {"id": number, "iscrowd": 0} for number, row in enumerate(rows, 1)],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    path = root / "labels.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document | more), "utf-8")
    for image in range(1, count + 1) if pictures else ():
        Image.new("RGB", (100, 100), (image * 9, 90, 120)).save(root / f"{image}.jpg")
    return path


def write_found(path: Path, *rows: tuple[int, int, tuple[float, ...], float]) -> Path:
    """Write a result list of (image_id, category_id, bbox, score)."""
    content = [{"image_id": i, "category_id": c, "bbox": list(box), "score": score} for i, c, box, score in rows]
    path.write_text(json.dumps(content), "utf-8")
    return path


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write_truth(tmp_path / "data")


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """Return detections that find every cat, and no dog."""
    return write_found(tmp_path / "found.json", *((i, 1, BOX, 0.9) for i in range(1, 5)))


def report_of(*arguments: object) -> EvalReport:
    done = cvdata("eval", *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return msgspec.json.decode(done.stdout, type=EvalReport)


def test_json_is_the_whole_report_as_its_schema_says(truth: Path, found: Path) -> None:
    done = cvdata("eval", truth, found, "--json", "--intervals", "100", "--by", "size", "--explain")

    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    schema = json.loads((REPO / "schemas/eval-report.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    report = msgspec.json.decode(done.stdout, type=EvalReport)
    assert (report.truth_format, report.found_format) == ("coco", "COCO results")
    # Every cat is found to the pixel, no dog is: AP 1 and 0.
    assert [row.metrics["AP"].value for row in report.classes] == [pytest.approx(1), 0]
    assert report.metrics["AP"].value == pytest.approx(0.5)
    assert report.metrics["AP"].low is not None
    assert report.errors is not None
    assert report.errors.verdicts["missed"] == 2
    assert report.slices
    assert report.explanation
    assert report.settings["resamples"] == 100


def test_the_text_says_how_good_it_is_and_what_is_wrong(truth: Path, found: Path) -> None:
    done = cvdata("eval", truth, found, "--intervals", "0")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        f"truth  {truth} (coco): 4 pictures, 6 objects, 2 classes",
        f"found  {found} (COCO results): 4 detections",
        "rules  COCO, boxes",
    ]
    assert re.sub(" +", " ", lines[4]) == "AP 0.500 mean over classes and IoU 0.5 to 0.95"
    assert "missed      2  +0.500  no detection comes near" in lines


def test_quick_gives_the_figures_alone(truth: Path, found: Path) -> None:
    report = report_of(truth, found, "--quick")

    assert report.metrics["AP"].value == pytest.approx(0.5)
    assert report.metrics["AP"].low is None
    assert (report.errors, report.curves, report.confusion, report.intervals) == (None, [], None, None)


def test_both_engines_say_the_same(truth: Path, found: Path) -> None:
    one = report_of(truth, found, "--quick")
    two = report_of(truth, found, "--quick", "--engine", "pycocotools")

    assert one.metrics == two.metrics
    assert (one.engine, two.engine) == ("hotcoco", "pycocotools")


def test_rules_can_be_chosen(truth: Path, found: Path) -> None:
    report = report_of(
        truth, found, "--quick", "--iou", "0.3,0.6", "--areas", "tiny=0:1000,big=1000:", "--max-detections", "5,20"
    )

    assert report.settings["thresholds"] == [0.3, 0.6]
    assert list(report.settings["areas"]) == ["all", "tiny", "big"]
    assert {"AP30", "AP60", "AP_tiny", "AP_big", "AR5", "AR20"} <= set(report.metrics)


@pytest.mark.parametrize(("protocol", "value"), [("voc07", 0.5), ("voc12", 0.5)])
def test_another_protocol_gives_its_own_figures(truth: Path, found: Path, protocol: str, value: float) -> None:
    report = report_of(truth, found, "--protocol", protocol, "--intervals", "0")

    assert report.metrics["AP50"].value == pytest.approx(value)
    assert report.protocol == protocol


def test_two_models_are_compared(truth: Path, found: Path, tmp_path: Path) -> None:
    second = write_found(
        tmp_path / "second.json",
        *((i, 1, BOX, 0.9) for i in range(1, 5)),
        *((i, 2, (60.0, 60.0, 30.0, 30.0), 0.9) for i in (2, 4)),
    )

    report = report_of(truth, found, second, "--intervals", "100")

    assert report.comparison is not None
    assert (report.comparison.first, report.comparison.second) == (str(found), str(second))
    main = report.comparison.metrics[0]
    assert main.metric == "AP"
    assert main.first == pytest.approx(0.5)
    assert main.second == pytest.approx(1)


def test_one_split_is_evaluated_alone(tmp_path: Path) -> None:
    for split, images in (("train", range(1, 3)), ("val", range(3, 5))):
        rows = [{"image_id": i, "category_id": 1, "bbox": list(BOX), "area": 1600.0, "iscrowd": 0} for i in images]
        document = {
            "images": [{"id": i, "file_name": f"{i}.jpg", "width": 100, "height": 100} for i in images],
            "annotations": [row | {"id": row["image_id"]} for row in rows],
            "categories": [{"id": 1, "name": "cat"}],
        }
        path = tmp_path / f"pets/annotations/instances_{split}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document), "utf-8")
    found = write_found(tmp_path / "found.json", (3, 1, BOX, 0.9), (4, 1, BOX, 0.9))

    whole = report_of(tmp_path / "pets", found, "--quick")
    part = report_of(tmp_path / "pets", found, "--quick", "--split", "val")
    wrong = cvdata("eval", tmp_path / "pets", found, "--split", "vall")

    # Half of the cats found, all surest: precision 1 up to recall 0.5, which 51 of COCO's 101 recalls do not pass.
    assert whole.metrics["AP"].value == pytest.approx(51 / 101)
    assert part.metrics["AP"].value == pytest.approx(1)
    assert part.images == 2
    hints = [note.message for note in whole.findings if note.code == "found-in-one-split"]
    assert len(hints) == 1
    assert "--split val evaluates that split alone" in hints[0]
    assert [note for note in part.findings if note.code == "found-in-one-split"] == []
    assert wrong.returncode == 2
    assert "no split 'vall'\n  hint: did you mean 'val'" in wrong.stderr


def test_a_gate_that_holds_exits_0_and_one_that_fails_exits_1_with_the_figure(truth: Path, found: Path) -> None:
    good = cvdata("eval", truth, found, "--quick", "--fail-under", "mAP=0.5,AP50.cat=0.9")
    bad = cvdata("eval", truth, found, "--quick", "--fail-under", "mAP=0.4,AP50.dog=0.6")
    quiet = cvdata("eval", truth, found, "--quick", "--fail-under", "AP=0.6", "--quiet")

    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.splitlines()[-2:] == [
        "passed: mAP is 0.5000, at least 0.5",
        "passed: AP50 of cat is 1.0000, at least 0.9",
    ]
    assert (bad.returncode, bad.stderr) == (1, "failed: AP50 of dog is 0.0000, under 0.6\n")
    assert "passed: mAP" in bad.stdout
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (1, "", "failed: AP is 0.5000, under 0.6\n")


def test_an_undefined_figure_fails_its_gate(truth: Path, found: Path) -> None:
    done = cvdata("eval", truth, found, "--quick", "--fail-under", "APl=0.1")

    assert done.returncode == 1
    assert "APl is not defined (no such objects)" in done.stderr


def test_a_gate_on_what_is_not_there_is_wrong_usage_and_writes_nothing(
    truth: Path, found: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"

    done = cvdata("eval", truth, found, "--intervals", "0", "--fail-under", "AP50.cta=0.6", "--html", page)

    assert (done.returncode, done.stdout) == (2, "")
    assert "no class 'cta'\n  hint: did you mean 'cat'" in done.stderr
    assert not page.exists()


def test_the_page_and_the_folder_are_written_and_nothing_else(tmp_path: Path, found: Path) -> None:
    truth = write_truth(tmp_path / "data", pictures=True)
    before = sorted(path.name for path in (tmp_path / "data").iterdir())
    page, folder = tmp_path / "page.html", tmp_path / "out"

    done = cvdata("eval", truth, found, "--intervals", "0", "--html", page, "--out", folder)

    assert done.returncode == 0
    assert done.stderr == f"written: {page}\nwritten: {folder}\n"
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert "data:image/" in page.read_text("utf-8")
    assert sorted(path.name for path in folder.iterdir()) == [
        ".cvdata",
        "report.html",
        "report.json",
        "verdicts.parquet",
    ]
    assert msgspec.json.decode((folder / "report.json").read_bytes(), type=EvalReport).objects == 6
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == before


def test_the_verdicts_are_a_table_that_other_programs_read(truth: Path, found: Path, tmp_path: Path) -> None:
    import pyarrow.parquet

    cvdata("eval", truth, found, "--intervals", "0", "--out", tmp_path / "out")

    rows = pyarrow.parquet.read_table(tmp_path / "out/verdicts.parquet").to_pylist()
    assert len(rows) == 6 + 4
    assert sum(row["verdict"] == "missed" for row in rows) == 2


def test_a_second_run_writes_the_same_bytes(truth: Path, found: Path, tmp_path: Path) -> None:
    arguments = ("eval", truth, found, "--intervals", "100", "--by", "size", "--out")
    cvdata(*arguments, tmp_path / "a", "--workers", "1")
    cvdata(*arguments, tmp_path / "b", "--workers", "2")

    names = [".cvdata/manifest.json", "report.html", "report.json", "verdicts.parquet"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_is_there_is_replaced_only_with_overwrite(truth: Path, found: Path, tmp_path: Path) -> None:
    page, folder = tmp_path / "page.html", tmp_path / "out"
    page.write_text("mine", "utf-8")
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", "utf-8")

    refused = cvdata("eval", truth, found, "--html", page)
    foreign = cvdata("eval", truth, found, "--out", folder, "--overwrite")
    replaced = cvdata("eval", truth, found, "--intervals", "0", "--html", page, "--overwrite")

    assert (refused.returncode, foreign.returncode, replaced.returncode) == (2, 2, 0)
    assert "is there already" in refused.stderr
    assert "was not written by cvdata" in foreign.stderr
    assert (folder / "mine.txt").read_text("utf-8") == "mine"
    assert page.read_text("utf-8") != "mine"


def test_outputs_inside_an_input_or_each_other_are_refused(tmp_path: Path, found: Path) -> None:
    truth = write_truth(tmp_path / "pets/annotations").rename(tmp_path / "pets/annotations/instances_val.json")
    source = truth.parents[1]

    inside = cvdata("eval", source, found, "--out", source / "out")
    nested = cvdata("eval", source, found, "--out", tmp_path / "out", "--html", tmp_path / "out/page.html")

    assert (inside.returncode, nested.returncode) == (2, 2)
    assert "lies inside the input" in inside.stderr
    assert "--out writes a report.html by itself" in nested.stderr
    assert not (source / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--quick", "--explain"), "--quick gives the main figures alone, without --explain"),
        (("--quick", "--intervals", "500"), "without --intervals"),
        (("--quick", "--html", "page.html"), "without --html"),
        (("--iou", "0"), "thresholds lie above 0"),
        (("--iou", "0.7,0.5"), "not ascending"),
        (("--level", "2"), "no confidence level"),
        (("--intervals", "7"), "fewer than 100 resamples"),
        (("--fail-under", "mAP=40"), "'40' is no number from 0 to 1"),
        (("--pixel", "1"), "--pixel is of VOC's rules"),
        (("--pixel", "2"), "--pixel"),
        (("--by", ","), "--by names nothing"),
        (("--by", "sise"), "size"),
        (("--classes", "labels.txt"), "does not exist"),
        (("--void", "255"), "--void is for label maps"),
        (("--found-format", "cocoo"), "did you mean 'coco'"),
        (("--found-format", "resultss"), "did you mean 'results'"),
        (("--from", "label-map"), "did you mean 'label-maps'"),
        (("--intervals", "-5"), "fewer than 100 resamples"),
        (("--seed", "-1"), "a seed of -1 is negative"),
        (("--void", "-1"), "--void"),
        (("--kind", "circles"), "circles"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(
    truth: Path, found: Path, options: tuple[str, ...], said: str
) -> None:
    done = cvdata("eval", truth, found, *options)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


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


def test_the_help_has_groups_and_examples() -> None:
    done = cvdata("eval", "--help")

    assert done.returncode == 0
    for heading in ("What to evaluate:", "Rules:", "How sure:", "Output:", "Input:", "Other options:", "Examples:"):
        assert f"\n{heading}\n" in done.stdout.replace("  Examples", "Examples")


def test_yolo_predictions_are_read_onto_the_truth(truth: Path, tmp_path: Path) -> None:
    for image in range(1, 5):
        path = tmp_path / f"predict/labels/{image}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("0 0.3 0.3 0.4 0.4 0.9\n", "utf-8")  # the cat of every picture: 10, 10, 40 x 40 of 100 x 100

    report = report_of(truth, tmp_path / "predict")

    assert report.found_format == "YOLO predictions"
    assert report.detections == 4
    assert {row.name: row.metrics["AP"].value for row in report.classes} == {"cat": 1.0, "dog": 0.0}
