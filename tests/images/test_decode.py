from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from cvdata.errors import FormatError
from cvdata.images.decode import check_pixels, decode

from .pictures import SHARED, chunk, encoded, exif, picture, png, segment, with_segments


def write(folder: Path, data: bytes, name: str = "picture") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_pixels_are_turned_as_people_see_them(kind: str, orientation: int, tmp_path: Path) -> None:
    data = encoded(picture(16, 8), kind, exif=exif(orientation))
    path = write(tmp_path, data)

    found = decode(path)

    with open(path, "rb") as file:
        expected = np.asarray(ImageOps.exif_transpose(Image.open(file)).convert("RGB"))
    assert found.dtype == np.uint8
    assert (found == expected).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_file_is_bad_in_every_format(kind: str, part: float, tmp_path: Path) -> None:
    data = encoded(picture(80, 60), kind)

    path = write(tmp_path, data[: int(len(data) * part)])

    assert check_pixels(write(tmp_path, data, "whole")) is None
    assert check_pixels(path) in ("is cut off", "is damaged")
    with pytest.raises(FormatError, match="the picture is"):
        decode(path)


def test_a_jpeg_without_its_end_marker_is_cut_off_even_with_a_whole_thumbnail(tmp_path: Path) -> None:
    thumbnail = segment(0xE0, b"JFXX\0\x10" + encoded(picture(8, 6), "JPEG"))
    jpeg = with_segments(encoded(picture(64, 48), "JPEG"), thumbnail)

    assert check_pixels(write(tmp_path, jpeg)) is None
    assert check_pixels(write(tmp_path, jpeg[:-2])) == "is cut off"


def test_a_film_behind_a_jpeg_does_no_harm(tmp_path: Path) -> None:
    jpeg = encoded(picture(64, 48), "JPEG", progressive=True)

    assert check_pixels(write(tmp_path, jpeg + b"ftypmp42\xff\xda\xff\xc4" * 9)) is None


def test_a_png_that_lacks_rows_is_cut_off(tmp_path: Path) -> None:
    assert check_pixels(write(tmp_path, png(30, 20))) is None
    assert (
        check_pixels(write(tmp_path, png(30, 20, rows=19))) == "is cut off (1,729 of 1,820 bytes of pixels are there)"
    )


def test_an_interlaced_png_is_whole(tmp_path: Path) -> None:
    # One row of each of the seven passes, written by hand: Pillow cannot write interlaced files.
    rows = [(1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8)]
    raw = b"".join((b"\0" + bytes(columns)) * count for count, columns in rows)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1))

    def whole(pixels: bytes) -> bytes:
        return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")

    assert check_pixels(write(tmp_path, whole(raw))) is None
    assert str(check_pixels(write(tmp_path, whole(raw[:-1])))).startswith("is cut off")


def test_a_flipped_byte_in_a_png_is_damage(tmp_path: Path) -> None:
    data = bytearray(png(30, 20))
    data[data.index(b"IDAT") + 6] ^= 1

    assert check_pixels(write(tmp_path, bytes(data))) == "is damaged (the checksum of its IDAT chunk is wrong)"


def test_a_wrong_checksum_of_a_comment_is_none(tmp_path: Path) -> None:
    comment = bytearray(chunk(b"tEXt", b"Comment\0hello"))
    comment[-1] ^= 1

    assert check_pixels(write(tmp_path, png(30, 20, after=bytes(comment)))) is None


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    grey = np.array([[0, 255, 256, 32_768, 65_535]], np.uint16)

    for kind in ("PNG", "TIFF"):
        found = decode(write(tmp_path, encoded(Image.fromarray(grey), kind)))
        assert found[0, :, 0].tolist() == [0, 0, 1, 128, 255]


def test_cmyk_is_not_inverted(tmp_path: Path) -> None:
    paper = Image.new("CMYK", (8, 8), (0, 0, 0, 0))
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))

    assert decode(write(tmp_path, encoded(paper, "JPEG"))).min() > 250
    red = decode(write(tmp_path, encoded(ink, "JPEG")))[4, 4]
    assert red[0] > 200 and red[1] < 60 and red[2] < 60


def test_a_palette_with_transparency_keeps_its_colours_and_warns_nobody(tmp_path: Path) -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    path = write(tmp_path, encoded(image, "PNG", transparency=b"\xff\x80"))

    assert decode(path)[0, 0].tolist() == [200, 100, 50]


def test_of_an_animation_the_first_frame_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]

    path = write(tmp_path, encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))

    assert decode(path)[0, 0].tolist() == [255, 0, 0]


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, encoded(picture(64, 48), "PNG"))
    os.truncate(path, 8 << 30)  # sparse

    assert check_pixels(path) == "has 8 GiB, the limit is 1"


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="no /proc to read the peak of memory from")
def test_a_bomb_needs_little_memory(tmp_path: Path) -> None:
    raw = zlib.compress(bytes(30_000 * 3_751))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", raw) + chunk(b"IEND", b"")
    code = (
        "import sys; from cvdata.images.decode import check_pixels; print(check_pixels(sys.argv[1]));"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )

    command = [sys.executable, "-c", code, write(tmp_path, bomb)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    assert said[0] == "has 900 megapixels, the limit is 100"
    assert int(said[1]) < 150_000  # KiB


GOOD = {"deep16.png", "cmyk.jpg", "rot.jpg", "dot.png", "really_png.jpg", "poly.png", "loop.tif"}
BAD = {
    "bomb.png": "has 900 megapixels, the limit is 100",
    "big.png": "has 169 megapixels, the limit is 100",
    "e.jpg": "is not a picture that cvdata reads (JPEG, PNG, BMP, GIF, TIFF, WebP)",
    "f.jpg": "is not a picture that cvdata reads (JPEG, PNG, BMP, GIF, TIFF, WebP)",
    "noeoi.jpg": "is cut off",
    "crc.png": "is damaged (the checksum of its IDAT chunk is wrong)",
    "liar.png": "has 4295 megapixels, the limit is 100",
    "short.png": "is cut off (1,930 of 9,264 bytes of pixels are there)",
    "cut.jpg": "is cut off",
    "empty.jpg": "is empty",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    maker = SHARED / "badcorpus/make_bad_corpus.py"
    if not maker.is_file():
        pytest.skip("../shared/badcorpus is missing")
    out = tmp_path_factory.mktemp("corpus")
    subprocess.run([sys.executable, str(maker), str(out)], capture_output=True, check=True)
    return out


def test_of_the_bad_corpus_each_picture_is_judged_rightly(corpus: Path) -> None:
    files = {f.name: str(f) for case in corpus.glob("img_*") for f in case.rglob("*") if f.is_file()}

    assert {name: check_pixels(files[name]) for name in sorted(GOOD)} == dict.fromkeys(sorted(GOOD))
    assert {name: check_pixels(files[name]) for name in BAD} == BAD
    assert 100 < decode(files["deep16.png"]).mean() < 150


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="../shared/data is missing")
def test_real_pictures_are_whole() -> None:
    photos = sorted((SHARED / "data/exif_orientation").glob("*.jpg")) + sorted(
        (SHARED / "data/nonascii_name").rglob("*.[bj][mp][pg]")
    )

    assert {photo.name: check_pixels(str(photo)) for photo in photos} == dict.fromkeys(photo.name for photo in photos)
    assert len(photos) == 7
    landscape = [decode(photo) for photo in photos[:5]]
    assert {pixels.shape for pixels in landscape} == {landscape[0].shape}
    # The five files show one scene; only the way it is stored differs.
    assert all(np.abs(pixels.astype(int) - landscape[0]).mean() < 12 for pixels in landscape)
