"""One colour per class, the same wherever the class is shown, and ink that can be read on it."""

from __future__ import annotations

import colorsys
from functools import cache

__all__ = ["class_colour", "ink_on", "rgb"]

# Okabe and Ito's colours (https://jfly.uni-koeln.de/color/), then Tol's "muted" scheme (SRON/EPS/TN/09-002, issue 3.2)
# where it is not too near: both are made to be told apart by all kinds of colour vision.
_FIRST = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#882255",
    "#332288", "#999933", "#44aa99", "#aa4499", "#117733", "#ddcc77", "#cc6677", "#88ccee",
)  # fmt: skip

_GOLDEN = 0.6180339887498949


@cache
def class_colour(category: int) -> str:
    """Return the colour of a class by its row, such as `#0072b2`; neighbours differ most."""
    if category < len(_FIRST):
        return _FIRST[category]
    # Steps of the golden section never come back to a hue; lightness in turns keeps apart what hue alone does not.
    later = category - len(_FIRST)
    channels = colorsys.hls_to_rgb((0.07 + later * _GOLDEN) % 1, (0.38, 0.62, 0.5)[later % 3], (0.75, 0.85)[later % 2])
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)


def rgb(colour: str) -> tuple[int, int, int]:
    """Turn `#0072b2` into red, green and blue, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ink_on(colour: str) -> str:
    """Return black or white, whichever reads better on a colour (WCAG 2.2, contrast ratio)."""
    # (L + 0.05) / 0.05 against 1.05 / (L + 0.05): they are equal at L = 0.179.
    return "#000000" if _luminance(colour) > 0.179 else "#ffffff"


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (value / 255 for value in rgb(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
