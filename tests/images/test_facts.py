from __future__ import annotations

import hashlib
import os
import signal
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cvdata.dataset.facts import TAKEN_UNKNOWN
from cvdata.engine import InProcess, ProcessPool, Silent, start
from cvdata.images import facts as facts_module
from cvdata.images.decode import decode
from cvdata.images.facts import PicturesRead, facts_of, read_facts
from cvdata.images.find import find_pictures
from cvdata.images.measure import PathBatch

from .pictures import chunk, differing_bits, encoded, exif, picture, scene, segment, with_segments


def read(*paths: Path) -> PicturesRead:
    return facts_of([str(path) for path in paths], InProcess(), Silent())


def save(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_picture_is_read_once_and_says_everything(tmp_path: Path) -> None:
    data = encoded(scene(), "JPEG", exif=exif(6))
    path = save(tmp_path, "a.jpg", data)
    os.utime(path, ns=(5_000, 1_700_000_000_123_456_789))

    found = read(path)

    assert (found.width.tolist(), found.height.tolist()) == ([300], [400])  # as shown
    assert found.facts.size.tolist() == [len(data)]
    assert found.facts.modified.tolist() == [1_700_000_000_123_456_789]
    assert found.facts.sha256[0].tobytes() == hashlib.sha256(data).digest()
    assert found.facts.taken.tolist() == [TAKEN_UNKNOWN]
    assert (found.problems, found.oddities) == ({}, {})


def test_a_bad_picture_is_a_problem_of_its_row_and_says_nothing_else(tmp_path: Path) -> None:
    whole = encoded(scene(), "JPEG")
    paths = [save(tmp_path, "a.jpg", whole), save(tmp_path, "b.jpg", whole[:2000]), save(tmp_path, "c.jpg", b"")]

    found = read(*paths, tmp_path / "none.jpg", paths[0])

    assert found.problems == {1: "is cut off", 2: "is empty", 3: "cannot be read: No such file or directory"}
    assert found.width.tolist() == [400, 0, 0, 0, 400]
    assert found.facts.size.tolist() == [len(whole), -1, -1, -1, len(whole)]
    assert found.facts.phash[0] == found.facts.phash[4] != 0
    assert found.facts.phash[1] == 0


def test_no_pictures_say_nothing() -> None:
    assert len(read()) == 0


def test_light_is_mean_and_deviation_of_the_grey_values(tmp_path: Path) -> None:
    grey = np.zeros((40, 60), np.uint8)
    grey[:, 30:] = 200

    found = read(save(tmp_path, "a.png", encoded(Image.fromarray(grey), "PNG")))

    assert found.facts.brightness.tolist() == [100.0]
    assert found.facts.contrast.tolist() == [100.0]


def test_sharpness_is_the_variance_of_the_laplacian_on_every_other_row(tmp_path: Path) -> None:
    grey = np.random.default_rng(3).integers(0, 256, (90, 71), dtype=np.uint8)

    found = read(save(tmp_path, "a.png", encoded(Image.fromarray(grey), "PNG")))

    g = grey.astype(float)
    laplacian = g[:-2, 1:-1] + g[2:, 1:-1] + g[1:-1, :-2] + g[1:-1, 2:] - 4 * g[1:-1, 1:-1]
    assert found.facts.sharpness[0] == pytest.approx(laplacian[::2].var(), rel=1e-6)


def test_a_blurred_picture_is_less_sharp(tmp_path: Path) -> None:
    image = picture(300, 200)
    paths = [
        save(tmp_path, f"{radius}.png", encoded(image.filter(ImageFilter.GaussianBlur(radius)), "PNG"))
        for radius in (0, 1, 2, 4)
    ]

    sharpness = read(*paths).facts.sharpness.tolist()

    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 100 * sharpness[3]


def test_a_photo_and_its_smaller_copies_are_about_equally_sharp_and_bright(tmp_path: Path) -> None:
    image = scene(1600, 1200)
    sizes = [(1600, 1200), (800, 600), (400, 300)]
    kinds = [("JPEG", {"quality": 95}), ("PNG", {}), ("JPEG", {"quality": 95, "progressive": True})]
    paths = [
        save(tmp_path, f"{i}", encoded(image.resize(size, Image.Resampling.LANCZOS), kind, **options))
        for i, (size, (kind, options)) in enumerate(zip(sizes, kinds, strict=True))
    ]

    facts = read(*paths).facts

    assert np.ptp(facts.brightness) < 1.0
    assert np.ptp(facts.contrast) < 1.0
    assert max(differing_bits(facts.phash, facts.phash[0])) <= 2


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (3, 3), (1, 400), (4000, 3), (385, 384)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_any_size_can_be_measured(kind: str, size: tuple[int, int], tmp_path: Path) -> None:
    found = read(save(tmp_path, "a", encoded(picture(*size), kind)))

    assert (found.width[0], found.height[0]) == size
    assert found.problems == {}
    assert np.isfinite(found.facts.sharpness[0])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "F", "CMYK"])
