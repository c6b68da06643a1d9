from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cvdata.errors import LockedError, OutputError
from cvdata.files import disk
from cvdata.files.journal import Journal, remove_finished
from tests.files.outputs import before_each_change, disk_full_at

REPO = Path(__file__).resolve().parents[2]


def entries(target: Path) -> list[bytes]:
    with Journal(target) as journal:
        return list(journal.entries)


def fill(target: Path, *added: bytes) -> Path:
    with Journal(target) as journal:
        for entry in added:
            journal.append(entry)
    return target.parent / ".out.cvdata-journal"


def test_what_was_added_is_there_for_the_next_run(tmp_path: Path) -> None:
    path = fill(tmp_path / "out", b"one", b"two")
    fill(tmp_path / "out", b"three")

    assert path.read_bytes().count(b"\n") == 3
    assert entries(tmp_path / "out") == [b"one", b"two", b"three"]


def test_a_journal_that_nothing_was_added_to_leaves_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "out") as journal:
        assert [p.name for p in tmp_path.iterdir()] == [".out.cvdata-journal"]
        assert journal.entries == []

    assert list(tmp_path.iterdir()) == []


def test_a_discarded_journal_is_gone(tmp_path: Path) -> None:
    with Journal(tmp_path / "out") as journal:
        journal.append(b"one")
        journal.discard()

    assert list(tmp_path.iterdir()) == []


def test_a_run_killed_after_its_work_is_done_leaves_nothing_to_go_on_with(tmp_path: Path) -> None:
    with Journal(tmp_path / "out") as journal:
        Path(journal.make_made(()), "a.jpg").write_bytes(b"x")
        journal.append(b"one")
        journal.discard()
        left = {path.name: path.is_dir() or path.read_bytes() for path in tmp_path.iterdir()}

    assert left == {".out.cvdata-journal": b"", ".out.cvdata-made": True}


def test_a_line_torn_at_any_byte_ends_the_entries_and_is_cut_off(tmp_path: Path) -> None:
    path = fill(tmp_path / "out", b"one", b"two")
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1

    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert entries(tmp_path / "out") == ([b"one"] if end >= first else [])
        assert not path.exists() if end < first else path.read_bytes() == whole[:first]

    path.write_bytes(whole[:-2])
    fill(tmp_path / "out", b"three")
    assert entries(tmp_path / "out") == [b"one", b"three"]


def test_a_line_with_a_wrong_byte_ends_the_entries(tmp_path: Path) -> None:
    path = fill(tmp_path / "out", b"one", b"two", b"three")
    path.write_bytes(path.read_bytes().replace(b"two", b"twa"))

    assert entries(tmp_path / "out") == [b"one"]


def test_two_runs_of_one_output_do_not_share_a_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "out") as journal:
        journal.append(b"one")
        with pytest.raises(LockedError, match="another cvdata run"), Journal(tmp_path / "out"):
            pass
        with Journal(tmp_path / "other"):
            pass

    assert entries(tmp_path / "out") == [b"one"]


