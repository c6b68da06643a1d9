"""The confusion matrix as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cvdata.reports.heat_map import draw_heat_map


def drawn(names: Sequence[str], counts: Sequence[Sequence[int]], *, background: bool) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(draw_heat_map(names, np.array(counts), background=background))) as picture:
        return np.asarray(picture.convert("RGB"))


def colours(picture: NDArray[np.uint8]) -> dict[tuple[int, ...], int]:
    """Return how many pixels there are of each colour."""
    values, counts = np.unique(picture.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1]), return_counts=True)
    return {
        (value >> 16, value >> 8 & 255, value & 255): count
        for value, count in zip(values.tolist(), counts.tolist(), strict=True)
    }


BLUE, EMPTY = (0, 114, 178), (243, 244, 246)


def test_what_is_always_right_is_blue_and_what_never_happens_is_grey() -> None:
    found = colours(drawn(["cat", "dog"], [[7, 0], [0, 3]], background=False))

    field = 94 * 94  # pixels of a field without its gap
    assert field * 1.5 < found[BLUE] < field * 2  # numbers are written on them
    assert found[EMPTY] == field * 2


def test_a_false_alarm_is_held_against_all_that_was_found_of_the_class() -> None:
    picture = drawn(["cat"], [[99, 0], [1, 0]], background=True)

    # One in a hundred: a tenth of the full colour and a hundredth of the rest.
    pale = tuple(round(255 + (channel - 255) * (0.1 + 0.9 * 0.01)) for channel in (213, 94, 0))
    assert colours(picture)[pale] > 94 * 94 / 2


@pytest.mark.parametrize(
    "classes",
    [1, 3, 12, 24, 80, 130],
)
def test_every_number_of_classes_gives_a_picture_of_a_bearable_size(classes: int) -> None:
    counts = np.eye(classes, dtype=np.int64) * 50 + 1

    picture = drawn([f"a class with a long name {row}" for row in range(classes)], counts.tolist(), background=False)

    assert max(picture.shape) < 2500
    assert min(picture.shape[:2]) > 300


def test_of_more_than_100_classes_those_in_most_mistakes_are_drawn() -> None:
    counts = np.eye(130, dtype=np.int64) * 50
    counts[128, 129] = 50  # the last two are the only ones that are confused

    picture = drawn([str(row) for row in range(130)], counts.tolist(), background=False)

    half = tuple(round(255 + (channel - 255) * (0.1 + 0.9 * 0.5)) for channel in (213, 94, 0))
    assert colours(picture)[half] == 18 * 18  # the one field of a mistake, a half of its row


def test_of_more_than_100_classes_those_that_nobody_labelled_or_found_are_left_out() -> None:
    counts = np.zeros((1200, 1200), np.int64)
    counts[0, 1] = counts[2, 1199] = 4
    names = [str(row) for row in range(1200)]

    few = drawn(["0", "1", "2", "1199"], counts[np.ix_([0, 1, 2, 1199], [0, 1, 2, 1199])].tolist(), background=False)
    many = drawn(names, counts.tolist(), background=False)

    assert many.shape[1] == few.shape[1]
    assert (many[-4 * 96 :] == few[-4 * 96 :]).all()  # the same fields below another head


def test_names_of_any_script_are_drawn() -> None:
    picture = drawn(["猫", "قط", "a\x1bb", "x" * 300], (np.eye(4, dtype=np.int64) * 9).tolist(), background=False)

    assert max(picture.shape) < 1200


def test_the_same_counts_give_the_same_bytes() -> None:
    counts = np.array([[5, 1], [2, 8]])

    assert draw_heat_map(["a", "b"], counts, background=False) == draw_heat_map(["a", "b"], counts, background=False)
