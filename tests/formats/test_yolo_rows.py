"""Rows of YOLO label files: what each says, and what is put aside by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.dataset import State
from cvdata.engine import start
from cvdata.formats import Intake
from cvdata.formats._yolo_rows import LabelBatch, parse_labels

from .yolo_folders import YAML, make, read

GOOD = "1 0.5 0.5 0.25 0.5\n"


def in_train(tmp_path: Path, text: str | bytes, yaml: str = YAML) -> Path:
    return make(tmp_path / "set", {"train/a": text, "val/b": ""}, yaml)


def test_a_box_row_is_centre_and_size_as_fractions(tmp_path: Path) -> None:
    dataset = read(in_train(tmp_path, GOOD))

    (row,) = dataset.rows()
    assert (row.image, row.category) == ("a.jpg", "dog")
    assert row.box == (24.0, 12.0, 16.0, 24.0)


def test_a_polygon_row_keeps_its_ring_and_gets_its_bounds_as_box(tmp_path: Path) -> None:
    dataset = read(in_train(tmp_path, "0 0.25 0.25 0.75 0.25 0.75 0.5\n"))

    (row,) = dataset.rows()
    assert row.columns["polygons"][0].tolist() == [[16, 12], [48, 12], [48, 24]]
    assert row.box == (16.0, 12.0, 32.0, 12.0)


def test_boxes_and_polygons_in_one_file_are_all_kept_and_noted(tmp_path: Path) -> None:
    intake = Intake()

    dataset = read(in_train(tmp_path, GOOD + "0 0.25 0.25 0.75 0.25 0.75 0.5\n"), intake)

    assert dataset.annotations.has("polygons").tolist() == [False, True]
    (finding,) = [f for f in intake.findings if f.code == "mixed-rows"]
    assert finding.examples == ["labels/train/a.txt"]


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf1 0.5 0.5 0.25 0.5",
        b"1 0.5 0.5 0.25 0.5\r\n",
        b"\n\t1\t0.5  0.5 0.25 0.5  \n\n",
        b"1.000000e+00 5e-1 +0.5 .25 0.50\r",
    ],
)
def test_blanks_line_ends_and_number_styles_do_not_matter(text: bytes, tmp_path: Path) -> None:
    intake = Intake()

    dataset = read(in_train(tmp_path, text), intake)

    assert [row.box for row in dataset.rows()] == [(24.0, 12.0, 16.0, 24.0)]
    assert intake.quarantine == []


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        ("0 0.5 0.5 0.2", "4 columns"),
        ("0 0.5 0.5 0.2 0.2 0.9", "6 columns: a prediction with a score, or a damaged polygon"),
        ("0 0.1 0.1 0.2 0.2 0.3 0.3 0.4", "8 columns"),
        ("2 0.5 0.5 0.2 0.2", "class 2"),
        ("-1 0.5 0.5 0.2 0.2", "class -1"),
        ("1.5 0.5 0.5 0.2 0.2", "class 1.5"),
        ("9" * 400 + " 0.5 0.5 0.2 0.2", "a row with something that is not a finite number"),
        ("cat 0.5 0.5 0.2 0.2", "a row with more than numbers"),
        ("0 nan 0.5 0.2 0.2", "a row with more than numbers"),
        ("0 inf 0.5 0.2 0.2", "a row with more than numbers"),
        ("0 0_5 0.5 0.2 0.2", "a row with more than numbers"),
        ("0 0x1 0.5 0.2 0.2", "a row with more than numbers"),
        ("0 0.5 0.5 0.2 0.2\0\0", "a row with NUL bytes"),
        ("0 0.5 0.5 1e 0.2", "a row with something that is not a finite number"),
        ("0 0.5 0.5 0 0.2", "a box without area (0 x 9.6 at 32, 19.2)"),
    ],
)
def test_a_bad_row_is_put_aside_by_file_and_line_and_the_others_stay(bad: str, found: str, tmp_path: Path) -> None:
    intake = Intake()

    dataset = read(in_train(tmp_path, f"{GOOD}\n{bad}\n{GOOD}"), intake)

    assert len(dataset.annotations) == 2
    (item,) = intake.quarantine
    assert (item.file, item.line, item.found, item.image) == ("labels/train/a.txt", 3, found, "a.jpg")
    assert (intake.read.annotations, intake.quarantined.annotations) == (3, 1)


def test_a_label_file_that_is_not_text_takes_its_picture_along(tmp_path: Path) -> None:
    intake = Intake()

    dataset = read(in_train(tmp_path, b"\xff\xd8\xff\xe0\0\x10JFIF"), intake)

    assert dataset.images.names == ("b.jpg",)
    (item,) = intake.quarantine
    assert (item.kind, item.file, item.images) == ("label file", "labels/train/a.txt", 1)
    assert intake.read.images == 2


def test_no_label_file_is_unlabelled_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": None, "train/b": "\n", "val/c": GOOD})

    dataset = read(root)

    assert dataset.images.state.tolist() == [State.UNLABELLED, State.EMPTY, State.LABELLED]


def test_an_empty_label_file_of_a_listed_picture_is_unlabelled_and_rows_count_whatever_the_list_says(
    tmp_path: Path,
) -> None:
    root = make(tmp_path / "set", {"train/a": "", "train/b": "", "val/c": GOOD})
    (root / "unlabelled.txt").write_text("./images/train/a.jpg\r\nimages/val/c.jpg\n\n./images/train/gone.jpg\n")
    intake = Intake()

    dataset = read(root, intake)

    assert dataset.images.names == ("a.jpg", "b.jpg", "c.jpg")
    assert dataset.images.splits == ("train", "val")
    assert dataset.images.state.tolist() == [State.UNLABELLED, State.EMPTY, State.LABELLED]
    assert intake.quarantine == []


def test_a_picture_all_of_whose_rows_are_bad_is_not_called_empty(tmp_path: Path) -> None:
    dataset = read(in_train(tmp_path, "7 0.5 0.5 0.2 0.2\n"))

    assert dataset.images.state.tolist() == [State.UNLABELLED, State.EMPTY]


def test_equal_rows_are_kept_and_counted(tmp_path: Path) -> None:
    intake = Intake()

    dataset = read(in_train(tmp_path, GOOD + "0 0.5 0.5 0.25 0.5\n" + GOOD + "1 0.50 0.5 0.25 0.5\n"), intake)

    assert len(dataset.annotations) == 4
    (finding,) = [f for f in intake.findings if f.code == "duplicate-rows"]
    assert (finding.count, finding.examples) == (2, ["labels/train/a.txt: line 3", "labels/train/a.txt: line 4"])


def test_rows_that_differ_in_one_number_or_their_order_are_no_duplicates(tmp_path: Path) -> None:
    intake = Intake()
    rows = ["0 .5 .4 .25 .5", "0 .4 .5 .25 .5", "0 .5 .4 .5 .25", "1 .5 .4 .25 .5", "0 .5 .4 .25 .500001"]

    read(in_train(tmp_path, "\n".join(rows)), intake)

    assert intake.findings == []


def test_an_annotation_knows_its_line(tmp_path: Path) -> None:
    intake = Intake()

    read(in_train(tmp_path, f"\n{GOOD}5 0 0 0 0\n{GOOD}"), intake)

    assert intake.where is not None
    assert [str(intake.where(row)) for row in range(2)] == ["labels/train/a.txt: line 2", "labels/train/a.txt: line 4"]


def test_keypoints_of_three_values_come_with_their_visibility(tmp_path: Path) -> None:
    yaml = YAML + "kpt_shape: [2, 3]\n"

    dataset = read(in_train(tmp_path, "0 0.5 0.5 0.25 0.5 0.5 0.5 2 0 0 0\n", yaml))

    (row,) = dataset.rows()
    assert row.columns["keypoints"].tolist() == [[32, 24, 2], [0, 0, 0]]


def test_of_keypoints_of_two_values_a_negative_one_is_not_there(tmp_path: Path) -> None:
    yaml = YAML + "kpt_shape: [2, 2]\n"

    dataset = read(in_train(tmp_path, "0 0.5 0.5 0.25 0.5 0.5 0.5 -1 -1\n", yaml))

    (row,) = dataset.rows()
    assert row.columns["keypoints"].tolist() == [[32, 24, 2], [0, 0, 0]]


@pytest.mark.parametrize("row", ["0 .5 .5 .2 .2 .5 .5 3 .5 .5 1", "0 .5 .5 .2 .2 .5 .5 2", "0 .1 .1 .2 .2 .3 .3"])
def test_a_pose_row_of_another_shape_or_visibility_is_put_aside(row: str, tmp_path: Path) -> None:
    intake = Intake()

    dataset = read(in_train(tmp_path, row, YAML + "kpt_shape: [2, 3]\n"), intake)

    assert len(dataset.annotations) == 0
    assert [item.line for item in intake.quarantine] == [1]


def test_nine_columns_are_corners_for_yolo_obb_and_a_polygon_otherwise(tmp_path: Path) -> None:
    root = in_train(tmp_path, "0 0.5 0.25 0.75 0.5 0.5 0.75 0.25 0.5\n")

    turned, outlined = read(root, name="yolo-obb").annotations, read(root).annotations

    assert turned.rotated is not None
    assert turned.rotated.tolist() == [[32, 12, 48, 24, 32, 36, 16, 24]]
    assert turned.box.tolist() == outlined.box.tolist() == [[16, 12, 32, 24]]
    assert (turned.polygons, outlined.rotated) == (None, None)


number = st.sampled_from(["0", "1", "0.5", "1e-3", "-0.1", "7", "x", "nan", "1e999", "1.2.3", "\0", "+", "0_1"])
lines = st.lists(st.lists(number, max_size=11).map(" ".join), max_size=6).map("\n".join)


@settings(max_examples=200)
@given(st.lists(lines, min_size=1, max_size=4))
def test_a_batch_says_the_same_as_its_files_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("labels")
    names = [f"{row}.txt" for row in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8", newline="")
    batch = LabelBatch(str(folder), names, 2, None)

    whole = parse_labels(batch)
    parts = [parse_labels(batch[row : row + 1]) for row in range(len(batch))]

    assert whole.counts.tolist() == [sum(bool(line.split()) for line in text.split("\n")) for text in texts]
    assert whole.counts.tolist() == [int(part.counts[0]) for part in parts]
    assert len(whole.file) + len(whole.bad) == whole.counts.sum()
    assert whole.values.tolist() == [value for part in parts for value in part.values.tolist()]
    assert [(b.line, b.found) for b in whole.bad] == [(b.line, b.found) for part in parts for b in part.bad]
    ends = np.cumsum(whole.widths).tolist()
    values = [tuple(whole.values[end - width : end]) for end, width in zip(ends, whole.widths.tolist(), strict=True)]
    rows = list(zip(whole.file.tolist(), whole.category.tolist(), values, strict=True))
    assert whole.repeats.tolist() == [at for at, row in enumerate(rows) if row in rows[:at]]


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    labels: dict[str, str | bytes | None] = {
        f"train/{row:03d}": GOOD * (row % 4) + "x\n" * (row % 3 == 0) for row in range(240)
    }
    root = make(tmp_path / "set", {**labels, "val/z": b"\xff\xfe"})
    alone, together = Intake(), Intake(engine=start(2))

    with together.engine:
        one, two = read(root, alone), read(root, together)

    assert one.images.names == two.images.names
    assert np.array_equal(one.annotations.box, two.annotations.box)
    assert np.array_equal(one.annotations.image, two.annotations.image)
    assert alone.quarantine == together.quarantine
    assert alone.findings == together.findings
