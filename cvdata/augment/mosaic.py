"""Mosaic: four pictures around a random centre, as YOLOv4 (Bochkovskiy et al. 2020) and Ultralytics train with.

Every picture fills its quarter: Ultralytics leaves grey where a picture does not reach, and a network learns grey
borders that no camera makes. What lies outside the quarter is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dataset.concat import concat_annotations
from ..errors import UsageError
from .mixed import Mixed, Part, fill, refuse_whole_labels
from .remnants import Remnants, moved
from .sample import Sample

__all__ = ["QUARTERS", "mosaic"]

QUARTERS = 4
_NEAREST = 0.25  # share of the width or height that the centre keeps from an edge, as in Ultralytics


def mosaic(samples: Sequence[Sample], size: tuple[int, int], rng: np.random.Generator, remnants: Remnants) -> Mixed:
    """Put four pictures into one, each filling a quarter around a random centre; boxes and outlines follow.

    Each is scaled between as small as still fills its quarter and as large as would fill the whole picture.

    Args:
        samples: four, for the quarters top left, top right, bottom left, bottom right.
        size: width and height of the outcome in pixels.

    Raises:
        UsageError: a picture is labelled as a whole, or the outcome too small to be cut into four.
    """
    if min(size) < 2:
        raise UsageError(f"{size[0]} x {size[1]} pixels are too small for a mosaic")
    for sample in samples:
        refuse_whole_labels(sample, "mosaic")
    width, height = size
    x, y = (_centre(side, rng) for side in size)
    image = np.empty((height, width, 3), np.uint8)
    places = ((0, 0, x, y), (x, 0, width - x, y), (0, y, x, height - y), (x, y, width - x, height - y))
    parts = []
    for sample, (left, top, wide, tall) in zip(samples, places, strict=True):
        part = fill(sample, (wide, tall), _scale(sample, (wide, tall), size, rng), rng, remnants)
        image[top : top + tall, left : left + wide] = part.image
        parts.append(part)
    tables = [
        moved(part.cut.table, 1.0, left, top, width, height, (wide, tall))
        for part, (left, top, wide, tall) in zip(parts, places, strict=True)
    ]
    table = concat_annotations(tables)
    said: dict[str, Any] = {"centre": [x, y], "parts": [_said(part) for part in parts]}
    return Mixed(Sample(image, table), sum(part.cut.dropped for part in parts), said)


def _centre(side: int, rng: np.random.Generator) -> int:
    """Draw where the quarters meet along one side, of at least 2 pixels."""
    return min(max(1, round(side * float(rng.uniform(_NEAREST, 1 - _NEAREST)))), side - 1)


def _scale(sample: Sample, quarter: tuple[int, int], size: tuple[int, int], rng: np.random.Generator) -> float:
    """Draw a scale between that which fills the quarter and that which fills the whole, evenly in its logarithm."""
    least = max(quarter[0] / sample.width, quarter[1] / sample.height)
    most = max(size[0] / sample.width, size[1] / sample.height)
    return float(least * (most / least) ** rng.random())


def _said(part: Part) -> dict[str, Any]:
    return {"scale": part.scale, "x": part.x, "y": part.y}
