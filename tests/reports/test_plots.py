"""Plots: bars as long as their numbers, round ticks, and names that cannot become markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cvdata.reports import plots
from cvdata.reports.markup import Markup
from cvdata.reports.scales import log_ticks, short, ticks


def elements(drawing: Markup, name: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(drawing.html).iter(name))


def tooltips(drawing: Markup) -> list[str]:
    return [title.text or "" for rect in elements(drawing, "rect") for title in rect.iter("title")]


def widths(drawing: Markup) -> list[float]:
    return [float(rect.attrib["width"]) for rect in elements(drawing, "rect") if rect.attrib.get("height") == "15"]


def test_bars_are_as_long_as_their_numbers() -> None:
    drawn = widths(plots.bars(["cat", "dog"], np.array([40, 10]), title="t"))

    assert drawn[0] == 4 * drawn[1]


def test_a_bar_is_stacked_of_the_splits_and_says_each_number() -> None:
    drawing = plots.bars(["cat"], np.array([[30, 10]]), title="t", series=["train", "val"])

    assert tooltips(drawing)[2:] == ["cat, train: 30", "cat, val: 10"]
    assert [rect.attrib["class"] for rect in elements(drawing, "rect")][2:] == ["s0", "s1"]


def test_of_many_classes_the_last_bar_holds_the_rest() -> None:
    names = [f"c{n}" for n in range(1200)]

    drawing = plots.bars(names, np.arange(1200, 0, -1), title="t", limit=30)

    assert len(tooltips(drawing)) == 30
    assert tooltips(drawing)[-1] == f"1,171 others: {sum(range(1, 1172)):,}"


def test_bars_of_nothing_are_drawn_all_the_same() -> None:
    assert widths(plots.bars(["cat"], np.array([0]), title="t")) == []


def test_a_histogram_leaves_out_empty_bins_and_names_the_others() -> None:
    drawing = plots.histogram(np.array([-0.5, 0.5, 1.5, 2.5]), np.array([3, 0, 5]), title="t", label="x")

    assert tooltips(drawing) == ["0: 3", "2: 5"]


def test_a_density_is_cut_to_where_something_is() -> None:
    edges = np.logspace(0, 12, 13, base=2.0)
    grid = np.zeros((12, 12), np.int64)
    grid[5, 6] = 9

    drawing = plots.density(grid, edges, title="t", labels=("w", "h"))

    shown = [text.text for text in elements(drawing, "text")]
    assert [text for text in shown if (text or "").isdigit()] == 2 * ["20", "50", "100", "200"]


def test_a_heat_map_puts_the_mark_where_the_count_is() -> None:
    grid = np.zeros((32, 32), np.int64)
    grid[4, 20] = 5

    drawing = plots.heat_map(grid, title="t")

    strongest = elements(drawing, "path")[-1]
    assert strongest.attrib["d"] == "M20 4h1v1h-1z"


def test_a_matrix_says_how_often_two_come_together() -> None:
    drawing = plots.matrix(["cat", "dog"], np.array([[5, 1], [1, 3]]), title="t", noun="picture")

    assert tooltips(drawing) == [
        "cat: 5 pictures",
        "cat and dog: 1 picture",
        "dog and cat: 1 picture",
        "dog: 3 pictures",
    ]


def test_long_names_are_cut_and_said_in_full_at_the_pointer() -> None:
    name = "a very long class name that goes on and on"

    drawing = plots.bars([name], np.array([1]), title="t")

    label = next(text for text in elements(drawing, "text") if text.find("title") is not None and text.text != "t")
    assert (label.text or "").endswith("…")
    assert label.findtext("title") == name


@given(st.text(max_size=30))
def test_any_name_gives_well_formed_drawings(name: str) -> None:
    for drawing in (
        plots.bars([name], np.array([[1, 2]]), title=name, series=[name, name]),
        plots.matrix([name], np.array([[1]]), title=name, noun=name),
        plots.heat_map(np.ones((4, 4), np.int64), title=name, note=name),
    ):
        ElementTree.fromstring(drawing.html)
        assert not re.search("[\x00-\x08\x0b\x0e-\x1f\u202e]", drawing.html)


def test_ticks_are_round() -> None:
    assert ticks(0, 4153, 4) == [0, 1000, 2000, 3000, 4000]
    assert ticks(0, 0.7, 5) == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert ticks(3, 3) == [3]
    assert log_ticks(1, 150) == [1, 2, 5, 10, 20, 50, 100]


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9), st.integers(2, 10))
def test_ticks_lie_inside_and_are_neither_few_nor_many(low: float, span: float, wanted: int) -> None:
    found = ticks(low, low + span, wanted)

    assert len(found) <= 2 * wanted + 2
    assert all(low - 1e-6 * max(abs(low), span) <= tick <= low + span + 1e-6 * max(abs(low), span) for tick in found)


def test_large_numbers_are_written_short() -> None:
    assert [short(value) for value in (0, 950, 1500, 20000, 3e6)] == ["0", "950", "1.5k", "20k", "3M"]
