"""What readers put aside and note is in the report of a check, once, under a code that stays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import cvdata.formats
from cvdata.curate.check import check
from cvdata.curate.check.catalogue import KINDS
from cvdata.curate.check.findings import CheckSettings
from cvdata.curate.check.source import code_of
from cvdata.curate.check.source_catalogue import NOTE_CODES
from cvdata.errors import UsageError
from cvdata.files import QuarantineItem
from cvdata.formats import Intake
from tests.curate.checked import checked, codes, dataset_of, found, noise
from tests.formats.coco_documents import annotation, document, picture, put
from tests.formats.yolo_folders import make


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bbox": [1, 2, 0, 5]}, "zero-box"),
        ({"bbox": [900, 2, 10, 10]}, "outside-box"),
        ({"category_id": 99}, "unknown-class"),
        ({"image_id": 99}, "unknown-picture"),
        ({"segmentation": [[1, 1, 5, 5]]}, "bad-outline"),
        ({"segmentation": [[1, 1, 5, 5, 9, 9]]}, "bad-outline"),
        ({"segmentation": {"size": [3, 3], "counts": [9]}}, "bad-mask"),
        ({"segmentation": {"size": [80, 100], "counts": [9]}}, "bad-mask"),
        ({"segmentation": 7}, "bad-outline"),
        ({"keypoints": [1, 2]}, "bad-keypoints"),
        ({"bbox": "a"}, "bad-annotation"),
    ],
)
def test_every_bad_annotation_of_coco_has_its_code(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    file = put(tmp_path / "a.json", document([picture(1)], [annotation(1), annotation(2) | change]))

    report = checked(file, labels_only=True)

    assert codes(report)[code] == 1
    assert found(report, code).severity == "error"
    assert report.left_out.annotations == 1


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("0 0.5 0.5 0 0.2", "zero-box"),
        ("0 2.5 0.5 0.1 0.2", "outside-box"),
        ("7 0.5 0.5 0.1 0.2", "unknown-class"),
        ("0 0.5 0.5 0.1", "bad-annotation"),
        ("0 0.5 nan 0.1 0.1", "bad-annotation"),
        ("0 0.1 0.1 0.2 0.2 0.3 0.3", "bad-outline"),
    ],
)
def test_every_bad_row_of_yolo_has_its_code_and_line(tmp_path: Path, row: str, code: str) -> None:
    make(tmp_path, {"train/a": f"0 0.5 0.5 0.2 0.2\n{row}\n", "val/b": ""})

    report = checked(tmp_path, labels_only=True)

    assert found(report, code).places[0].at == "labels/train/a.txt: line 2"


def test_pictures_without_files_and_labels_without_pictures_have_their_codes(tmp_path: Path) -> None:
    make(tmp_path, {"train/a": "0 0.5 0.5 0.2 0.2\n", "val/b": ""})
    (tmp_path / "labels/train/gone.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    noise(tmp_path / "pictures/1.jpg", size=(100, 80))
    noise(tmp_path / "pictures/3.jpg", size=(50, 40))
    three = document([picture(1), picture(2), picture(3)], [annotation(1), annotation(2, 2), annotation(3, 3)])
    file = put(tmp_path / "pictures/labels.json", three)

    assert codes(checked(tmp_path))["labels-without-picture"] == 1
    report = checked(file)
    assert found(report, "missing-picture").images == ["2.jpg"]
    assert found(report, "size-mismatch").images == ["3.jpg"]
    assert report.left_out.images == 2


def test_a_picture_that_does_not_open_has_the_same_code_whoever_finds_it(tmp_path: Path) -> None:
    make(tmp_path, {"train/a": "0 0.5 0.5 0.2 0.2\n", "train/b": "0 0.5 0.5 0.2 0.2\n", "val/c": ""})
    (tmp_path / "images/train/a.jpg").write_bytes(b"no picture")
    whole = noise(tmp_path / "images/train/b.jpg").read_bytes()
    (tmp_path / "images/train/b.jpg").write_bytes(whole[:-200])

    report = checked(tmp_path)

    assert found(report, "undecodable-picture").images == ["a.jpg", "b.jpg"]


def test_a_picture_whose_only_annotation_is_bad_is_not_taken_for_empty(tmp_path: Path) -> None:
    bad = annotation(2, 2, segmentation=[[1, 1, 5, 5]]), annotation(3, 3, category=99)
    file = put(tmp_path / "a.json", document([picture(n) for n in (1, 2, 3, 4)], [annotation(1), *bad]))

    report = checked(file, labels_only=True)

    assert found(report, "bad-outline").images == ["2.jpg"]
    assert found(report, "unlabelled-picture").images == ["2.jpg", "3.jpg"]
    assert found(report, "empty-picture").images == ["4.jpg"]


def test_what_a_reader_notes_is_there_under_its_own_code() -> None:
    intake = Intake()
    intake.note("clipped-box", "{n} boxes were clipped", 3, ["a.txt: line 1"])
    intake.note("brand-new", "{n} things nobody has heard of", 2, ["here"])
    intake.note("duplicate-rows", "{n} duplicate rows were kept", 4)

    report = check(dataset_of([]), intake, CheckSettings(labels_only=True))

    assert codes(report) == {"clipped-box": 3, "brand-new": 2, "empty-picture": 2}
    assert found(report, "brand-new").title == "2 things nobody has heard of"


def test_an_item_of_an_unknown_kind_is_an_error_all_the_same() -> None:
    item = QuarantineItem(kind="annotation", file="x", found="something nobody has thought of", expected="sense")

    assert code_of(item) == "bad-annotation"


def test_findings_are_sorted_by_severity_and_number_and_can_be_chosen() -> None:
    intake = Intake()
    intake.note("class-case", "class names differ only in case and are kept apart", 9)
    rows = [{"box": [1, 1, 2, 20]}, {"box": [1, 1, 2, 20]}, {"box": [5, 1, 2, 20]}]

    report = check(dataset_of(rows), intake, CheckSettings(labels_only=True))
    only = check(dataset_of(rows), intake, CheckSettings(labels_only=True, only=("tiny-box",)))
    without = check(dataset_of(rows), intake, CheckSettings(labels_only=True, ignore=("tiny-box", "class-case")))

    order = [(finding.code, finding.count) for finding in report.findings]
    assert order[:4] == [("class-case", 9), ("tiny-box", 3), ("duplicate-box", 1), ("unused-class", 1)]
    assert list(codes(only)) == ["tiny-box"]
    assert not codes(without).keys() & {"tiny-box", "class-case"}


def test_a_code_that_no_finding_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no finding has the code 'tinybox'") as refused:
        check(dataset_of([]), settings=CheckSettings(only=("tinybox",)))

    assert refused.value.hint == "did you mean tiny-box?"


def test_every_note_of_a_reader_can_be_chosen_by_its_code() -> None:
    formats = Path(cvdata.formats.__file__).parent
    texts = [path.read_text("utf-8") for path in sorted(formats.glob("*.py"))]
    codes_noted = {code for text in texts for code in re.findall(r'\bnote\(\s*"([a-z-]+)"', text)}

    assert len(codes_noted) > 15
    assert codes_noted - KINDS.keys() - NOTE_CODES - {"duplicate-rows", "size-from-picture"} == set()


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_of_finding_says_what_why_and_what_to_do(code: str) -> None:
    kind = KINDS[code]

    assert kind.severity in ("error", "warning", "info")
    assert kind.why.endswith(".")
    assert kind.cure or kind.severity == "info"
    assert "{fix}" not in kind.cure or kind.fixed  # whoever is sent to --fix finds it repaired there
