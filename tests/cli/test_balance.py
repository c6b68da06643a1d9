"""`cvdata balance` as people run it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import cvdata as library

from ..compare import tree
from ..curate.balanced import of_words
from ..tiny import draw_pictures
from .command import cvdata

REPO = Path(__file__).resolve().parents[2]


def saved(folder: Path, words: Sequence[str], splits: Sequence[str] = (), to: str = "coco") -> Path:
    """Write a dataset with pictures to the disk."""
    dataset = of_words(words, splits, folder / "pictures")
    draw_pictures(folder / "pictures", dataset)
    library.save(dataset, folder / "pets", to)
    return folder / "pets"


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a YOLO dataset: four ants and a bee for training, three bees for validation."""
    return saved(tmp_path, ["a", "aa", "a", "b", "bb", "b"], ["train"] * 4 + ["val"] * 2, "yolo")


def valid(text: str, schema: str) -> dict[str, Any]:
    report = json.loads(text)
    jsonschema.Draft202012Validator(json.loads((REPO / "schemas" / schema).read_text("utf-8"))).validate(report)
    return dict(report)


def test_a_plan_is_printed_and_nothing_is_written(pets: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))

    run = cvdata("balance", pets, "--plan")

    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert lines[0] == "oversample, goal 4 objects of each class; 4 training pictures (only train)"
    rows = {line.split()[0]: line.split()[1:] for line in lines[3:7]}
    assert rows["ant"] == ["4", "40", "4", "3", "30", "3"]
    assert rows["bee"] == ["1", "10", "4", "x", "4", "1", "10", "4"]
    assert "largest class : smallest  4.0 -> 1.0" in lines
    assert "training pictures         4 -> 7 (1 of them repeated, up to 4 times in all)" in lines
    assert "warning: no training picture shows 2 classes: cat, dog" in lines
    assert sorted(tmp_path.rglob("*")) == before


def test_of_very_many_classes_a_plan_shows_those_that_are_there(tmp_path: Path) -> None:
    classes = ["ant", "bee", *(f"none {number}" for number in range(60))]
    library.save(of_words(["aab", ""], classes=classes), tmp_path / "pets", "coco")

    lines = cvdata("balance", tmp_path / "pets", "--strategy", "undersample", "--plan").stdout.splitlines()

    assert lines[0] == "undersample, floor 500 objects of each class; 2 training pictures (the dataset has no splits)"
    assert [line.split()[0] for line in lines[3:5]] == ["ant", "bee"]
    assert lines[5] == "... 60 more; --plot FILE.html and --json have them all"
    assert lines[-2] == "training pictures         2 -> 2 (0 left out)"


def test_a_plan_of_a_picture_without_objects_repeats_nothing(tmp_path: Path) -> None:
    library.save(of_words([""]), tmp_path / "pets", "coco")

    run = cvdata("balance", tmp_path / "pets", "--strategy", "repeat-factor", "--plan")

    assert (run.returncode, run.stderr) == (0, "")
    assert "1 training picture (the dataset has no splits)" in run.stdout.splitlines()[0]
    assert "training pictures         1 -> 1 (none of them repeated)" in run.stdout
    assert "note: no training picture shows an object" in run.stdout


def test_the_plan_as_json_is_what_its_schema_says(pets: Path) -> None:
    run = cvdata("balance", pets, "--plan", "--json", "--strategy", "target", "--target", "2")

    report = valid(run.stdout, "balance-plan.json")
    assert report["written"] is None
    assert report["settings"]["target"] == 2
    assert [c["objects"]["after"] for c in report["balance"]["classes"]] == [4, 2, 0, 0]


def test_the_dataset_that_is_written_is_as_the_plan_says(pets: Path, tmp_path: Path) -> None:
    run = cvdata("balance", pets, tmp_path / "even", "--json")

    report = valid(run.stdout, "balance-report.json")
    made = library.load(tmp_path / "even")
    assert run.returncode == 0
    train = made.images.splits.index("train")
    classes = made.annotations.category[made.images.split[made.annotations.image] == train].tolist()
    assert [classes.count(row) for row in range(4)] == [c["objects"]["after"] for c in report["balance"]["classes"]]
    assert report["objects"] == {"ant": 4, "bee": 4, "cat": 0, "dog": 0}
    assert (report["read"]["images"], report["added"]["images"], report["written"]["images"]) == (6, 3, 9)
    assert "added             3            3" in run.stderr


def test_copies_are_links_to_one_picture(pets: Path, tmp_path: Path) -> None:
    cvdata("balance", pets, tmp_path / "even")

    copies = sorted((tmp_path / "even").rglob("003*.png"))
    assert [path.name for path in copies] == [
        "003.copy1.png",
        "003.copy2.png",
        "003.copy3.png",
        "003.png",
    ]
    assert len({os.stat(path).st_ino for path in copies}) == 1


