"""What is known of each label: the values that FiftyOne shows beside it and that views ask for."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...evaluate.diagnosis.kinds import Verdict
from ...evaluate.objects import Kind, shape_area, truth_area
from ...evaluate.settings import AREAS
from ..labels.ids import head_of, mark_of, written_id
from ..names import EVAL, EVAL_ID, EVAL_IOU, LABEL_ERROR, PARTNER_CLASS, SIZE, SURETY, VERDICT
from ..subject import Subject

if TYPE_CHECKING:
    from ..subject import Judged

__all__ = ["LABEL", "SIZES", "attributes", "sizes"]

LABEL = "label"
"""FiftyOne's name for the class of a label."""

SIZES = ("small", "medium", "large")
"""COCO's size classes."""

_EDGES = np.array([AREAS["small"][1], AREAS["medium"][1]])

_KINDS: dict[str, Kind] = {"masks": "masks", "keypoints": "keypoints"}

_WORDS = np.full(256, "", dtype="<U12")
_WORDS[: len(Verdict)] = [verdict.words for verdict in Verdict]

_RESULTS = np.full(256, "", dtype="<U2")
_RESULTS[[Verdict.TRUE, Verdict.FOUND]] = "tp"
_FALSE = (Verdict.WRONG_CLASS, Verdict.BADLY_PLACED, Verdict.BOTH, Verdict.DUPLICATE, Verdict.BACKGROUND)


def attributes(
    subject: Subject, side: Literal["truth", "found"], place: int = 0, *, only: Collection[str] | None = None
) -> dict[str, NDArray[Any]]:
    """Return what is known of each label on one side, a column each, one row per label.

    All columns are texts, `""` for nothing, but `eval_iou` and `surety`, float64 with NaN for nothing. `verdict` has
    the words of `cvdata eval`; `eval` is tp, fp or fn; `eval_id` the id of the label that it met, 24 hexadecimal
    digits; `size` COCO's, by the area that the evaluation goes by.

    Args:
        place: which of the models. Verdicts on the truth are those of the first.
        only: columns that are wanted; `eval_id` and `size`, which take longest, may be blank where they are not.
    """
    found = subject.found[place] if len(subject.found) > place else None
    own = subject.dataset if side == "truth" or found is None else found.dataset
    columns = _blank(own)
    if only is None or SIZE in only:
        kind = "boxes" if found is None or found.report is None else found.report.kind
        columns[SIZE] = sizes(own, _KINDS.get(str(kind), "boxes"), side)
    if found is not None and found.judged is not None:
        other = found.dataset if side == "truth" else subject.dataset
        columns.update(_judged(found.judged, side, other))
        if only is None or EVAL_ID in only:
            columns[EVAL_ID] = _partner_ids(found.judged, side, place, other)
    if place == 0:
        _add_suspects(subject, side, columns)
    return columns


def sizes(dataset: Dataset, kind: Kind, side: Literal["truth", "found"]) -> NDArray[np.str_]:
    """Return COCO's size class of each label, `""` for labels of whole pictures."""
    table = dataset.annotations
    if side == "truth":
        area = truth_area(dataset, kind)
    else:  # as `evaluate.objects.found_area`
        shaped = shape_area(table) if kind == "masks" else table.box[:, 2] * table.box[:, 3]
        given = None if kind == "boxes" else table.area
        area = shaped if given is None else np.where(np.isnan(given), shaped, given)
    names = np.array(SIZES)[np.searchsorted(_EDGES, np.nan_to_num(area))]
    return np.where(np.isnan(table.box[:, 0]), "", names)


def _blank(dataset: Dataset) -> dict[str, NDArray[Any]]:
    count = len(dataset.annotations)
    columns: dict[str, NDArray[Any]] = {LABEL: classes_of(dataset)}
    columns |= {name: np.full(count, "") for name in (VERDICT, EVAL, EVAL_ID, PARTNER_CLASS, SIZE, LABEL_ERROR)}
    columns |= {name: np.full(count, np.nan) for name in (EVAL_IOU, SURETY)}
    return columns


def classes_of(dataset: Dataset) -> NDArray[np.str_]:
    """Return the name of each label's class."""
    names = np.array(dataset.categories.names or ("",))
    return np.asarray(names[dataset.annotations.category])


def _judged(judged: Judged, side: Literal["truth", "found"], other: Dataset) -> dict[str, NDArray[Any]]:
    truth = side == "truth"
    verdict = judged.truth if truth else judged.found
    partner = judged.truth_other if truth else judged.found_other
    met = np.flatnonzero(partner >= 0)
    known = classes_of(other)
    classes = np.full(len(verdict), "", known.dtype)
    classes[met] = known[partner[met]]
    return {
        VERDICT: _WORDS[verdict],
        EVAL: results(verdict, side),
        EVAL_IOU: judged.truth_overlap if truth else judged.found_overlap,
        PARTNER_CLASS: classes,
    }


def _partner_ids(judged: Judged, side: Literal["truth", "found"], place: int, other: Dataset) -> NDArray[np.str_]:
    truth = side == "truth"
    partner = judged.truth_other if truth else judged.found_other
    met = np.flatnonzero(partner >= 0)
    ids = np.full(len(partner), "", "<U24")
    ids[met] = label_hexes(other, partner[met], "found" if truth else "truth", place)
    return ids


def results(verdict: NDArray[np.uint8], side: Literal["truth", "found"]) -> NDArray[np.str_]:
    """Return tp, fp or fn for each verdict: found and true are tp, errors of detections fp, objects not found fn."""
    wrong = np.isin(verdict, [*_FALSE, Verdict.MISSED])
    return np.asarray(np.where(wrong, "fp" if side == "found" else "fn", _RESULTS[verdict]))


def label_hexes(
    dataset: Dataset, rows: NDArray[np.int64], side: Literal["truth", "found"], place: int = 0
) -> list[str]:
    """Return the ids that labels have in FiftyOne, by their rows, as it writes them."""
    image = dataset.annotations.image[rows]
    mark = mark_of(side, place)
    heads = {row: head_of(dataset.images.names[row], mark) for row in np.unique(image).tolist()}
    number = rows - dataset.offsets[image]
    return [written_id(heads[row], at) for row, at in zip(image.tolist(), number.tolist(), strict=True)]


def _add_suspects(subject: Subject, side: Literal["truth", "found"], columns: dict[str, NDArray[Any]]) -> None:
    suspects = subject.suspects
    if suspects is None:
        return
    here = np.array([one == side for one in suspects.side], np.bool_)
    rows = suspects.row[here][::-1]  # of two on one label the surer stays
    kinds = np.array(suspects.kind)[here][::-1]
    if not len(rows):
        return
    names = np.full(len(columns[LABEL_ERROR]), "", kinds.dtype)
    names[rows] = kinds
    columns[LABEL_ERROR] = names
    columns[SURETY][rows] = suspects.surety[here][::-1]
