"""Which detections and objects count by LVIS' rules, where not every class was looked for on every picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..matching import Matches, Rules, match, places_of
from ..objects import without_crowds
from ..overlaps import Overlaps
from ..pair import Pair
from .engine import overlaps_of
from .federated import class_rows
from .grid import Grid

__all__ = ["lvis_matches"]


def lvis_matches(pair: Pair, overlaps: Overlaps, grid: Grid) -> list[Matches]:
    """Match as LVIS does (`lvis/eval.py`, `lvis/results.py`), once per size class.

    Only the surest detections of a picture count, of all classes together; those of a class that is neither labelled
    nor known to be absent there are left out, and one of a class that is not labelled throughout counts neither way
    where it finds nothing.
    """
    if pair.truth.annotations.has("crowd").any():  # LVIS knows no crowds; such a region is an object like others
        pair = without_crowds(pair)
        overlaps = overlaps_of(pair, grid.kind, least=min(grid.thresholds), same_class=True)
    table = pair.found.annotations
    labelled = _flags(pair, "neg_category_ids")
    labelled[pair.truth.annotations.image, pair.truth.annotations.category] = True
    kept = labelled[table.image, table.category] & (places_of(pair, by_class=False) < grid.max_detections[-1])
    unsure = _flags(pair, "not_exhaustive_category_ids")[table.image, table.category]
    parts = []
    for bounds in grid.areas.values():
        rules = Rules(thresholds=grid.thresholds, area=bounds, max_detections=None)
        matches = match(pair, overlaps, rules, grid.kind)
        ignored = matches.ignored | ((matches.truth < 0) & unsure)
        # A surer detection is never moved by those after it, so they can be left out once all are matched.
        parts.append(replace(matches, kept=kept, ignored=ignored))
    return parts


def _flags(pair: Pair, field: str) -> NDArray[np.bool_]:
    """Return where a class is in a list of the picture, bool, shape (pictures, classes)."""
    flags = np.zeros((len(pair.truth.images), len(pair.classes)), np.bool_)
    for image, rows in enumerate(class_rows(pair.truth, field)):
        flags[image, rows or []] = True
    return flags
