"""Everything that could become truth, as columns: proposals as people left them, and what people drew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Categories, Dataset, Images
from ...dataset.concat import concat_categories, fill_ids
from ...dataset.geometry import BoxVerdict, judge_boxes
from ...errors import FormatError, Place, show
from ..review.records import REVIEW, Box
from .offers import Offer

__all__ = ["CHANGED", "DRAWN", "KEPT", "MOVED", "NOBODY", "OUTCOMES", "RELABELLED", "REMOVED", "Candidates", "gather"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

OUTCOMES = ("", "kept", "moved", "relabelled", "removed", "drawn")
NOBODY, KEPT, MOVED, RELABELLED, REMOVED, DRAWN = range(len(OUTCOMES))
CHANGED = (MOVED, RELABELLED, DRAWN)
"""Outcomes of which the model knows nothing: its other proposals may be the same object."""

STILL = 0.51
"""Pixels by which an edge may be off where nobody moved it: formats of whole pixels round."""

_BAD = (BoxVerdict.NOT_FINITE, BoxVerdict.NO_AREA, BoxVerdict.OUTSIDE)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """One row per object that could become truth.

    Attributes:
        source: int64, place of its prediction among the offers.
        row: int64, number of the proposal, -1 for what a person drew.
        image: int64, row of its picture in the truth, -1 where it is gone; `replaced`: bool, it is another picture.
        category: int64, row in `categories`; `proposed`: int64, what the model had said.
        box: float64, shape (n, 4); `moved`: bool, it is not where the model had seen it.
        score: float64, NaN where there is none; `threshold`: float64, least one of its class, NaN for none.
        outcome: int64, what a person decided, a place in `OUTCOMES`.
        categories: classes of the truth, then those that it has not.
    """

    source: Ints
    row: Ints
    image: Ints
    replaced: NDArray[np.bool_]
    category: Ints
    proposed: Ints
    box: Floats
    moved: NDArray[np.bool_]
    score: Floats
    threshold: Floats
    outcome: Ints
    categories: Categories

    def __len__(self) -> int:
        return len(self.row)

    @property
    def whole(self) -> NDArray[np.bool_]:
        """Which label whole pictures, bool."""
        return np.asarray(np.isnan(self.box).all(axis=1))


def gather(truth: Dataset, offers: Sequence[Offer]) -> Candidates:
    """Return everything that is offered, as people left it.

    Raises:
        FormatError: a box that a person left is none.
    """
    categories, maps = _joined(truth.categories, offers)
    at = {name: row for row, name in enumerate(categories.names)}
    parts = [_of(source, offer, truth, maps[source], at) for source, offer in enumerate(offers)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Candidates(**columns, categories=categories)


def _joined(known: Categories, offers: Sequence[Offer]) -> tuple[Categories, list[Ints]]:
    """Return the classes of all, those of the truth first, and the row of each class of each offer among them."""
    said: list[str | None] = []
    for offer in offers:
        said += [decision.category for decision in offer.opinions.decisions]
        said += [drawn.category for drawn in offer.opinions.drawn]
    new = Categories(names=tuple(dict.fromkeys(name for name in said if name is not None)))
    parts = [known, *(offer.stored.dataset.categories for offer in offers), new]
    joined, rows = concat_categories([replace(part, source_id=None) for part in parts])
    if known.source_id is not None:
        ids = fill_ids([*known.source_id, *[None] * (len(joined) - len(known))])
        joined = replace(joined, source_id=tuple(ids.tolist() if isinstance(ids, np.ndarray) else ids))
    return joined, [part.astype(np.int64) for part in rows[1:-1]]


def _of(source: int, offer: Offer, truth: Dataset, classes: Ints, at: dict[str, int]) -> dict[str, NDArray[Any]]:
    stored = offer.stored.dataset
    table = stored.annotations
    count = len(table)
    image, replaced = places_of(stored.images, truth.images)
    category, outcome = classes[table.category], np.zeros(count, np.int64)
    box, moved = table.box.copy(), np.zeros(count, np.bool_)
    for decision in offer.opinions.decisions:
        row = decision.row
        outcome[row] = OUTCOMES.index(decision.outcome)
        if decision.category is not None:
            category[row] = at[decision.category]
        if decision.box is not None and is_elsewhere(decision.box, box[row]):
            box[row], moved[row] = decision.box, True
    least = np.array([offer.thresholds.get(name, np.nan) for name in stored.categories.names] + [np.nan])
    score = np.full(count, np.nan) if table.score is None else table.score
    part: dict[str, NDArray[Any]] = {
        "source": np.full(count, source),
        "row": np.arange(count),
        "image": image[table.image],
        "replaced": replaced[table.image],
        "category": category,
        "proposed": classes[table.category],
        "box": box,
        "moved": moved,
        "score": score,
        "threshold": least[table.category],
        "outcome": outcome,
    }
    part = {name: np.concatenate([part[name], column]) for name, column in _drawn(source, offer, truth, at).items()}
    _check_boxes(part, offer, truth.images)
    return part


def is_elsewhere(left: Box, proposed: Floats) -> bool:
    """Tell whether a person moved a box: an edge is off by more than rounding makes it."""
    edges = np.array(left)
    with np.errstate(over="ignore"):  # such a box is refused later
        edges[2:] += edges[:2]
    far = np.abs(edges - [*proposed[:2], *(proposed[:2] + proposed[2:])])
    return not bool((far <= STILL).all())


def places_of(looked_at: Images, now: Images) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the row of each picture in the truth, -1 where it is gone, and whether it is another one by now."""
    where = {name: row for row, name in enumerate(now.names)}
    rows = np.array([where.get(name, -1) for name in looked_at.names], np.int64)
    there = np.flatnonzero(rows >= 0)
    found = rows[there]
    other = np.zeros(len(there), np.bool_)
    for side in ("width", "height"):
        before, after = getattr(looked_at, side)[there], getattr(now, side)[found]
        other |= (before > 0) & (after > 0) & (before != after)
    if looked_at.facts is not None and now.facts is not None:
        read = (looked_at.facts.size[there] >= 0) & (now.facts.size[found] >= 0)
        other |= read & (looked_at.facts.sha256[there] != now.facts.sha256[found]).any(axis=1)
    replaced = np.zeros(len(rows), np.bool_)
    replaced[there] = other
    return rows, replaced


