from __future__ import annotations

import os
from pathlib import Path

import pytest

from cvdata.errors import OutputError, UsageError
from cvdata.files import check_single, disk, write_single


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write_single(tmp_path / "page.html", b"one")
    write_single(tmp_path / "page.html", b"two")

    assert (tmp_path / "page.html").read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b"old")

    def full(kind: str, path: str) -> None:
        if kind == "rename":
            raise OSError(28, "No space left on device", path)

    disk.on_operation(full)
    try:
        with pytest.raises(OutputError, match="No space left"):
            write_single(tmp_path / "page.html", b"new")
    finally:
        disk.on_operation(None)

    assert (tmp_path / "page.html").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("in/page.html", "inside the input"),
        ("folder", "is a folder"),
        ("nowhere/page.html", "does not exist"),
        ("there.html", "there already"),
        ("link.html", "is a link"),
        ("pipe.html", "not a regular file"),
    ],
)
def test_a_wrong_place_is_refused(tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "there.html").touch()
    (tmp_path / "link.html").symlink_to("there.html")
    os.mkfifo(tmp_path / "pipe.html")

    with pytest.raises(UsageError, match=message):
        check_single(tmp_path / place, sources=[tmp_path / "in"])


def test_a_file_that_is_there_may_be_replaced_when_asked(tmp_path: Path) -> None:
    (tmp_path / "there.html").touch()

    check_single(tmp_path / "there.html", overwrite=True)
