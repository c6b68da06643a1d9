"""Curves of one run or of several as SVG that belongs into a page."""

from __future__ import annotations

from collections.abc import Sequence

from ...models.run_folder import Epoch
from ...reports.lines import Line, Mark, line_plot
from ...reports.markup import Markup
from .curves import is_wide, loss_axis, top_of
from .history import Curve, best_epoch, loss_curve, metric_curve, metric_names

__all__ = ["loss_plot", "metric_plot", "part_plot", "runs_plot"]

_MOST = 7
_FEW = 30  # points are drawn themselves where there are no more


def loss_plot(history: Sequence[Epoch]) -> Markup:
    """Draw the loss of the training and of the validation pictures."""
    return _losses([loss_curve(history, "training"), loss_curve(history, "validation", val=True)], "Loss", history)


def part_plot(history: Sequence[Epoch]) -> Markup | None:
    """Draw the parts of the training loss; None where it has only one."""
    names = dict.fromkeys(name for epoch in history for name in epoch.losses if name != "loss")
    if len(names) < 2:
        return None
    curves = [loss_curve(history, name, part=name) for name in list(names)[:_MOST]]
    return _losses(curves, "Parts of the training loss", history)


def metric_plot(history: Sequence[Epoch], metric: str) -> Markup:
    """Draw the figures of the validation pictures; the one that decides is strong, its best epoch marked."""
    names = metric_names(history, metric)[: _MOST - 1]
    curves = [metric_curve(history, name) for name in names]
    best = best_epoch(history)
    value = None if best is None else best.metrics.get(metric)
    marks = [] if best is None or value is None else [Mark(best.epoch, value, f"{value:.3f}")]
    return line_plot(
        [_line(curve, strong=curve.name == metric) for curve in curves],
        title="Validation pictures",
        labels=("epoch", "from 0 to 1, more is better"),
        across=_across(history),
        steps=True,
        up=(0.0, top_of([y for curve in curves for _, y in curve.known])),
        marks=marks,
    )


def runs_plot(histories: Sequence[Sequence[Epoch]], names: Sequence[str], what: str, title: str) -> Markup | None:
    """Draw a figure of several runs, or their `loss` or `validation loss`; None where no run has it."""
    curves = []
    for history, name in zip(histories, names, strict=True):
        if what in ("loss", "validation loss"):
            curves.append(loss_curve(history, name, val=what != "loss"))
        else:
            curves.append(metric_curve(history, what)._replace(name=name))
    values = [y for curve in curves for _, y in curve.known]
    if not values:
        return None
    longest = max(histories, key=len)
    if what in ("loss", "validation loss"):
        return _losses(curves, title, longest)
    lines = [_line(curve) for curve in curves]
    up = (0.0, top_of(values))
    return line_plot(lines, title=title, labels=("epoch", what), across=_across(longest), up=up, steps=True)


def _losses(curves: Sequence[Curve], title: str, history: Sequence[Epoch]) -> Markup:
    values = [y for curve in curves for _, y in curve.known]
    log = is_wide(values)
    return line_plot(
        [_line(curve) for curve in curves],
        title=title,
        labels=("epoch", "loss, logarithmic" if log else "loss"),
        across=_across(history),
        steps=True,
        up=loss_axis(values),
        log=log,
    )


def _across(history: Sequence[Epoch]) -> tuple[float, float]:
    last = history[-1].epoch if history else 1
    return (1.0, float(last)) if last > 1 else (0.5, 1.5)


def _line(curve: Curve, *, strong: bool = False) -> Line:
    dots = len(curve.known) <= _FEW
    return Line(name=curve.name, x=curve.epochs, y=curve.values, strong=strong, dots=dots)
