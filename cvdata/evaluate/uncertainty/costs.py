"""What each kind of error costs, in every resample."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...engine import Progress, Silent
from ..diagnosis.tide import FALSE_NEGATIVE, FALSE_POSITIVE, NOW, World
from ..pair import Pair
from ..precision import COCO_RECALLS
from ..report import Errors, Number
from ..settings import EvalSettings
from .ap_bootstrap import Evidence, Reading, class_figures
from .figures import blocks_of, weights_of
from .intervals import interval
from .resampling import resamples_for, units_of

__all__ = ["cost_samples", "sure_costs"]

_FEWER, _LEAST = 4, 100
"""Nine worlds take as long as all other figures together, and nobody reads the second digit of how sure a cost is:
where nothing else is asked for, a fourth of the resamples will do, but at least 100."""

_READING = Reading(COCO_RECALLS, {"AP50": 0})


def sure_costs(
    pair: Pair, settings: EvalSettings, errors: Errors, worlds: dict[str, World], *, progress: Progress | None = None
) -> Errors:
    """Put an interval around the AP50 that each kind of error costs.

    What is mended stays the same in all resamples, as what is true does: it is decided within a picture.

    Args:
        worlds: that the costs come from, see `diagnosis.tide.worlds_of`.
    """
    units = units_of(pair.truth.images, settings)
    resamples = resamples_for(settings, len(pair.found.annotations))
    if settings.resamples is None:
        resamples = max(resamples // _FEWER, _LEAST)
    if not resamples or not units.count or errors.ap is None:
        return errors
    progress = progress or Silent()
    progress.start("resample errors", blocks_of(units, resamples))
    blocks = []
    for weights in weights_of(units, resamples, settings.seed):
        blocks.append(cost_samples(pair, worlds, weights))
        progress.advance(1)

    among = len(np.unique(units.of[pair.truth.annotations.image[worlds[NOW].objects]]))

    def sure(name: str, cost: Number) -> Number:
        samples = np.concatenate([block[name] for block in blocks])
        return interval(samples, cost.value, settings.level, among=among)

    return msgspec.structs.replace(
        errors,
        kinds=[msgspec.structs.replace(kind, cost=sure(kind.name, kind.cost)) for kind in errors.kinds],
        false_positive=sure(FALSE_POSITIVE, errors.false_positive),
        false_negative=sure(FALSE_NEGATIVE, errors.false_negative),
    )


def cost_samples(pair: Pair, worlds: dict[str, World], weights: NDArray[np.floating]) -> dict[str, NDArray[np.float64]]:
    """Return the AP50 that each kind of error costs in each resample, by name, shape (resamples,).

    Args:
        weights: shape (pictures, resamples), how often each picture is in each resample.
    """
    means = _means(pair, worlds, weights)
    return {name: np.maximum(mean - means[NOW], 0.0) for name, mean in means.items()}


def _evidence_of(pair: Pair, world: World, row: int) -> Evidence:
    """Return the evidence on one class of a world, where all that is left counts; all at once would fill the memory."""
    rows = slice(world.ends[row], world.ends[row + 1])
    objects = world.objects[world.object_ends[row] : world.object_ends[row + 1]]
    true = world.true[rows][None]
    return Evidence(
        found=pair.found.annotations.image[world.found[rows]].astype(np.int64),
        true=true,
        counts=np.ones_like(true),
        rank=np.zeros(true.shape[1], np.int64),
        objects=pair.truth.annotations.image[objects].astype(np.int64),
    )


def _means(pair: Pair, worlds: dict[str, World], weights: NDArray[np.floating]) -> dict[str, NDArray[np.float64]]:
    """Return the mean AP50 of each world over the classes that have objects, shape (resamples,)."""
    total = {name: np.zeros(weights.shape[1]) for name in worlds}
    count = {name: np.zeros(weights.shape[1]) for name in worlds}
    for row in range(len(pair.classes)):
        now = _evidence_of(pair, worlds[NOW], row)
        base = _ap50(now, weights)
        present = weights.take(now.objects, axis=0).any(axis=0)
        for name, world in worlds.items():
            mended = _evidence_of(pair, world, row)
            value = base if _same(mended, now) else _ap50(mended, weights)
            defined = present & ~np.isnan(value)
            total[name] += np.where(defined, value, 0.0)
            count[name] += defined
    none = np.full(weights.shape[1], np.nan)
    return {name: np.divide(total[name], count[name], out=none.copy(), where=count[name] > 0) for name in worlds}


def _same(one: Evidence, other: Evidence) -> bool:
    """Tell whether mending changed nothing of a class, as for most classes it does not."""
    return (
        np.array_equal(one.found, other.found)
        and np.array_equal(one.true, other.true)
        and len(one.objects) == len(other.objects)
    )


def _ap50(evidence: Evidence, weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return AP50 in each resample; NaN where there is nothing, 0 where only detections are left (TIDE)."""
    value = class_figures(evidence, weights, _READING)["AP50"].astype(np.float64)
    gone = np.isnan(value)
    if gone.any() and len(evidence.found):
        left = np.zeros(gone.sum())
        for picture in np.unique(evidence.found).tolist():
            left += weights[picture, gone]
        value[gone] = np.where(left > 0, 0.0, np.nan)
    return value
