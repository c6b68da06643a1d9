from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from cvdata.errors import CvdataError, FormatError, OutputError, UnsafePathError, UsageError
from tests.ingestion import DAY, draw, take_in, version


def names(target: Path) -> list[str]:
    return list(version(target).images.names)


@pytest.fixture
def area(tmp_path: Path) -> Path:
    """Pictures in two folders of one name, and one beside them."""
    for seed, name in enumerate(("x/photos/1.jpg", "x/photos/2.png", "y/photos/1.jpg", "y/photos/in/3.JPG")):
        draw(tmp_path / name, seed)
    return tmp_path


# --- folders and pictures


def test_the_pictures_of_one_folder_have_their_names_below_it(area: Path) -> None:
    take_in(area / "y", area / "out")

    assert names(area / "out") == ["photos/1.jpg", "photos/in/3.JPG"]


def test_several_folders_each_give_their_name_made_unique(area: Path) -> None:
    take_in(area / "x/photos", area / "y/photos", area / "out")

    assert names(area / "out") == ["photos-2/1.jpg", "photos-2/in/3.JPG", "photos/1.jpg", "photos/2.png"]


def test_a_folder_inside_another_names_nothing_twice(area: Path) -> None:
    report = take_in(area / "y/photos/in", area / "y", area / "y/photos/1.jpg", area / "out")

    assert names(area / "out") == ["photos/1.jpg", "photos/in/3.JPG"]
    assert report.read.images == 2


def test_single_pictures_are_named_from_the_folder_that_they_share(area: Path) -> None:
    take_in(area / "x/photos/1.jpg", area / "y/photos/in/3.JPG", area / "out")

    assert names(area / "out") == ["x/photos/1.jpg", "y/photos/in/3.JPG"]


def test_a_picture_that_is_a_link_to_nowhere_is_put_aside(area: Path) -> None:
    (area / "x/photos/gone.jpg").symlink_to("nowhere")

    report = take_in(*sorted((area / "x/photos").iterdir()), area / "out")

    assert names(area / "out") == ["1.jpg", "2.png"]
    assert [(item.image, item.found) for item in report.quarantine] == [("gone.jpg", "is a link that leads nowhere")]


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("missing", UsageError, "'.*missing' does not exist"),
        ("missing.jpg", UsageError, "does not exist"),
        ("empty", FormatError, "empty: there is no picture in the folder"),
        ("notes.md", UsageError, "neither a picture, a folder, a list nor an archive"),
        ("*.bmp", UsageError, r"no picture matches '.*\*\.bmp'"),
    ],
)
def test_a_source_without_pictures_is_refused_by_name(
    area: Path, source: str, error: type[CvdataError], message: str
) -> None:
    (area / "empty").mkdir()
    (area / "notes.md").write_bytes(b"")

    with pytest.raises(error, match=message):
        take_in(area / "x", str(area / source), area / "out")

    assert not (area / "out").exists()


def test_an_empty_path_is_refused_and_not_taken_for_the_folder_we_are_in(
    area: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (area / "here").mkdir()
    monkeypatch.chdir(area / "x")
    with pytest.raises(UsageError, match="one of the paths is empty"):
        take_in("", area / "out")
    monkeypatch.chdir(area / "here")
    with pytest.raises(UsageError, match="one of the paths is empty"):
        take_in(area / "x", "")

    assert not (area / "out").exists()
    assert not list((area / "here").iterdir())


# --- patterns


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("**/*.jpg", ["x/photos/1.jpg", "y/photos/1.jpg"]),
        ("?/photos/*", ["x/photos/1.jpg", "x/photos/2.png", "y/photos/1.jpg", "y/photos/in/3.JPG"]),
        ("x/photos/[0-9].*", ["1.jpg", "2.png"]),
    ],
)
def test_a_pattern_that_the_shell_left_alone_is_expanded(area: Path, pattern: str, found: list[str]) -> None:
    take_in(str(area / pattern), area / "out")

    assert names(area / "out") == found


def test_a_pattern_does_not_find_the_dataset_itself(area: Path) -> None:
    take_in(str(area / "**/*.jpg"), area / "out")

    again = take_in(str(area / "**/*.jpg"), area / "out")

    assert (again.unchanged, again.added) == (2, 0)


def test_what_may_not_be_opened_in_a_folder_that_a_pattern_names_is_put_aside(area: Path) -> None:
    (area / "x/photos/gone.jpg").symlink_to("nowhere")

    report = take_in(str(area / "[x]"), area / "out")

    assert [(item.image, item.found) for item in report.quarantine] == [
        ("x/photos/gone.jpg", "is a link that leads nowhere")
    ]
    assert (report.read.images, report.written.images) == (3, 2)


# --- lists


def test_a_list_names_pictures_relative_to_its_folder(area: Path) -> None:
    text = f"\ufeffphotos/2.png\r\n\r\n./photos/1.jpg\r\n{area}/x/photos/1.jpg\r\n"
    (area / "x/list.txt").write_text(text, "utf-8", newline="")

    take_in(area / "x/list.txt", area / "out")

    assert names(area / "out") == ["photos/1.jpg", "photos/2.png"]


