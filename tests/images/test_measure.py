from __future__ import annotations

from pathlib import Path

from cvdata.engine import InProcess, Silent, start
from cvdata.images import measure
from cvdata.images.measure import PathBatch, measure_batch

from .pictures import encoded, exif, picture, png


def pictures(folder: Path, count: int) -> list[str]:
    paths = []
    for i in range(count):
        path = folder / f"{i}.jpg"
        path.write_bytes(b"" if i % 97 == 5 else encoded(picture(10 + i % 7, 9), "JPEG", exif=exif(1 + i % 8)))
        paths.append(str(path))
    return paths


class Counter:
    def __init__(self) -> None:
        self.total = self.done = 0

    def start(self, task: str, total: int) -> None:
        self.total = total

    def advance(self, items: int) -> None:
        self.done += items


def test_sizes_and_problems_come_by_row(tmp_path: Path) -> None:
    sizes = measure(pictures(tmp_path, 8), InProcess(), decode=False, progress=Silent())

    assert sizes.width.tolist() == [10, 11, 12, 13, 9, 0, 9, 9]
    assert sizes.height.tolist() == [9, 9, 9, 9, 14, 0, 16, 10]
    assert sizes.turned.tolist() == [False, False, False, False, True, False, True, True]
    assert sizes.problems == {5: "is empty"}


def test_two_workers_say_what_one_says(tmp_path: Path) -> None:
    paths = pictures(tmp_path, 450)
    alone = measure(paths, InProcess(), decode=False, progress=Silent())

    with start(2) as engine:
        shared = measure(paths, engine, decode=False, progress=Silent())

    assert shared.problems == alone.problems and sorted(alone.problems) == [5, 102, 199, 296, 393]
    assert (shared.width == alone.width).all() and (shared.height == alone.height).all()
    assert (shared.turned == alone.turned).all()


def test_only_decoding_finds_missing_rows(tmp_path: Path) -> None:
    path = tmp_path / "short.png"
    path.write_bytes(png(30, 20, rows=5))

    headers = measure([str(path)], InProcess(), decode=False, progress=Silent())
    pixels = measure([str(path)], InProcess(), decode=True, progress=Silent())

    assert headers.problems == {}
    assert pixels.problems == {0: "is cut off (455 of 1,820 bytes of pixels are there)"}
    assert pixels.width.tolist() == [0]


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    counter = Counter()

    measure(pictures(tmp_path, 30), InProcess(), decode=True, progress=counter)

    assert counter.total == counter.done == 30


def test_no_pictures_have_no_sizes() -> None:
    sizes = measure([], InProcess(), decode=False, progress=Silent())

    assert len(sizes.width) == len(sizes.height) == len(sizes.turned) == 0


def test_a_batch_can_be_cut(tmp_path: Path) -> None:
    batch = PathBatch(pictures(tmp_path, 8), decode=False)

    part = measure_batch(batch[4:7])

    assert len(batch[4:7]) == 3
    assert part.problems == {1: "is empty"}
