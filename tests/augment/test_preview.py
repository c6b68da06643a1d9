from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvdata.augment.preview import preview
from cvdata.augment.recipe import load_recipe
from cvdata.augment.settings import AugmentSettings
from cvdata.convert import read
from cvdata.dataset import Dataset
from cvdata.engine import Silent, start
from cvdata.errors import UsageError
from tests.augment.runs import made, source

NAMES = [f"{n}.jpg" for n in range(8)]


def sheet(dataset: Dataset, workers: int = 1, **settings: float | str) -> Image.Image:
    chosen = AugmentSettings(**({"recipe": "light"} | settings))  # type: ignore[arg-type]
    with start(workers) as engine:
        rows = np.arange(len(dataset.images))
        return preview(dataset, rows, chosen, load_recipe(chosen.recipe), engine=engine, progress=Silent())


def test_six_pictures_stand_beside_three_copies_each(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", NAMES)).dataset

    picture = sheet(dataset)

    assert picture.width == 2 * 24 + 4 * 320 + 3 * 16
    tall = 32 * 4 + 3 * 13 + 16  # pictures of 48x32 grow four times at most, and two lines below each
    assert picture.height > 6 * tall
    pixels = np.asarray(picture)
    for row in range(6):
        top = picture.height - 24 - (6 - row) * tall
        for column in range(4):
            left = 24 + column * 336 + (320 - 192) // 2
            assert pixels[top + 10 : top + 110, left + 10 : left + 180].std() > 5, (row, column)


def test_any_number_of_workers_draws_the_same(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", NAMES)).dataset

    assert sheet(dataset, mosaic=0.5).tobytes() == sheet(dataset, workers=2, mosaic=0.5).tobytes()


def test_fewer_pictures_make_a_smaller_sheet(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", NAMES[:2])).dataset

    assert sheet(dataset).height < 600


def test_a_picture_that_cannot_be_read_is_a_grey_tile(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", NAMES[:1])).dataset
    (tmp_path / "src/images/0.jpg").write_bytes(b"no picture")

    grey = (np.asarray(sheet(dataset)) == 227).all(axis=2)

    assert grey.sum() > 4 * 0.8 * 320 * 240


def test_a_mosaic_of_pictures_labelled_as_a_whole_is_refused(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", NAMES)).dataset
    whole = dataset.annotations.take(np.arange(0))
    labels = type(whole)(
        image=np.arange(8, dtype=np.int32), category=np.zeros(8, np.int32), box=np.full((8, 4), np.nan)
    )
    classified = Dataset(images=dataset.images, annotations=labels, categories=dataset.categories)

    with pytest.raises(UsageError, match="mosaic"):
        sheet(classified, mosaic=0.5)
    assert sheet(classified).width > 1000


def test_nothing_is_written(tmp_path: Path) -> None:
    sheet(read(source(tmp_path / "src", NAMES)).dataset)

    assert [path.name for path in tmp_path.iterdir()] == ["src"]


def test_the_copies_are_those_that_a_run_makes(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", ["0.png"])).dataset
    drawn = np.asarray(sheet(dataset))

    with made(dataset, tmp_path / "out", copies=3) as done:
        for number in range(3):
            from cvdata.reports.draw import draw_labels

            with Image.open(done.dataset.images.file(1 + number) or "") as opened:
                tile = np.asarray(draw_labels(np.asarray(opened), done.dataset, 1 + number, within=(320, 416)))
            left = 24 + (1 + number) * 336 + (320 - tile.shape[1]) // 2
            strip = drawn[:, left : left + tile.shape[1]]
            assert any(np.array_equal(strip[top : top + tile.shape[0]], tile) for top in range(50, 150))
