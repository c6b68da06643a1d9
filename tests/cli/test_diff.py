"""`cvdata diff`, as people run it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import cvdata as library
from cvdata.dataset import Dataset
from cvdata.formats.store import add_version, open_store

from ..curate.grids import Edit, cell, edited, grid
from ..tiny import draw_pictures
from .command import cvdata, write_coco

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Return two COCO datasets; of each kind of change there is one."""
    row = [Edit("equal"), Edit("moved", 3, 1), Edit("relabelled"), Edit("removed"), Edit("added")]
    before, after = edited({"a.jpg": row, "b [red].jpg": [Edit("equal")]})
    return _save(before, tmp_path / "before"), _save(after, tmp_path / "after")


def _save(dataset: Dataset, target: Path) -> Path:
    pictures = draw_pictures(target.with_name(f"{target.name}-pictures"), dataset)
    images = replace(dataset.images, folder=np.zeros(len(dataset.images), np.int32), folders=(str(pictures),))
    library.save(replace(dataset, images=images), target, "coco")
    return target


def test_the_text_has_a_line_for_every_change(pair: tuple[Path, Path]) -> None:
    done = cvdata("diff", *pair)

    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == f"{pair[0]} -> {pair[1]}"
    assert "1 added, 1 removed, 1 moved, 1 relabelled" in done.stdout
    assert [line for line in lines if line[:2] in ("+ ", "- ", "> ", "~ ", "* ")] == [
        "> a.jpg: dog 45,7,20,10 moved 3.16 px to 48,8,20,10",
        "~ a.jpg: bird -> cat 85,7,20,10",
        "- a.jpg: cat 125,7,20,10",
        "+ a.jpg: dog 5,47,20,10",
    ]
    assert "relabelled: bird -> cat (1)" in lines


def test_the_table_counts_each_class(pair: tuple[Path, Path]) -> None:
    table = {line.split()[0]: line.split()[1:] for line in cvdata("diff", *pair).stdout.splitlines() if line}

    assert table["pictures"][:2] == ["2", "2"]
    assert table["annotations"][:2] == ["5", "5"]
    assert table["cat"] == ["3", "3", "2", "-1", "+1"]
    assert table["dog"] == ["1", "2", "0", "+1", "1"]
    assert table["bird"] == ["1", "0", "0", "-1"]


def test_few_changes_are_listed_where_a_limit_is_given(pair: tuple[Path, Path]) -> None:
    done = cvdata("diff", *pair, "--limit", 1)

    assert "> a.jpg" in done.stdout
    assert "~ a.jpg" not in done.stdout
    assert "... and 3 more annotations; --limit lists more, --json all" in done.stdout


