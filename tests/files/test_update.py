from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cvdata.errors import LockedError, OutputError, UsageError
from cvdata.files import disk
from cvdata.files.update import Update
from tests.files.outputs import before_each_change, disk_full_at

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A dataset of one part, in a folder of its own."""
    folder = tmp_path / "area/pets"
    (folder / "parts/one").mkdir(parents=True)
    (folder / "parts/one/a").write_bytes(b"1")
    (folder / "record.json").write_bytes(b"one")
    (tmp_path / "picture.jpg").write_bytes(b"picture")
    return folder


def add(root: Path, name: str = "two") -> None:
    with Update(root, "parts", "record.json") as update:
        update.place("images", ["sub/b.jpg"], [str(root.parents[1] / "picture.jpg")], "copy")
        update.write_stream("table", [b"long ", b"one"])
        update.write("note", b"short")
        update.commit(name, name.encode(), {"one"})


def test_a_new_part_counts_when_all_of_it_is_there(root: Path) -> None:
    add(root)

    assert (root / "record.json").read_bytes() == b"two"
    assert (root / "parts/two/table").read_bytes() == b"long one"
    assert (root / "parts/two/note").read_bytes() == b"short"
    assert (root / "images/sub/b.jpg").read_bytes() == b"picture"
    assert sorted(path.name for path in (root / "parts").iterdir()) == ["one", "two"]
    assert [path.name for path in root.parent.iterdir()] == ["pets"]


def test_everything_is_flushed_before_the_record_changes(root: Path) -> None:
    seen: list[tuple[str, str]] = []
    disk.on_operation(lambda kind, path: seen.append((kind, os.path.basename(path))))
    try:
        add(root)
    finally:
        disk.on_operation(None)

    last = [kind for kind, name in seen[: seen.index(("rename", "record.json")) + 1]]
    assert last[-6:] == ["flush", "rename", "flush", "write", "flush", "rename"]


def test_leaving_without_commit_leaves_the_dataset_as_it_was(root: Path) -> None:
    with pytest.raises(KeyError), Update(root, "parts", "record.json") as update:
        update.write("note", b"x")
        raise KeyError

    assert [path.name for path in (root / "parts").iterdir()] == ["one"]
    assert (root / "record.json").read_bytes() == b"one"


@pytest.mark.parametrize("number", range(1, 12))
def test_a_full_disk_at_any_change_leaves_the_old_part(root: Path, number: int) -> None:
    with pytest.raises(OutputError, match="No space left"), before_each_change(disk_full_at(number)):
        add(root)

    assert (root / "record.json").read_bytes() == b"one"
    assert (root / "parts/one/a").read_bytes() == b"1"
    assert not list(root.rglob(".*"))
    add(root)
    assert (root / "record.json").read_bytes() == b"two"


def killed_at(number: int, root: Path) -> int:
    command = [sys.executable, "-m", "tests.files.test_update", str(root), str(number)]
    return subprocess.run(command, cwd=REPO, check=False).returncode


@pytest.mark.parametrize("number", range(1, 12))
def test_a_kill_at_any_change_leaves_the_old_part_and_the_next_run_clears_up(root: Path, number: int) -> None:
    code = killed_at(number, root)

    assert code == 9
    assert (root / "record.json").read_bytes() == b"one"
    assert (root / "parts/one/a").read_bytes() == b"1"
    add(root)
    assert (root / "record.json").read_bytes() == b"two"
    assert sorted(path.name for path in (root / "parts").iterdir()) == ["one", "two"]
    assert sorted(path.name for path in root.iterdir()) == ["images", "parts", "record.json"]
    assert (root / "images/sub/b.jpg").read_bytes() == b"picture"


def test_the_twelfth_change_is_the_one_after_the_commit(root: Path) -> None:
    kinds: list[str] = []
    with before_each_change(lambda number, kind: kinds.append(kind)):
        add(root)

    assert len(kinds) == 12
    assert kinds[-2:] == ["rename", "remove"]  # the record is in place; then nothing is left to remove


def test_a_part_that_counts_is_never_replaced(root: Path) -> None:
    with pytest.raises(UsageError):
        add(root, "one")

    assert (root / "parts/one/a").read_bytes() == b"1"


def test_a_file_that_is_there_is_never_replaced(root: Path) -> None:
    (root / "images/sub").mkdir(parents=True)
    (root / "images/sub/b.jpg").write_bytes(b"another picture")

    with pytest.raises(OutputError, match=r"b\.jpg: cannot write the dataset .*File exists"):
        add(root)

    assert (root / "images/sub/b.jpg").read_bytes() == b"another picture"
    assert (root / "record.json").read_bytes() == b"one"


def test_a_second_writer_is_refused_at_once(root: Path) -> None:
    with Update(root, "parts", "record.json"), pytest.raises(LockedError):
        add(root)


def test_a_dataset_is_locked_by_any_of_its_names(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)

    with Update(root, "parts", "record.json"), pytest.raises(LockedError):
        add(tmp_path / "link")


def test_a_file_that_vanished_is_named(root: Path) -> None:
    with pytest.raises(OutputError) as error, Update(root, "parts", "record.json") as update:
        update.place("images", ["b.jpg"], [str(root / "nowhere.jpg")], "link")

    assert str(error.value).startswith(str(root / "nowhere.jpg"))
    assert error.value.__cause__ is not None
    assert getattr(error.value.__cause__, "errno", None) == errno.ENOENT


def _die_at(number: int) -> Callable[[int, str], None]:
    def hook(count: int, kind: str) -> None:
        if count == number:
            os._exit(9)

    return hook


if __name__ == "__main__":  # python -m tests.files.test_update ROOT N
    with before_each_change(_die_at(int(sys.argv[2]))):
        add(Path(sys.argv[1]))