def test_a_line_without_a_picture_is_put_aside_by_its_number(area: Path) -> None:
    (area / "x/list.lst").write_text("photos/1.jpg\nphotos/none.jpg\nphotos\n", "utf-8")

    report = take_in(area / "x/list.lst", area / "out")

    assert [(item.file, item.line, item.found) for item in report.quarantine] == [
        ("list.lst", 2, "no picture is there"),
        ("list.lst", 3, "no picture is there"),
    ]
    assert (report.read.images, report.written.images) == (3, 1)


@pytest.mark.parametrize("line", ["../y/photos/1.jpg", "/etc/passwd", "C:/1.jpg", "out.jpg"])
def test_a_line_that_leaves_the_folder_refuses_the_list(area: Path, line: str) -> None:
    (area / "x/out.jpg").symlink_to(area / "y/photos/1.jpg")
    (area / "x/list.txt").write_text(f"photos/1.jpg\n{line}\n", "utf-8")

    with pytest.raises(UnsafePathError, match=r"list\.txt: line 2"):
        take_in(area / "x/list.txt", area / "out")


def test_a_list_that_is_no_text_is_refused(area: Path) -> None:
    (area / "list.txt").write_bytes(b"\xff\xfe\xff")

    with pytest.raises(FormatError, match="is not UTF-8 text"):
        take_in(area / "list.txt", area / "out")


# --- archives


def pack(path: Path, root: Path, *more: tuple[str, bytes]) -> Path:
    files = [(p.relative_to(root).as_posix(), p.read_bytes()) for p in sorted(root.rglob("*")) if p.is_file()]
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in (*files, *more):
                archive.writestr(zipfile.ZipInfo(name, (2024, 1, 2, 0, 0, 0)), data)
    else:
        with tarfile.open(path, "w:gz") as tar:
            for name, data in (*files, *more):
                info = tarfile.TarInfo(name)
                info.size, info.mtime = len(data), DAY
                tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("name", ["data.zip", "data.tar.gz"])
@pytest.mark.parametrize("media", ["link", "copy"])
def test_an_archive_holds_what_its_folder_holds(area: Path, name: str, media: str) -> None:
    pack(area / name, area / "y", ("__MACOSX/photos/._1.jpg", b"x"), (".hidden/1.jpg", b"x"), ("notes.txt", b"x"))

    take_in(area / name, area / "packed", media=media)
    take_in(area / "y", area / "plain", media=media)

    packed, plain = version(area / "packed").images, version(area / "plain").images
    assert packed.names == plain.names == ("photos/1.jpg", "photos/in/3.JPG")
    assert packed.facts is not None
    assert packed.facts.modified.tolist() == [DAY * 10**9] * 2
    assert (area / "packed/images/photos/1.jpg").read_bytes() == (area / "y/photos/1.jpg").read_bytes()
    assert sorted(p.name for p in area.iterdir() if p.name.startswith(".")) == []


def test_two_archives_and_a_folder_give_their_names(area: Path) -> None:
    pack(area / "data.tar.gz", area / "x/photos")
    pack(area / "more.zip", area / "x/photos")

    report = take_in(area / "data.tar.gz", area / "more.zip", area / "y/photos", area / "out")

    assert names(area / "out") == [
        "data/1.jpg",
        "data/2.png",
        "more/1.jpg",
        "more/2.png",
        "photos/1.jpg",
        "photos/in/3.JPG",
    ]
    assert report.copies == 2


def test_an_archive_in_an_archive_and_a_damaged_picture_are_put_aside(area: Path) -> None:
    pack(area / "data.zip", area / "x/photos", ("more.zip", b"x"), ("bad.jpg", b"no picture"))

    report = take_in(area / "data.zip", area / "out")

    assert [(item.image, item.found) for item in report.quarantine] == [
        ("more.zip", "is an archive inside an archive, which is not opened"),
        ("bad.jpg", "is not a picture that cvdata reads (JPEG, PNG, BMP, GIF, TIFF, WebP)"),
    ]
    assert names(area / "out") == ["1.jpg", "2.png"]


def test_an_archive_that_tries_to_escape_leaves_no_output_at_all(area: Path) -> None:
    pack(area / "data.zip", area / "x/photos", ("../../evil.jpg", b"x"))

    with pytest.raises(UnsafePathError, match=r"data\.zip: \.\./\.\./evil\.jpg"):
        take_in(area / "data.zip", area / "out")

    assert sorted(p.name for p in area.iterdir()) == ["data.zip", "x", "y"]


@pytest.mark.parametrize("media", ["none", "symlink"])
def test_pictures_of_an_archive_need_a_place(area: Path, media: str) -> None:
    pack(area / "data.zip", area / "x/photos")

    with pytest.raises(UsageError, match="have no place outside the dataset"):
        take_in(area / "data.zip", area / "out", media=media)


def test_an_archive_taken_in_again_is_not_unpacked_again(area: Path) -> None:
    pack(area / "data.zip", area / "x/photos")
    first = take_in(area / "data.zip", area / "out")

    again = take_in(area / "data.zip", area / "out")

    assert (again.unchanged, again.added, again.version) == (2, 0, first.version)


def test_an_archive_that_the_disk_has_no_room_for_is_refused_before_it_is_unpacked(
    area: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(area / "data.zip", area / "x/photos")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))

    with pytest.raises(OutputError, match="are free"):
        take_in(area / "data.zip", area / "out")

    assert sorted(p.name for p in area.iterdir()) == ["data.zip", "x", "y"]
