"""The sheet of the pictures that changed most: the right pictures, marked in the right places."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cvdata.curate.diff import compare, draw_changes
from cvdata.dataset import Dataset
from cvdata.engine import Engine, InProcess, ProcessPool, Silent
from cvdata.reports.sheet import encode

from ..tiny import draw_pictures, tiny
from .grids import Edit, cell, changed, edited, grid

RED, GREEN, AMBER, PURPLE = (214, 40, 57), (0, 158, 115), (240, 162, 2), (166, 74, 201)


def sheet(before: Dataset, after: Dataset, engine: Engine | None = None, most: int = 12) -> NDArray[np.uint8]:
    drawn = draw_changes(compare(before, after), "a -> b", engine or InProcess(), Silent(), most)
    return np.asarray(drawn)


def pixels(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> int:
    """Count the pixels of about that colour, without the legend above the pictures."""
    return int((np.abs(picture[100:].astype(int) - colour).max(axis=2) < 12).sum())


def on_black(dataset: Dataset, folder: Path) -> Dataset:
    folder.mkdir(exist_ok=True)
    for name in dataset.images.names:
        Image.new("RGB", (200, 200)).save(folder / name)
    count = len(dataset.images)
    return replace(dataset, images=replace(dataset.images, folder=np.zeros(count, np.int32), folders=(str(folder),)))


@pytest.mark.parametrize(
    ("edit", "colour"),
    [
        (Edit("removed"), RED),
        (Edit("added"), GREEN),
        (Edit("moved", 3), AMBER),
        (Edit("relabelled"), PURPLE),
    ],
)
def test_each_kind_of_change_has_its_colour(tmp_path: Path, edit: Edit, colour: tuple[int, int, int]) -> None:
    before, after = (on_black(dataset, tmp_path / "pictures") for dataset in edited({"a.png": [edit]}))

    picture = sheet(before, after)

    assert pixels(picture, colour) > 200
    assert [pixels(picture, other) for other in {RED, GREEN, AMBER, PURPLE} - {colour}] == [0, 0, 0]


def test_the_box_is_drawn_where_it_is(tmp_path: Path) -> None:
    box = [20.0, 60.0, 150.0, 100.0]  # so large that the whole picture is shown
    before = on_black(grid({"a.png": [("cat", box)]}), tmp_path)
    after = on_black(grid({"a.png": []}), tmp_path)

    picture = sheet(before, after)

    black = np.flatnonzero((picture < 60).all(axis=2).mean(axis=1) > 0.5)  # rows of the picture itself
    columns = np.flatnonzero((picture[black] < 60).all(axis=2).mean(axis=0) > 0.5)
    inner = picture[black[0] : black[-1] + 1, columns[0] : columns[-1] + 1]
    rows, cols = np.nonzero(np.abs(inner.astype(int) - RED).max(axis=2) < 12)
    scale = inner.shape[1] / 200
    assert cols.min() == pytest.approx(20 * scale, abs=6)
    assert cols.max() == pytest.approx(170 * scale, abs=6)
    assert rows.max() == pytest.approx(160 * scale, abs=6)


def test_the_most_changed_pictures_come_first() -> None:
    planted = {
        "few.jpg": [Edit("removed")],
        "none.jpg": [Edit("equal")],
        "many.jpg": [Edit("removed")] * 4,
        "moved.jpg": [Edit("moved", 1)],
    }
    pair = edited(planted)

    shown = sheet(*pair, most=1)

    assert np.array_equal(shown, sheet(*with_names(pair, "x", "y", "many.jpg", "z"), most=1))
    assert not np.array_equal(shown, sheet(*with_names(pair, "few.jpg", "y", "x", "z"), most=1))


def with_names(pair: tuple[Dataset, Dataset], *names: str) -> tuple[Dataset, Dataset]:
    """Return both datasets with other names of the pictures: a sheet says which it shows."""
    before, after = (replace(dataset, images=replace(dataset.images, names=names)) for dataset in pair)
    return before, after


def test_the_sheet_is_the_same_at_any_number_of_workers(tmp_path: Path) -> None:
    before = tiny(draw_pictures(tmp_path))
    after = changed(before, box=before.annotations.box + np.array([1.0, 1.0, -1.0, -1.0]))

    with ProcessPool(2) as pool:
        two = draw_changes(compare(before, after), "t", pool, Silent())
    one = draw_changes(compare(before, after), "t", InProcess(), Silent())

    assert encode(one) == encode(two)


def test_boxes_of_pictures_that_are_missing_or_broken_stand_on_grey(tmp_path: Path) -> None:
    before, after = edited({"a.png": [Edit("removed")], "b.png": [Edit("removed")]})
    before = on_black(before, tmp_path)
    (tmp_path / "a.png").write_bytes(b"no picture")
    (tmp_path / "b.png").unlink()

    picture = sheet(before, after)

    assert pixels(picture, RED) > 400
    assert pixels(picture, (0xE3, 0xE3, 0xE3)) > 10_000


def test_whole_pictures_unknown_sizes_and_strange_names_can_be_drawn() -> None:
    whole = [math.nan] * 4
    before = grid({"a.jpg": [("cat", whole)], "猫\x1b[31m.jpg": [("cat", cell(0))]})
    after = grid({"a.jpg": [("dog", whole)], "猫\x1b[31m.jpg": [("dog", cell(3))]})
    unknown = np.zeros(2, np.int32)
    before, after = (replace(d, images=replace(d.images, width=unknown, height=unknown)) for d in (before, after))

    assert pixels(sheet(before, after), PURPLE) > 200


def test_a_sheet_of_nothing_says_so() -> None:
    dataset = grid({"a.jpg": [("cat", cell(0))]})

    assert sheet(dataset, dataset).shape[2] == 3