def test_every_mode_has_the_grey_values_of_what_people_see(mode: str, tmp_path: Path) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.random.default_rng(0).integers(0, 65536, (30, 40), dtype=np.uint16))
    else:
        image = picture(40, 30).convert(mode)
    path = save(tmp_path, "a.tif", encoded(image, "TIFF"))

    found = read(path)

    expected = np.asarray(Image.fromarray(decode(path)).convert("L"), float)
    assert found.facts.brightness[0] == pytest.approx(expected.mean(), abs=0.51)


# Capture time


def camera(tags: dict[int, Any], inside: dict[int, Any]) -> bytes:
    data = Image.Exif()
    data.update(tags)
    data.get_ifd(0x8769).update(inside)
    return encoded(scene(64, 48), "JPEG", exif=data.tobytes())


NOON = 1_717_156_800_000  # 2024-05-31 12:00:00


@pytest.mark.parametrize(
    ("tags", "inside", "taken"),
    [
        ({}, {0x9003: "2024:05:31 12:00:00"}, NOON),
        ({}, {0x9003: "2024:05:31 12:00:00", 0x9291: "25"}, NOON + 250),
        ({}, {0x9003: "2024:05:31 12:00:00", 0x9291: "123456"}, NOON + 123),
        ({}, {0x9003: "2024:05:31 12:00:00", 0x9291: "soon"}, NOON),
        ({}, {0x9004: "2024-05-31T12:00:00", 0x9292: "7"}, NOON + 700),
        ({0x0132: "2024:05:31 12:00:00"}, {}, NOON),
        ({0x0132: "2025:01:01 00:00:00"}, {0x9003: "2024:05:31 12:00:00", 0x9004: "2024:06:01 00:00:00"}, NOON),
        ({0x0132: "2024:05:31 12:00:00"}, {0x9003: "0000:00:00 00:00:00"}, NOON),
        ({}, {0x9003: "1960:01:01 00:00:00"}, -315_619_200_000),
        ({}, {0x9003: "2024:13:31 12:00:00"}, TAKEN_UNKNOWN),
        ({}, {0x9003: "    :  :     :  :  "}, TAKEN_UNKNOWN),
        ({}, {0x9003: "yesterday"}, TAKEN_UNKNOWN),
        ({}, {}, TAKEN_UNKNOWN),
    ],
)
def test_the_capture_time_is_what_the_camera_wrote(
    tags: dict[int, Any], inside: dict[int, Any], taken: int, tmp_path: Path
) -> None:
    assert read(save(tmp_path, "a.jpg", camera(tags, inside))).facts.taken.tolist() == [taken]


def test_broken_exif_spoils_nothing_and_warns_nobody(tmp_path: Path) -> None:
    jpeg = encoded(scene(64, 48), "JPEG")
    torn = exif(6, more=40)[:60]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read(save(tmp_path, "a.jpg", with_segments(jpeg, segment(0xE1, torn))))

    assert found.problems == {}
    assert found.facts.taken.tolist() == [TAKEN_UNKNOWN]


# Oddities


