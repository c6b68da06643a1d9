"""Line plots: every value at its place, a key for every line, and names that cannot become markup."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.reports.lines import Line, Mark, line_plot
from cvdata.reports.markup import Markup

LABELS = ("recall", "precision")


def elements(drawing: Markup, name: str, kind: str = "") -> list[ElementTree.Element]:
    found = ElementTree.fromstring(drawing.html).iter(name)
    return [element for element in found if not kind or kind in element.attrib.get("class", "").split()]


def points(drawing: Markup, kind: str) -> list[tuple[float, float]]:
    """Return the points of the first path of a kind."""
    numbers = re.findall(r"(-?[\d.]+) (-?[\d.]+)", elements(drawing, "path", kind)[0].attrib["d"])
    return [(float(x), float(y)) for x, y in numbers]


def told(drawing: Markup) -> list[str]:
    return [title.text or "" for rect in elements(drawing, "rect", "none") for title in rect.iter("title")]


def test_a_line_goes_through_its_points() -> None:
    drawing = line_plot([Line(name="a", x=[0, 0.5, 1], y=[1, 0.5, 0])], title="t", labels=LABELS)

    (left, top), (middle, half), (right, bottom) = points(drawing, "s0")
    assert (middle, half) == ((left + right) / 2, (top + bottom) / 2)
    assert left < right
    assert top < bottom  # downward on a screen


def test_the_strong_line_is_drawn_last_and_in_ink() -> None:
    lines = [Line(name="all", x=[0, 1], y=[1, 0], strong=True), Line(name="cat", x=[0, 1], y=[1, 1])]

    drawn = [path.attrib["class"] for path in elements(line_plot(lines, title="t", labels=LABELS), "path", "line")]

    assert drawn[:2] == ["line s0", "line ink"]


def test_a_pointer_finds_the_value_of_every_line_and_none_beyond_its_ends() -> None:
    lines = [Line(name="a", x=[0, 1], y=[1, 0]), Line(name="b", x=[0, 0.5], y=[0.25, 0.25])]

    strips = told(line_plot(lines, title="t", labels=LABELS))

    # Of 25 strips the first has its middle at 0.02, where a falls from 1 to 0.
    assert strips[0] == "recall 0.02\na: 0.980\nb: 0.250"
    assert strips[-1] == "recall 0.98\na: 0.020"


def test_a_band_reaches_from_low_to_high() -> None:
    line = Line(name="a", x=[0, 1], y=[0.5, 0.5], low=[0.25, 0.25], high=[0.75, 0.75])

    drawing = line_plot([line], title="t", labels=LABELS)

    heights = [y for _, y in points(drawing, "band")]
    middle = points(drawing, "line")[0][1]
    assert max(heights) - middle == middle - min(heights) > 0


def test_a_key_names_every_line_where_there_are_several() -> None:
    lines = [Line(name=name, x=[0, 1], y=[0, 1]) for name in ("cat", "dog")]

    several = [text.text for text in elements(line_plot(lines, title="t", labels=LABELS), "text")]
    one = [text.text for text in elements(line_plot(lines[:1], title="t", labels=LABELS), "text")]

    assert several[-2:] == ["cat", "dog"]
    assert "cat" not in one


def test_a_mark_stands_at_its_point() -> None:
    line = Line(name="a", x=[0.25, 0.75], y=[0.5, 0.5])

    drawing = line_plot([line], title="t", labels=LABELS, marks=[Mark(0.75, 0.5, "best")])

    circle = elements(drawing, "circle", "point")[0]
    assert (float(circle.attrib["cx"]), float(circle.attrib["cy"])) == points(drawing, "line")[1]
    assert "best" in [text.text for text in elements(drawing, "text")]


def test_a_line_without_a_finite_point_is_not_drawn() -> None:
    drawing = line_plot([Line(name="a", x=[0.5], y=[math.nan])], title="t", labels=LABELS)

    assert elements(drawing, "path", "line") == []
    assert told(drawing) == []


def test_the_diagonal_ends_in_the_corners() -> None:
    lines = [Line(name="a", x=[0, 1], y=[0, 1])]

    drawing = line_plot(lines, title="t", labels=LABELS, diagonal=True)

    dashed = next(path for path in elements(drawing, "path", "axis") if "stroke-dasharray" in path.attrib)
    numbers = [float(n) for n in re.findall(r"[\d.]+", dashed.attrib["d"])]
    assert numbers == [coordinate for point in points(drawing, "line") for coordinate in point]


def test_an_axis_that_counts_has_whole_numbers_alone() -> None:
    def below(across: tuple[float, float]) -> list[str]:
        drawing = line_plot([], title="t", labels=("epoch", ""), across=across, steps=True)
        return [text.text or "" for text in elements(drawing, "text") if text.attrib.get("text-anchor") == "middle"]

    assert below((1.0, 2.0)) == ["1", "2", "epoch"]
    assert below((0.5, 1.5)) == ["1", "epoch"]
    assert below((1.0, 50.0)) == ["10", "20", "30", "40", "50", "epoch"]


@settings(max_examples=50)
@given(st.text(), st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=5), st.integers(0, 12))
def test_any_name_and_any_number_of_lines_give_well_formed_markup(
    name: str, spots: list[tuple[float, float]], count: int
) -> None:
    spots.sort()
    line = Line(name=name, x=[x for x, _ in spots], y=[y for _, y in spots], dots=True)

    drawing = line_plot([line] * count, title=name, labels=(name, name), marks=[Mark(0.5, 0.5, name)])

    assert elements(drawing, "svg") == [] or elements(drawing, "svg")[0].attrib["role"] == "img"