def _drawn(source: int, offer: Offer, truth: Dataset, at: dict[str, int]) -> dict[str, NDArray[Any]]:
    """Return what people drew, as columns."""
    drawn = offer.opinions.drawn
    count = len(drawn)
    names = [one.image for one in drawn]
    wanted = set(names)
    where = {name: row for row, name in enumerate(truth.images.names) if name in wanted}
    known = {name: row for row, name in enumerate(offer.stored.dataset.images.names) if name in wanted}
    _, replaced = places_of(offer.stored.dataset.images, truth.images)
    category = np.array([at[one.category] for one in drawn], np.int64)
    return {
        "source": np.full(count, source),
        "row": np.full(count, -1),
        "image": np.array([where.get(name, -1) for name in names], np.int64),
        "replaced": np.array([name in known and bool(replaced[known[name]]) for name in names], np.bool_),
        "category": category,
        "proposed": category,
        "box": np.array([one.box or (np.nan,) * 4 for one in drawn], np.float64).reshape(-1, 4),
        "moved": np.zeros(count, np.bool_),
        "score": np.full(count, np.nan),
        "threshold": np.full(count, np.nan),
        "outcome": np.full(count, DRAWN),
    }


def _check_boxes(part: dict[str, NDArray[Any]], offer: Offer, images: Images) -> None:
    """Refuse a box of a person that is none; those of models were checked on reading."""
    rows = np.flatnonzero((part["moved"] | (part["outcome"] == DRAWN)) & (part["image"] >= 0) & ~part["replaced"])
    image = part["image"][rows]
    verdict = judge_boxes(part["box"][rows], images.width[image], images.height[image])
    for row in image[np.isin(verdict, _BAD)][:1].tolist():
        where = f"'{show(images.names[row])}'"
        raise FormatError(
            f"a box in {where} is not finite, has no area, or is not in the picture",
            at=Place(f"predictions/{offer.stored.about.name}/{REVIEW}"),
            hint="correct it, and review again",
        )
