"""Label maps and panoptic maps: which class, or which segment, each pixel is of."""

from __future__ import annotations

from .evaluating import evaluate_pixels, looks_like_pixels

__all__ = ["evaluate_pixels", "looks_like_pixels"]
