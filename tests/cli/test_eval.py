"""`cvdata eval`, run as people run it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import msgspec
import pytest

from cvdata.evaluate.report import EvalReport
from tests.cli.command import cvdata

from .eval_made import BOX, report_of, write_found

REPO = Path(__file__).resolve().parents[2]


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


def test_a_gate_on_a_class_that_is_not_there_is_refused_before_the_evaluation_begins(truth: Path, found: Path) -> None:
    done = cvdata("eval", truth, found, "--by", "colour", "--fail-under", "AP50.cta=0.6")

    assert done.returncode == 2
    assert "no class 'cta'" in done.stderr  # not: no column 'colour', which slicing would refuse


def test_the_help_has_groups_and_examples() -> None:
    done = cvdata("eval", "--help")

    assert done.returncode == 0
    for heading in ("What to evaluate:", "Rules:", "How sure:", "Output:", "Input:", "Other options:", "Examples:"):
        assert f"\n{heading}\n" in done.stdout.replace("  Examples", "Examples")
