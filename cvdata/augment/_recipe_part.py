"""What a recipe says to cvdata and not to Albumentations: the part `cvdata:` of its file."""

from __future__ import annotations

from typing import Annotated

import msgspec

from .mixup import ALPHA
from .remnants import Remnants

__all__ = ["MixUp", "Mosaic", "RecipePart"]

_Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class Mosaic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Four pictures in one, around a centre drawn by chance.

    Attributes:
        p: share of the new pictures that are made so, 0 to 1.
    """

    p: _Share


class MixUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two pictures laid over each other, with the labels of both.

    Attributes:
        p: share of the new pictures that are made so, 0 to 1.
        alpha: how even the two are, as in Beta(alpha, alpha): 32 is near half and half, 1 is any share.
    """

    p: _Share
    alpha: Annotated[float, msgspec.Meta(gt=0.0, le=1000.0)] = ALPHA


class RecipePart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What Albumentations does not know: pictures put together, and what happens to objects at the edge.

    Attributes:
        mosaic: four pictures in one, or never.
        mixup: two pictures laid over each other, or never.
        remnants: which objects at the edge of a new picture keep their label.
    """

    mosaic: Mosaic | None = None
    mixup: MixUp | None = None
    remnants: Remnants = msgspec.field(default_factory=Remnants)
