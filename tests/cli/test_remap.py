"""`cvdata remap` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import cvdata as library
from cvdata.dataset import Categories

from ..tiny import build, draw_pictures, tiny
from .command import cvdata

REPO = Path(__file__).resolve().parents[2]
DOG = "dog <b>&amp;"


def test_the_table_says_what_became_of_which_class(pets: Path) -> None:
    options = ("--map", "cat=animal", "--map", f"{DOG}=animal", "--drop", "person")

    run = cvdata("remap", "pets", "out", *options, cwd=pets.parent)

    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr.startswith(
        "class         becomes    annotations  pictures\n"
        "cat           animal               7         3\n"
        "dog <b>&amp;  animal               2         2\n"
        "person        (dropped)            1         1\n"
        "joined: animal, of 2 classes: 9 annotations, 4 pictures\n"
        "classes: 4 before, 2 now\n"
        "\n"
        "pets -> out (coco)\n"
        "             images  annotations\n"
        "read              6           10\n"
        "written           6            9\n"
        "filtered          0            1\n"
    )
    assert library.load(pets.parent / "out").categories.names == ("animal", "unused")


def test_of_many_classes_that_are_joined_the_first_are_listed(tmp_path: Path) -> None:
    names = [f"{letter}{n}" for letter in "ab" for n in range(50)]
    dataset = build({"1.jpg": (40, 30)}, [], Categories(names=tuple(names)))
    library.save(dataset, tmp_path / "many", "coco")
    (tmp_path / "map.yaml").write_text("".join(f"b{n}: a{n}\n" for n in range(50)), "utf-8")

    run = cvdata("remap", "many", "out", "--file", "map.yaml", cwd=tmp_path)

    assert run.stderr.count("joined: ") == 40
    assert "\nand 60 more (--json has all)\njoined: a0, " in run.stderr
    assert "\nand 10 more joined (--json has all)\nclasses: 100 before, 50 now\n" in run.stderr


def test_where_no_class_changes_there_is_no_table(pets: Path) -> None:
    run = cvdata("remap", "pets", "out", "--map", "cat=cat", cwd=pets.parent)

    assert run.stderr.startswith("classes: 4 before, 4 now\n")


def test_the_json_is_what_its_schema_says_with_the_finding(pets: Path, tmp_path: Path) -> None:
    run = cvdata("remap", pets, tmp_path / "out", "--map", "unused=Cat", "--json", "--quiet")

    report = json.loads(run.stdout)
    schema = json.loads((REPO / "schemas/remap-report.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    assert report["remap"]["mapped"][2] == {"old": "unused", "new": "Cat", "annotations": 0, "images": 0}
    assert "class-case" in [finding["code"] for finding in report["findings"]]


def test_flags_count_more_than_the_file(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("cat: animal\nperson: null\n", "utf-8")

    run = cvdata("remap", pets, tmp_path / "out", "--file", tmp_path / "map.yaml", "--map", "cat=pet", "--only-mapped")

    assert run.returncode == 0
    assert library.load(tmp_path / "out").categories.names == ("pet",)


def test_in_place_a_cvdata_dataset_gets_a_version_and_old_names_keep_their_ids(tmp_path: Path) -> None:
    library.save(tiny(draw_pictures(tmp_path / "pictures")), tmp_path / "pets", "cvdata")

    cvdata("remap", tmp_path / "pets", "--map", "cat=feline")
    cvdata("remap", tmp_path / "pets", "--map", "feline=cat")

    lock = json.loads((tmp_path / "pets/cvdata.json").read_text("utf-8"))["classes"]
    assert [entry["name"] for entry in lock] == ["cat", DOG, "unused", "person", "feline"]
    assert library.load(tmp_path / "pets").categories.names == ("cat", DOG, "unused", "person")


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], "error: no class is to change\n  hint: give --map OLD=NEW"),
        (["--map", "cat"], "error: 'cat' is not of the form OLD=NEW"),
        (["--drop", "cat", "--only-mapped"], "would drop every class\n  hint: name those that stay, such as cat=cat"),
        (["--map", "cta=x"], "error: there is no class 'cta'\n  hint: did you mean 'cat'?"),
        (["--file", "map.yaml"], "error: map.yaml: line 2: there is no class 'persn'\n  hint: did you mean 'person'?"),
        (["--file", "none.yaml"], "error: none.yaml: cannot be read: No such file or directory"),
    ],
)
def test_a_bad_map_is_one_clear_message_and_nothing_is_written(
    pets: Path, tmp_path: Path, options: list[str], found: str
) -> None:
    (tmp_path / "map.yaml").write_text("cat: animal\npersn: null\n", "utf-8")

    run = cvdata("remap", pets, "out", *options, cwd=tmp_path)

    assert run.returncode in (1, 2)
    assert found in run.stderr
    assert not (tmp_path / "out").exists()
