"""A folder for files that are needed only until an output is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.errors import LockedError, OutputError
from cvdata.files import Scratch


def test_files_are_there_while_it_is_open_and_nothing_is_left_after(tmp_path: Path) -> None:
    with Scratch(tmp_path / "out") as scratch:
        scratch.write("a/b.jpg", b"content")
        inside = Path(scratch.path, "a/b.jpg").read_bytes()

    assert inside == b"content"
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_made_where_nothing_is_written(tmp_path: Path) -> None:
    with Scratch(tmp_path / "missing/out"):
        during = list(tmp_path.iterdir())

    assert during == []


def test_an_error_leaves_nothing_either(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), Scratch(tmp_path / "out") as scratch:
        scratch.write("a", b"content")
        raise ValueError("stop")

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_gone_before_the_first_file(tmp_path: Path) -> None:
    (tmp_path / ".out.scratch").mkdir()
    (tmp_path / ".out.scratch/old").write_bytes(b"left")

    with Scratch(tmp_path / "out") as scratch:
        scratch.write("new", b"content")
        names = sorted(path.name for path in Path(scratch.path).iterdir())

    assert names == ["new"]


def test_two_runs_on_one_output_do_not_share_it(tmp_path: Path) -> None:
    with Scratch(tmp_path / "out") as first, Scratch(tmp_path / "out") as second:
        first.write("a", b"content")

        with pytest.raises(LockedError):
            second.write("a", b"other")

        assert Path(first.path, "a").read_bytes() == b"content"


def test_a_disk_that_refuses_is_an_error_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with Scratch(tmp_path / "file/out") as scratch, pytest.raises(OutputError) as refused:
        scratch.write("a", b"content")

    assert refused.value.hint is not None
