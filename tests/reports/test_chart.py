"""Line charts as pictures."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cvdata.reports.chart import Chart, Series, draw_charts
from cvdata.reports.palette import rgb

BLUE, RED = "#0072b2", "#d55e00"


def drawn(*charts: Chart) -> NDArray[np.uint8]:
    return np.asarray(draw_charts([charts], title="t", across=(0.0, 10.0), label="epoch", width=600))


def places(picture: NDArray[np.uint8], colour: str) -> NDArray[np.int64]:
    """Return down and across of the pixels of a colour."""
    return np.argwhere((picture == np.array(rgb(colour))).all(axis=2))


def chart(y: list[float], colour: str = BLUE, **changes: object) -> Chart:
    x = np.linspace(0, 10, len(y)).tolist()
    line = Series(name="line", x=x, y=y, colour=colour)
    return Chart(title="c", series=[line], up=(0.0, 1.0), tall=200, **changes)  # type: ignore[arg-type]


def without_label(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out the short line that stands before the name, right of the field."""
    return found[found[:, 1] < 500]


def test_a_greater_value_stands_higher() -> None:
    low, high = (without_label(places(drawn(chart([value] * 50)), BLUE))[:, 0].mean() for value in (0.25, 0.75))

    assert round(low - high) == 100  # half of the 200 pixels of the field


def test_a_power_of_ten_is_as_far_as_the_next_where_it_is_logarithmic() -> None:
    def height(value: float) -> float:
        line = Series(name="", x=np.linspace(0, 10, 50).tolist(), y=[value] * 50, colour=BLUE)
        picture = drawn(Chart(title="c", series=[line], up=(0.01, 100.0), log=True, tall=200))
        return float(without_label(places(picture, BLUE))[:, 0].mean())

    assert [round(height(a) - height(10 * a)) for a in (0.1, 1.0)] == [50, 50]


def test_a_line_is_broken_where_its_value_is_not_defined() -> None:
    whole = without_label(places(drawn(chart([0.5] * 101)), BLUE))
    broken = without_label(places(drawn(chart([0.5] * 40 + [math.nan] * 21 + [0.5] * 40)), BLUE))

    missing = sorted(set(whole[:, 1].tolist()) - set(broken[:, 1].tolist()))
    assert missing
    assert missing == list(range(missing[0], missing[-1] + 1))  # one gap, without a hole in it


def test_a_single_point_is_seen() -> None:
    assert len(without_label(places(drawn(chart([0.5])), BLUE))) > 10


def test_values_beyond_the_axis_stay_in_the_field() -> None:
    inside = without_label(places(drawn(chart([1.0] * 50)), BLUE))[:, 0].mean()
    beyond = without_label(places(drawn(chart([7.0] * 50)), BLUE))[:, 0].mean()

    assert inside == beyond


def test_names_at_one_height_do_not_lie_on_each_other() -> None:
    lines = [Series(name=name, x=[0, 10], y=[0.5, 0.5], colour=colour) for name, colour in (("a", BLUE), ("b", RED))]
    picture = drawn(Chart(title="c", series=lines, up=(0.0, 1.0), tall=200))

    before_names = [places(picture, colour) for colour in (BLUE, RED)]
    heights = [np.median(found[found[:, 1] > 545][:, 0]) for found in before_names]
    assert abs(heights[0] - heights[1]) >= 18


def test_a_chart_without_values_says_so_and_takes_the_same_room() -> None:
    empty, full = drawn(chart([math.nan])), drawn(chart([0.5]))

    assert empty.shape == full.shape
    assert not len(places(empty, BLUE))
