"""What goes into a network and what comes out, as columns of tensors."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Batch", "Found"]

T = TypeVar("T", bound="_Columns")


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Columns that move together."""

    def to(self: T, *where: Any, **how: Any) -> T:
        """Return it on a device; see `torch.Tensor.to`. Lightning calls this."""
        return self._each("to", *where, **how)

    def pin_memory(self: T) -> T:
        """Return it in memory that a GPU reads directly; torch's loader calls this."""
        return self._each("pin_memory")

    def _each(self: T, method: str, *where: Any, **how: Any) -> T:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        moved = {
            name: None if value is None else getattr(value, method)(*where, **how) for name, value in values.items()
        }
        return type(self)(**moved)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Batch(_Columns):
    """Pictures of one size and what is on them; None for a column that nobody needs.

    Attributes:
        images: uint8, shape (n, 3, height, width), RGB, put into the size of the network by `letterbox`.
        rows: int64, shape (n,), row of each picture in its part of the dataset.
        owner: int64, shape (objects,), picture in the batch of each object, ascending.
        box: float32, shape (objects, 4): left, top, right, bottom in pixels of `images`.
        label: int64, shape (objects,), class of each object, from 0.
        mask: bool, shape (objects, height, width).
        keypoint: float32, shape (objects, points, 3): x, y in pixels of `images`, visibility as COCO has it (0, 1, 2).
        target: classifiers: int64, shape (n,), class; where pictures have several labels float32, shape (n, classes),
            0 or 1.
        pixels: segmenters: uint8, shape (n, height, width), class of each pixel, 255 for none.
    """

    images: Tensor
    rows: Tensor
    owner: Tensor | None = None
    box: Tensor | None = None
    label: Tensor | None = None
    mask: Tensor | None = None
    keypoint: Tensor | None = None
    target: Tensor | None = None
    pixels: Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Found(_Columns):
    """What a network found in a batch, in pixels of the batch; None for a column that it does not have.

    Attributes:
        owner, box, label: of each detection, as in `Batch`, by ascending owner, within a picture surest first.
        score: float32, shape (detections,), from 0 to 1; gradients reach it where they are switched on.
        mask: float32, shape (detections, height, width), probability of each pixel.
        keypoint: float32, shape (detections, points, 3): x, y, confidence.
        scores: classifiers: float32, shape (n, classes), probabilities.
        pixels: segmenters: float32, shape (n, classes, height, width), probabilities.
    """

    owner: Tensor | None = None
    box: Tensor | None = None
    label: Tensor | None = None
    score: Tensor | None = None
    mask: Tensor | None = None
    keypoint: Tensor | None = None
    scores: Tensor | None = None
    pixels: Tensor | None = None