def test_a_killed_run_leaves_its_entries_and_no_lock(tmp_path: Path) -> None:
    code = f"""if True:
        import os, signal
        from cvdata.files.journal import Journal, remove_finished
        with Journal({str(tmp_path / "out")!r}) as journal:
            journal.make_scratch()
            journal.append(b"one")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False)

    assert (tmp_path / ".out.cvdata-scratch").is_dir()
    assert entries(tmp_path / "out") == [b"one"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [".out.cvdata-journal"]


def test_the_scratch_folder_goes_with_the_run(tmp_path: Path) -> None:
    with Journal(tmp_path / "out") as journal:
        (Path(journal.make_scratch()) / "a.jpg").write_bytes(b"x")
        assert sorted(p.name for p in tmp_path.iterdir()) == [".out.cvdata-journal", ".out.cvdata-scratch"]

    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_made_files_stays_as_long_as_the_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "out") as journal:
        (Path(journal.make_made(())) / "a.jpg").write_bytes(b"x")
        journal.append(b"one")
    assert (tmp_path / ".out.cvdata-made/a.jpg").read_bytes() == b"x"

    with Journal(tmp_path / "out") as journal:
        assert journal.made == str(tmp_path / ".out.cvdata-made")
        journal.discard()

    assert list(tmp_path.iterdir()) == []


def test_made_files_that_no_entry_speaks_of_are_removed(tmp_path: Path) -> None:
    with Journal(tmp_path / "out") as journal:
        folder = Path(journal.make_made(()))
        for name in ("a.jpg", "b.jpg", "half.jpg"):
            (folder / name).write_bytes(b"x")
        journal.append(b"one")

    with Journal(tmp_path / "out") as journal:
        folder = Path(journal.make_made({"a.jpg", "b.jpg"}))
        assert sorted(p.name for p in folder.iterdir()) == ["a.jpg", "b.jpg"]


def test_made_files_without_a_journal_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".out.cvdata-made").mkdir()
    (tmp_path / ".out.cvdata-made/a.jpg").write_bytes(b"x")

    with Journal(tmp_path / "out"):
        assert sorted(p.name for p in tmp_path.iterdir()) == [".out.cvdata-journal"]


def test_folders_above_the_output_are_made_and_stay_only_with_something_in_them(tmp_path: Path) -> None:
    fill(tmp_path / "a/b/out")
    assert list(tmp_path.iterdir()) == []

    fill(tmp_path / "a/b/out", b"one")
    assert entries(tmp_path / "a/b/out") == [b"one"]


def test_a_journal_is_removed_only_if_its_output_was_finished_after_it(tmp_path: Path) -> None:
    manifest = tmp_path / "out/.cvdata/manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_bytes(b"{}")
    journal = fill(tmp_path / "out", b"one")

    os.utime(manifest, ns=(0, journal.stat().st_mtime_ns - 1))  # an earlier output, about to be replaced
    remove_finished(tmp_path / "out")
    assert entries(tmp_path / "out") == [b"one"]

    os.utime(manifest, ns=(0, journal.stat().st_mtime_ns))
    remove_finished(tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_a_run_left_that_was_killed_while_it_tidied_up_is_removed(tmp_path: Path) -> None:
    (tmp_path / "out/.cvdata").mkdir(parents=True)
    (tmp_path / "out/.cvdata/manifest.json").write_bytes(b"{}")
    (tmp_path / ".out.cvdata-made").mkdir()
    (tmp_path / ".out.cvdata-journal").write_bytes(b"")
    os.utime(tmp_path / "out/.cvdata/manifest.json", ns=(0, 0))

    remove_finished(tmp_path / "out")

    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_nothing_is_removed_where_there_is_no_output_or_no_journal(tmp_path: Path) -> None:
    fill(tmp_path / "out", b"one")
    remove_finished(tmp_path / "out")
    remove_finished(tmp_path / "missing/other")

    assert entries(tmp_path / "out") == [b"one"]


def test_a_link_of_its_name_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_bytes(b"mine")
    (tmp_path / ".out.cvdata-journal").symlink_to("mine.txt")

    with pytest.raises(OutputError), Journal(tmp_path / "out"):
        pass

    assert (tmp_path / "mine.txt").read_bytes() == b"mine"


def test_a_full_disk_is_a_message_and_keeps_what_is_there(tmp_path: Path) -> None:
    fill(tmp_path / "out", b"one")

    with (
        pytest.raises(OutputError, match="No space left"),
        Journal(tmp_path / "out") as journal,
        before_each_change(disk_full_at(1)),
    ):
        journal.append(b"two")

    assert entries(tmp_path / "out") == [b"one"]


def test_every_change_is_announced(tmp_path: Path) -> None:
    path = fill(tmp_path / "out", b"one")
    path.write_bytes(path.read_bytes() + b"torn")
    kinds: list[str] = []

    disk.on_operation(lambda kind, path: kinds.append(f"{kind} {os.path.basename(path)}"))
    try:
        with Journal(tmp_path / "out") as journal:
            journal.make_scratch()
            journal.make_made(())
            journal.append(b"two")
            journal.discard()
    finally:
        disk.on_operation(None)

    assert kinds == [
        "cut .out.cvdata-journal",
        "remove .out.cvdata-scratch",
        "mkdir .out.cvdata-scratch",
        "mkdir .out.cvdata-made",
        "append .out.cvdata-journal",
        "cut .out.cvdata-journal",
        "remove .out.cvdata-scratch",
        "remove .out.cvdata-made",
        "remove .out.cvdata-journal",
    ]
