from __future__ import annotations

import os
import struct
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from cvdata.images import Header, headers, read_header

from .pictures import SHARED, chunk, encoded, exif, picture, png, segment, with_segments


def write(folder: Path, data: bytes, name: str = "picture") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def shown_size(path: str) -> tuple[int, int]:
    """Return the size by Pillow; from an open file, because by name it turns plain TIFF files twice."""
    with warnings.catch_warnings(), open(path, "rb") as file:
        warnings.simplefilter("ignore")
        return ImageOps.exif_transpose(Image.open(file)).size


def agrees(path: str) -> bool:
    header = read_header(path)
    return isinstance(header, Header) and (header.width, header.height) == shown_size(path)


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "MPO"])
def test_the_size_is_the_one_after_exif_rotation(kind: str, orientation: int, tmp_path: Path) -> None:
    path = write(tmp_path, encoded(picture(37, 20), kind, exif=exif(orientation)))

    assert read_header(path) == (Header(20, 37, True) if 5 <= orientation <= 8 else Header(37, 20, False))
    assert agrees(path)


jpegs = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["RGB", "L", "CMYK"]),
        "progressive": st.booleans(),
        "orientation": st.one_of(st.none(), st.integers(0, 9)),
        "order": st.sampled_from("<>"),
        "more": st.integers(0, 30),
        "xmp": st.one_of(st.none(), st.integers(0, 9)),
        "profile": st.sampled_from([0, 100, 5000, 200_000]),
        "xmp_first": st.booleans(),
    }
)


@given(width=st.integers(1, 90), height=st.integers(1, 90), make=jpegs)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_jpeg_has_the_size_that_pillow_shows(width: int, height: int, make: dict, tmp_path: Path) -> None:  # type: ignore[type-arg]
    jpeg = encoded(picture(width, height, make["mode"]), "JPEG", progressive=make["progressive"])
    parts = []
    if make["orientation"] is not None:
        parts.append(segment(0xE1, exif(make["orientation"], make["order"], make["more"])))
    if make["xmp"] is not None:
        text = f'<x tiff:Orientation="{make["xmp"]}"/>'.encode()
        parts.append(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + text))
    if make["xmp_first"]:
        parts.reverse()
    lengths = [min(60_000, make["profile"] - start) for start in range(0, make["profile"], 60_000)]
    parts += [segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(length)) for length in lengths]

    assert agrees(write(tmp_path, with_segments(jpeg, *parts)))


def test_a_thumbnail_inside_a_segment_is_not_the_picture(tmp_path: Path) -> None:
    small = encoded(picture(8, 6), "JPEG")
    jpeg = encoded(picture(64, 48), "JPEG")

    in_jfif = with_segments(jpeg, segment(0xE0, b"JFXX\0\x10" + small))
    in_exif = with_segments(jpeg, segment(0xE1, exif(6) + small))

    assert read_header(write(tmp_path, in_jfif)) == Header(64, 48, False)
    assert read_header(write(tmp_path, in_exif)) == Header(48, 64, True)


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_png_turns_by_its_exif_wherever_it_stands(where: str, tmp_path: Path) -> None:
    turn = chunk(b"eXIf", exif(8)[6:])

    path = write(tmp_path, png(30, 20, before=turn) if where == "before" else png(30, 20, after=turn))

    assert read_header(path) == Header(20, 30, True)
    assert agrees(path)


def test_a_png_turns_by_its_xmp_as_in_pillow(tmp_path: Path) -> None:
    text = b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'

    path = write(tmp_path, png(30, 20, before=chunk(b"iTXt", text)))

    assert read_header(path) == Header(20, 30, True)
    assert agrees(path)


def test_broken_exif_spoils_no_picture(tmp_path: Path) -> None:
    jpeg = encoded(picture(37, 20), "JPEG")

    for data in (b"", b"II*\0", b"XXXX\0\0\0\0\0\0", b"II*\0\xff\xff\xff\xff", exif(6)[6:-8]):
        path = write(tmp_path, with_segments(jpeg, segment(0xE1, b"Exif\0\0" + data)))
        assert isinstance(read_header(path), Header)


