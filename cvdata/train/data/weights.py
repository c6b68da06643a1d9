"""Weights of classes in the loss, for datasets in which some are rare."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ..settings import TrainSettings
from .part import Prepared

__all__ = ["class_weights"]

_LARGEST = 10.0
"""Times the mean: one object in a million must not decide alone where a step leads."""


def class_weights(prepared: Prepared, settings: TrainSettings) -> NDArray[np.float32]:
    """Return the weight of each class, float32, shape (classes,), 1 on average over those that are there.

    One over the square root of how often a class is there: between equal weights, with which rare classes are not
    learnt, and one over the number itself, with which they outweigh all others. The effective number of Cui et al.
    (Class-balanced loss, CVPR 2019) lies between the same two ends, but needs a parameter for each dataset. Classes
    that are not there weigh 1. Source: Mahajan et al., Exploring the limits of weakly supervised pretraining, ECCV
    2018, section 2.2, which draws samples so.

    Raises:
        UsageError: the losses of the architecture cannot weigh classes.
    """
    from ...models.networks.catalogue import defaults_of  # with torch

    if not defaults_of(settings.task, settings.architecture).takes_class_weights:
        raise UsageError(
            f"--balance loss: the losses of {settings.architecture} cannot weigh classes",
            hint="draw rare classes more often: --balance sampling",
        )
    return _weights(prepared.class_counts)


def _weights(counts: NDArray[np.int64]) -> NDArray[np.float32]:
    there = counts > 0
    weights = np.ones(len(counts))
    raw = 1 / np.sqrt(counts[there])
    weights[there] = np.minimum(raw / raw.mean(), _LARGEST)
    if there.any():
        weights[there] /= weights[there].mean()
    return weights.astype(np.float32)