@pytest.mark.parametrize("to", ["coco", "voc", "yolo", "cvdata"])
@pytest.mark.parametrize("strategy", ["repeat-factor", "oversample", "undersample", "target"])
def test_every_format_gets_what_is_planned(to: str, strategy: str, tmp_path: Path) -> None:
    source = saved(tmp_path, ["ab"] * 6 + ["a"] * 4 + ["bc", "c", ""])
    target = ["--target", 5] if strategy in ("undersample", "target") else []

    run = cvdata("balance", source, tmp_path / "even", "--strategy", strategy, *target, "--to", to, "--json")

    report = json.loads(run.stdout)
    made = library.load(tmp_path / "even")
    found = made.annotations.category.tolist()
    for row in report["balance"]["classes"]:
        assert made.categories.names.count(row["name"]) or not row["objects"]["after"]
        if row["name"] in made.categories.names:
            assert found.count(made.categories.names.index(row["name"])) == row["objects"]["after"]
    assert len(made.images) == report["written"]["images"] == report["balance"]["repeats"]["after"]


def test_a_cvdata_dataset_gets_a_new_version(tmp_path: Path) -> None:
    store = saved(tmp_path, ["aa", "a", "b"], to="cvdata")

    run = cvdata("balance", store, "--json")

    report = json.loads(run.stdout)
    assert run.returncode == 0
    assert report["version"]
    made = library.load(store)
    assert sorted(made.images.names) == ["000.png", "001.png", "002.copy1.png", "002.copy2.png", "002.png"]
    assert all(os.path.isfile(str(made.images.file(row))) for row in range(5))
    again = cvdata("check", store, "--only", "missing-picture", "--json")
    assert json.loads(again.stdout)["findings"] == []


def test_two_runs_write_the_same_bytes_at_any_number_of_workers(pets: Path, tmp_path: Path) -> None:
    for name, workers in (("a", 1), ("b", 2)):
        cvdata("balance", pets, tmp_path / name, "--strategy", "repeat-factor", "--workers", workers)

    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_weights_are_written_as_a_table_or_as_json(pets: Path, tmp_path: Path) -> None:
    table = cvdata("balance", pets, tmp_path / "w.csv", "--as", "weights", "--strategy", "repeat-factor")
    cvdata("balance", pets, tmp_path / "w.json", "--as", "weights", "--strategy", "repeat-factor", "-q")

    assert table.returncode == 0
    assert table.stdout == ""
    assert table.stderr.endswith(f"written: {tmp_path / 'w.csv'}\n")
    rows = (tmp_path / "w.csv").read_text().splitlines()
    weights = valid((tmp_path / "w.json").read_text(), "sampling-weights.json")["weights"]
    assert rows == ["image,weight", *(f"{name},{weight}" for name, weight in weights.items())]
    assert len(weights) == 4


def test_a_list_names_files_that_are_there(pets: Path, tmp_path: Path) -> None:
    run = cvdata("balance", pets, tmp_path / "train.txt", "--as", "list", "--json")

    lines = (tmp_path / "train.txt").read_text().splitlines()
    assert valid(run.stdout, "balance-plan.json")["written"] == str(tmp_path / "train.txt")
    assert len(lines) == 7
    assert all(os.path.isabs(line) and os.path.isfile(line) for line in lines)
    assert sum(line.endswith("/003.png") for line in lines) == 4


def test_bad_items_are_told_by_the_exit_code_of_a_list_and_a_dataset_and_hide_no_plot(
    pets: Path, tmp_path: Path
) -> None:
    labels = next(pets.rglob("labels/**/003.txt"))
    labels.write_text(labels.read_text() + "0 0.5 0.5 -1 0.5\n")
    plot = ["--plot", tmp_path / "plan.svg", "--overwrite"]

    runs = [
        cvdata("balance", pets, tmp_path / "w.csv", "--as", "weights", *plot),
        cvdata("balance", pets, tmp_path / "even", *plot),
        cvdata("balance", pets, tmp_path / "w.csv", "--as", "weights", "--exit-zero", *plot),
        cvdata("balance", pets, "--plan", *plot),
    ]

    assert [run.returncode for run in runs] == [3, 3, 0, 0]
    assert all(f"written: {tmp_path / 'plan.svg'}\n" in run.stderr for run in runs)


def test_plots_are_written_by_their_ending(pets: Path, tmp_path: Path) -> None:
    for ending, start in ((".png", b"\x89PNG"), (".svg", b"<svg"), (".html", b"<!doctype html>")):
        run = cvdata("balance", pets, "--plan", "--plot", tmp_path / f"plan{ending}")

        assert run.stderr == f"written: {tmp_path / f'plan{ending}'}\n"
        assert (tmp_path / f"plan{ending}").read_bytes().startswith(start)


