"""The matches that errors, curves and the operating point are read off: what does not count there, counts nowhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .coco import grid_of
from .coco.lvis import lvis_grid
from .coco.lvis_matches import lvis_matches
from .coco.openimages import groups_of, looked_for, most_detections
from .matching import Matches, Rules, match
from .objects import Kind, set_aside, without_crowds
from .overlaps import Overlaps
from .pair import Pair
from .settings import AREAS, EvalSettings

__all__ = ["as_seen", "counted_objects", "matches_of"]

_HALF = (0.5,)


def matches_of(pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps) -> Matches:
    """Match detections at IoU 0.5 by the protocol's rules, with what it sets aside or leaves out.

    VOC sets difficult objects aside, and a detection whose best object is taken gets no other there; LVIS and Open
    Images leave out detections of classes that nobody looked for on their picture, which would be false alarms
    otherwise, and LVIS sets those aside that find nothing of a class that is not labelled throughout. Of several
    detections in a group, which Open Images knows, the surest finds it and the others are left out.

    Args:
        overlaps: at least the pairs of one class that overlap by half, with the pixel of the settings.
    """
    if settings.protocol == "lvis":
        grid = replace(lvis_grid(kind, settings), thresholds=_HALF, areas={"all": AREAS["all"]})
        return lvis_matches(pair, overlaps, grid)[0]
    if settings.protocol in ("voc07", "voc12"):
        rules = Rules(thresholds=_HALF, max_detections=None, second_choice=False, difficult="aside")
        return match(pair, overlaps, rules, kind)
    openimages = settings.protocol == "openimages"
    surest = most_detections(settings) if openimages else grid_of(kind, settings).max_detections[-1]
    matches = match(pair, overlaps, Rules(thresholds=_HALF, max_detections=surest), kind)
    return _groups_found(pair, matches, looked_for(pair)) if openimages else matches


def _groups_found(pair: Pair, matches: Matches, looked: NDArray[np.bool_]) -> Matches:
    """Let the surest detection in each group find it; leave out the others there, and what nobody looked for.

    Args:
        matches: at one threshold alone, with groups as crowd regions, see `as_seen`.
    """
    kept, ignored = matches.kept & looked, matches.ignored.copy()
    rows = np.flatnonzero(kept & ignored[0])
    rows = rows[np.lexsort((rows, -pair.score[rows], matches.truth[0][rows]))]
    group = matches.truth[0][rows]
    surest = np.diff(group, prepend=-1) != 0
    kept[rows[~surest]] = False
    ignored[0, rows] = False
    return replace(matches, kept=kept, ignored=ignored, counted=np.ones_like(matches.counted))


def as_seen(pair: Pair, protocol: str) -> Pair:
    """Return the pair with the crowd regions that the protocol knows: VOC and LVIS none, Open Images its groups."""
    if protocol == "openimages":
        groups = groups_of(pair.truth.annotations)
        if np.array_equal(groups, pair.truth.annotations.has("crowd")):
            return pair
        return replace(pair, truth=replace(pair.truth, annotations=replace(pair.truth.annotations, crowd=groups)))
    return without_crowds(pair) if protocol in ("voc07", "voc12", "lvis") else pair


def counted_objects(pair: Pair, kind: Kind, protocol: str) -> NDArray[np.bool_]:
    """Tell which objects the protocol's figures count, bool, shape (objects,): only COCO knows crowd regions."""
    if protocol == "coco":
        return ~set_aside(pair, kind)
    if protocol in ("voc07", "voc12"):
        return ~pair.truth.annotations.has("difficult")
    return np.ones(len(pair.truth.annotations), np.bool_)
