"""Where a network looked, as FiftyOne's heat maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..labels.shapes import packed
from ..names import HEAT

__all__ = ["COLOURS", "RED", "colour_heat", "packed_map"]

COLOURS = (
    (0.0, "rgb(0, 0, 4)"),
    (0.25, "rgb(87, 16, 110)"),
    (0.5, "rgb(188, 55, 84)"),
    (0.75, "rgb(249, 142, 9)"),
    (1.0, "rgb(252, 255, 164)"),
)
"""Matplotlib's inferno: ever lighter towards what counts, so that it can be read in grey and by the colour-blind."""

RED = "#ff2222"
"""Where the App colours by field: it draws this ever denser towards what counts; no side of the labels is red."""


def packed_map(heat: NDArray[np.float32]) -> bytes:
    """Return a heat map, 0 to 1, as the bytes that FiftyOne keeps of it: NumPy's file, deflated.

    It is kept in 256 steps, more than the eye tells apart, in a fourth of the room; its `range` is then 0 to 255.
    """
    steps = np.round(np.clip(np.nan_to_num(heat), 0, 1) * 255).astype(np.uint8)
    return packed(steps)


def colour_heat(fiftyone: Any, samples: Any) -> None:
    """Give the heat maps of a dataset their colours, by value and by field; other fields keep theirs."""
    scheme = samples.app_config.color_scheme or fiftyone.ColorScheme()
    # A list of colours has to be written with the range 0 to 1, whatever the values of the map are.
    scale = {"path": HEAT, "list": [{"value": value, "color": colour} for value, colour in COLOURS]}
    scales = [*_others(scheme.colorscales), scale]
    fields = [*_others(scheme.fields), {"path": HEAT, "fieldColor": RED}]
    if (scheme.colorscales, scheme.fields) != (scales, fields):
        scheme.colorscales, scheme.fields = scales, fields
        samples.app_config.color_scheme = scheme
        samples.save()


def _others(settings: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [one for one in settings or [] if one["path"] != HEAT]
