"""Where a pasted object can go: inside the picture, and over no more of what is there than allowed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ground", "places_for"]


@dataclass(eq=False)
class Ground:
    """What is in a picture already; pasted objects are added.

    Attributes:
        width, height: of the picture.
        boxes: float64, shape (n, 4).
        areas: float64, shape (n,), of the objects themselves: less than of their boxes where outlines are known.
        covered: float64, shape (n,), share of each that pasted objects cover at the most.
        limit: share that they may.
    """

    width: int
    height: int
    boxes: NDArray[np.float64]
    areas: NDArray[np.float64]
    covered: NDArray[np.float64]
    limit: float

    def shares(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of each object a box would cover, float64, shape (boxes, n); of outlines, at the most."""
        low = np.maximum(boxes[:, None, :2], self.boxes[None, :, :2])
        high = np.minimum(_far(boxes)[:, None], _far(self.boxes)[None])
        common = np.clip(high - low, 0, None).prod(axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.minimum(common / self.areas, 1.0)
        return np.where(common > 0, share, 0.0)

    def add(self, box: NDArray[np.float64], area: float, reach: NDArray[np.float64]) -> None:
        """Take a pasted object in: it may be covered by the next, and covers others as far as it reaches.

        Args:
            box, reach: x, y, width, height, shape (4,).
        """
        self.covered = np.append(self.covered + self.shares(reach[None])[0], 0.0)
        self.boxes = np.concatenate([self.boxes, box[None]])
        self.areas = np.append(self.areas, area)


def _far(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return boxes[:, :2] + boxes[:, 2:]


def places_for(
    ground: Ground,
    box: NDArray[np.float64],
    reach: NDArray[np.float64],
    pins: tuple[int, int],
    rng: np.random.Generator,
    tries: int,
) -> NDArray[np.int64]:
    """Draw places for an object; return those on free ground, or where there is none those that cover little enough.

    Args:
        box: x, y, width and height of the object from the corner of what is pasted, shape (4,), which must be inside.
        reach: the same of all that covers the ground.
        pins: per axis, -1 to stay at the near edge of the picture, 1 at the far one, 0 anywhere.

    Returns:
        x and y of the corner of what is pasted, whole pixels, int64, shape (n, 2); maybe none.
    """
    spans = [
        _span(side, float(box[axis]), float(box[axis + 2]), pin)
        for axis, (side, pin) in enumerate(zip((ground.width, ground.height), pins, strict=True))
    ]
    if any(low > high for low, high in spans):
        return np.empty((0, 2), np.int64)
    places = np.stack([rng.integers(low, high + 1, tries) for low, high in spans], axis=1)
    boxes = np.concatenate([places + reach[:2], np.broadcast_to(reach[2:], (tries, 2))], axis=1)
    shares = ground.shares(boxes)
    free = ~(shares > 0).any(axis=1)
    fine = ((shares == 0) | (ground.covered + shares <= ground.limit)).all(axis=1)
    return np.asarray(places[free if free.any() else fine])


def _span(side: int, offset: float, length: float, pin: int) -> tuple[int, int]:
    """Return the first and the last place along one axis where the object is inside the picture."""
    low, high = int(np.ceil(-offset)), int(np.floor(side - offset - length))
    if low > high or not pin:
        return low, high
    return (low, low) if pin < 0 else (high, high)
