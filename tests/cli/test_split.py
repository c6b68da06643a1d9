"""`cvdata split`, run as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from cvdata.convert import load
from cvdata.curate.split import SplitReport
from tests.cli.command import cvdata
from tests.compare import tree
from tests.curate.checked import noise
from tests.formats.yolo_folders import make

BOX = "{} 0.5 0.5 0.5 0.5\n"


def pictures(root: Path, count: int = 20) -> Path:
    """Make a YOLO dataset of cats and dogs, the last two pictures the same file, all of them in train."""
    names = [f"train/{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"[:count]]
    make(
        root,
        {name: BOX.format(number % 2) for number, name in enumerate(names)},
        "train: images/train\nnames: [cat, dog]\n",
    )
    for number, name in enumerate(names):
        noise(root / f"images/{name}.jpg", min(number, count - 2))
    return root


def write_names(path: Path, names: list[str]) -> Path:
    """Write a COCO document of pictures that are nowhere, with a box each."""
    rows = [
        {"id": number, "image_id": number, "category_id": 1, "bbox": [1, 2, 5, 6], "area": 30, "iscrowd": 0}
        for number in range(1, len(names) + 1)
    ]
    content = {
        "images": [{"id": n + 1, "file_name": name, "width": 20, "height": 30} for n, name in enumerate(names)],
        "annotations": rows,
        "categories": [{"id": 1, "name": "cat"}],
    }
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_a_dataset_is_divided_and_its_certificate_printed(tmp_path: Path) -> None:
    source = pictures(tmp_path / "src")

    done = cvdata("split", source, tmp_path / "out", "--train", "0.8", "--val", "0.2")

    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr.splitlines()[:19] == [
        "split    wish  pictures   share  off by  objects",
        "train  80.0 %        16  80.0 %     0.0       16",
        "val    20.0 %         4  20.0 %     0.0        4",
        "",
        "class  objects  pictures  groups  train  of objects  of pictures  val  of objects  of pictures  off by",
        "cat         10        10      10      8      80.0 %       80.0 %    2      20.0 %       20.0 %     0.0",
        "dog         10        10      10      8      80.0 %       80.0 %    2      20.0 %       20.0 %     0.0",
        "",
        "classes are off by 0.00 points on average, 0.0 at most",
        "groups kept whole: 1 of 1, with 2 pictures; the largest has 2 (s.jpg)",
        "  the same file: 1 group, 2 pictures",
        "  look alike: 1 group, 2 pictures",
        "pictures compared by content and look: 20 of 20",
        "leaks found in the finished splits: 0",
        "",
        f"{source} -> {tmp_path}/out (yolo)",
        "             images  annotations",
        "read             20           20",
        "written          20           20",
    ]
    images = load(tmp_path / "out").images
    assert images.splits == ("train", "val")
    assert len({int(images.split[images.names.index(name)]) for name in ("s.jpg", "t.jpg")}) == 1


def test_the_report_is_json_that_its_struct_reads(tmp_path: Path) -> None:
    source = pictures(tmp_path / "src")

    done = cvdata("split", source, tmp_path / "out", "--json", "--quiet", "--folds", "4", "--seed", "7")

    assert (done.returncode, done.stderr) == (0, "")
    report = msgspec.json.decode(done.stdout, type=SplitReport)
    assert report.schema == "cvdata/split-report/1"
    assert [part.name for part in report.certificate.splits] == ["fold1", "fold2", "fold3", "fold4"]
    assert (report.settings["folds"], report.settings["seed"]) == (4, 7)
    assert report.read == report.written


def test_the_same_command_writes_the_same_bytes_at_any_number_of_workers(tmp_path: Path) -> None:
    source = pictures(tmp_path / "src")

    for name, workers in (("a", 1), ("b", 3)):
        assert cvdata("split", source, tmp_path / name / "out", "--workers", workers).returncode == 0

    assert tree(tmp_path / "a/out") == tree(tmp_path / "b/out")


def test_a_cvdata_dataset_gets_a_new_version(tmp_path: Path) -> None:
    pictures(tmp_path / "src")
    assert cvdata("ingest", tmp_path / "src/images", tmp_path / "pets").returncode == 0

    done = cvdata("split", tmp_path / "pets")

    assert done.returncode == 0, done.stderr
    assert f"{tmp_path}/pets -> {tmp_path}/pets (version 0002-" in done.stderr
    assert "  groups of the dataset: 1 group, 2 pictures" in done.stderr
    assert load(tmp_path / "pets").images.splits == ("train", "val", "test")
    assert load(f"{tmp_path}/pets@0001").images.splits == ("train",)


def test_labels_only_opens_no_picture_and_says_so(tmp_path: Path) -> None:
    source = pictures(tmp_path / "src")
    (source / "images/train/a.jpg").write_bytes(b"no picture")

    done = cvdata("split", source, tmp_path / "out", "--labels-only", "--media", "none", "--to", "coco")

    assert "pictures compared: none (--labels-only); copies may be in two splits" in done.stderr


def test_copies_that_went_through_plain_files_stay_with_their_original(tmp_path: Path) -> None:
    names = [f"{letter}.jpg" for letter in "abcdefghij"] + [f"{letter}.aug1.jpg" for letter in "abcdefghij"]
    source = write_names(tmp_path / "labels.json", names)

    done = cvdata("split", source, tmp_path / "out", "--train", "0.5", "--val", "0.5", "--labels-only")

    assert "  augmented copies, by name: 10 groups, 20 pictures" in done.stderr
    images = load(tmp_path / "out", verify="none").images
    split = dict(zip(images.names, images.split.tolist(), strict=True))
    assert all(split[f"{letter}.jpg"] == split[f"{letter}.aug1.jpg"] for letter in "abcdefghij")


def test_a_wish_that_groups_do_not_allow_is_explained(tmp_path: Path) -> None:
    names = [f"street_frame_{n}.jpg" for n in range(6)] + ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    source = write_names(tmp_path / "labels.json", names)

    done = cvdata(
        "split", source, tmp_path / "out", "--train", "0.5", "--val", "0.5", "--labels-only", "--group", "prefix"
    )

    assert done.returncode == 0
    assert (
        "warning: splits are off by up to 10.0 points (10.0 at best); "
        "the group of street_frame_0.jpg holds 60 % of all pictures"
    ) in done.stderr.splitlines()
    assert "  cat: off by 10.0 points (10.0 at best with 10 pictures in 5 groups)" in done.stderr.splitlines()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--train", "80", "--val", "20"],
            "error: the share --train is 80, expected 0 to 1\n  hint: for 80 % give 0.8\n",
        ),
        (
            ["--train", "0.8", "--val", "0.3"],
            "error: the shares sum to 1.1, expected 1: --train 0.8, --val 0.3, --test 0\n"
            "  hint: in these proportions: --train 0.7273 --val 0.2727 --test 0\n",
        ),
        (["--folds", "3", "--val", "0.2"], "error: --folds makes equal parts, so --val cannot be had\n"),
        (["--folds", "0"], "error: --folds is 0, expected 2 or more\n"),
        (["--keep", ","], "error: --keep names nothing\n"),
        (["--keep", "tain", "--labels-only"], "error: no split is called 'tain'\n  hint: did you mean 'train'?\n"),
    ],
)
def test_what_makes_no_sense_is_one_message_and_nothing_is_written(
    options: list[str], message: str, tmp_path: Path
) -> None:
    source = pictures(tmp_path / "src", 4)

    done = cvdata("split", source, tmp_path / "out", *options)

    assert done.returncode == 2
    assert done.stderr.startswith(message)
    assert not (tmp_path / "out").exists()


def test_a_bad_ratio_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    done = cvdata("split", tmp_path / "nowhere", tmp_path / "out", "--train", "2")

    assert done.stderr.startswith("error: the share --train is 2")


def test_a_mistyped_dataset_is_said_to_be_missing(tmp_path: Path) -> None:
    done = cvdata("split", tmp_path / "nowhere")

    assert done.returncode == 2
    assert done.stderr == f"error: '{tmp_path / 'nowhere'}' does not exist\n  hint: check the path\n"


def test_plain_folders_need_a_place_for_the_output(tmp_path: Path) -> None:
    done = cvdata("split", pictures(tmp_path / "src", 4))

    assert done.returncode == 2
    assert "is not a cvdata dataset, so it cannot get a new version" in done.stderr


def test_a_format_without_splits_is_refused_because_the_division_would_be_lost(tmp_path: Path) -> None:
    done = cvdata("split", pictures(tmp_path / "src", 8), tmp_path / "out", "--to", "images")

    assert done.returncode == 2
    assert (
        done.stderr
        == "error: the format images has no place for splits\n  hint: choose another one, such as --to cvdata\n"
    )
    assert not (tmp_path / "out").exists()


def test_boxes_alone_get_no_note_on_what_else_was_trusted(tmp_path: Path) -> None:
    source = write_names(tmp_path / "labels.json", [f"{number:02}.jpg" for number in range(20)])

    done = cvdata("split", source, tmp_path / "out", "--labels-only", "--media", "none")

    assert done.returncode == 0, done.stderr
    assert "note:" not in done.stderr
