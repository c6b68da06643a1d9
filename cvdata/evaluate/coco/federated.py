"""Which classes somebody looked for on a picture, where not all classes were looked for on all pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...dataset import Dataset
from ...errors import EvaluationError, show

__all__ = ["class_rows"]


def class_rows(dataset: Dataset, field: str) -> list[list[int] | None]:
    """Return a list of classes that each picture has among its other attributes, as rows, by picture.

    Pictures without the field have None. The file gives ids of classes, which are those of the source.

    Raises:
        EvaluationError: the field is no list of ids of classes.
    """
    extra = dataset.images.extra
    if extra is None:
        return [None] * len(dataset.images)
    ids = dataset.categories.source_id or tuple(range(1, len(dataset.categories) + 1))
    rows = {value: row for row, value in enumerate(ids)}
    decoder = msgspec.json.Decoder(dict[str, Any])
    return [
        _rows_of(decoder.decode(text) if text else {}, field, rows, name)
        for text, name in zip(extra.to_bytes(), dataset.images.names, strict=True)
    ]


def _rows_of(values: Mapping[str, Any], field: str, rows: Mapping[Any, int], name: str) -> list[int] | None:
    ids = values.get(field)
    if ids is None:
        return None
    if not isinstance(ids, list) or not all(isinstance(i, (int, str)) and i in rows for i in ids):
        raise EvaluationError(
            f"'{show(field)}' of picture {show(name)} is not a list of ids of classes",
            hint="every id in it has to be that of a class of the same file",
        )
    return [rows[i] for i in ids]
