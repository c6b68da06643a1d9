"""`SRC@VERSION` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from .command import cvdata, write_coco


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A cvdata dataset of one version."""
    write_coco(tmp_path / "in/a.json")
    assert cvdata("convert", "coco", "cvdata", tmp_path / "in/a.json", tmp_path / "pets").returncode == 0
    return tmp_path / "pets"


def test_a_version_is_converted(pets: Path, tmp_path: Path) -> None:
    done = cvdata("convert", "auto", "coco", f"{pets}@1", tmp_path / "out")

    assert done.returncode == 0
    assert done.stderr.startswith("cvdata -> coco")
    assert (tmp_path / "out/annotations/instances.json").is_file()


def test_a_version_that_is_not_there_is_wrong_usage(pets: Path, tmp_path: Path) -> None:
    done = cvdata("convert", "auto", "coco", f"{pets}@7", tmp_path / "out")

    assert done.returncode == 2
    assert "error: '7' is not a version of 'pets'\n  hint: versions: 0001-" in done.stderr


def test_an_output_inside_the_dataset_of_a_version_is_refused(pets: Path) -> None:
    done = cvdata("convert", "auto", "coco", f"{pets}@1", pets / "out")

    assert done.returncode == 2
    assert "lies inside the input" in done.stderr
    assert not (pets / "out").exists()


def test_a_damaged_version_is_named_and_no_traceback_is_shown(pets: Path, tmp_path: Path) -> None:
    (table,) = pets.glob("versions/*/annotations.parquet")
    table.write_bytes(table.read_bytes()[:-4])

    done = cvdata("convert", "auto", "coco", pets, tmp_path / "out")

    assert done.returncode == 1
    assert f"error: versions/{table.parent.name}/annotations.parquet: is damaged: it has " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
