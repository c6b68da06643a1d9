"""Every object and every detection with its verdict, as a table that DuckDB, Polars and `cvdata browse` open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset
from ..objects import Kind
from ..pair import Pair
from .kinds import Verdict
from .verdicts import Verdicts

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COLUMNS", "verdict_table"]

COLUMNS = {
    "side": "truth: an object; found: a detection",
    "row": "number of the object or detection on its side, from 0",
    "image": "name of the picture",
    "category": "class",
    "x": "left edge of the box in pixels",
    "y": "top edge of the box in pixels",
    "width": "width of the box in pixels",
    "height": "height of the box in pixels",
    "score": "confidence of a detection",
    "verdict": "of a detection: true, wrong class, badly placed, both, duplicate, background, ignored, unsure; "
    "of an object: found, wrong class, badly placed, missed, ignored",
    "overlap": "intersection over union with the other (of keypoints their similarity); none without an other",
    "other": "row on the other side of what it met: the object that a detection found or should have found",
    "other_category": "class of the other",
    "source_id": "id in the file that it comes from, where that gives one",
}
"""What each column holds; the table carries it as metadata of its fields."""


def verdict_table(pair: Pair, verdicts: Verdicts, kind: Kind) -> pa.Table:
    """Return a row for every object, then for every detection, each by picture; see `COLUMNS`.

    Names, classes and verdicts are dictionaries: one text each, however many rows there are.
    """
    import pyarrow as pa

    truth, found = pair.truth.annotations, pair.found.annotations
    size = len(truth) + len(found)
    rows = np.concatenate([np.arange(len(truth)), np.arange(len(found))])
    other = np.concatenate([verdicts.truth_other, verdicts.found_other])
    alone = other < 0
    box = np.concatenate([truth.box, found.box])
    names = pa.array(pair.truth.images.names, pa.string())
    classes = pa.array(pair.classes, pa.string())
    columns: dict[str, pa.Array] = {
        "side": _words(np.repeat([0, 1], [len(truth), len(found)]), pa.array(["truth", "found"])),
        "row": pa.array(rows, pa.int64()),
        "image": _words(np.concatenate([truth.image, found.image]), names),
        "category": _words(np.concatenate([truth.category, found.category]), classes),
        **{name: pa.array(np.ascontiguousarray(box[:, i])) for i, name in enumerate(("x", "y", "width", "height"))},
        "score": pa.array(np.concatenate([np.zeros(len(truth)), pair.score]), mask=np.arange(size) < len(truth)),
        "verdict": _words(
            np.concatenate([verdicts.truth, verdicts.found]), pa.array([verdict.words for verdict in Verdict])
        ),
        "overlap": pa.array(np.concatenate([verdicts.truth_overlap, verdicts.found_overlap]), mask=alone),
        "other": pa.array(other, mask=alone),
        "other_category": _words(_other_category(pair, verdicts), classes, alone),
        "source_id": _source_ids(pair),
    }
    fields = [pa.field(name, column.type, metadata={"description": COLUMNS[name]}) for name, column in columns.items()]
    metadata = {"cvdata.schema": "cvdata/verdicts/1", "cvdata.kind": kind, "cvdata.score": repr(verdicts.score)}
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields, metadata=metadata))


def _words(codes: NDArray[Any], words: pa.Array, absent: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return a text for each row, kept once each."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=absent), words)


def _other_category(pair: Pair, verdicts: Verdicts) -> NDArray[np.int64]:
    """Return the class of the other of every object and detection, int64; 0 where there is none."""
    category = np.zeros(len(verdicts.truth) + len(verdicts.found), np.int64)
    objects = len(verdicts.truth)
    for first, other, table in (
        (0, verdicts.truth_other, pair.found.annotations),
        (objects, verdicts.found_other, pair.truth.annotations),
    ):
        rows = np.flatnonzero(other >= 0)
        category[first + rows] = table.category[other[rows]]
    return category


def _source_ids(pair: Pair) -> pa.Array:
    """Return the ids of the sources: numbers where both sides have numbers or none, else texts."""
    import pyarrow as pa

    sides = [_ids(side) for side in (pair.truth, pair.found)]
    if all(values is None or isinstance(values, np.ndarray) for values in sides):
        parts = []
        for values, side in zip(sides, (pair.truth, pair.found), strict=True):
            size = len(side.annotations)
            parts.append(pa.nulls(size, pa.int64()) if values is None else pa.array(values, pa.int64()))
        return pa.concat_arrays(parts)
    texts: list[str | None] = []
    for values, side in zip(sides, (pair.truth, pair.found), strict=True):
        size = len(side.annotations)
        texts += [None] * size if values is None else [str(value) for value in values]
    return pa.array(texts, pa.string())


def _ids(dataset: Dataset) -> Any:
    table: Annotations = dataset.annotations
    return table.source_id
