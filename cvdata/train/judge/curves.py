"""The curves of a run as a picture: losses, figures of the validation pictures, and the learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...models.run_folder import Epoch
from ...reports.chart import COLOURS, Chart, Series, draw_charts
from ...reports.lines import Mark
from ...reports.scales import plural
from ...reports.sheet import encode
from .history import Curve, best_epoch, clock, loss_curve, metric_curve, metric_names, rate_curve

__all__ = ["draw_curves", "is_wide", "loss_axis", "top_of"]

_MOST_METRICS = 5
_WIDE = 30.0
"""A loss that was so many times its least is drawn by powers of ten: on an even axis only its start would show."""

_TOPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


def draw_curves(history: Sequence[Epoch], *, metric: str, name: str = "") -> bytes:
    """Draw the epochs so far as a PNG.

    Args:
        metric: figure by which epochs are compared; drawn in front, its best epoch is marked.
        name: of the run, for the title.
    """
    best = best_epoch(history)
    at = None if best is None else float(best.epoch)
    last = history[-1].epoch if history else 1
    title = " · ".join(part for part in (name, _headline(best, metric)) if part)
    seconds = sum(epoch.seconds for epoch in history)
    picture = draw_charts(
        [[_losses(history, at), _metrics(history, metric, best)], [_rate(history, at)]],
        title=title or plural(len(history), "epoch"),
        subtitle=f"{plural(len(history), 'epoch')}, {clock(seconds)}" if title else "",
        across=(1.0, float(last)) if last > 1 else (0.5, 1.5),
        label="epoch",
    )
    return encode(picture)


def _headline(best: Epoch | None, metric: str) -> str:
    value = None if best is None else best.metrics.get(metric)
    return "" if best is None or value is None else f"best {metric} {value:.3f} at epoch {best.epoch:,}"


def _losses(history: Sequence[Epoch], rule: float | None) -> Chart:
    curves = [loss_curve(history, "training"), loss_curve(history, "validation", val=True)]
    values = [y for curve in curves for _, y in curve.known]
    title = "Loss, logarithmic" if is_wide(values) else "Loss"
    lines = [_series(curve, COLOURS[number]) for number, curve in enumerate(curves)]
    return Chart(title=title, series=lines, up=loss_axis(values), log=is_wide(values), rule=rule, tall=360)


def loss_axis(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis for losses: from 0, but for those below it and those that are drawn by powers."""
    if is_wide(values):
        return min(values) * 0.9, max(values) * 1.1
    low, high = min([0.0, *values]), max([0.0, *values])
    return low, high + 0.05 * (high - low) if high > low else low + 1.0


def is_wide(values: Sequence[float]) -> bool:
    """Tell whether losses differ so much that only powers of ten show all of them."""
    return bool(values) and min(values) > 0 and max(values) > _WIDE * min(values)


def _metrics(history: Sequence[Epoch], metric: str, best: Epoch | None) -> Chart:
    names = metric_names(history, metric)
    curves = [metric_curve(history, name) for name in names[:_MOST_METRICS]]
    value = None if best is None else best.metrics.get(metric)
    marks = [] if best is None or value is None else [Mark(best.epoch, value, f"best: {value:.3f}")]
    return Chart(
        title="Validation pictures",
        series=[_series(curve, COLOURS[number], thin=curve.name != metric) for number, curve in enumerate(curves)],
        up=(0.0, top_of([y for curve in curves for _, y in curve.known])),
        marks=marks,
        rule=None if best is None else float(best.epoch),
        tall=360,
        empty="no validation yet, or nothing to measure",
    )


def top_of(values: Sequence[float]) -> float:
    """Return the end of an axis for figures from 0 to 1: not far above the greatest, and always a round number."""
    most = max(values, default=1.0)
    return next((top for top in _TOPS if most <= top * 0.97), max(1.0, most))


def _rate(history: Sequence[Epoch], rule: float | None) -> Chart:
    curve = rate_curve(history)
    line = Series(name="", x=curve.epochs, y=curve.values, colour=COLOURS[6], last=_small(curve))
    up = (0.0, max((y for _, y in curve.known), default=0.0) * 1.1 or 1.0)
    return Chart(title="Learning rate", series=[line], up=up, rule=rule, tall=90)


def _small(curve: Curve) -> str:
    return f"{curve.known[-1][1]:.2g}" if curve.known else ""


def _series(curve: Curve, colour: str, *, thin: bool = False) -> Series:
    known = curve.known
    last = f"{known[-1][1]:.3f}" if known else ""
    if known and 0 < abs(known[-1][1]) < 0.0005 and math.isfinite(known[-1][1]):
        last = f"{known[-1][1]:.1e}"
    return Series(name=curve.name, x=curve.epochs, y=curve.values, colour=colour, thin=thin, last=last)
