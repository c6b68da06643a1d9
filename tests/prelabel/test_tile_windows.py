"""Tiles of a picture: they cover it, and each has pixels of its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cvdata.errors import UsageError
from cvdata.prelabel.looking.windows import TileSettings, check_tiles, own_parts, windows_of

TILES = st.builds(TileSettings, tile=st.integers(16, 60), overlap=st.floats(0.05, 0.75))


def test_the_last_tile_of_a_line_is_moved_inwards() -> None:
    # 40 wide with 10 in common: 0, 30, and 45 in place of 60
    windows = windows_of(85, 20, TileSettings(tile=40, overlap=0.25))

    assert windows.tolist() == [[0, 0, 40, 20], [30, 0, 40, 20], [45, 0, 40, 20]]


@settings(max_examples=60)
@given(st.integers(1, 150), st.integers(1, 150), TILES)
@example(1, 100, TileSettings(tile=16, overlap=0.05))
def test_tiles_cover_the_picture_and_their_own_parts_divide_it(width: int, height: int, chosen: TileSettings) -> None:
    seen, own = np.zeros((2, height, width), np.int64)

    windows = windows_of(width, height, chosen)
    for (x, y, wide, tall), (left, top, across, down) in zip(
        windows.tolist(), own_parts(width, height, chosen).tolist(), strict=True
    ):
        seen[y : y + tall, x : x + wide] += 1
        own[top : top + down, left : left + across] += 1
        assert x <= left and y <= top and left + across <= x + wide and top + down <= y + tall

    assert (seen >= 1).all() and (own == 1).all()
    assert set(windows[:, 2].tolist()) == {min(width, chosen.tile)}
    assert set(windows[:, 3].tolist()) == {min(height, chosen.tile)}


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (TileSettings(tile=15), "a tile is 15 pixels wide, expected 16 or more"),
        (TileSettings(overlap=0), "the overlap of tiles is 0, expected 0.05 to 0.75"),
        (TileSettings(overlap=float("nan")), "the overlap of tiles is nan"),
        (TileSettings(iou=0), "from an overlap of 0, expected above 0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(chosen: TileSettings, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_tiles(chosen)
