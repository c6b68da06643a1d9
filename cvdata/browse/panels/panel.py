"""The panel "Precision and recall": curves of `cvdata eval`; a click on a point shows the pictures behind it."""

from __future__ import annotations

import copy
from typing import Any

import fiftyone.operators as foo
from fiftyone import ViewField
from fiftyone.operators import types

from ...reports.scales import plural
from ..names import FOUND, list_of
from ..plots.curves import Curves, stored_curves
from .drawing import LOWEST, choices, f1_chart, places_of, plain, point_of, recall_chart, view_of

__all__ = ["PrecisionRecall"]

_NOTHING = (
    "### Nothing to draw\n\nThere are no curves for this dataset: `cvdata browse SRC --found P` holds what a model "
    "found against labelled boxes, masks or keypoints."
)

_CONFIG = {"displayModeBar": False}

_LAYOUT: dict[str, Any] = {
    "autosize": True,
    "height": 380,
    "margin": {"l": 60, "r": 20, "t": 40, "b": 50},
    "legend": {"orientation": "h", "x": 0, "y": -0.3},
    "hovermode": "closest",
    "showlegend": True,
}


class PrecisionRecall(foo.Panel):  # type: ignore[misc]  # FiftyOne has no types
    """A panel of FiftyOne's App; the App calls its methods by their names."""

    @property
    def config(self) -> Any:
        """Return what the App lists."""
        return foo.PanelConfig(
            name="precision_recall",
            label="Precision and recall",
            icon="show_chart",
            help_markdown="Curves of `cvdata eval`. A click on a point shows the detections from its confidence on.",
        )

    def on_load(self, ctx: Any) -> None:
        """Draw the mean and the lowest classes."""
        ctx.panel.state.shown = LOWEST
        _draw(ctx, stored_curves(ctx.dataset))

    def on_change_dataset(self, ctx: Any) -> None:
        """Draw the curves of another dataset."""
        self.on_load(ctx)

    def choose(self, ctx: Any) -> None:
        """Draw what was chosen from the list."""
        ctx.panel.state.shown = ctx.params.get("value") or LOWEST
        _draw(ctx, stored_curves(ctx.dataset))

    def show_recall(self, ctx: Any) -> None:
        """Show the pictures of a point of precision against recall."""
        _show(ctx, "recall")

    def show_f1(self, ctx: Any) -> None:
        """Show the pictures of a point of F1 against confidence."""
        _show(ctx, "f1")

    def render(self, ctx: Any) -> Any:
        """Return what the panel consists of."""
        panel = types.Object()
        curves = stored_curves(ctx.dataset)
        if curves is None:
            panel.md(_NOTHING, name="nothing")
            return types.Property(panel)
        shown = types.Dropdown(label="Show")
        for value, words in choices(curves):
            shown.add_choice(value, label=words)
        panel.enum("shown", shown.values(), view=shown, default=LOWEST, on_change=self.choose)
        panel.plot("recall", config=_CONFIG, layout=_recall_layout(curves), on_click=self.show_recall)
        panel.plot("f1", config=_CONFIG, layout=_f1_layout(curves), on_click=self.show_f1)
        return types.Property(panel)


def _draw(ctx: Any, curves: Curves | None) -> None:
    if curves is None:
        return
    places = places_of(curves, ctx.panel.state.shown)
    ctx.panel.data.recall = recall_chart(curves, places)
    ctx.panel.data.f1 = f1_chart(curves, places)


def _show(ctx: Any, chart: str) -> None:
    curves = stored_curves(ctx.dataset)
    if curves is None:
        return
    places = places_of(curves, ctx.panel.state.shown)
    trace, point = ctx.params.get("trace_idx"), ctx.params.get("idx")
    chosen = (
        point_of(curves, places, chart, trace, point) if isinstance(trace, int) and isinstance(point, int) else None
    )
    if chosen is None:
        ctx.ops.notify("No one confidence belongs to this point: click on the curve of a class", variant="info")
        return
    name, score = chosen
    view = view_of(ViewField, ctx.dataset, name, score)
    ctx.ops.set_view(view)
    count = view.count(list_of(FOUND))
    words = f"{plural(count, 'detection')}{'' if name is None else f' of {name}'} from confidence {score:.3f} on"
    ctx.ops.notify(f"{words}, the least sure first", variant="info")


def _recall_layout(curves: Curves) -> dict[str, Any]:
    return _layout(f"{plain(curves.model)}: precision and recall at IoU 0.5 (AP50)", "recall", "precision")


def _f1_layout(curves: Curves) -> dict[str, Any]:
    layout = _layout("F1 from a confidence on", "confidence", "F1")
    if curves.score is not None:
        line = {"color": "#8a8f98", "dash": "dot", "width": 1}
        layout["shapes"] = [
            {"type": "line", "x0": curves.score, "x1": curves.score, "y0": 0, "y1": 1, "yref": "paper", "line": line}
        ]
        text = f"judged from {curves.score:.3f} on"
        layout["annotations"] = [
            {"x": curves.score, "y": 1, "yref": "paper", "text": text, "showarrow": False, "xanchor": "left"}
        ]
    return layout


def _layout(title: str, x: str, y: str) -> dict[str, Any]:
    layout = copy.deepcopy(_LAYOUT)
    layout["title"] = {"text": title, "font": {"size": 14}, "x": 0.02, "xanchor": "left"}
    layout["xaxis"] = {"title": {"text": x}, "range": [0, 1.02]}
    layout["yaxis"] = {"title": {"text": y}, "range": [0, 1.05]}
    return layout
