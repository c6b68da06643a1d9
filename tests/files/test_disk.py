from __future__ import annotations

import os
from pathlib import Path

import pytest

from cvdata.files import Account, Counts, place_files, write_files


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"other")

    with pytest.raises(FileExistsError):
        write_files(str(tmp_path), ["a.txt"], [b"mine"])

    assert (tmp_path / "a.txt").read_bytes() == b"other"


@pytest.mark.parametrize("remnant", [b"", b"min", b"mine"])
def test_what_a_killed_worker_left_of_a_file_is_written_again(tmp_path: Path, remnant: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(remnant)

    write_files(str(tmp_path), ["a.txt"], [b"mine"])

    assert (tmp_path / "a.txt").read_bytes() == b"mine"


def test_a_file_that_is_shared_with_another_folder_is_no_remnant(tmp_path: Path) -> None:
    (tmp_path / "source.jpg").write_bytes(b"picture")
    os.link(tmp_path / "source.jpg", tmp_path / "a.txt")

    with pytest.raises(FileExistsError):
        write_files(str(tmp_path), ["a.txt"], [b"picture and more"])

    assert (tmp_path / "source.jpg").read_bytes() == b"picture"


@pytest.mark.parametrize("mode", ["link", "copy", "symlink"])
def test_pictures_are_placed_again_after_a_kill(tmp_path: Path, mode: str) -> None:
    source = tmp_path / "source.jpg"
    source.write_bytes(b"picture")

    first = place_files(str(tmp_path), ["a.jpg"], [str(source)], mode)
    second = place_files(str(tmp_path), ["a.jpg"], [str(source)], mode)

    assert first == second
    assert (tmp_path / "a.jpg").read_bytes() == b"picture"
    assert (tmp_path / "a.jpg").is_symlink() == (mode == "symlink")
    assert os.path.samefile(tmp_path / "a.jpg", source) == (mode != "copy")


@pytest.mark.parametrize("mode", ["link", "copy", "symlink"])
def test_a_picture_never_takes_the_place_of_another(tmp_path: Path, mode: str) -> None:
    (tmp_path / "source.jpg").write_bytes(b"picture")
    (tmp_path / "a.jpg").write_bytes(b"another")

    with pytest.raises(FileExistsError):
        place_files(str(tmp_path), ["a.jpg"], [str(tmp_path / "source.jpg")], mode)

    assert (tmp_path / "a.jpg").read_bytes() == b"another"


def test_a_link_to_a_picture_is_placed_as_a_copy(tmp_path: Path) -> None:
    (tmp_path / "source.jpg").write_bytes(b"picture")
    (tmp_path / "link.jpg").symlink_to("source.jpg")

    place_files(str(tmp_path), ["a.jpg"], [str(tmp_path / "link.jpg")], "link")

    assert not (tmp_path / "a.jpg").is_symlink()
    assert not os.path.samefile(tmp_path / "a.jpg", tmp_path / "source.jpg")


@pytest.mark.parametrize(
    ("written", "balances"), [(Counts(1, 4), True), (Counts(1, 3), False), (Counts(2, 4), False), (Counts(0, 5), False)]
)
def test_an_account_balances_only_when_everything_read_is_accounted_for(written: Counts, balances: bool) -> None:
    account = Account(read=Counts(3, 7), written=written, quarantined=Counts(1, 2), filtered=Counts(1, 1))

    assert account.balances is balances
