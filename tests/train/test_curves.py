"""What is read off the epochs, and the picture that is drawn of them."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from cvdata.models.run_folder import Epoch
from cvdata.reports.chart import COLOURS
from cvdata.reports.palette import rgb
from cvdata.train.judge.curves import draw_curves, is_wide, loss_axis, top_of
from cvdata.train.judge.history import best_epoch, clock, loss_curve, metric_curve, metric_names

from .epochs import epochs


def drawn(history: list[Epoch], **options: str) -> np.ndarray:
    picture = Image.open(io.BytesIO(draw_curves(history, metric="AP", **options)))
    assert picture.format == "PNG"
    return np.asarray(picture.convert("RGB"))


def has(picture: np.ndarray, colour: str) -> bool:
    """Tell whether a colour is on a picture as it is: smoothing mixes only the edges of a line."""
    return bool((picture == np.array(rgb(colour))).all(axis=2).any())


def test_an_epoch_without_validation_is_left_out_and_one_without_a_value_is_a_gap() -> None:
    history = epochs([3, 2, 1], ap=[0.1, None, 0.3])
    history = [*history, *epochs([1])]

    curve = metric_curve(history, "AP")

    assert curve.epochs == [1, 2, 3]
    assert [None if math.isnan(y) else y for y in curve.values] == [0.1, None, 0.3]
    assert curve.known == [(1, 0.1), (3, 0.3)]


def test_losses_are_read_by_side() -> None:
    history = epochs([3, 2, 1], val=[4, None, 2])

    assert loss_curve(history, "training").known == [(1, 3), (2, 2), (3, 1)]
    assert loss_curve(history, "validation", val=True).known == [(1, 4), (3, 2)]


def test_the_best_epoch_is_the_last_that_was_better_than_all_before() -> None:
    assert best_epoch(epochs([1, 1, 1])) is None
    best = best_epoch(epochs([3, 2, 1], ap=[0.1, 0.4, 0.3]))
    assert best is not None
    assert best.epoch == 2


def test_figures_come_in_a_known_order_and_undefined_ones_not_at_all() -> None:
    one = Epoch(
        epoch=1,
        step=1,
        seconds=1,
        images_per_s=1,
        rate=1,
        losses={"loss": 1},
        metrics={"own": 0.1, "APs": None, "AP50": 0.5, "mIoU": 0.2, "AP": 0.3},
    )

    assert metric_names([one], "mIoU") == ["mIoU", "AP", "AP50", "own"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (8.31, "8.3 s"), (59.4, "59 s"), (725, "12 min 5 s"), (3600, "1 h"), (12_000, "3 h 20 min")],
)
def test_times_are_said_in_units_that_people_use(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_the_axis_of_figures_ends_at_a_round_number() -> None:
    assert [top_of([0.03]), top_of([0.45]), top_of([0.5]), top_of([0.98]), top_of([])] == [0.05, 0.5, 0.6, 1.0, 1.0]


def test_losses_of_very_different_size_are_drawn_by_powers_of_ten() -> None:
    assert is_wide([31, 2, 1])
    assert not is_wide([30, 2, 1])
    assert not is_wide([100, 0])
    assert loss_axis([31.0, 1.0]) == pytest.approx((0.9, 34.1))
    assert loss_axis([2.0, 1.0]) == pytest.approx((0.0, 2.1))
    assert loss_axis([]) == (0.0, 1.0)


@pytest.mark.parametrize("count", [1, 2, 50, 300])
def test_any_number_of_epochs_is_drawn(count: int) -> None:
    falling = [1 / (1 + 0.1 * epoch) for epoch in range(count)]
    picture = drawn(epochs(falling, val=[1.2 * y for y in falling], ap=[1 - y for y in falling]))

    assert picture.shape[1] == 1400
    assert has(picture, COLOURS[0])  # training, and AP
    assert has(picture, COLOURS[1])  # validation


def test_without_validation_only_the_training_loss_is_drawn() -> None:
    picture = drawn(epochs([3, 2, 1]))

    assert has(picture, COLOURS[0])
    assert not has(picture, COLOURS[1])


def test_a_figure_that_is_never_defined_is_no_reason_to_fail() -> None:
    picture = drawn(epochs([3, 2, 1], val=[3, 2, 1], ap=[None, None, None]), name="größe 日本")

    assert not has(picture[:, 760:], COLOURS[0])  # the right half shows the figures


def test_the_same_epochs_give_the_same_bytes() -> None:
    history = epochs([3, 2, 1], val=[3, 2, 2], ap=[0.1, 0.2, 0.3])

    assert draw_curves(history, metric="AP") == draw_curves(history, metric="AP")
