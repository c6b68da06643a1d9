"""A repaired dataset has none of the findings that a repair is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from cvdata.curate.check import check, pictures_of
from cvdata.curate.check.fix import fix
from cvdata.dataset import Dataset
from cvdata.engine import InProcess, Silent
from cvdata.files import Scratch
from cvdata.formats import format_again
from tests.curate.checked import codes, dataset_of, noise


def repaired(dataset: Dataset, folder: Path, to: str = "coco", trainer: str | None = None) -> Dataset:
    """Repair with everything known of the pictures; what is written beside stays for the test to look at."""
    pictures = pictures_of(dataset.images, InProcess(), Silent())
    return fix(dataset, pictures, to, trainer, Scratch(folder / "out"))


def in_folder(folder: Path, splits: dict[str, str], rows: list[dict[str, Any]] | None = None) -> Dataset:
    each = [{"image": name, "box": [1, 1, 20, 20]} for name in splits] if rows is None else rows
    return dataset_of(each, sizes=dict.fromkeys(splits, (64, 48)), splits=splits, folder=folder)


def test_copies_over_splits_are_kept_once_in_test_else_val_else_train(tmp_path: Path) -> None:
    splits = {
        "a1.jpg": "train",
        "a2.jpg": "val",
        "a3.jpg": "test",
        "b1.jpg": "val",
        "b2.jpg": "train",
        "c.jpg": "train",
    }
    for name in splits:
        noise(tmp_path / name, ord(name[0]))

    result = repaired(in_folder(tmp_path, splits), tmp_path)

    assert result.images.names == ("a3.jpg", "b1.jpg", "c.jpg")
    assert len(result.annotations) == 3
    assert "leaked-copy" not in codes(check(result))


def test_copies_within_a_split_and_near_copies_are_left_to_a_person(tmp_path: Path) -> None:
    noise(tmp_path / "a.png", 1)
    noise(tmp_path / "b.png", 1)
    with Image.open(tmp_path / "a.png") as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "c.png")

    result = repaired(in_folder(tmp_path, {"a.png": "train", "b.png": "train", "c.png": "val"}), tmp_path)

    assert len(result.images) == 3


def test_repeated_annotations_and_broken_pictures_go(tmp_path: Path) -> None:
    noise(tmp_path / "a.jpg", 1)
    (tmp_path / "b.jpg").write_bytes(noise(tmp_path / "x.jpg", 2).read_bytes()[:-300])
    box: dict[str, Any] = {"image": "a.jpg", "box": [1, 1, 20, 20]}
    rows: list[dict[str, Any]] = [box, box, {"image": "a.jpg", "box": [1, 1, 20, 20.5]}, {"image": "b.jpg", **box}]
    dataset = in_folder(tmp_path, {"a.jpg": "train", "b.jpg": "train"}, rows)

    result = repaired(dataset, tmp_path)

    assert result.images.names == ("a.jpg",)
    assert result.annotations.box.tolist() == [[1, 1, 20, 20], [1, 1, 20, 20.5]]


def test_boxes_among_outlines_get_four_corners_where_outlines_are_written(tmp_path: Path) -> None:
    rows = [{"box": [2, 3, 10, 20]}, {"box": [0, 0, 9, 9], "rings": [[(0, 0), (9, 0), (9, 9)]]}]
    dataset = dataset_of(rows)

    outlines = fix(dataset, None, "yolo-seg", None, Scratch(tmp_path / "out")).annotations.polygons
    untouched = fix(dataset, None, "coco", None, Scratch(tmp_path / "out")).annotations.polygons

    assert outlines is not None
    assert untouched is not None
    assert outlines[0][0].tolist() == [[2, 3], [12, 3], [12, 23], [2, 23]]
    assert outlines[1][0].tolist() == [[0, 0], [9, 0], [9, 9]]
    assert untouched.ring_counts.tolist() == [0, 1]
    assert (format_again(dataset, "yolo"), format_again(dataset, "coco")) == ("yolo-seg", "coco")
    assert format_again(dataset_of([{"box": [2, 3, 10, 20]}]), "yolo") == "yolo"


def test_for_ultralytics_small_pictures_go_and_jpegs_get_their_end_mark_in_a_copy(tmp_path: Path) -> None:
    noise(tmp_path / "in/small.png", 1, (64, 9))
    whole = noise(tmp_path / "in/a.jpg", 2).read_bytes()
    (tmp_path / "in/a.jpg").write_bytes(whole + b"\0\0")
    noise(tmp_path / "in/b.jpg", 3)
    splits = {"small.png": "train", "a.jpg": "train", "b.jpg": "val"}
    dataset = in_folder(tmp_path / "in", splits)
    pictures = pictures_of(dataset.images, InProcess(), Silent())

    with Scratch(tmp_path / "out") as scratch:
        result = fix(dataset, pictures, "yolo", "ultralytics", scratch)
        copy = Path(result.images.file(0) or "").read_bytes()

    assert result.images.names == ("a.jpg", "b.jpg")
    assert copy == whole + b"\0\0\xff\xd9"
    assert result.images.file(1) == str(tmp_path / "in/b.jpg")
    assert (tmp_path / "in/a.jpg").read_bytes() == whole + b"\0\0"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_a_dataset_without_fault_is_returned_as_it_is(tmp_path: Path) -> None:
    noise(tmp_path / "a.jpg", 1)
    dataset = in_folder(tmp_path, {"a.jpg": "train"})

    assert repaired(dataset, tmp_path) is dataset
