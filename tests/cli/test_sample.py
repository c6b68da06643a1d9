"""`cvdata sample` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import cvdata as library

from ..compare import tree
from ..tiny import draw_pictures, tiny
from .command import cvdata

REPO = Path(__file__).resolve().parents[2]


def test_the_table_says_the_share_wished_and_reached_of_each_class(pets: Path, tmp_path: Path) -> None:
    run = cvdata("sample", pets, tmp_path / "out", "-n", 6)

    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr.startswith(
        "6 pictures drawn\n"
        "class         annotations  drawn    share  reached  of pictures  reached\n"
        "cat                     7      7  70.00 %  70.00 %      50.00 %  50.00 %\n"
        "dog <b>&amp;            2      2  20.00 %  20.00 %      33.33 %  33.33 %\n"
        "person                  1      1  10.00 %  10.00 %      16.67 %  16.67 %\n"
        "unused                  0      0   0.00 %   0.00 %       0.00 %   0.00 %\n"
        "splits: 2 of 2 train, 2 of 2 val, 2 of 2 in none\n"
        "pictures: 1 of 1 unlabelled, 1 of 1 empty, 4 of 4 labelled\n"
    )


def test_classes_that_nothing_is_left_of_are_named(pets: Path, tmp_path: Path) -> None:
    run = cvdata("sample", pets, tmp_path / "out", "-n", 1)

    assert run.stderr.startswith("1 picture drawn\n")
    assert "\nnote: nothing was drawn of 1 class: dog <b>&amp;\n" in run.stderr


def test_the_json_is_what_its_schema_says(pets: Path, tmp_path: Path) -> None:
    run = cvdata("sample", pets, tmp_path / "out", "--fraction", 0.5, "--seed", 3, "--json", "--quiet")

    report = json.loads(run.stdout)
    schema = json.loads((REPO / "schemas/sample-report.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    assert (report["written"]["images"], report["filtered"]["images"]) == (3, 3)
    assert (report["sample"]["drawn"], report["settings"]["seed"]) == (3, 3)


def test_the_same_seed_writes_the_same_bytes_at_any_number_of_workers(pets: Path, tmp_path: Path) -> None:
    for name, workers in (("a", 1), ("b", 2)):
        cvdata("sample", pets, tmp_path / name, "-n", 4, "--workers", workers)

    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert len(files) > 4
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)


def test_a_folder_that_is_no_dataset_is_refused_with_the_option_that_names_a_format(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()

    run = cvdata("sample", tmp_path / "in", tmp_path / "out", "-n", 1)

    assert run.returncode == 2
    assert "is in no format that cvdata knows\n  hint: name its format with --from" in run.stderr


def test_in_place_a_cvdata_dataset_gets_a_version(tmp_path: Path) -> None:
    library.save(tiny(draw_pictures(tmp_path / "pictures")), tmp_path / "pets", "cvdata")

    run = cvdata("sample", tmp_path / "pets", "-n", 2, "--by", "nothing", "--groups", "whole")

    assert run.returncode == 0
    assert len(library.load(tmp_path / "pets").images) == 2


@pytest.mark.parametrize("option", [("--overwrite",), ("--media", "copy"), ("--media", "none")])
def test_in_place_an_option_about_the_new_folder_is_refused(tmp_path: Path, option: tuple[str, ...]) -> None:
    library.save(tiny(draw_pictures(tmp_path / "pictures")), tmp_path / "pets", "cvdata")
    before = tree(tmp_path / "pets")

    run = cvdata("sample", tmp_path / "pets", "-n", 2, *option)

    assert run.returncode == 2
    assert run.stderr.startswith(f"error: {option[0]} ")
    assert "DST, and there is none\n  hint: name DST, or leave it out" in run.stderr
    assert tree(tmp_path / "pets") == before


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], "error: expected either a number of pictures or a fraction\n  hint: give -n 500 or --fraction 0.1"),
        (["-n", "7"], "error: the dataset has 6 pictures, fewer than 7"),
        (["-n", "0"], "error: a sample of 0 pictures"),
        (["--fraction", "20"], "error: the fraction is 20, expected above 0 and at most 1\n  hint: did you mean 0.2?"),
    ],
)
def test_a_bad_number_is_one_clear_message_and_nothing_is_written(
    pets: Path, tmp_path: Path, options: list[str], found: str
) -> None:
    run = cvdata("sample", pets, tmp_path / "out", *options)

    assert run.returncode == 2
    assert found in run.stderr
    assert not (tmp_path / "out").exists()
