"""What `cvdata eval` writes: a page and a folder, both whole or not at all, and nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cvdata.evaluate.report import EvalReport
from tests.cli.command import cvdata

from .eval_made import write_truth


def test_the_page_and_the_folder_are_written_and_nothing_else(tmp_path: Path, found: Path) -> None:
    truth = write_truth(tmp_path / "data", pictures=True)
    before = sorted(path.name for path in (tmp_path / "data").iterdir())
    page, folder = tmp_path / "page.html", tmp_path / "out"

    done = cvdata("eval", truth, found, "--intervals", "0", "--html", page, "--out", folder)

    assert done.returncode == 0
    assert done.stderr == f"written: {page}\nwritten: {folder}\n"
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert "data:image/" in page.read_text("utf-8")
    assert sorted(path.name for path in folder.iterdir()) == [
        ".cvdata",
        "report.html",
        "report.json",
        "verdicts.parquet",
    ]
    assert msgspec.json.decode((folder / "report.json").read_bytes(), type=EvalReport).objects == 6
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == before


def test_the_verdicts_are_a_table_that_other_programs_read(truth: Path, found: Path, tmp_path: Path) -> None:
    import pyarrow.parquet

    cvdata("eval", truth, found, "--intervals", "0", "--out", tmp_path / "out")

    rows = pyarrow.parquet.read_table(tmp_path / "out/verdicts.parquet").to_pylist()
    assert len(rows) == 6 + 4
    assert sum(row["verdict"] == "missed" for row in rows) == 2


def test_a_second_run_writes_the_same_bytes(truth: Path, found: Path, tmp_path: Path) -> None:
    arguments = ("eval", truth, found, "--intervals", "100", "--by", "size", "--out")
    cvdata(*arguments, tmp_path / "a", "--workers", "1")
    cvdata(*arguments, tmp_path / "b", "--workers", "2")

    names = [".cvdata/manifest.json", "report.html", "report.json", "verdicts.parquet"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_is_there_is_replaced_only_with_overwrite(truth: Path, found: Path, tmp_path: Path) -> None:
    page, folder = tmp_path / "page.html", tmp_path / "out"
    page.write_text("mine", "utf-8")
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", "utf-8")

    refused = cvdata("eval", truth, found, "--html", page)
    foreign = cvdata("eval", truth, found, "--out", folder, "--overwrite")
    replaced = cvdata("eval", truth, found, "--intervals", "0", "--html", page, "--overwrite")

    assert (refused.returncode, foreign.returncode, replaced.returncode) == (2, 2, 0)
    assert "is there already" in refused.stderr
    assert "was not written by cvdata" in foreign.stderr
    assert (folder / "mine.txt").read_text("utf-8") == "mine"
    assert page.read_text("utf-8") != "mine"


def test_outputs_inside_an_input_or_each_other_are_refused(tmp_path: Path, found: Path) -> None:
    truth = write_truth(tmp_path / "pets/annotations").rename(tmp_path / "pets/annotations/instances_val.json")
    source = truth.parents[1]

    inside = cvdata("eval", source, found, "--out", source / "out")
    nested = cvdata("eval", source, found, "--out", tmp_path / "out", "--html", tmp_path / "out/page.html")

    assert (inside.returncode, nested.returncode) == (2, 2)
    assert "lies inside the input" in inside.stderr
    assert "--out writes a report.html by itself" in nested.stderr
    assert not (source / "out").exists()
