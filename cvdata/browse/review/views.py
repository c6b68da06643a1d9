"""The saved views of a review: what to look at, in plain words, the least sure first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...dataset import Dataset
from ...errors import show
from ..labels.texts import safe_text
from ..names import NUMBER
from ..store.saved import Saved, has, replace_views
from .documents import BAND, BOX_LIST, BOXES, WAS_CLASS, WHOLE, WHOLE_LIST, Marks

__all__ = ["EVERYTHING", "ONE_BY_ONE", "save_views"]

EVERYTHING = "Everything, least sure first"
ONE_BY_ONE = "Box by box, least sure first"

_MOST_CLASSES = 60
"""Classes that get views of their own: the App shows one list of all views."""

_LONGEST_NAME = 40


def save_views(fiftyone: Any, samples: Any, dataset: Dataset, marks: Marks) -> tuple[str, ...]:
    """Save the views of a review in place of those of its last sample; return their names. A person's own stay."""
    made = [Saved(name, None, view) for name, view in _views(fiftyone.ViewField, samples, dataset, marks)]
    return replace_views(fiftyone, samples, made)


def _views(part: Any, samples: Any, dataset: Dataset, marks: Marks) -> Iterator[tuple[str, Any]]:
    """Yield the name of each view and the view: of all, then of each class and its bands of scores."""
    boxed = ~np.isnan(dataset.annotations.box[:, 0])
    whole = bool(len(boxed)) and not boxed.any()
    field, path = (WHOLE, WHOLE_LIST) if whole else (BOXES, BOX_LIST)
    yield EVERYTHING, _least_sure_first(part, samples, path)
    if not whole:
        yield ONE_BY_ONE, samples.to_patches(BOXES).sort_by(f"{BOXES}.confidence")
    category = dataset.annotations.category
    for row in np.unique(category)[:_MOST_CLASSES].tolist():
        name = dataset.categories.names[row]
        shown = show(name, _LONGEST_NAME)
        of_class = has(part, WAS_CLASS, safe_text(name))
        yield f"{shown}, least sure first", _only(part, samples, field, path, of_class)
        chosen = np.flatnonzero(category == row).tolist()
        words = () if marks.bands is None else tuple(dict.fromkeys(marks.bands[i] for i in chosen))
        for band in sorted(words) if len(words) > 1 else ():
            yield f"{shown}, {band}", _only(part, samples, field, path, of_class & has(part, BAND, band))


def _only(part: Any, samples: Any, field: str, path: str, wanted: Any) -> Any:
    """Return the pictures with wanted proposals, and of their labels these and what a person drew there."""
    # What was put stays in its view when it is relabelled, and a new box is seen at once.
    pictures = samples.match(part(path).filter(wanted).length() > 0)
    chosen = pictures.filter_labels(field, wanted | ~part(NUMBER).exists())
    return _least_sure_first(part, chosen, path)


def _least_sure_first(part: Any, view: Any, path: str) -> Any:
    return view.sort_by(part(path).map(part("confidence")).min())
