"""What Ultralytics would make of a dataset, by the rules of its release 8.4.

The verdict on a label file was compared with `verify_image_label` itself on 36,000 generated files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cvdata.curate.check.findings import CheckReport
from cvdata.curate.check.trainers.rows import RowBatch, judge_rows
from tests.curate.checked import checked, codes, found, noise
from tests.formats.yolo_folders import YAML, make, picture

GOOD = "0 0.5 0.5 0.2 0.2\n"
OUTLINE = "1 0.1 0.1 0.5 0.1 0.5 0.5\n"


def ultralytics(root: Path, **settings: Any) -> CheckReport:
    return checked(root, trainer="ultralytics", **settings)


def of_trainer(report: CheckReport) -> dict[str, int]:
    return {code: count for code, count in codes(report).items() if code.startswith(("ultralytics", "trainer"))}


def judged(folder: Path, text: str | bytes, keypoints: tuple[int, int] | None = None) -> tuple[object, ...]:
    """Return the reason, the line and the number of rows used, of a file that is judged alone."""
    file = folder / "a.txt"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    verdict = judge_rows(RowBatch([str(file)], 2, keypoints))[0]
    return verdict.reason, verdict.line, verdict.rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD, (None, None, 1)),
        ("", (None, None, 0)),
        ("\n\n", (None, None, 0)),
        (GOOD + OUTLINE, ("mixed", 1, 0)),
        (OUTLINE + "\n" + GOOD, ("mixed", 3, 0)),
        (OUTLINE * 2, (None, None, 1)),
        (GOOD + "0 0.5 0.5 0.2\n", ("columns", 2, 0)),
        (GOOD + "0 0.5 0.5 0.2 0.2 0.9\n", ("columns", 2, 0)),
        (OUTLINE + "1 0.1 0.1 0.5 0.1 0.5\n", ("columns", 2, 0)),
        ("0 1.005 0.5 0.2 0.2\n", (None, None, 1)),
        ("0 1.02 0.5 0.2 0.2\n", ("range", 1, 0)),
        ("0 -0.005 0.5 0.2 0.2\n", (None, None, 1)),
        ("0 0.5 0.5 -0.005 0.2\n", ("range", 1, 0)),
        ("0 -0.02 0.5 0.2 0.2\n", ("range", 1, 0)),
        ("0 nan 0.5 0.2 0.2\n", ("range", 1, 0)),
        ("2 0.5 0.5 0.2 0.2\n", ("class", 1, 0)),
        ("0.5 0.5 0.5 0.2 0.2\n", ("class", 1, 0)),
        ("1.0 0.5 0.5 0.2 0.2\n", (None, None, 1)),
        ("cat 0.5 0.5 0.2 0.2\n", ("unreadable", 1, 0)),
        (b"\xff\xfe0\0", ("unreadable", None, 0)),
        ("\ufeff" + GOOD, (None, None, 1)),
        (GOOD + "0 0.50000000001 0.5 0.2 0.2\n", (None, None, 1)),  # the same in 32 bits
        ("1 -0.2 0.1 0.9 0.1 0.9 0.5\n", ("range", 1, 0)),  # its box is wider than the picture
    ],
)
def test_one_bad_row_costs_the_whole_picture(tmp_path: Path, text: str | bytes, expected: tuple[object, ...]) -> None:
    assert judged(tmp_path, text) == expected


def test_rows_of_keypoints_have_one_length_and_their_boxes_may_be_anywhere(tmp_path: Path) -> None:
    row = "0 0.5 0.5 0.2 0.2 0.4 0.4 2 0.6 0.6 1\n"

    assert judged(tmp_path, row, (2, 3)) == (None, None, 1)
    assert judged(tmp_path, row + GOOD, (2, 3)) == ("columns", 2, 0)
    assert judged(tmp_path, row.replace("0.6 0.6", "1.6 0.6"), (2, 3)) == ("range", 1, 0)
    assert judged(tmp_path, row.replace("0.5 0.5", "1.5 0.5"), (2, 3)) == (None, None, 1)


def test_a_batch_gives_the_verdicts_of_its_files_alone(tmp_path: Path) -> None:
    texts = [GOOD, OUTLINE, GOOD + OUTLINE, GOOD * 3, "", "x\n", OUTLINE * 2, "0 1.005 0.5 0.2 0.2\n", GOOD.strip()]
    files = []
    for number, text in enumerate(texts):
        files.append(str(tmp_path / f"{number}.txt"))
        Path(files[-1]).write_text(text)
    files.append(str(tmp_path / "missing.txt"))

    together = judge_rows(RowBatch(files, 2, None))

    assert together == [judge_rows(RowBatch([file], 2, None))[0] for file in files]
    assert together[-1].missing


def test_a_good_dataset_has_no_finding_of_the_trainer(tmp_path: Path) -> None:
    make(tmp_path, {"train/a": GOOD, "val/b": GOOD})

    assert of_trainer(ultralytics(tmp_path)) == {}


def test_what_is_left_out_is_named_with_line_and_picture(tmp_path: Path) -> None:
    make(tmp_path, {"train/a": GOOD + "0 0.5 0.5 0.2\n", "train/b": GOOD, "val/c": "5 0.5 0.5 0.1 0.1\n"})

    report = ultralytics(tmp_path)

    assert of_trainer(report) == {"ultralytics-columns": 1, "ultralytics-class": 1}
    finding = found(report, "ultralytics-columns")
    assert (finding.severity, finding.images) == ("error", ["a.jpg"])
    assert finding.cure.endswith(f"cvdata check {tmp_path} --trainer ultralytics --fix DST")
    assert (finding.places[0].at, finding.places[0].what) == ("labels/train/a.txt: line 2", "4 columns, expected 5")


def test_boxes_and_outlines_are_told_apart_by_file_and_by_split(tmp_path: Path) -> None:
    make(tmp_path, {"train/a": GOOD, "train/b": OUTLINE, "train/c": GOOD + OUTLINE, "val/d": OUTLINE})

    report = ultralytics(tmp_path)

    assert of_trainer(report) == {"ultralytics-mixed-rows": 1, "ultralytics-boxes-and-outlines": 1}
    what = found(report, "ultralytics-boxes-and-outlines").places[0].what
    assert what == "train: 1 boxes in 1 files, 1 outlines in 1"
    assert "mixed-rows" not in codes(report)  # said better


def test_duplicates_backgrounds_caches_and_suffixes_are_named(tmp_path: Path) -> None:
    make(tmp_path, {"train/a": GOOD * 3, "train/b": None, "val/c": GOOD})
    Image.new("RGB", (64, 48)).save(tmp_path / "images/train/film.gif")
    (tmp_path / "labels/train.cache").write_bytes(b"")
    (tmp_path / "images/train/a.npy").write_bytes(b"")

    report = ultralytics(tmp_path)

    assert of_trainer(report) == {
        "ultralytics-duplicates": 2,
        "ultralytics-background": 1,
        "ultralytics-cache": 1,
        "ultralytics-npy": 1,
        "ultralytics-suffix": 1,
    }
    assert found(report, "ultralytics-background").images == ["b.jpg"]
    assert found(report, "ultralytics-cache").places[0].at == "labels/train.cache"


def test_pictures_that_it_drops_or_rewrites_are_named(tmp_path: Path) -> None:
    make(tmp_path, {"train/a": GOOD, "train/small": GOOD, "train/gif": GOOD, "train/broken": GOOD, "val/b": GOOD})
    whole = noise(tmp_path / "images/train/a.jpg").read_bytes()
    (tmp_path / "images/train/a.jpg").write_bytes(whole + b"\0")
    picture(tmp_path / "images/train/small.jpg", 9, 40)
    Image.new("RGB", (64, 48)).save(tmp_path / "images/train/gif.jpg", "GIF")
    (tmp_path / "images/train/broken.jpg").write_bytes(b"no picture")

    report = ultralytics(tmp_path)

    assert of_trainer(report) == {
        "ultralytics-rewrites-jpeg": 1,
        "ultralytics-small-picture": 1,
        "ultralytics-suffix": 1,
        "ultralytics-unreadable-picture": 1,
    }
    assert found(report, "ultralytics-small-picture").places[0].what == "9 x 40 pixels"
    assert found(report, "ultralytics-suffix").places[0].what == "a GIF by its content"


def test_labels_only_opens_no_picture_for_the_trainer_either(tmp_path: Path) -> None:
    make(tmp_path, {"train/a": GOOD, "val/b": GOOD})
    whole = (tmp_path / "images/train/a.jpg").read_bytes()
    (tmp_path / "images/train/a.jpg").write_bytes(whole + b"\0")

    assert of_trainer(ultralytics(tmp_path, labels_only=True)) == {}


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (YAML.replace("val: images/val\n", ""), {"ultralytics-start": 1}),
        ("path: G:\\gone\n" + YAML, {"ultralytics-start": 1}),
        ("path: .\n" + YAML, {"ultralytics-folder": 1}),
        (YAML.replace("images/train", "../images/train"), {}),  # Roboflow's: the first try fails, `../` is dropped
        (YAML.replace("images/train", "[../images/train]"), {"ultralytics-start": 1}),  # but not inside a list
        (YAML + "nc: 2\n", {}),
        (YAML.replace("[cat, dog]", "{0: cat, 1: dog}"), {}),
    ],
)
def test_entries_of_the_description_are_followed_as_it_does(
    tmp_path: Path, description: str, expected: dict[str, int]
) -> None:
    make(tmp_path / "data", {"train/a": GOOD, "val/b": GOOD}, description)

    assert of_trainer(ultralytics(tmp_path / "data")) == expected


def test_another_dataset_that_an_entry_climbs_to_is_an_error(tmp_path: Path) -> None:
    make(tmp_path / "data", {"train/a": GOOD, "val/b": GOOD}, YAML.replace("images/train", "../images/train"))
    noise(tmp_path / "images/train/other.jpg")

    report = ultralytics(tmp_path / "data")

    assert found(report, "ultralytics-elsewhere").severity == "error"


def test_labels_are_looked_for_beside_the_last_images_folder_of_the_full_path(tmp_path: Path) -> None:
    root = tmp_path / "images" / "data"
    for split in ("train", "val"):
        noise(root / split / "a.jpg")
        (root / split / "a.txt").write_text(GOOD)
    (root / "data.yaml").write_text("train: train\nval: val\nnames: [cat, dog]\n")

    report = ultralytics(root)

    assert of_trainer(report) == {"ultralytics-no-labels": 2}


def test_another_format_is_judged_as_it_would_be_after_a_conversion(tmp_path: Path) -> None:
    noise(tmp_path / "cat/a.png", 0, (9, 40))
    noise(tmp_path / "cat/b.png", 1)
    noise(tmp_path / "dog/c.png", 2)

    report = checked(tmp_path, "imagefolder", trainer="ultralytics")

    assert of_trainer(report) == {"trainer-other-format": 1, "ultralytics-small-picture": 1}
    note = found(report, "trainer-other-format")
    assert note.title == "Ultralytics does not read imagefolder"
    assert note.cure == f"cvdata convert imagefolder yolo {tmp_path} DST"
