"""Whether a confidence of 0.8 is right in 8 of 10 cases."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..matching import Matches
from ..pair import Pair
from ..report import Calibration, Number, ReliabilityBin
from .several import sums

__all__ = ["BINS", "calibration", "calibration_of_detections"]

BINS = 15


def calibration(
    score: NDArray[np.float64],
    right: NDArray[np.bool_],
    *,
    of: Literal["pictures", "detections"],
    weights: NDArray[np.float64] | None = None,
    bins: int = BINS,
) -> Calibration | None:
    """Hold confidences against how often they were right.

    Bins are of equal width over 0 to 1 and take in their upper end, as in the code of Guo et al. 2017 ("On Calibration
    of Modern Neural Networks", `ECELoss` of gpleiss/temperature_scaling); there a confidence of exactly 0 is in no bin,
    here it is in the first. Each bin's confidence is the mean of what is in it.

    The error has no interval: chance alone gives a classifier without fault one, of about 0.08 on 200 pictures and 0.03
    on 1,000, and resamples add to it, so that they would leave out the truth more often than not.

    Args:
        score: shape (n,), confidences; NaN are left out. `right`: shape (n,).
        weights: shape (n,), how often each case counts; once each where not given.

    Returns:
        None where there is nothing to judge, or a score above 1: that is no confidence.
    """
    weights = np.ones(len(score)) if weights is None else weights
    told = ~np.isnan(score) & (weights > 0)
    score, right, weights = score[told], right[told], weights[told]
    if not len(score) or (score > 1).any():
        return None
    ends = np.linspace(0.0, 1.0, bins + 1)
    place = np.clip(np.searchsorted(ends, score, side="left") - 1, 0, bins - 1)
    counts = sums(place, weights, bins)
    with np.errstate(invalid="ignore"):
        confidence = sums(place, weights * score, bins) / counts
        accuracy = sums(place, weights * right, bins) / counts
    gap = np.abs(confidence - accuracy)
    return Calibration(
        ece=Number(float(np.nansum(gap * counts) / counts.sum())),
        mce=float(np.nanmax(gap)),
        bins=[
            ReliabilityBin(
                low=float(ends[at]),
                high=float(ends[at + 1]),
                count=int(counts[at]),
                confidence=float(confidence[at]) if counts[at] else None,
                accuracy=float(accuracy[at]) if counts[at] else None,
            )
            for at in range(bins)
        ],
        of=of,
    )


def calibration_of_detections(pair: Pair, matches: Matches) -> Calibration | None:
    """Hold the confidence of every detection that counts against whether it found an object at IoU 0.5.

    Returns:
        As `calibration`; also None where detections were not matched at 0.5.
    """
    thresholds = matches.rules.thresholds
    if 0.5 not in thresholds:
        return None
    line = thresholds.index(0.5)
    true, false = matches.true[line], matches.false[line]
    counts = true | false
    return calibration(pair.score[counts], true[counts], of="detections")
