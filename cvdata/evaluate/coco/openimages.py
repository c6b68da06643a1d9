"""Open Images' AP50: classes within classes, boxes around groups, and classes that nobody looked for on a picture.

The rules of the Open Images Challenge (storage.googleapis.com/openimages/web/evaluation.html; tensorflow/models,
`object_detection/metrics/oid_challenge_evaluation.py`), computed by hotcoco; which detections count is decided here.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations
from ...errors import EvaluationError
from ..numbers import Numbers
from ..objects import Kind, without_crowds
from ..pair import Pair
from ..settings import EvalSettings, refuse_keypoints, refuse_masks
from .checks import check_shapes
from .columns import IOU_TYPES, found_table, truth_table
from .federated import class_rows

if TYPE_CHECKING:
    import hotcoco

__all__ = ["groups_of", "looked_for", "most_detections", "openimages_numbers"]

_GROUP = ("is_group_of", "IsGroupOf", "isgroupof")
"""Names that converters give to the attribute."""


def openimages_numbers(pair: Pair, kind: Kind, settings: EvalSettings) -> Numbers:
    """Compute Open Images' AP50, over all classes and for each.

    A class lies within its supercategory, where that is a class itself: an object also is one of every class around
    its own. One with `is_group_of`, or a crowd, is found by the surest detection that lies in it, and others there
    count neither way. Where pictures say which classes were looked for (`pos_category_ids`, `neg_category_ids`),
    detections of others are left out. All detections count, unless `max_detections` says otherwise.

    Raises:
        UsageError: keypoints or masks were asked for.
        EvaluationError: the classes go round in a circle.
    """
    refuse_keypoints(kind, "Open Images")
    refuse_masks(kind, "Open Images")
    check_shapes(pair, kind)
    parents = _parents(pair)
    kept = np.flatnonzero(looked_for(pair))
    pair = replace(pair, found=replace(pair.found, annotations=pair.found.annotations.take(kept)))
    run = _run(pair, kind, settings, parents)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it does not look at verified classes: done above
        run.summarize()
        values = run.results(per_class=True)
    by_class = values["per_class"]
    classes: list[dict[str, float | None]] = [{"AP50": _defined(by_class.get(name, -1.0))} for name in pair.classes]
    return Numbers({"AP50": _defined(values["metrics"]["AP"])}, classes)


def looked_for(pair: Pair) -> NDArray[np.bool_]:
    """Tell which detections are of a class that somebody looked for on their picture, bool, shape (detections,).

    What is there is there for all classes around it; what is not there is not there for all classes within it. All are
    where no picture says which classes were looked for.

    Raises:
        EvaluationError: the classes go round in a circle.
    """
    around = _around(pair, _parents(pair))
    table = pair.found.annotations
    positive, negative = (class_rows(pair.truth, field) for field in ("pos_category_ids", "neg_category_ids"))
    if all(rows is None for rows in (*positive, *negative)):
        return np.ones(len(table), np.bool_)
    verified = np.zeros((len(pair.truth.images), len(pair.classes)), np.bool_)
    within: list[list[int]] = [[] for _ in around]
    for row, chain in enumerate(around):
        for outer in chain:
            within[outer].append(row)
    objects = pair.truth.annotations
    labelled = np.unique(np.stack([objects.image, objects.category], axis=1), axis=0).tolist()
    labelled += [[image, row] for image, rows in enumerate(positive) for row in rows or []]
    for image, row in labelled:
        verified[image, around[row]] = True
    for image, rows in enumerate(negative):
        for row in rows or []:
            verified[image, within[row]] = True
    return np.asarray(verified[table.image, table.category])


def _defined(value: float) -> float | None:
    return None if value < 0 else value


def _run(pair: Pair, kind: Kind, settings: EvalSettings, parents: dict[int, int]) -> hotcoco.COCOeval:
    import hotcoco

    # Groups take the part of crowds.
    groups = groups_of(pair.truth.annotations)
    plain = without_crowds(pair)
    truth = truth_table(plain, kind)
    truth.update_anns([{"id": row + 1, "is_group_of": True} for row in np.flatnonzero(groups).tolist()])
    found = found_table(plain, kind, truth)
    hierarchy = hotcoco.Hierarchy.from_parent_map({row + 1: parent + 1 for row, parent in parents.items()})
    run = hotcoco.COCOeval(truth, found, IOU_TYPES[kind], oid_style=True, hierarchy=hierarchy)
    run.params.max_dets = [most_detections(settings) or max(len(pair.found.annotations), 1)]
    run.evaluate()
    run.accumulate()
    return run


def most_detections(settings: EvalSettings) -> int | None:
    """Return how many of the surest detections of a picture and class count; None for all, if nothing else is said."""
    return None if settings.max_detections == EvalSettings().max_detections else settings.max_detections[-1]


def groups_of(table: Annotations) -> NDArray[np.bool_]:
    """Tell which objects are boxes around a group, or a crowd, bool, shape (objects,)."""
    groups: NDArray[np.bool_] = table.has("crowd").copy()
    if table.extra is not None:
        decoder = msgspec.json.Decoder(dict[str, Any])
        for row in np.flatnonzero(table.has("extra")).tolist():
            values = decoder.decode(table.extra[row].tobytes())
            groups[row] |= any(values.get(name) in (True, 1, "1") for name in _GROUP)
    return groups


def _parents(pair: Pair) -> dict[int, int]:
    """Return the row of the class that each class lies within, where it lies within one."""
    where = {name: row for row, name in enumerate(pair.classes)}
    names = pair.truth.categories.supercategory or ()
    return {row: where[name] for row, name in enumerate(names) if name in where and where[name] != row}


def _around(pair: Pair, parents: dict[int, int]) -> list[list[int]]:
    """Return the rows of each class itself and of all classes around it."""
    chains = []
    for row in range(len(pair.classes)):
        chain = [row]
        while chain[-1] in parents:
            chain.append(parents[chain[-1]])
            if len(chain) > len(pair.classes):
                raise EvaluationError("classes lie within each other in a circle", hint="mend their supercategories")
        chains.append(chain)
    return chains
