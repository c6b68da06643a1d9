"""A JPEG that is shrunk while it is decoded: the same picture, the same verdict, fewer pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cvdata.errors import FormatError
from cvdata.images.decode import decode, load, picture

from .pictures import encoded, exif, scene

KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "full colour": {"subsampling": 0},
    "half colour": {"subsampling": 1},
    "progressive": {"progressive": True},
    "stored as RGB": {"keep_rgb": True},
}


def write(folder: Path, data: bytes) -> Path:
    path = folder / "picture.jpg"
    path.write_bytes(data)
    return path


def difference(path: Path, small: Image.Image) -> float:
    """Return by how much a small copy differs, on the mean, from the whole picture shrunk by averages."""
    whole = Image.fromarray(decode(path)).resize(small.size, Image.Resampling.BOX)
    return float(np.abs(np.asarray(whole, np.float64) - np.asarray(small)).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_copy_has_the_colours_of_the_whole(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path, encoded(scene(800, 600), "JPEG", quality=92, **KINDS[kind]))

    small = picture(path, least_side=150)

    assert (small.mode, small.size) == ("RGB", (200, 150))
    assert difference(path, small) < 2


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_print_and_grey_become_rgb_as_they_do_whole(mode: str, tmp_path: Path) -> None:
    path = write(tmp_path, encoded(scene(800, 600).convert(mode), "JPEG", quality=92))

    small = picture(path, least_side=400)

    assert (small.mode, small.size) == ("RGB", (400, 300))
    assert difference(path, small) < 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_small_copy_stands_as_people_see_it(orientation: int, tmp_path: Path) -> None:
    path = write(tmp_path, encoded(scene(800, 600), "JPEG", quality=92, exif=exif(orientation)))

    small = picture(path, least_side=100)

    assert small.size == ((100, 75) if orientation < 5 else (75, 100))
    assert difference(path, small) < 3


@given(width=st.integers(1, 900), height=st.integers(1, 900), least=st.integers(1, 1000))
def test_a_small_copy_is_never_too_small(width: int, height: int, least: int) -> None:
    small = load(encoded(Image.new("RGB", (width, height)), "JPEG"), least_side=least)

    assert not isinstance(small, str)
    assert small.size in [(-(-width // factor), -(-height // factor)) for factor in (1, 2, 4, 8)]
    assert max(small.size) >= min(least, max(width, height))


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_jpeg_is_refused_small_as_it_is_whole(kind: str, part: float, tmp_path: Path) -> None:
    data = encoded(scene(800, 600), "JPEG", **KINDS[kind])
    path = write(tmp_path, data[: int(len(data) * part)])

    with pytest.raises(FormatError) as whole:
        decode(path)
    with pytest.raises(FormatError) as small:
        picture(path, least_side=100)

    assert str(small.value) == str(whole.value)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP"])
def test_other_kinds_come_as_they_are(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path, encoded(scene(400, 300), kind))

    assert (np.asarray(picture(path, least_side=50)) == decode(path)).all()


def test_a_comment_does_not_travel_into_copies(tmp_path: Path) -> None:
    path = write(tmp_path, encoded(scene(800, 600), "JPEG", comment=b"who took it"))

    assert b"who took it" in path.read_bytes()
    assert b"who took it" not in encoded(picture(path, least_side=100), "JPEG")
