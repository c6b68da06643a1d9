"""The figures of parts of the pictures: by split, folder, attribute."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError, show
from ..pair import Pair
from ..report import Slice
from ..settings import EvalSettings
from ..uncertainty import resampled, units_of
from ..uncertainty.slice_columns import Column, column_of
from .classification import Classified
from .figures import class_metrics

__all__ = ["label_slices"]


def label_slices(pair: Pair, classified: Classified, settings: EvalSettings) -> list[Slice]:
    """Return the figures of each value of the columns in `settings.by`, in their order, as if there were no others.

    Raises:
        UsageError: the truth has no such column, or it is one of labels where pictures have several.
    """
    found: list[Slice] = []
    for by in settings.by:
        if by == "size":
            raise UsageError("labels of whole pictures have no size", hint="slice by split, folder or an attribute")
        column = column_of(pair.truth, by)
        code = _of_pictures(pair, column, by)
        found += [_slice(pair, classified, settings, by, column, code, at) for at in range(len(column.values))]
    return found


def _of_pictures(pair: Pair, column: Column, by: str) -> NDArray[np.int64]:
    """Return the value of each picture, int64, shape (pictures,); -1 for one without label."""
    if column.of == "pictures":
        return column.code
    image = pair.truth.annotations.image
    if (np.diff(image) == 0).any():
        raise UsageError(
            f"'{show(by)}' is said of labels, and pictures have several", hint="slice by a column of pictures"
        )
    code = np.full(len(pair.truth.images), -1, np.int64)
    code[image] = column.code
    return code


def _slice(
    pair: Pair,
    classified: Classified,
    settings: EvalSettings,
    by: str,
    column: Column,
    code: NDArray[np.int64],
    at: int,
) -> Slice:
    inside = code == at
    units = units_of(pair.truth.images, settings)
    return Slice(
        by=by,
        value=column.values[at],
        of="pictures",
        pictures=int(inside.sum()),
        objects=int(inside[pair.truth.annotations.image].sum()),
        detections=int(inside[pair.found.annotations.image].sum()),
        metrics=resampled(
            lambda weights: class_metrics(classified, weights * inside),
            units,
            settings,
            among=lambda _: len(np.unique(units.of[inside])),
        ),
    )
