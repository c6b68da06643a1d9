"""What the panel "Precision and recall" draws, and where a click leads."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cvdata.browse.panels.drawing import LOWEST, MEAN, choices, f1_chart, places_of, point_of, recall_chart
from cvdata.browse.plots.curves import Curves
from cvdata.evaluate.report import Curve


def curves_of(*ap50: float | None) -> Curves:
    """Return the mean and a class for each figure; the curve of each reaches a recall of 0.5."""
    drawn = {"recall": [0.0, 0.5, 1.0], "precision": [1.0, 0.8, 0.0], "score": [0.2, 0.9], "f1": [0.4, 0.1]}
    mean = Curve(name=None, **drawn)
    classes = [Curve(name=f"class {n}", confidence=[0.9, 0.3, 0.0], **drawn) for n in range(len(ap50))]
    return Curves(model="m", score=0.3, curves=[mean, *classes], ap50=[0.5, *ap50])


def test_the_lowest_classes_are_shown_at_first_and_one_of_them_when_it_is_chosen() -> None:
    few, many = curves_of(0.9, 0.1, 0.5), curves_of(*(n / 20 for n in range(20, 0, -1)))

    assert places_of(few, LOWEST) == [0, 2, 3, 1]
    assert places_of(many, None) == [0, *range(20, 12, -1)]
    assert places_of(few, "3") == [0, 3]
    assert places_of(few, "17") == [0, 2, 3, 1]  # the dataset was evaluated anew meanwhile
    assert choices(few) == [
        (LOWEST, "mean and all classes"),
        ("2", "class 1 (0.100)"),
        ("3", "class 2 (0.500)"),
        ("1", "class 0 (0.900)"),
    ]
    assert choices(many)[0] == (LOWEST, "mean and the 8 classes of lowest AP50")


def test_a_curve_ends_where_no_detection_reaches_further() -> None:
    mean, one = recall_chart(curves_of(0.5), [0, 1])

    assert (one["x"], one["y"], one["customdata"]) == ([0.0, 0.5], [1.0, 0.8], [0.9, 0.3])
    assert one["name"] == "class 0 (0.500)"
    assert mean["name"] == f"{MEAN} (0.500)"
    assert "customdata" not in mean


def test_classes_without_a_figure_come_first_and_have_none_in_words() -> None:
    curves = curves_of(0.4, None)

    assert places_of(curves, LOWEST) == [0, 2, 1]
    assert f1_chart(curves, [2])[0]["name"] == "class 1"


def test_plotly_is_told_names_that_look_like_html_letter_by_letter() -> None:
    one = replace(curves_of(0.5).curves[1], name="<b>5 & 6</b>")
    curves = replace(curves_of(0.5), curves=[one])

    assert recall_chart(curves, [0])[0]["name"] == "&lt;b&gt;5 &amp; 6&lt;/b&gt; (0.500)"
    assert f1_chart(curves, [0])[0]["name"] == "&lt;b&gt;5 &amp; 6&lt;/b&gt;"
    assert choices(curves)[1] == ("0", "<b>5 & 6</b> (0.500)")


@pytest.mark.parametrize(
    ("chart", "trace", "point", "leads"),
    [
        ("recall", 1, 1, ("class 0", 0.3)),
        ("recall", 0, 1, None),  # the mean has no one confidence
        ("f1", 0, 1, (None, 0.9)),
        ("f1", 1, 0, ("class 0", 0.2)),
        ("f1", 2, 0, None),
        ("f1", 1, 2, None),
        ("f1", -1, 0, None),
    ],
)
def test_a_point_leads_to_its_class_and_confidence(
    chart: str, trace: int, point: int, leads: tuple[str | None, float] | None
) -> None:
    assert point_of(curves_of(0.5), [0, 1], chart, trace, point) == leads