def test_plain_pictures_never_reach_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "_ask_pillow", lambda path, size: "asked Pillow")
    rotated = encoded(picture(64, 48), "JPEG", exif=exif(6))

    assert read_header(write(tmp_path, encoded(picture(64, 48), "JPEG"))) == Header(64, 48, False)
    assert read_header(write(tmp_path, rotated)) == Header(48, 64, True)
    assert read_header(write(tmp_path, encoded(picture(64, 48), "PNG"))) == Header(64, 48, False)


@pytest.mark.parametrize("kind", ["BMP", "GIF", "PNG", "WEBP"])
def test_the_content_decides_not_the_suffix(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path, encoded(picture(37, 20), kind), "named.jpg")

    assert read_header(path) == Header(37, 20, False)


def test_what_is_wrong_is_said_in_a_few_words(tmp_path: Path) -> None:
    jpeg, gif = encoded(picture(64, 48), "JPEG"), encoded(picture(64, 48), "GIF")
    bomb = gif[:6] + struct.pack("<HH", 30_000, 30_000) + gif[10:]
    no_rows = jpeg.replace(struct.pack(">HH", 48, 64), struct.pack(">HH", 0, 64), 1)

    said = {
        name: read_header(write(tmp_path, data, name))
        for name, data in {
            "empty": b"",
            "text": b"not a picture",
            "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            "cut": jpeg[:300],
            "start": jpeg[:3],
            "cut png": png(30, 20)[:-20],
            "bomb": bomb,
            "wide": png(20_000, 6_000, rows=0),
            "no rows": no_rows,
        }.items()
    }

    assert said == {
        "empty": "is empty",
        "text": "is not a picture that cvdata reads (JPEG, PNG, BMP, GIF, TIFF, WebP)",
        "eps": "is not a picture that cvdata reads (JPEG, PNG, BMP, GIF, TIFF, WebP)",
        "cut": "is cut off",
        "start": "is damaged",
        "cut png": "is cut off",
        "bomb": "has 900 megapixels, the limit is 100",
        "wide": "has 120 megapixels, the limit is 100",
        "no rows": "has no pixels (64 x 0)",
    }


def test_a_hundred_megapixels_are_allowed(tmp_path: Path) -> None:
    assert read_header(write(tmp_path, png(10_000, 10_000, rows=0))) == Header(10_000, 10_000, False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_named_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")

    assert read_header(str(tmp_path / "pipe.jpg")) == "is not a regular file"


def test_a_missing_file_and_a_folder_are_problems_too(tmp_path: Path) -> None:
    assert read_header(str(tmp_path / "none.jpg")) == "cannot be read: No such file or directory"
    assert read_header(str(tmp_path)) == "is not a regular file"
    assert read_header("a\0b") == "cannot be read: its name holds a NUL byte"


@given(
    data=st.binary(max_size=200),
    lead=st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\0", b"RIFF"]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_raise_an_exception(data: bytes, lead: bytes, tmp_path: Path) -> None:
    assert read_header(write(tmp_path, lead + data))


@given(at=st.integers(0, 700), value=st.integers(0, 255))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_byte_never_makes_a_size_that_pillow_does_not_see(at: int, value: int, tmp_path: Path) -> None:
    jpeg = bytearray(encoded(picture(64, 48), "JPEG", exif=exif(6)))
    jpeg[at % len(jpeg)] = value
    path = write(tmp_path, bytes(jpeg))

    header = read_header(path)

    try:
        shown = shown_size(path)
    except Exception:  # noqa: BLE001 - Pillow refuses the file, for any reason
        return
    assert not isinstance(header, Header) or (header.width, header.height) == shown


@pytest.mark.skipif(not (SHARED / "data/exif_orientation").is_dir(), reason="../shared/data is missing")
def test_real_photos_have_the_size_that_pillow_shows() -> None:
    folders = (SHARED / "data/exif_orientation", SHARED / "data/nonascii_name", SHARED / "data/datumaro_assets")
    suffixes = (".jpg", ".png", ".bmp")
    files = sorted(f for folder in folders for f in folder.rglob("*") if f.suffix in suffixes)

    bad = {file.name: header for file in files if isinstance(header := read_header(str(file)), str)}

    assert len(files) > 100
    assert all(agrees(str(file)) for file in files if file.name not in bad)
    assert sorted(
        read_header(str(SHARED / f"data/exif_orientation/Landscape_{o}.jpg"))[2] for o in (0, 3, 5, 6, 8)
    ) == [
        False,
        False,
        True,
        True,
        True,
    ]
