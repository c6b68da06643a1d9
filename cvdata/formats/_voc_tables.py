"""The tables of a dataset, made from the columns of its VOC files."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Images, Polygons, Ragged, State
from ._voc_origin import to_boxes
from ._voc_page import Corners
from ._voc_pages import Pages

__all__ = ["annotation_table", "image_table"]


def image_table(
    names: tuple[str, ...],
    files: NDArray[np.int64],
    pages: Pages,
    splits: tuple[tuple[str, ...], NDArray[np.int32]],
) -> Images:
    """Make the table of pictures from the files that count, given as ascending rows."""
    extras = [extra for extra, _, _ in pages.fact_table]
    extra = Ragged.texts(extras).take(pages.facts[files].astype(np.int64)) if any(extras) else None
    filled = np.bincount(pages.file, minlength=len(pages.filenames))[files] > 0
    # A file whose objects are all bad is not known to be empty.
    unknown = ~filled & (pages.counts[files] > 0)
    state = np.where(filled, State.LABELLED, np.where(unknown, State.UNLABELLED, State.EMPTY)).astype(np.uint8)
    return Images(
        names=names,
        width=pages.size[files, 0],
        height=pages.size[files, 1],
        state=state,
        split=splits[1][files],
        splits=splits[0],
        folder=np.full(len(files), -1, np.int32),
        extra=extra if extra is not None and extra.offsets[-1] else None,
    )


def annotation_table(
    pages: Pages, rows: NDArray[np.int64], position: NDArray[np.int32], begin: int, labelmap: list[str] | None
) -> tuple[Annotations, Categories]:
    """Make the tables of the given objects and of their classes; `position` is the picture of each file."""
    kind = pages.kind[rows].astype(np.int64)
    names, category = _categories(pages, kind, labelmap)
    difficult, truncated, occluded = (_flag(pages, kind, at) for at in (1, 2, 3))
    annotations = Annotations(
        image=position[pages.file[rows]],
        category=category,
        box=to_boxes(pages.corners[rows], begin),
        polygons=_polygons(pages, rows, begin),
        difficult=difficult,
        truncated=truncated,
        occluded=occluded,
        extra=_extra(pages, rows, kind, begin),
    )
    return annotations, Categories(names=names)


def _flag(pages: Pages, kind: NDArray[np.int64], at: int) -> NDArray[np.int8] | None:
    """Return a flag of each object, or None where none is set."""
    values = np.array([one[at] for one in pages.kinds], np.int8)[kind]
    return values if (values == 1).any() else None


def _categories(
    pages: Pages, kind: NDArray[np.int64], labelmap: list[str] | None
) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the classes in the order of the label map, else of their first object, and the class of each object."""
    used, first = np.unique(kind, return_index=True)
    seen = dict.fromkeys(pages.kinds[row][0] for row in used[np.argsort(first)].tolist())
    order = [name for name in labelmap or () if name != "background" or name in seen]
    names = {name: row for row, name in enumerate(dict.fromkeys([*order, *seen]))}
    table = np.array([names.get(one[0], -1) for one in pages.kinds], np.int32)
    return tuple(names), table[kind]


def _polygons(pages: Pages, rows: NDArray[np.int64], begin: int) -> Polygons | None:
    if not pages.rings:
        return None
    # A point names a pixel, and lies in its middle where pixels count from 1; edges of boxes are treated in `to_boxes`.
    rings = (pages.rings.get(row) for row in rows.tolist())
    polygons = Polygons.of([[] if ring is None else [np.array(ring) - 0.5 * begin] for ring in rings])
    return polygons if len(polygons.points) else None


def _extra(pages: Pages, rows: NDArray[np.int64], kind: NDArray[np.int64], begin: int) -> Ragged | None:
    extras = [one[4] for one in pages.kinds]
    if not pages.parts:
        column = Ragged.texts(extras).take(kind)
        return column if column.offsets[-1] else None
    texts = [extras[one] for one in kind.tolist()]
    for at, row in enumerate(rows.tolist()):
        if row in pages.parts:
            known = msgspec.json.decode(texts[at]) if texts[at] else {}
            texts[at] = msgspec.json.encode({**known, "parts": _parts(pages.parts[row], begin)})
    return Ragged.texts(texts)


def _parts(parts: list[tuple[str, Corners]], begin: int) -> list[dict[str, Any]]:
    boxes = to_boxes(np.array([corners for _, corners in parts]), begin).tolist()
    return [{"name": name, "box": box} for (name, _), box in zip(parts, boxes, strict=True)]