def test_json_has_every_change_and_fits_its_schema(pair: tuple[Path, Path]) -> None:
    report = json.loads(cvdata("diff", *pair, "--json", "--limit", 0).stdout)

    schema = json.loads((REPO / "schemas/diff-report.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    assert [change["kind"] for change in report["changes"]] == ["moved", "relabelled", "removed", "added"]
    assert report["counts"] == {"equal": 2, "added": 1, "removed": 1, "moved": 1, "relabelled": 1, "changed": 0}
    assert report["before"]["format"] == "coco"
    assert report["settings"]["iou"] == 0.5


def test_equal_datasets_differ_in_nothing(pair: tuple[Path, Path]) -> None:
    done = cvdata("diff", pair[0], pair[0], "--exit-code")

    assert done.returncode == 0
    assert "nothing differs in 2 pictures, 5 annotations, 3 classes" in done.stdout


def test_the_exit_code_tells_of_a_difference_where_asked(pair: tuple[Path, Path]) -> None:
    assert cvdata("diff", *pair, "--exit-code", "--quiet").returncode == 1
    assert cvdata("diff", *pair, "--quiet").stdout == ""


def test_settings_are_passed_on(pair: tuple[Path, Path]) -> None:
    assert "moved" not in cvdata("diff", *pair, "--tolerance", 4).stdout.splitlines()[4]

    done = cvdata("diff", *pair, "--iou", 1.5)
    assert (done.returncode, done.stderr) == (
        2,
        "error: an IoU of 1.5\n  hint: give a number above 0 and up to 1, such as 0.5\n",
    )
    assert "there is no column 'boxes'" in cvdata("diff", *pair, "--ignore", "area, boxes").stderr


def test_the_picture_shows_the_changes_and_replaces_nothing_unasked(pair: tuple[Path, Path], tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"

    first = cvdata("diff", *pair, "--picture", sheet)
    again = cvdata("diff", *pair, "--picture", sheet)
    replaced = cvdata("diff", *pair, "--picture", sheet, "--overwrite")

    assert (first.returncode, again.returncode, replaced.returncode) == (0, 2, 0)
    assert "is there already" in again.stderr
    with Image.open(sheet) as picture:
        assert picture.format == "PNG"
        assert picture.width > 400


def test_no_picture_is_written_into_the_datasets(pair: tuple[Path, Path]) -> None:
    done = cvdata("diff", *pair, "--picture", pair[1] / "sheet.png")

    assert done.returncode == 2
    assert "lies inside the input" in done.stderr
    assert not (pair[1] / "sheet.png").exists()


def test_formats_and_pictures_of_either_side_can_be_named(tmp_path: Path) -> None:
    write_coco(tmp_path / "a.json")
    write_coco(tmp_path / "b.json")
    folder = tmp_path / "pictures"
    folder.mkdir()

    done = cvdata("diff", tmp_path / "a.json", tmp_path / "b.json", "--from-a", "coco", "--images-b", folder)

    wrong = cvdata("diff", tmp_path / "a.json", tmp_path / "b.json", "--from-b", "vocc")

    assert done.returncode == 1
    assert f"none of the 1 pictures is in '{folder}'" in done.stderr
    assert "'vocc' is not a format" in wrong.stderr


def test_bad_items_that_were_left_out_are_mentioned(tmp_path: Path) -> None:
    write_coco(tmp_path / "a.json", bad=True)
    write_coco(tmp_path / "b.json")

    done = cvdata("diff", tmp_path / "a.json", tmp_path / "b.json")

    assert done.returncode == 0
    assert "nothing differs" in done.stdout
    assert "note: 1 bad item of A was left out" in done.stdout


def test_names_from_files_cannot_play_with_the_terminal(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "\x1b[31mred[bold].jpg", "width": 20, "height": 30}]
    write_coco(tmp_path / "a.json", images=images)
    write_coco(tmp_path / "b.json", images=images, annotations=[])

    done = cvdata("diff", tmp_path / "a.json", tmp_path / "b.json")

    assert "- \\x1b[31mred[bold].jpg: cat 1,2,5,6" in done.stdout
    assert "\x1b" not in done.stdout


# --- versions


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a cvdata dataset of two versions; a box is gone in the second."""
    library.save(grid({"a.jpg": [("cat", cell(0)), ("dog", cell(1))]}), tmp_path / "pets", "cvdata")
    store = open_store(tmp_path / "pets")
    dataset = store.load()
    fewer = replace(dataset, annotations=dataset.annotations.take(np.array([0])))
    add_version(tmp_path / "pets", fewer, command="review", settings={})
    return tmp_path / "pets"


def test_one_dataset_alone_is_compared_with_the_version_before(pets: Path) -> None:
    first, second = (version.id for version in open_store(pets).versions)

    for done in (cvdata("diff", "pets", cwd=pets.parent), cvdata("diff", "pets@2", cwd=pets.parent)):
        assert done.stdout.splitlines()[0] == f"pets@{first} -> pets@{second}"
        assert "- a.jpg: dog 45,7,20,10" in done.stdout


def test_any_two_versions_can_be_compared(pets: Path) -> None:
    assert "+ a.jpg: dog 45,7,20,10" in cvdata("diff", f"{pets}@2", f"{pets}@1").stdout
    assert "nothing differs" in cvdata("diff", f"{pets}@2", pets).stdout
    assert "'3' is not a version of 'pets'" in cvdata("diff", f"{pets}@3").stderr


def test_without_a_version_before_there_is_nothing_to_compare_with(pets: Path, tmp_path: Path) -> None:
    first = cvdata("diff", f"{pets}@1")
    other = cvdata("diff", write_coco(tmp_path / "a.json"))

    nothing = cvdata("diff", tmp_path / "nothing")

    assert (first.returncode, other.returncode, nothing.returncode) == (2, 2, 2)
    assert "nothing' does not exist" in nothing.stderr
    assert "has no version before 0001-" in first.stderr
    assert "cvdata diff A B" in other.stderr
