"""What the transforms of a pipeline did to one picture, noted as they work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset.geometry import box_corners
from .motion import Motion
from .stages import PLACES, Act, stage_of

__all__ = ["Holes", "Watch", "said"]


@dataclass(frozen=True, eq=False)
class Holes:
    """Parts of a picture that were painted over.

    Attributes:
        motion: what had become of the picture before.
        places: float64, shape (n, 4), left, top, right, bottom in pixels of the picture as it was then.
    """

    motion: Motion
    places: NDArray[np.float64]


@dataclass(eq=False)
class Watch:
    """What has become of one picture so far."""

    boxes: NDArray[np.float64]
    motion: Motion
    acts: list[Act] = field(default_factory=list)
    holes: list[Holes] = field(default_factory=list)

    def add(self, act: Act) -> None:
        """Note that a transform has worked."""
        self.acts.append(act)
        stage = stage_of(act) if act.name in PLACES else None
        if stage is not None:
            self.motion = self.motion.then(stage)
        if len(act.params.get("holes", ())):
            self.holes.append(Holes(self.motion, np.asarray(act.params["holes"], np.float64)))

    def places(self) -> NDArray[np.float64]:
        """Return where the boxes are now, in whole pixels that are in the picture, as shares of its sides.

        Returns:
            float64, shape (k, 4), left, top, right, bottom; boxes outside are left out.
        """
        size = np.array([*self.motion.size, *self.motion.size], np.float64)
        corners = box_corners(self.boxes[~np.isnan(self.boxes[:, 0])]).reshape(-1, 2)
        moved = self.motion.move(corners).reshape(-1, 4, 2)
        edges = np.concatenate([np.floor(moved.min(axis=1)), np.ceil(moved.max(axis=1))], axis=1)
        edges = np.clip(edges, 0, size)
        return np.ascontiguousarray((edges / size)[(edges[:, 2:] > edges[:, :2]).all(axis=1)])


def said(act: Act) -> dict[str, Any]:
    """Return what a transform did as JSON values; settings and large arrays are left out."""
    parameters = {key: _json(value) for key, value in act.params.items() if key not in _UNSAID}
    return {"name": act.name, "parameters": {k: v for k, v in parameters.items() if v is not None}}


_UNSAID = frozenset({"bbox_matrix", "fill_mask", "interpolation", "mask_interpolation", "matrix_bbox", "shape"})
_LARGE = 64  # numbers of an array that is not told


def _json(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist() if value.size <= _LARGE and value.dtype.kind in "biuf" else None
    if isinstance(value, np.generic):
        return _json(value.item())
    if isinstance(value, Mapping):
        return {str(key): _json(inside) for key, inside in value.items()} if len(value) <= _LARGE else None
    if isinstance(value, (list, tuple)):
        return [_json(inside) for inside in value] if len(value) <= _LARGE else None
    return value if isinstance(value, (bool, int, float, str)) else None
