from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cvdata.errors import CvdataError, FormatError, IdentityError, UnsafePathError
from cvdata.files.archives import Limits, extract_members, is_archive, list_members

DAY = 1_704_153_600_000_000_000  # 2024-01-02 00:00:00 UTC


def make_zip(path: Path, *members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> str:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, (2024, 1, 2, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, data)
    return str(path)


def make_tar(path: Path, *members: tuple[str, bytes], mode: str = "w", **more: object) -> str:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), DAY // 10**9
            for key, value in more.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return str(path)


def names(path: str) -> list[str]:
    return [member.name for member in list_members(path)]


def extracted(path: str, folder: Path, *wanted: str) -> list[tuple[str, str | None]]:
    folder.mkdir(exist_ok=True)
    return list(extract_members(path, str(folder), {name: f"{n}.jpg" for n, name in enumerate(wanted)}))


# --- what is in an archive


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("a.tar.bz2", "w:bz2"), ("a.tar.xz", "w:xz")],
)
def test_a_tar_archive_is_listed_and_unpacked_to_names_of_our_own(tmp_path: Path, name: str, mode: str) -> None:
    path = make_tar(tmp_path / name, ("in/a é.jpg", b"A" * 700), ("b.jpg", b"B" * 512), ("c.txt", b""), mode=mode)

    listed = list_members(path)
    done = extracted(path, tmp_path / "out", "b.jpg", "in/a é.jpg")

    assert [(m.name, m.size, m.modified) for m in listed] == [
        ("in/a é.jpg", 700, DAY),
        ("b.jpg", 512, DAY),
        ("c.txt", 0, DAY),
    ]
    assert done == [("in/a é.jpg", None), ("b.jpg", None)]
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == {"0.jpg": b"B" * 512, "1.jpg": b"A" * 700}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_archive_is_listed_and_unpacked_to_names_of_our_own(tmp_path: Path, method: int) -> None:
    path = make_zip(tmp_path / "a.zip", ("in/", b""), ("in/a é.jpg", b"A" * 700), ("b.jpg", b"B"), method=method)

    listed = list_members(path)
    done = extracted(path, tmp_path / "out", "in/a é.jpg")

    assert [(m.name, m.size, m.modified) for m in listed] == [("in/a é.jpg", 700, DAY), ("b.jpg", 1, DAY)]
    assert done == [("in/a é.jpg", None)]
    assert [p.read_bytes() for p in (tmp_path / "out").iterdir()] == [b"A" * 700]


def test_an_archive_inside_an_archive_is_marked(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", ("more.ZIP", b"x"), ("a.tar.gz", b"x"), ("a.jpg", b"x"))

    assert [member.nested for member in list_members(path)] == [True, True, False]


def test_archives_are_known_by_their_suffix() -> None:
    assert [name for name in ("a.ZIP", "a.tar.gz", "a.tgz", "a.gz", "a.rar", "zip") if is_archive(name)] == [
        "a.ZIP",
        "a.tar.gz",
        "a.tgz",
    ]


# --- what is refused


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../a.jpg", "climbs out"),
        ("in/../../a.jpg", "climbs out"),
        ("/etc/a.jpg", "absolute"),
        ("C:/a.jpg", "drive"),
        ("in\\a.jpg", "backslash"),
        ("..\\a.jpg", "climbs out"),
    ],
)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_a_name_that_leaves_the_folder_refuses_the_archive(
    tmp_path: Path, make: Callable[..., str], name: str, message: str
) -> None:
    path = make(tmp_path / ("a.zip" if make is make_zip else "a.tar"), ("good.jpg", b"x"), (name, b"x"))

    with pytest.raises(UnsafePathError, match=message) as caught:
        list_members(path)

    assert str(caught.value.at).startswith(path)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.FIFOTYPE, "a device or a pipe"),
        (tarfile.GNUTYPE_SPARSE, "holes"),
    ],
)
def test_links_devices_and_pipes_refuse_a_tar_archive(tmp_path: Path, kind: bytes, message: str) -> None:
    path = make_tar(tmp_path / "a.tar", ("a.jpg", b""), type=kind, linkname="/etc/passwd")

    with pytest.raises(UnsafePathError, match=message):
        list_members(path)


def test_a_link_refuses_a_zip_archive(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a.jpg")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")

    with pytest.raises(UnsafePathError, match=r"a\.jpg: the member is a link"):
        list_members(str(tmp_path / "a.zip"))


