from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from cvdata.images.phash import low_waves, phashes, turned

from .pictures import differing_bits, encoded, scene

Pixels: TypeAlias = "NDArray[np.uint8]"


def hashed(pictures: Pixels) -> NDArray[np.uint64]:
    """Hash grey pictures, shape (n, height, width)."""
    return phashes(np.stack([low_waves(picture.astype(np.float64)) for picture in pictures]))


def grey(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("L"))[None]


def random_pictures(count: int) -> Pixels:
    """Return smooth grey pictures without symmetry."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (count, 9, 9), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(c).resize((32, 32), Image.Resampling.BICUBIC)) for c in coarse])


def test_bits_are_the_signs_of_the_low_cosines() -> None:
    place = np.arange(32) + 0.5
    across = np.cos(np.pi * 3 * place / 32)[None, :] * np.ones((32, 1))
    both = np.cos(np.pi * 2 * place / 32)[:, None] * np.cos(np.pi * 5 * place / 32)[None, :]

    hashes = hashed(np.stack([np.rint(128 + 100 * wave).astype(np.uint8) for wave in (across, -both)]))

    assert int(hashes[0]) & (1 << 3)
    assert not int(hashes[1]) & (1 << (8 * 2 + 5))
    assert int(hashed(np.rint(128 + 100 * both).astype(np.uint8)[None])[0]) & (1 << (8 * 2 + 5))


def test_a_blank_picture_has_no_bits_and_bit_0_is_never_set() -> None:
    assert hashed(np.full((1, 32, 32), 77, np.uint8)).tolist() == [0]
    assert not (hashed(random_pictures(50)) & np.uint64(1)).any()


def test_a_hash_does_not_depend_on_what_is_hashed_beside_it() -> None:
    pictures = random_pictures(60)

    together = hashed(pictures)

    assert together.tolist() == [int(hashed(picture[None])[0]) for picture in pictures]
    assert len(set(together.tolist())) == 60


def test_a_wide_picture_is_hashed_in_stripes_like_a_narrow_one() -> None:
    wide = np.asarray(scene(250, 180).convert("L"))
    down, across = (np.rint(np.cos(np.pi / n * np.outer(np.arange(8), np.arange(n) + 0.5)) * 4096) for n in (180, 250))

    assert (low_waves(wide.astype(np.float64)) == down @ wide.astype(np.float64) @ across.T).all()


def test_turned_hashes_are_the_hashes_of_turned_pictures() -> None:
    pictures = random_pictures(40)
    diagonal = pictures.transpose(0, 2, 1)
    ways = [
        pictures, pictures[:, :, ::-1], pictures[:, ::-1], pictures[:, ::-1, ::-1],
        diagonal, diagonal[:, :, ::-1], diagonal[:, ::-1], diagonal[:, ::-1, ::-1],
    ]  # fmt: skip

    expected = np.stack([hashed(way) for way in ways], axis=1)

    assert (turned(hashed(pictures)) == expected).all()
    assert len(np.unique(expected)) == 320


def test_the_quarter_turns_are_among_them() -> None:
    pictures = random_pictures(5)

    versions = turned(hashed(pictures))

    for quarters in (1, 2, 3):
        real = hashed(np.rot90(pictures, quarters, axes=(1, 2)))
        assert (versions == real[:, None]).any(axis=1).all()


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "smaller": lambda image: image.resize((130, 97)),
    "poor": lambda image: Image.open(io.BytesIO(encoded(image, "JPEG", quality=20))),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "harder": lambda image: ImageEnhance.Contrast(image).enhance(1.2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_that_looks_the_same_differs_in_few_bits(change: str) -> None:
    image = scene()

    copy = CHANGES[change](image)

    assert differing_bits(hashed(grey(image)), hashed(grey(copy)))[0] <= 3
