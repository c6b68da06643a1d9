"""Boxes cut out of their pictures, for classifiers that say what a detector found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..files import Finding
from .spec import ModelSpec

__all__ = ["crop_findings", "crop_windows", "cut_out"]


def crop_windows(
    box: NDArray[np.float64], width: NDArray[np.integer], height: NDArray[np.integer], margin: float
) -> NDArray[np.float64]:
    """Return which whole pixels of its picture each box, with a margin, is: x, y, width, height, at least one each."""
    size = np.stack([width, height], axis=1).astype(np.float64)
    room = box[:, 2:] * margin
    low = np.clip(np.floor(box[:, :2] - room), 0, size - 1)
    high = np.clip(np.ceil(box[:, :2] + box[:, 2:] + room), low + 1, size)
    return np.concatenate([low, high - low], axis=1)


def cut_out(picture: NDArray[np.uint8], window: NDArray[np.float64] | None) -> NDArray[np.uint8]:
    """Return a part of a picture: x, y, width, height in whole pixels; None for all of it."""
    if window is None:
        return picture
    x, y, width, height = window.astype(np.int64).tolist()
    return picture[y : y + height, x : x + width]


def crop_findings(spec: ModelSpec) -> list[Finding]:
    """Say of a network that learnt cut-out boxes that whole pictures are strange to it."""
    if spec.crop_margin is None:
        return []
    message = (
        f"the network learnt boxes that were cut out with {100 * spec.crop_margin:.0f} % of their sides around them, "
        "so that what it says of a whole picture means little; give it such parts of pictures"
    )
    return [Finding(code="learnt-crops", message=message, count=1, examples=[])]
