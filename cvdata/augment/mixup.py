"""MixUp: two pictures shine through each other (Zhang et al. 2018), with the labels of both, as YOLOX trains with."""

from __future__ import annotations

import numpy as np

from ..dataset.concat import concat_annotations
from .mixed import Mixed, fill, refuse_whole_labels
from .remnants import Remnants
from .sample import Sample

__all__ = ["ALPHA", "mixup"]

ALPHA = 32.0
"""Of the Beta distribution that the weight is drawn from: Ultralytics' value; nine weights of ten are 0.40 to 0.60."""


def mixup(one: Sample, other: Sample, rng: np.random.Generator, remnants: Remnants, alpha: float = ALPHA) -> Mixed:
    """Blend a picture with another, which fills it: scaled without being distorted, and cut to its size.

    YOLOX fits the other inside and fills the rest with grey; then a grey bar dims a part of the picture.

    Args:
        alpha: the weight of the first picture is drawn from Beta(alpha, alpha); large values mix half and half.

    Raises:
        UsageError: a picture is labelled as a whole.
    """
    import cv2

    for sample in (one, other):
        refuse_whole_labels(sample, "mixup")
    weight = round(float(rng.beta(alpha, alpha)), 4)
    part = fill(other, (one.width, one.height), 0.0, rng, remnants)
    image = np.asarray(cv2.addWeighted(one.image, weight, part.image, 1 - weight, 0), np.uint8)
    table = concat_annotations([one.table, part.cut.table])
    said = {"weight": weight, "scale": part.scale, "x": part.x, "y": part.y}
    return Mixed(Sample(image, table), part.cut.dropped, said)
