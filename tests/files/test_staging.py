from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cvdata.errors import OutputError, UsageError
from cvdata.files import Manifest, Staging, disk, place_files
from tests.files.outputs import (
    QUARANTINED,
    before_each_change,
    changes,
    disk_full_at,
    manifest,
    tree,
    write_output,
)

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(b"\xff\xd8 picture")
    return path


@pytest.fixture
def area(tmp_path: Path) -> Path:
    """A folder that holds nothing but the output and what is left beside it."""
    folder = tmp_path / "area"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def length(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """How many changes to the disk the small output takes: into nothing, and over an old one."""
    folder = tmp_path_factory.mktemp("length")
    picture = folder / "a.jpg"
    picture.write_bytes(b"picture")
    new = len(changes(folder / "out", picture))
    over = len(changes(folder / "out", picture, overwrite=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk, "_swap", lambda source, target: False)
        renames = len(changes(folder / "out", picture, overwrite=True))
    return {"new": new, "overwrite": over, "no-exchange": renames}


def killed_at(number: int, target: Path, picture: Path, *words: str) -> int:
    """Write the output in a process that ends at the n-th change to the disk; return its exit code."""
    command = [sys.executable, "-m", "tests.files.outputs", str(target), str(picture), str(number), *words]
    return subprocess.run(command, cwd=REPO, check=False).returncode


# --- what an output is


def test_an_output_holds_what_was_written_and_nothing_lies_beside_it(area: Path, picture: Path) -> None:
    write_output(area / "out", picture)

    assert [p.name for p in area.iterdir()] == ["out"]
    assert sorted(tree(area / "out")) == [
        ".cvdata",
        ".cvdata/manifest.json",
        ".cvdata/quarantine.jsonl",
        "classes.txt",
        "images",
        "images/copied.jpg",
        "images/linked.jpg",
        "labels",
        "labels/a.txt",
    ]
    assert os.path.samefile(area / "out/images/linked.jpg", picture)
    assert not os.path.samefile(area / "out/images/copied.jpg", picture)


def test_the_manifest_lists_every_file_sorted_with_its_size_and_hash(area: Path, picture: Path) -> None:
    write_output(area / "out", picture)

    found = msgspec.json.decode((area / "out/.cvdata/manifest.json").read_bytes(), type=Manifest)

    assert [entry.name for entry in found.files] == [
        ".cvdata/quarantine.jsonl",
        "classes.txt",
        "images/copied.jpg",
        "images/linked.jpg",
        "labels/a.txt",
    ]
    for entry in found.files:
        data = (area / "out" / entry.name).read_bytes()
        assert entry.size == len(data)
        assert entry.sha256 == (None if "linked" in entry.name else hashlib.sha256(data).hexdigest())


def test_the_manifest_is_the_last_file_written_and_comes_after_a_flush(area: Path, picture: Path) -> None:
    seen: list[tuple[str, str]] = []
    disk.on_operation(lambda kind, path: seen.append((kind, os.path.basename(path))))
    try:
        write_output(area / "out", picture)
    finally:
        disk.on_operation(None)

    last = seen.index(("write", "manifest.json"))
    assert seen[last - 1][0] == "flush"
    assert [kind for kind, _ in seen[last + 1 :]] == ["remove", "flush", "rename", "remove"]


def test_a_setting_named_files_does_not_disturb_the_manifest(area: Path) -> None:
    with Staging(area / "out") as staging:
        staging.write("a.txt", b"a")
        staging.commit(msgspec.structs.replace(manifest(), settings={"files": []}), [])

    found = msgspec.json.decode((area / "out/.cvdata/manifest.json").read_bytes(), type=Manifest)
    assert found.settings == {"files": []}
    assert [entry.name for entry in found.files] == ["a.txt"]


def test_names_whose_bytes_are_no_utf8_are_escaped_in_the_records(area: Path) -> None:
    item = msgspec.structs.replace(QUARANTINED, file="caf\udce9.xml")
    with Staging(area / "out") as staging:
        staging.commit(msgspec.structs.replace(manifest(), renamed={"caf\udce9.jpg": "caf_.jpg"}), [item])

    assert rb"caf\\udce9.xml" in (area / "out/.cvdata/quarantine.jsonl").read_bytes()
    assert msgspec.json.decode((area / "out/.cvdata/manifest.json").read_bytes())["renamed"] == {
        "caf\\udce9.jpg": "caf_.jpg"
    }


def test_the_same_work_makes_the_same_bytes(area: Path, picture: Path) -> None:
    write_output(area / "one", picture)
    write_output(area / "two", picture)

    assert tree(area / "one") == tree(area / "two")


# --- failing and dying


def test_a_disk_that_fails_at_any_change_leaves_no_output_and_nothing_beside_it(
    area: Path, picture: Path, length: dict[str, int]
) -> None:
    for number in range(1, length["new"]):  # the last removes what is no longer there
        with before_each_change(disk_full_at(number)), pytest.raises(OutputError, match="No space left"):
            write_output(area / "deep/out", picture)
        assert list(area.iterdir()) == [], f"change {number}"


@pytest.mark.parametrize("way", ["overwrite", "no-exchange"])
def test_a_disk_that_fails_at_any_change_of_an_overwrite_keeps_the_old_output(
    area: Path, picture: Path, length: dict[str, int], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "no-exchange":
        monkeypatch.setattr(disk, "_swap", lambda source, target: False)
    write_output(area / "out", picture, b"old")
    old = tree(area / "out")
    kept = replaced = 0
    for number in range(1, length[way] + 1):
        try:
            with before_each_change(disk_full_at(number)):
                write_output(area / "out", picture, b"new", overwrite=True)
        except OutputError:
            kept += 1
            assert tree(area / "out") == old, f"change {number}"
            assert [p.name for p in area.iterdir()] == ["out"], f"change {number}"
        else:  # only cleaning up failed
            replaced += 1
            assert (area / "out/labels/a.txt").read_bytes() == b"new", f"change {number}"
            write_output(area / "out", picture, b"old", overwrite=True)
            assert [p.name for p in area.iterdir()] == ["out"], f"change {number}"

    assert kept > 10
    assert replaced == {"overwrite": 1, "no-exchange": 2}[way]


@pytest.mark.slow
def test_a_run_killed_at_any_change_leaves_nothing_that_the_next_run_does_not_remove(
    area: Path, picture: Path, length: dict[str, int]
) -> None:
    for number in range(1, length["new"]):
        assert killed_at(number, area / "out", picture) == 9
        assert not (area / "out").exists() or number == length["new"], f"change {number}"

    write_output(area / "out", picture)
    assert [p.name for p in area.iterdir()] == ["out"]
    assert (area / "out/labels/a.txt").read_bytes() == b"new"


@pytest.mark.slow
def test_an_overwrite_killed_at_any_change_leaves_the_old_output_or_the_new_one(
    area: Path, picture: Path, length: dict[str, int]
) -> None:
    write_output(area / "out", picture, b"old")
    seen: list[bytes] = []
    while killed_at(len(seen) + 1, area / "out", picture, "overwrite") == 9:  # until it ends before the n-th change
        assert (area / "out/.cvdata/manifest.json").is_file(), f"change {len(seen) + 1}"
        seen.append((area / "out/labels/a.txt").read_bytes())

    assert seen == sorted(seen, reverse=True)  # once it is new it stays new
    assert seen.count(b"old") >= length["overwrite"] - 1
    assert seen[-1] == b"new"
    write_output(area / "out", picture, b"newer", overwrite=True)
    assert [p.name for p in area.iterdir()] == ["out"]
    assert (area / "out/labels/a.txt").read_bytes() == b"newer"


def test_a_kill_between_the_two_renames_is_undone_by_the_next_run(
    area: Path, picture: Path, length: dict[str, int]
) -> None:
    write_output(area / "out", picture, b"old")
    old = tree(area / "out")
    between = length["no-exchange"] - 2  # then come the rename of the leftover, and its removal
    assert killed_at(between, area / "out", picture, "overwrite", "no-exchange") == 9
    assert not (area / "out").exists()

    with pytest.raises(UsageError, match="is not empty"):  # restored, and then not overwritten unasked
        write_output(area / "out", picture, b"new")

    assert tree(area / "out") == old
    assert [p.name for p in area.iterdir()] == ["out"]


def test_leaving_without_a_commit_leaves_the_disk_as_it_was(area: Path) -> None:
    with Staging(area / "some/where/out") as staging:
        staging.write("a.txt", b"a")

    assert list(area.iterdir()) == []


def test_an_error_of_the_caller_passes_through_and_leaves_nothing(area: Path) -> None:
    with pytest.raises(ZeroDivisionError), Staging(area / "out") as staging:
        staging.write("a.txt", b"a")
        raise ZeroDivisionError

    assert list(area.iterdir()) == []


def test_an_unreadable_source_is_named_in_the_error(area: Path) -> None:
    with pytest.raises(OutputError, match=r"gone\.jpg: cannot write the output"), Staging(area / "out") as staging:
        place_files(staging.path, ["a.jpg"], [str(area / "gone.jpg")], "link")


def test_overwriting_removes_the_old_content(area: Path, picture: Path) -> None:
    write_output(area / "out", picture, b"old")
    (area / "out/stale.txt").write_bytes(b"stale")

    write_output(area / "out", picture, b"new", overwrite=True)

    assert not (area / "out/stale.txt").exists()
    assert [p.name for p in area.iterdir()] == ["out"]


def test_a_half_removed_leftover_is_removed_too(area: Path, picture: Path) -> None:
    leftover = area / ".out.cvdata-0123abcd"
    leftover.mkdir()
    (leftover / "b.txt").write_bytes(b"b")

    write_output(area / "out", picture)

    assert [p.name for p in area.iterdir()] == ["out"]


def test_folders_that_only_look_like_leftovers_stay(area: Path, picture: Path) -> None:
    others = [".out.cvdata-mine", ".out.cvdata-x.cvdata-0123abcd", ".other.cvdata-0123abcd"]
    for name in others:
        (area / name).mkdir()

    write_output(area / "out", picture)

    assert sorted(p.name for p in area.iterdir()) == sorted([*others, "out"])


# --- what may be a target


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("full", "is not empty"),
        ("source", "is the input folder"),
        ("source/out", "lies inside the input"),
        (".", "holds the input"),
        ("file", "is a file"),
        ("link", "is a link"),
        ("dangling", "is a link"),
        ("loop/out", "lies inside the input"),
    ],
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_unsuitable_target_is_refused_before_any_work(
    tmp_path: Path, target: str, message: str, overwrite: bool
) -> None:
    for name in ("source", "full"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.txt").write_bytes(b"mine")
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("full")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("source")
    before = tree(tmp_path / "source"), tree(tmp_path / "full")
    if overwrite and target == "full":
        message = "was not written by cvdata"

    with pytest.raises(UsageError, match=message):
        Staging(tmp_path / target, sources=[tmp_path / "source"], overwrite=overwrite)

    assert (tree(tmp_path / "source"), tree(tmp_path / "full")) == before


def test_an_empty_folder_may_be_the_target(area: Path, picture: Path) -> None:
    (area / "out").mkdir()

    write_output(area / "out", picture)

    assert (area / "out/classes.txt").is_file()


def test_a_target_that_someone_filled_meanwhile_is_not_replaced(area: Path) -> None:
    with pytest.raises(UsageError, match="is not empty"), Staging(area / "out") as staging:
        (area / "out").mkdir()
        (area / "out/mine.txt").write_bytes(b"mine")
        staging.commit(manifest(), [])

    assert tree(area) == {"out": None, "out/mine.txt": b"mine"}