def test_a_dataset_of_class_folders_is_balanced(tmp_path: Path) -> None:
    for number, name in enumerate(["ant", "ant", "ant", "bee"]):
        draw_pictures(tmp_path / "src" / name, of_words(["a"] * (number + 1)))
    for path in sorted((tmp_path / "src").rglob("*.png")):
        if path.parent.name == "bee" and path.stem != "000":
            path.unlink()

    run = cvdata("balance", tmp_path / "src", tmp_path / "even")

    assert run.returncode == 0
    made = sorted(path.relative_to(tmp_path / "even").as_posix() for path in (tmp_path / "even").rglob("*.png"))
    assert [name for name in made if name.startswith("bee")] == [
        "bee/000.copy1.png",
        "bee/000.copy2.png",
        "bee/000.png",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["OUT", "--target", "5"], "--target is not for --strategy oversample"),
        (["OUT", "--strategy", "augment", "--as", "weights"], "makes new pictures, which --as weights cannot hold"),
        (["OUT", "--as", "weights"], "are none of .csv, .json"),
        (["--as", "list"], "--as list writes a file, and none is named"),
        (["OUT.csv", "--as", "weights", "--to", "coco"], "--to is the format of a dataset"),
        (["--plan", "--plot", "OUT.gif"], "is none of .png, .svg, .html"),
        (["OUT.csv", "--as", "weights", "--plot", "OUT.csv"], "is none of"),
        (["OUT.svg", "--as", "list", "--plot", "OUT.svg"], "are the same file"),
        (["OUT", "--train", "val"], "the split 'val' is there to measure with"),
        (["OUT", "--train", ","], "--train names nothing"),
        (["OUT", "--media", "none"], "--media none writes no picture"),
        (["OUT", "--strategy", "augment", "--recipe", "standrad"], "standrad"),
        (["SRC/sub", "--strategy", "target"], "lies inside the input"),
        (["SRC/w.csv", "--as", "weights"], "lies inside the input"),
        ([], "is not a cvdata dataset, so it cannot get a new version"),
    ],
)
def test_what_makes_no_sense_gets_one_message_and_nothing_is_written(
    arguments: list[str], message: str, pets: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    given = [a.replace("OUT", str(tmp_path / "out")).replace("SRC", str(pets)) for a in arguments]

    run = cvdata("balance", pets, *given)

    assert run.returncode == 2
    assert run.stderr.startswith("error: ")
    assert message in run.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_copies_of_pictures_that_were_not_found_are_refused(tmp_path: Path) -> None:
    dataset = of_words(["a", "a", "b"])
    library.save(dataset, tmp_path / "pets", "coco")

    run = cvdata("balance", tmp_path / "pets", tmp_path / "even")

    assert run.returncode == 1
    assert "1 of the 1 pictures to make are copies of pictures that were not found" in run.stderr
    assert run.stderr.endswith("hint: say where they are with --images DIR, or use --as weights\n")
    assert cvdata("balance", tmp_path / "pets", "--plan").returncode == 0


def test_augmented_copies_have_the_objects_of_the_plan(pets: Path, tmp_path: Path) -> None:
    pytest.importorskip("albumentations")

    run = cvdata("balance", pets, tmp_path / "even", "--strategy", "augment", "--recipe", "light", "--json")

    report = valid(run.stdout, "balance-report.json")
    assert run.returncode == 0
    assert report["made"]["copies"] == 3
    assert len(list((tmp_path / "even").rglob("003.aug*.png"))) == 3
    lost = report["made"]["dropped"]
    assert report["objects"]["bee"] == 4 - lost


def test_objects_are_pasted_into_empty_pictures(tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    source = saved(tmp_path, ["aaa", "b", "", ""])

    run = cvdata("balance", source, tmp_path / "even", "--strategy", "copy-paste", "--target", 3, "--json")

    report = valid(run.stdout, "balance-report.json")
    assert run.returncode == 0
    assert report["balance"]["pasted"] == 2
    assert report["objects"]["bee"] == 1 + report["made"]["pasted"] == 3
    assert len(list((tmp_path / "even").rglob("*.paste1.png"))) == 1


def test_what_a_run_left_that_was_killed_at_its_very_end_goes_with_the_next(tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    source = saved(tmp_path / "src", ["aa", "b"])
    cvdata("balance", source, tmp_path / "out", "--strategy", "copy-paste", "--target", 3, "--quiet")
    (tmp_path / ".out.cvdata-made").mkdir()
    journal = tmp_path / ".out.cvdata-journal"
    journal.write_bytes(b"aaaaaaaa {}\n")
    os.utime(journal, (5, 5))

    again = cvdata("balance", source, tmp_path / "out", "--strategy", "copy-paste", "--target", 3)

    assert again.returncode == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "src"]
