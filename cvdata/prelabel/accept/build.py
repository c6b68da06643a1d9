"""Put accepted objects into a dataset: their shapes, where they come from, and the states of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset, Polygons, Ragged, State
from ...dataset.concat import concat_annotations, fill_ids
from ...dataset.ragged import starts
from .candidates import Candidates
from .offers import Offer
from .origins import origin_texts

__all__ = ["lost_shapes", "with_accepted", "with_state"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_SHAPES = ("masks", "polygons", "keypoints", "rotated")


def with_accepted(truth: Dataset, candidates: Candidates, chosen: Ints, offers: Sequence[Offer]) -> Dataset:
    """Return the truth with the chosen candidates behind what each picture has; pictures with some are labelled.

    What a model says of a box goes with it, but neither the score, which truth has not, nor the shape of a box that a
    person moved.
    """
    parts = [_proposed(candidates, chosen, source, offer) for source, offer in enumerate(offers)]
    parts.append(_drawn(candidates, chosen))
    order = np.concatenate([rows for rows, _ in parts])
    added = replace(concat_annotations([part for _, part in parts]), extra=origin_texts(candidates, order, offers))
    whole = concat_annotations([replace(truth.annotations, source_id=None), added])
    if truth.annotations.source_id is not None:
        whole = replace(whole, source_id=fill_ids([*list(truth.annotations.source_id), *[None] * len(added)]))
    whole = whole.take(np.argsort(whole.image, kind="stable"))
    classes = _classes(truth, candidates, chosen)
    renumbered = np.zeros(len(candidates.categories), np.int32)
    renumbered[classes] = np.arange(len(classes))
    return replace(
        with_state(truth, candidates.image[chosen], State.LABELLED),
        annotations=replace(whole, category=renumbered[whole.category]),
        categories=truth.categories if len(classes) == len(truth.categories) else candidates.categories.take(classes),
    )


def with_state(truth: Dataset, pictures: Ints, state: State) -> Dataset:
    """Return the truth with another state of some pictures."""
    states = truth.images.state.copy()
    states[pictures] = state
    return replace(truth, images=replace(truth.images, state=states))


def _classes(truth: Dataset, candidates: Candidates, chosen: Ints) -> list[int]:
    """Return the classes of the truth, and behind them those that it gets, by row."""
    known = len(truth.categories)
    used = np.unique(candidates.category[chosen])
    return [*range(known), *used[used >= known].tolist()]


def _proposed(candidates: Candidates, chosen: Ints, source: int, offer: Offer) -> tuple[Ints, Annotations]:
    """Return the chosen proposals of a prediction, and their annotations in that order."""
    rows = chosen[(candidates.source[chosen] == source) & (candidates.row[chosen] >= 0)]
    table = offer.stored.dataset.annotations.take(candidates.row[rows])
    moved = candidates.moved[rows]
    table = replace(
        table,
        masks=_without(table.masks, moved),
        polygons=_without_rings(table.polygons, moved),
        keypoints=_without(table.keypoints, moved | _other_points(candidates, rows)),
        rotated=None if table.rotated is None else np.where(moved[:, None], np.nan, table.rotated),
        area=None if table.area is None else np.where(moved, np.nan, table.area),
        score=None,
        source_id=None,
        **_placed(candidates, rows),
    )
    return rows, table


def _drawn(candidates: Candidates, chosen: Ints) -> tuple[Ints, Annotations]:
    rows = chosen[candidates.row[chosen] < 0]
    return rows, Annotations(**_placed(candidates, rows))


def _placed(candidates: Candidates, rows: Ints) -> dict[str, Any]:
    return {
        "image": candidates.image[rows].astype(np.int32),
        "category": candidates.category[rows].astype(np.int32),
        "box": candidates.box[rows],
    }


def _other_points(candidates: Candidates, rows: Ints) -> Flags:
    """Tell which have by now a class with other keypoints than the one for which they were found."""
    names = candidates.categories.keypoints
    if names is None:
        return np.zeros(len(rows), np.bool_)
    pairs = zip(candidates.category[rows].tolist(), candidates.proposed[rows].tolist(), strict=True)
    return np.fromiter((names[now] != names[before] for now, before in pairs), np.bool_, len(rows))


def _without(column: Ragged | None, rows: Flags) -> Ragged | None:
    """Return a column with some rows emptied."""
    if column is None:
        return None
    return Ragged(column.values[np.repeat(~rows, column.lengths)], starts(np.where(rows, 0, column.lengths)))


def _without_rings(column: Polygons | None, rows: Flags) -> Polygons | None:
    if column is None:
        return None
    lengths, kept = np.diff(column.rings), np.repeat(~rows, column.ring_counts)
    points = column.points[np.repeat(kept, lengths)]
    return Polygons(points, starts(lengths[kept]), starts(np.where(rows, 0, column.ring_counts)))


def lost_shapes(candidates: Candidates, chosen: Ints, offers: Sequence[Offer]) -> int:
    """Return how many of the chosen proposals have a shape that does not come along, since a person moved the box."""
    lost = 0
    for source, offer in enumerate(offers):
        rows = chosen[(candidates.source[chosen] == source) & (candidates.row[chosen] >= 0)]
        table = offer.stored.dataset.annotations.take(candidates.row[rows[candidates.moved[rows]]])
        shaped = np.zeros(len(table), np.bool_)
        for name in _SHAPES:
            shaped |= table.has(name)
        lost += int(shaped.sum())
    return lost
