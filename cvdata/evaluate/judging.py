"""The matches that errors, curves and the operating point are read off: what does not count there, counts nowhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .coco import grid_of
from .coco.lvis import lvis_grid
from .coco.lvis_matches import lvis_matches
from .coco.openimages import looked_for
from .matching import Matches, Rules, match
from .objects import Kind, set_aside
from .overlaps import Overlaps
from .pair import Pair
from .settings import AREAS, EvalSettings

__all__ = ["as_seen", "counted_objects", "matches_of"]

_HALF = (0.5,)


def matches_of(pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps) -> Matches:
    """Match detections at IoU 0.5 by COCO's rules, with what the protocol sets aside or leaves out.

    VOC sets difficult objects aside; LVIS and Open Images leave out detections of classes that nobody looked for on
    their picture, which would be false alarms otherwise, and LVIS sets those aside that find nothing of a class that
    is not labelled throughout.

    Args:
        overlaps: at least the pairs of one class that overlap by half.
    """
    if settings.protocol == "lvis":
        grid = replace(lvis_grid(kind, settings), thresholds=_HALF, areas={"all": AREAS["all"]})
        return lvis_matches(pair, overlaps, grid)[0]
    if settings.protocol in ("voc07", "voc12"):
        return match(pair, overlaps, Rules(thresholds=_HALF, max_detections=None, difficult="aside"), kind)
    surest = grid_of(kind, settings).max_detections[-1]
    matches = match(pair, overlaps, Rules(thresholds=_HALF, max_detections=surest), kind)
    if settings.protocol == "openimages":
        matches = replace(matches, kept=np.asarray(matches.kept & looked_for(pair)))
    return matches


def as_seen(pair: Pair, protocol: str) -> Pair:
    """Return the pair with crowd regions as objects like others, where the protocol knows none: VOC and LVIS."""
    if protocol not in ("voc07", "voc12", "lvis") or not pair.truth.annotations.has("crowd").any():
        return pair
    return replace(pair, truth=replace(pair.truth, annotations=replace(pair.truth.annotations, crowd=None)))


def counted_objects(pair: Pair, kind: Kind, protocol: str) -> NDArray[np.bool_]:
    """Tell which objects the protocol's figures count, bool, shape (objects,): only COCO knows crowd regions."""
    if protocol == "coco":
        return ~set_aside(pair, kind)
    if protocol in ("voc07", "voc12"):
        return ~pair.truth.annotations.has("difficult")
    return np.ones(len(pair.truth.annotations), np.bool_)
