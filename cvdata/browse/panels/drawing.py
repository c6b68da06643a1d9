"""Curves as Plotly draws them, and the pictures that belong to a point of a curve."""

from __future__ import annotations

import html
from typing import Any

from ...evaluate.diagnosis.kinds import Verdict
from ...evaluate.report import Curve
from ...reports.palette import class_colour
from ..names import FOUND, TRUTH, VERDICT, list_of
from ..plots.curves import Curves
from ..store.saved import beside, has

__all__ = ["LOWEST", "MEAN", "choices", "f1_chart", "places_of", "plain", "point_of", "recall_chart", "view_of"]

LOWEST = "lowest"
"""Choice of the mean and of the classes with the lowest AP50."""

MEAN = "mean over classes"

_MOST = 8
"""Curves of classes in one chart: more cannot be told apart."""

_MEAN_COLOUR = "#8a8f98"


def choices(curves: Curves) -> list[tuple[str, str]]:
    """Return what may be shown, as pairs of value and words: the lowest classes together, then each class."""
    order = _lowest_first(curves)
    together = f"mean and the {_MOST} classes of lowest AP50" if len(order) > _MOST else "mean and all classes"
    return [(LOWEST, together), *((str(place), _words(curves, place)) for place in order)]


def places_of(curves: Curves, choice: str | None) -> list[int]:
    """Return the places of the curves that a choice shows; the mean is always there, and first."""
    order = _lowest_first(curves)
    means = [place for place, curve in enumerate(curves.curves) if curve.name is None]
    if choice and choice.isdigit() and int(choice) in order:
        return [*means, int(choice)]
    return [*means, *order[:_MOST]]


def _lowest_first(curves: Curves) -> list[int]:
    named = [place for place, curve in enumerate(curves.curves) if curve.name is not None]
    return sorted(named, key=lambda place: -1.0 if (value := curves.ap50[place]) is None else value)


def _words(curves: Curves, place: int) -> str:
    name, value = curves.curves[place].name, curves.ap50[place]
    return f"{MEAN if name is None else name}{'' if value is None else f' ({value:.3f})'}"


def recall_chart(curves: Curves, places: list[int]) -> list[dict[str, Any]]:
    """Return precision against recall of some curves, as far as they reach."""
    traces = []
    for place in places:
        curve = curves.curves[place]
        end = _reached(curve)
        hover = "recall %{x:.2f}<br>precision %{y:.3f}"
        trace = _trace(place, _words(curves, place), curve, curve.recall[:end], curve.precision[:end])
        if curve.confidence:
            trace["customdata"] = curve.confidence[:end]
            hover += "<br>confidence %{customdata:.3f}"
        traces.append({**trace, "hovertemplate": f"{hover}<extra>%{{fullData.name}}</extra>"})
    return traces


def f1_chart(curves: Curves, places: list[int]) -> list[dict[str, Any]]:
    """Return F1 against confidence of some curves."""
    hover = "confidence %{x:.3f}<br>F1 %{y:.3f}<extra>%{fullData.name}</extra>"
    shown = [(place, curves.curves[place]) for place in places]
    return [
        {**_trace(place, MEAN if one.name is None else one.name, one, one.score, one.f1), "hovertemplate": hover}
        for place, one in shown
    ]


def _reached(curve: Curve) -> int:
    """Return the number of points up to the highest recall that is reached: beyond it precision is 0."""
    there = [place for place, value in enumerate(curve.precision) if value > 0]
    return there[-1] + 1 if there else 0


def _trace(place: int, words: str, curve: Curve, x: list[float], y: list[float]) -> dict[str, Any]:
    mean = curve.name is None
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": plain(words),
        "x": x,
        "y": y,
        "line": {"color": _MEAN_COLOUR if mean else class_colour(place - 1), "width": 3 if mean else 2},
        "marker": {"size": 5},
    }


def plain(text: str) -> str:
    """Return a text as Plotly shows it letter by letter: by itself it takes `<b>` and the like for HTML."""
    return html.escape(text, quote=False)


def point_of(curves: Curves, places: list[int], chart: str, trace: int, point: int) -> tuple[str | None, float] | None:
    """Return the class and the least confidence of a point that was clicked, None where there is no such point.

    The mean of F1 is over detections of all classes, so its points have the class None; the mean of precision has no
    one confidence, and none of its points leads anywhere.

    Args:
        chart: `recall` or `f1`; `trace`, `point`: places in it.
    """
    if not 0 <= trace < len(places):
        return None
    curve = curves.curves[places[trace]]
    scores = curve.confidence if chart == "recall" else curve.score
    if not 0 <= point < len(scores):
        return None
    return curve.name, scores[point]


def view_of(part: Any, samples: Any, name: str | None, score: float) -> Any:
    """Return the pictures with detections that count from a confidence on, the least sure first, and their objects.

    What is shown of each side are labels of the class alone. Detections that the evaluation ignored are left out, as
    are pictures that it did not see. Which of those below the confidence that was judged (`unsure`) it would ignore,
    their verdict does not say: they are shown.

    Args:
        part: FiftyOne's `ViewField`.
        name: of the class, None for all.
    """
    judged = (part(VERDICT) != None) & (part(VERDICT) != Verdict.IGNORED.words)  # noqa: E711 - an expression
    sure = judged & (part("confidence") >= score)
    chosen = samples.filter_labels(FOUND, sure if name is None else sure & has(part, "label", name))
    if name is not None:
        chosen = chosen.filter_labels(TRUTH, has(part, "label", name), only_matches=False)
    chosen = beside(part, samples, beside(part, samples, chosen, FOUND), TRUTH)
    least = part(list_of(FOUND)).map(part("confidence")).min()
    return chosen.sort_by([(least, 1), ("id", 1)])
