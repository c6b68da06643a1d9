"""`cvdata filter` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import cvdata as library

from ..tiny import draw_pictures, tiny
from .command import cvdata, write_coco

REPO = Path(__file__).resolve().parents[2]


def test_what_fits_is_written_and_what_changed_is_said(pets: Path) -> None:
    run = cvdata("filter", "pets", "cats", "--keep", "class == cat and not difficult", cwd=pets.parent)

    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr.startswith(
        "kept: 6 of 10 annotations fit 'class == cat and not difficult'\n"
        "class         annotations  kept  pictures  kept\n"
        "cat                     7     6         3     3\n"
        "dog <b>&amp;            2     0         2     0\n"
        "unused                  0     0         0     0\n"
        "person                  1     0         1     0\n"
        "1 picture lost all its annotations and counts as one with nothing in it (--emptied background)\n"
        "\n"
        "pets -> cats (coco)\n"
        "             images  annotations\n"
        "read              6           10\n"
        "written           6            6\n"
        "filtered          0            4\n"
    )
    assert len(library.load(pets.parent / "cats").annotations) == 6


def test_the_json_is_what_its_schema_says_and_its_account_balances(pets: Path, tmp_path: Path) -> None:
    run = cvdata("filter", pets, tmp_path / "out", "--drop", "split == train", "--json", "--quiet")

    report = json.loads(run.stdout)
    schema = json.loads((REPO / "schemas/filter-report.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    assert run.stderr == ""
    assert report["schema"] == "cvdata/filter-report/1"
    assert (report["read"]["images"], report["filtered"]["images"], report["written"]["images"]) == (6, 2, 4)
    assert report["settings"]["drop"] == "split == train"


def test_without_a_target_a_cvdata_dataset_gets_a_version(tmp_path: Path) -> None:
    library.save(tiny(draw_pictures(tmp_path / "pictures")), tmp_path / "pets", "cvdata")

    run = cvdata("filter", tmp_path / "pets", "--drop", "difficult")

    assert run.returncode == 0
    assert "version 0002-" in run.stderr
    assert len(library.load(tmp_path / "pets").annotations) == 9
    assert len(library.load(f"{tmp_path / 'pets'}@1").annotations) == 10


def test_two_runs_write_the_same_bytes(pets: Path, tmp_path: Path) -> None:
    for name, workers in (("a", 1), ("b", 2)):
        cvdata("filter", pets, tmp_path / name, "--keep", "area > 100", "--workers", workers, "--to", "voc")

    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert len(files) > 8
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (
            ["--keep", "aera > 3"],
            "error: keep: character 1: there is no column 'aera'\n    aera > 3\n    ^^^^\n  hint:",
        ),
        (["--drop", "class == dog"], "error: drop: character 10: there is no class 'dog'"),
        ([], "expected an expression for either keep or drop"),
        (["--keep", "crowd", "--drop", "crowd"], "expected an expression for either keep or drop"),
    ],
)
def test_a_bad_expression_is_one_clear_message_and_nothing_is_written(
    pets: Path, tmp_path: Path, options: list[str], found: str
) -> None:
    run = cvdata("filter", pets, tmp_path / "out", *options)

    assert run.returncode == 2
    assert found in run.stderr
    assert not (tmp_path / "out").exists()


def test_an_expression_is_read_before_the_dataset_is(tmp_path: Path) -> None:
    run = cvdata("filter", tmp_path / "nowhere", tmp_path / "out", "--keep", "aera > 3")

    assert "there is no column 'aera'" in run.stderr


def test_bad_items_are_put_aside_and_columns_that_say_nothing_are_named(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "in.json", bad=True)

    run = cvdata("filter", source, tmp_path / "out", "--keep", "sharpness > 3 or class == cat")

    assert run.returncode == 3
    assert "quarantined" in run.stderr
    assert "note: nobody measured the sharpness of these pictures; cvdata ingest does" in run.stderr


def test_nothing_left_for_want_of_a_measure_says_so(pets: Path, tmp_path: Path) -> None:
    run = cvdata("filter", pets, tmp_path / "out", "--keep", "brightness > 5")

    assert (run.returncode, run.stderr) == (
        2,
        "error: no picture is left\n  hint: nobody measured the brightness of these pictures; cvdata ingest does\n",
    )
    assert not (tmp_path / "out").exists()


def test_where_nobody_marked_anything_to_fix_that_is_said(pets: Path, tmp_path: Path) -> None:
    run = cvdata("filter", pets, tmp_path / "out", "--keep", "image.fix or extra.fix", "--of", "pictures")
    rest = cvdata("filter", pets, tmp_path / "rest", "--drop", "image.fix")

    assert (run.returncode, run.stderr) == (
        2,
        "error: no picture is left\n"
        "  hint: no picture is marked 'fix'; cvdata browse SRC --pull marks those that were tagged so; "
        "no annotation is marked 'fix'; cvdata browse SRC --pull marks those that were tagged so\n",
    )
    assert rest.returncode == 0
    assert "note: no picture is marked 'fix'" in rest.stderr
    assert len(library.load(tmp_path / "rest").images) == 6


def test_the_columns_can_be_listed() -> None:
    run = cvdata("filter", "--columns")

    assert run.returncode == 0
    assert "area           annotations  as given, else of mask, outline or box, in pixels\n" in run.stdout
    assert "image.fix      pictures     tagged `fix` in `cvdata browse`: to be looked at again\n" in run.stdout
