"""Which pictures are hardly worth training on, by what `images.facts` measured.

Thresholds are chosen so that none of 1,256 real pictures (street and studio photos, blood cells and membranes under
microscopes, insects, night and sky) is accused wrongly; what they find is said at each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..dataset import Facts

__all__ = ["BLANK", "BLURRED", "BRIGHT", "DARK", "HUGE", "TINY", "quality"]

TINY = 16
"""Pixels of the shorter side. Networks halve a picture five times; MNIST's 28 pixels are still a dataset."""

HUGE = 50_000_000
"""Pixels; beyond what cameras make, so a scan or a stitched map, which has to be cut into tiles."""

BLANK = 2.0
"""Contrast. The least of a real picture was 5.4: an aeroplane in a clear sky."""

DARK = 40.0
"""Brightness plus twice the contrast, about the grey value of the brightest parts: 86 and more in real pictures (even
on black ground), and below this in four of five that were made darker by 6 stops."""

BRIGHT = 225.0
"""Brightness less twice the contrast, about the grey value of the darkest parts: 171 and less in real pictures."""

BLURRED = 0.025
"""Sharpness over the square of the contrast, which takes out how strong edges can be at all.

All real pictures have more, but 94 % of them have less once they are blurred with a sigma of 1 % of their longer side,
and all with 1.5 %.
"""


def quality(facts: Facts, width: NDArray[np.integer], height: NDArray[np.integer]) -> dict[str, NDArray[np.bool_]]:
    """Tell which pictures are "tiny", "huge", "dark", "bright", "blank" or "blurred"; bool, shape (n,), by code.

    Pictures that were never read (`facts.size` -1) are none of these; a blank one is not also dark, bright or blurred,
    and in a tiny one there is nothing to be sharp.
    """
    read = facts.size >= 0
    tiny = read & (np.minimum(width, height) < TINY)
    blank = read & (facts.contrast < BLANK)
    seen = read & ~blank
    return {
        "tiny": tiny,
        "huge": read & (width.astype(np.int64) * height > HUGE),
        "dark": seen & (facts.brightness + 2 * facts.contrast < DARK),
        "bright": seen & (facts.brightness - 2 * facts.contrast > BRIGHT),
        "blank": blank,
        "blurred": seen & ~tiny & (facts.sharpness < BLURRED * facts.contrast**2),
    }