def test_what_is_odd_is_told_and_stops_nothing(tmp_path: Path) -> None:
    deep = Image.fromarray(np.full((8, 8), 40_000, np.uint16))
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    glass = Image.new("RGBA", (8, 8), (1, 2, 3, 4))
    many: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
    files = {
        "plain.jpg": encoded(picture(8, 8), "JPEG"),
        "deep.png": encoded(deep, "PNG"),
        "deep.tif": encoded(deep, "TIFF"),
        "colour16.png": sixteen_bit_colour(),
        "print.jpg": encoded(picture(8, 8, "CMYK"), "JPEG"),
        "liar.jpg": encoded(picture(8, 8), "PNG"),
        "UPPER.JPEG": encoded(picture(8, 8), "JPEG"),
        "film.gif": encoded(frames[0], "GIF", **many),
        "pages.tiff": encoded(frames[0], "TIFF", **many),
        "glass.png": encoded(glass, "PNG"),
        "opaque.png": encoded(picture(8, 8).convert("RGBA"), "PNG"),
        "turned.jpg": encoded(picture(8, 8), "JPEG", exif=exif(9)),
        "both.jpg": encoded(glass, "PNG"),
        "none": encoded(picture(8, 8), "PNG"),
    }

    found = read(*(save(tmp_path, name, data) for name, data in files.items()))

    assert found.problems == {}
    assert {name: found.oddities[row] for row, name in enumerate(files) if row in found.oddities} == {
        "deep.png": ("16-bit",),
        "deep.tif": ("16-bit",),
        "colour16.png": ("16-bit",),
        "print.jpg": ("cmyk",),
        "liar.jpg": ("suffix:PNG",),
        "film.gif": ("animated",),
        "pages.tiff": ("pages",),
        "glass.png": ("transparent",),
        "turned.jpg": ("exif-orientation-invalid",),
        "both.jpg": ("suffix:PNG", "transparent"),
    }


def sixteen_bit_colour() -> bytes:
    import struct
    import zlib

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(8 * 49))) + chunk(b"IEND", b"")


# The engine


def test_two_workers_say_what_one_says(tmp_path: Path) -> None:
    paths = [
        str(save(tmp_path, f"{i}.jpg", b"" if i % 40 == 7 else encoded(scene(120 + i, 90), "JPEG"))) for i in range(130)
    ]
    alone = facts_of(paths, InProcess(), Silent())

    with start(2) as engine:
        shared = facts_of(paths, engine, Silent())

    assert shared.problems == alone.problems and sorted(alone.problems) == [7, 47, 87, 127]
    for name in ("size", "modified", "sha256", "phash", "taken", "brightness", "contrast", "sharpness"):
        assert getattr(shared.facts, name).tobytes() == getattr(alone.facts, name).tobytes()


def test_batches_come_in_order_with_their_first_rows(tmp_path: Path) -> None:
    path = str(save(tmp_path, "a.jpg", encoded(scene(64, 48), "JPEG")))

    with start(2) as engine:
        batches = list(read_facts([path] * 120, engine, Silent()))

    firsts = [first for first, _ in batches]
    lengths = [len(part) for _, part in batches]
    assert firsts == [sum(lengths[:i]) for i in range(len(lengths))]
    assert sum(lengths) == 120 and len(lengths) > 4


def kill_at_the_third(batch: PathBatch) -> PicturesRead:
    if any(path.endswith("/3.jpg") for path in batch.paths):
        os.kill(os.getpid(), signal.SIGKILL)
    return _READ(batch)


_READ = facts_module.read_batch


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the planted fault is inherited by a fork")
def test_a_picture_that_kills_its_reader_is_a_problem_of_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encoded(scene(64, 48), "JPEG")
    paths = [str(save(tmp_path, f"{i}.jpg", data)) for i in range(8)]
    monkeypatch.setattr(facts_module, "read_batch", kill_at_the_third)

    with ProcessPool(2) as engine:
        found = facts_of(paths, engine, Silent())

    assert found.problems == {3: "ends the process that reads it"}
    assert found.facts.size.tolist() == [len(data)] * 3 + [-1] + [len(data)] * 4


# Real pictures


def test_one_scene_stored_in_five_ways_looks_the_same(shared: Path) -> None:
    paths = sorted((shared / "data/exif_orientation").glob("*.jpg"))

    found = read(*paths)

    assert len(paths) == 5
    assert max(differing_bits(found.facts.phash, found.facts.phash[0])) <= 2
    assert found.oddities == {0: ("exif-orientation-invalid",)}


@pytest.mark.slow
def test_all_real_pictures_are_whole(shared: Path) -> None:
    index = find_pictures(shared / "data")

    found = read(*(Path(index.root, name) for name in index.names))

    assert found.problems == {}
    assert len(index.names) > 1500