def test_a_member_that_is_there_twice_refuses_the_archive(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar", ("a.jpg", b"x"), ("./a.jpg", b"y"))

    with pytest.raises(IdentityError, match=r"'a\.jpg' is there twice"):
        list_members(path)


def test_an_encrypted_member_refuses_the_archive(tmp_path: Path) -> None:
    path = Path(make_zip(tmp_path / "a.zip", ("a.jpg", b"x"), method=zipfile.ZIP_STORED))
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag, in the header of the member
    data[data.index(b"PK\1\2") + 8] |= 1  # and in the list of members
    path.write_bytes(data)

    with pytest.raises(FormatError, match=r"a\.jpg: the member is encrypted"):
        list_members(str(path))


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
@pytest.mark.parametrize(
    "data", [b"", b"not an archive", b"PK\3\4" + bytes(100), b"\x1f\x8b" + bytes(600), b"x" * 5000]
)
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)

    with pytest.raises(FormatError, match="not a whole"):
        list_members(str(tmp_path / name))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_archive_cut_anywhere_is_refused_or_whole(tmp_path: Path, mode: str) -> None:
    members = [(f"{n}.jpg", os.urandom(900)) for n in range(3)]
    whole = Path(make_tar(tmp_path / "whole.tar", *members, mode=mode)).read_bytes()
    cut = tmp_path / "cut.tar"

    for end in range(0, len(whole), 97):
        cut.write_bytes(whole[:end])
        try:
            found = names(str(cut))
        except FormatError:
            continue
        # Only what stands before the end mark may be missing from a file that still lists every member.
        assert found == ["0.jpg", "1.jpg", "2.jpg"][: len(found)]
        assert end % 512 == 0 or len(found) == 3


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    path = Path(make_tar(tmp_path / "a.tar", ("a.jpg", b"x"), ("b.jpg", b"y")))
    data = bytearray(path.read_bytes())
    data[1024 + 10] ^= 0xFF
    path.write_bytes(data)

    with pytest.raises(FormatError, match="not a whole tar"):
        list_members(str(path))


def test_an_archive_of_too_many_members_is_refused(tmp_path: Path) -> None:
    many = [(f"{n}.jpg", b"") for n in range(6)]

    for path in (make_zip(tmp_path / "a.zip", *many), make_tar(tmp_path / "a.tar", *many)):
        with pytest.raises(FormatError, match="more than 5 members"):
            list_members(path, Limits(members=5))


@pytest.mark.parametrize("mode", ["zip", "w:gz", "w:xz"])
def test_an_archive_that_unpacks_to_far_more_than_it_has_is_refused(tmp_path: Path, mode: str) -> None:
    bomb = [("a.jpg", bytes(1 << 20)), ("b.jpg", bytes(1 << 20))]
    path = make_zip(tmp_path / "a.zip", *bomb) if mode == "zip" else make_tar(tmp_path / "a.tar", *bomb, mode=mode)

    with pytest.raises(FormatError, match=r"unpacks to more than 1,500,000"):
        list_members(path, Limits(ratio=10, grace=1_500_000))

    assert len(list_members(path, Limits(ratio=10, grace=3_000_000))) == 2


def test_a_name_that_unpacks_to_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 32
    (tmp_path / "a.tar").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(4096))

    with pytest.raises(FormatError, match="not a whole tar"):
        list_members(str(tmp_path / "a.tar"))


def test_a_negative_size_does_not_go_round_for_ever(tmp_path: Path) -> None:
    path = Path(make_tar(tmp_path / "a.tar", ("a.jpg", b"x" * 2000), ("b.jpg", b"y" * 2000)))
    data = bytearray(path.read_bytes())
    header = data[3072 - 512 : 3072]
    header[124:136] = b"\xff" * 10 + b"\xf0\x00"  # -4096 in base 256
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    data[3072 - 512 : 3072] = header
    path.write_bytes(data)

    with pytest.raises(FormatError, match="not a whole tar"):
        list_members(str(path))


@pytest.mark.parametrize("make", ["folder", "missing", "pipe"])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, make: str) -> None:
    path = tmp_path / "a.zip"
    if make == "folder":
        path.mkdir()
    elif make == "pipe":
        os.mkfifo(path)

    with pytest.raises(FormatError):
        list_members(str(path))


# --- what is damaged


def test_a_damaged_member_is_put_aside_and_the_others_are_unpacked(tmp_path: Path) -> None:
    path = Path(make_zip(tmp_path / "a.zip", ("a.jpg", b"A" * 99), ("b.jpg", b"B" * 99), method=zipfile.ZIP_STORED))
    path.write_bytes(path.read_bytes().replace(b"A" * 99, b"A" * 98 + b"x"))

    done = extracted(str(path), tmp_path / "out", "a.jpg", "b.jpg")

    assert done == [("a.jpg", "is damaged in its archive"), ("b.jpg", None)]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["1.jpg"]


def test_archives_with_random_damage_end_in_a_message(tmp_path: Path) -> None:
    members = [(f"{n}.jpg", bytes([n]) * 3000) for n in range(4)]
    whole = {
        "a.zip": Path(make_zip(tmp_path / "a.zip", *members)).read_bytes(),
        "a.tar": Path(make_tar(tmp_path / "a.tar", *members)).read_bytes(),
        "a.tgz": Path(make_tar(tmp_path / "a.tgz", *members, mode="w:gz")).read_bytes(),
    }
    out = tmp_path / "out"

    for name, data in whole.items():
        for at in range(0, len(data), max(1, len(data) // 150)):
            damaged = bytearray(data)
            damaged[at] ^= 0x5A
            (tmp_path / name).write_bytes(damaged)
            try:
                extracted(str(tmp_path / name), out, *names(str(tmp_path / name)))
            except CvdataError as error:
                assert str(error.at).startswith(str(tmp_path / name))
            for file in out.iterdir() if out.is_dir() else ():
                file.unlink()
