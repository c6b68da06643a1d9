"""One decode rule: what the fast way of `images.facts` says of a file is what `check_pixels` says."""

from __future__ import annotations

import random
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvdata.engine import InProcess, Silent
from cvdata.images.decode import check_pixels, load
from cvdata.images.facts import facts_of

from .pictures import encoded, exif, picture, scene


def save(folder: Path, data: bytes) -> Path:
    path = folder / "picture"
    path.write_bytes(data)
    return path


def verdicts(path: Path) -> tuple[str | None, str | None]:
    found = facts_of([str(path)], InProcess(), Silent())
    return found.problems.get(0), check_pixels(str(path))


@cache
def jpegs() -> dict[str, bytes]:
    image = scene(500, 410)
    rng = np.random.default_rng(5)
    noisy = Image.fromarray(np.clip(np.asarray(image) + rng.normal(0, 20, (410, 500, 3)), 0, 255).astype(np.uint8))
    return {
        "plain": encoded(image, "JPEG"),
        "noisy": encoded(noisy, "JPEG", quality=80),
        "full colour": encoded(noisy, "JPEG", subsampling=0, quality=60),
        "half colour": encoded(noisy, "JPEG", subsampling=1, quality=60),
        "progressive": encoded(noisy, "JPEG", progressive=True, quality=60),
        "restarts": encoded(noisy, "JPEG", quality=60, restart_marker_rows=2),
        "own tables": encoded(noisy, "JPEG", optimize=True, quality=30),
        "grey": encoded(noisy.convert("L"), "JPEG"),
        "print": encoded(noisy.convert("CMYK"), "JPEG", quality=60),
        "stored as RGB": encoded(image, "JPEG", keep_rgb=True),
        "large": encoded(scene(1700, 900), "JPEG", quality=50),
        "with EXIF": encoded(image, "JPEG", exif=exif(6)),
    }


@pytest.mark.parametrize("kind", jpegs())
def test_a_cut_jpeg_is_judged_alike(kind: str, tmp_path: Path) -> None:
    data = jpegs()[kind]
    cuts = [*range(1, 40), *range(40, len(data), max(1, len(data) // 60)), *range(len(data) - 12, len(data) + 1)]

    pairs = [verdicts(save(tmp_path, data[:cut])) for cut in cuts]

    assert [fast for fast, _ in pairs] == [full for _, full in pairs]
    assert pairs[-1] == (None, None)
    assert pairs[-4][0] == "is cut off"


@pytest.mark.parametrize("kind", jpegs())
def test_a_jpeg_with_changed_bytes_is_judged_alike(kind: str, tmp_path: Path) -> None:
    data = jpegs()[kind]
    rng = random.Random(kind)

    pairs = []
    for number in range(120):
        broken = bytearray(data)
        last = 700 if number % 2 else len(data)  # every other time in the tables and headers
        for _ in range(rng.choice((1, 1, 1, 4, 30))):
            broken[rng.randrange(2, last)] = rng.randrange(256)
        pairs.append(verdicts(save(tmp_path, bytes(broken))))

    assert [fast for fast, _ in pairs] == [full for _, full in pairs]
    assert {full is None for _, full in pairs} == {True, False}


def test_garbage_and_swapped_parts_are_judged_alike(tmp_path: Path) -> None:
    rng = random.Random(2)
    whole = jpegs()["noisy"]
    files = [b"\xff\xd8\xff" + rng.randbytes(rng.randrange(1, 3000)) for _ in range(50)]
    files += [whole[: rng.randrange(600, len(whole))] + rng.randbytes(400) for _ in range(25)]
    files += [
        whole[: (cut := rng.randrange(600, len(whole)))] + whole[cut + rng.randrange(1, 900) :] for _ in range(25)
    ]

    pairs = [verdicts(save(tmp_path, data)) for data in files]

    assert [fast for fast, _ in pairs] == [full for _, full in pairs]


@pytest.mark.parametrize("factors", [(0x31, 0x21, 0x11), (0x13, 0x12, 0x11), (0x11, 0x21, 0x11), (0x41, 0x11, 0x21)])
def test_colours_that_cannot_be_enlarged_are_looked_at(factors: tuple[int, int, int], tmp_path: Path) -> None:
    data = bytearray(encoded(scene(64, 48), "JPEG", subsampling=0))
    frame = data.index(b"\xff\xc0")
    for layer, factor in enumerate(factors):
        data[frame + 11 + 3 * layer] = factor

    fast, full = verdicts(save(tmp_path, bytes(data)))

    assert fast == full


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_other_kinds_are_judged_alike(kind: str, tmp_path: Path) -> None:
    rng = random.Random(kind)
    data = encoded(picture(90, 70), kind)

    pairs = []
    for _ in range(60):
        broken = bytearray(data[: rng.randrange(1, len(data) + 1)])
        for _ in range(rng.choice((0, 1, 3))):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        pairs.append(verdicts(save(tmp_path, bytes(broken))))

    assert [fast for fast, _ in pairs] == [full for _, full in pairs]


def test_grey_is_read_for_what_it_saves(tmp_path: Path) -> None:
    image = load(encoded(scene(1600, 1200), "JPEG"), grey_side=384)

    assert not isinstance(image, str)
    assert (image.mode, image.size) == ("L", (200, 150))


def test_truncated_pictures_are_refused_even_where_the_process_wants_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path, encoded(scene(), "JPEG")[:3000])

    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)

    assert verdicts(path) == ("cannot be judged while PIL.ImageFile.LOAD_TRUNCATED_IMAGES is set",) * 2


def test_the_bad_corpus_is_judged_alike(shared: Path, tmp_path: Path) -> None:
    maker = shared / "badcorpus/make_bad_corpus.py"
    subprocess.run([sys.executable, str(maker), str(tmp_path)], capture_output=True, check=True)
    files = sorted(path for case in tmp_path.glob("img_*") for path in case.rglob("*") if path.is_file())

    found = facts_of([str(file) for file in files], InProcess(), Silent())

    expected = {row: problem for row, path in enumerate(files) if (problem := check_pixels(str(path))) is not None}
    assert found.problems == expected
    assert len(files) > 20 and len(expected) > 10
