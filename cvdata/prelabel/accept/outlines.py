"""Outlines for labels that have none: each gets that of the proposal over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset, Ragged
from ...dataset.concat import concat_annotations
from ...formats.predictions import short_hash
from .already import Meetings
from .candidates import Candidates
from .offers import Offer
from .origins import Known

__all__ = ["Outlines", "outlines_over", "with_outlines"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Which labels get the outlines of which proposals; each of both is in it once.

    Attributes:
        label: int64, rows of annotations of the truth; `proposal`: int64, rows of candidates.
    """

    label: Ints
    proposal: Ints


class OutlineOrigin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a label says in `extra.outline` of the outline that it got.

    Attributes:
        prediction: name; `model`: beginning of the hash of its weights; `score`: of the proposal.
    """

    prediction: str
    model: str
    score: float | UnsetType = UNSET


def outlines_over(
    truth: Dataset, candidates: Candidates, good: Flags, known: Known, met: Meetings, offers: Sequence[Offer]
) -> Outlines:
    """Return the outlines that labels with neither mask nor polygon can get from proposals of their class.

    The surest proposal comes first, of equal ones that which overlaps most, and gives its outline once. None comes from
    a proposal whose box a person moved, or of the prediction that the label itself was accepted from: its other
    proposals are other objects. Crowds stay boxes.

    Args:
        good: bool, candidates that are labelled already and could be taken else.
    """
    table = truth.annotations
    bare = ~(table.has("masks") | table.has("polygons") | table.has("crowd"))
    able = good & _shaped(candidates, offers) & ~candidates.moved
    fits = met.same & bare[met.truth] & able[met.candidate]
    fits &= known.source[met.truth] != candidates.source[met.candidate]
    pairs = np.flatnonzero(fits)
    score = np.nan_to_num(candidates.score[met.candidate[pairs]], nan=-np.inf)
    labels: dict[int, int] = {}
    given: set[int] = set()
    for at in pairs[np.lexsort((met.candidate[pairs], -met.overlap[pairs], -score))].tolist():
        label, proposal = int(met.truth[at]), int(met.candidate[at])
        if label not in labels and proposal not in given:
            labels[label] = proposal
            given.add(proposal)
    rows = sorted(labels)
    return Outlines(np.array(rows, np.int64), np.array([labels[row] for row in rows], np.int64))


def _shaped(candidates: Candidates, offers: Sequence[Offer]) -> Flags:
    """Tell which candidates have a mask or a polygon, bool."""
    shaped = np.zeros(len(candidates), np.bool_)
    for source, offer in enumerate(offers):
        rows = np.flatnonzero((candidates.source == source) & (candidates.row >= 0))
        table = offer.stored.dataset.annotations
        shaped[rows] = (table.has("masks") | table.has("polygons"))[candidates.row[rows]]
    return shaped


def with_outlines(truth: Dataset, candidates: Candidates, outlines: Outlines, offers: Sequence[Offer]) -> Dataset:
    """Return the truth with the outlines; the areas of boxes that were noted for those labels go."""
    table = truth.annotations
    source, row = candidates.source[outlines.proposal], candidates.row[outlines.proposal]
    parts, at = [_shapes(table)], np.arange(len(table))
    behind = len(table)
    for place, offer in enumerate(offers):
        mine = np.flatnonzero(source == place)
        parts.append(_shapes(replace(offer.stored.dataset.annotations.take(row[mine]), area=None)))
        at[outlines.label[mine]] = behind + np.arange(len(mine))
        behind += len(mine)
    shapes = concat_annotations(parts).take(at)
    columns = {name: getattr(shapes, name) for name in _SHAPES}
    return replace(truth, annotations=replace(table, **columns, extra=_said(table, candidates, outlines, offers)))


_SHAPES = ("masks", "mask_listed", "polygons", "area")


def _shapes(table: Annotations) -> Annotations:
    return Annotations(
        image=table.image,
        category=table.category,
        box=table.box,
        masks=table.masks,
        mask_listed=table.mask_listed,
        polygons=table.polygons,
        area=table.area,
    )


def _said(table: Annotations, candidates: Candidates, outlines: Outlines, offers: Sequence[Offer]) -> Ragged:
    """Return the attributes of the truth; those of labels that got an outline say whose it is."""
    texts = [b""] * len(table) if table.extra is None else table.extra.to_bytes()
    for label, proposal in zip(outlines.label.tolist(), outlines.proposal.tolist(), strict=True):
        about, score = offers[candidates.source[proposal]].stored.about, float(candidates.score[proposal])
        whose = OutlineOrigin(
            prediction=about.name, model=short_hash(about.sha256), score=UNSET if np.isnan(score) else score
        )
        own = msgspec.json.decode(texts[label] or b"{}", type=dict[str, msgspec.Raw])
        texts[label] = msgspec.json.encode({**own, "outline": whose})
    return Ragged.texts(texts)
