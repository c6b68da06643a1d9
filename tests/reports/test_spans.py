"""Figures with their intervals: every end at its place, undefined ones as a dash, and many rows cut."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from cvdata.reports.markup import Markup
from cvdata.reports.spans import Span, gauge, spans


def elements(drawing: Markup, name: str, kind: str = "") -> list[ElementTree.Element]:
    found = ElementTree.fromstring(drawing.html).iter(name)
    return [element for element in found if not kind or kind in element.attrib.get("class", "").split()]


def texts(drawing: Markup) -> list[str]:
    return [text.text or "" for text in elements(drawing, "text")]


def whisker(drawing: Markup) -> tuple[float, float]:
    match = re.match(r"M([\d.]+) [\d.]+H([\d.]+)", elements(drawing, "path", "line")[0].attrib["d"])
    assert match is not None
    return float(match[1]), float(match[2])


def test_the_point_lies_inside_its_interval_in_proportion() -> None:
    drawing = spans([Span("cat", 0.5, 0.4, 0.8)], title="t", across=(0.0, 1.0))

    low, high = whisker(drawing)
    at = float(elements(drawing, "circle")[0].attrib["cx"])
    assert round((at - low) / (high - low), 2) == 0.25  # 0.1 of 0.4


def test_bars_are_as_long_as_their_values() -> None:
    drawing = spans([Span("a", 0.2), Span("b", 0.05)], title="t", bars=True)

    long, short = (float(rect.attrib["width"]) for rect in elements(drawing, "rect", "mark"))
    assert abs(long - 4 * short) < 0.3  # places are written with one decimal


def test_a_difference_below_zero_goes_to_the_left_and_says_its_sign() -> None:
    drawing = spans([Span("a", -0.1), Span("b", 0.1)], title="t", signed=True)

    left, right = (float(circle.attrib["cx"]) for circle in elements(drawing, "circle"))
    assert left < right
    assert "-0.100" in texts(drawing)
    assert "+0.100" in texts(drawing)


def test_an_undefined_figure_is_a_dash() -> None:
    drawing = spans([Span("a", None)], title="t")

    assert elements(drawing, "circle") == []
    assert "–" in texts(drawing)


def test_rows_beyond_the_limit_are_counted() -> None:
    drawing = spans([Span(f"c{n}", 0.5) for n in range(1200)], title="t", limit=30)

    assert len(elements(drawing, "circle")) == 30
    assert texts(drawing)[-1] == "and 1,170 more in the table"


def test_no_rows_are_a_plot_all_the_same() -> None:
    assert texts(spans([], title="nothing here"))[0] == "nothing here"


def test_a_pointer_is_told_figure_interval_and_note() -> None:
    drawing = spans([Span("cat", 0.5, 0.4, 0.8, note="7 objects")], title="t")

    titles = [title.text for title in elements(drawing, "title")]
    assert "cat: 0.500, interval 0.400 to 0.800\n7 objects" in titles


def test_a_gauge_is_filled_up_to_its_value() -> None:
    drawing = gauge(0.25, 0.2, 0.4)

    ground, filled, interval = (float(rect.attrib["width"]) for rect in elements(drawing, "rect"))
    assert (filled / ground, interval / ground) == (0.25, 0.2)
