"""Several detections of one object become one: the surest stands (NMS), or all are averaged (weighted box fusion)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...errors import UsageError
from ...models.columns import Columns
from .clusters import clusters_of
from .pairs import Pairs, areas, crowded, meeting, one_to_many, overlap
from .parts import boxes, labels, owners, scores

__all__ = ["FuseSettings", "check_fuse", "non_maximum_suppression", "standing", "weighted_box_fusion"]


class FuseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How detections of several looks at a picture become one set.

    Attributes:
        iou: detections of one class are of one object where they overlap by more than this.
        weights: how much each look counts, such as its model's mAP; empty where all count the same.
        least: detections that are less sure are left out before.
    """

    iou: float = 0.55
    weights: tuple[float, ...] = ()
    least: float = 0.0


def check_fuse(settings: FuseSettings, looks: int) -> None:
    """Refuse numbers that make no sense.

    Args:
        looks: how many there are.

    Raises:
        UsageError: one is out of its range, or there are not as many weights as looks.
    """
    if not 0 < settings.iou <= 1:
        raise UsageError(f"detections are fused from an overlap of {settings.iou}, expected above 0, and 1 at most")
    if not 0 <= settings.least <= 1:
        raise UsageError(f"detections are fused from a score of {settings.least}, expected 0 to 1")
    if settings.weights and len(settings.weights) != looks:
        raise UsageError(
            f"{len(settings.weights)} weights for {looks} models", hint="give one for each, in their order"
        )
    if not all(0 < weight < np.inf for weight in settings.weights):
        raise UsageError("a weight of a model is not above 0", hint="leave the model out instead")


def non_maximum_suppression(
    box: NDArray[np.float64], group: NDArray[np.int64], score: NDArray[np.float64], iou: float
) -> NDArray[np.int64]:
    """Return the rows of the boxes that stand, surest first: those that overlap no surer one that stands.

    Exactly the greedy rule, with boxes of equal scores in the order in which they came.

    Args:
        box: float64, shape (n, 4): x, y, width, height.
        group: int64, shape (n,): boxes of different numbers, such as picture and class, leave each other alone.
        score: float64, shape (n,).
        iou: from 0 to 1; more than this is too much.
    """
    order = np.argsort(-score, kind="stable").astype(np.int64)
    ranked, groups = box[order], group[order]
    if crowded(ranked, groups):  # what a network says of every place, and most of it goes
        return order[_standing_of_crowd(ranked, groups, iou)]
    pairs = meeting(ranked, groups)
    return order[standing(pairs.take(overlap(pairs, areas(ranked)) > iou), len(order))]


def standing(pairs: Pairs, count: int) -> NDArray[np.bool_]:
    """Tell which of some boxes stand, bool, shape (count,): those that no surer one that stands is paired with.

    Args:
        pairs: of boxes that exclude each other; the surer a box, the lower its row.
    """
    stands = np.ones(count, np.bool_)
    heads, first = np.unique(pairs.first, return_index=True)
    for head, begin, end in zip(heads.tolist(), first.tolist(), [*first[1:].tolist(), len(pairs.second)], strict=False):
        if stands[head]:
            stands[pairs.second[begin:end]] = False
    return stands


def _standing_of_crowd(box: NDArray[np.float64], group: NDArray[np.int64], iou: float) -> NDArray[np.int64]:
    """Return the rows that stand, ascending, where there are too many pairs: each that stands is held against the rest.

    Args:
        box, group: as in `non_maximum_suppression`, surest first.
    """
    standing_rows = []
    by_group = np.argsort(group, kind="stable")
    for rows in np.split(by_group, np.flatnonzero(np.diff(group[by_group])) + 1):
        left = rows
        while len(left):
            standing_rows.append(left[0])
            left = left[1:][one_to_many(box[left[0]], box[left[1:]]) <= iou]
    return np.sort(np.array(standing_rows, np.int64))


def weighted_box_fusion(
    parts: Sequence[Columns], settings: FuseSettings, knows: NDArray[np.bool_] | None = None
) -> Columns:
    """Return what several looks at the same pictures found, as one set of detections.

    Weighted box fusion (Solovyev, Wang, Gabruseva 2021, arXiv:1910.13302). With w_m the weight of look m, a detection
    of score s counts with the confidence C = w_m s. The detections of a picture and class that overlap the mean of a
    cluster by more than `iou` join it, surest first; of a cluster of T detections and N looks come

        box    sum(C_i box_i) / sum(C_i)
        score  mean(C_i) min(T, N) / sum(w_m)

    so that with equal weights what one of N looks alone found has a score N times lower. Looks that do not know a class
    are no looks at it: they count neither in N nor in the sum of weights. The mask and the keypoints are
    those of its surest member; they are left out where not every look has them.

    Args:
        parts: of the same pictures, in the same order, with the same classes.
        settings: checked; see `check_fuse`.
        knows: bool, shape (looks, classes), which classes each look can find; None where each can find all.
    """
    weights = np.array(settings.weights or (1.0,) * len(parts))
    found = _stacked(parts)
    owner, box, label, score = owners(found), boxes(found), labels(found), scores(found)
    look = np.repeat(np.arange(len(parts)), [len(owners(part)) for part in parts])
    if knows is None:
        knows = np.ones((len(parts), int(label.max(initial=-1)) + 1), np.bool_)
    rows = np.flatnonzero(score >= settings.least)
    confidence = score * weights[look]
    rows = rows[np.lexsort([-confidence[rows], label[rows], owner[rows]])]
    cluster = _clusters(owner[rows], label[rows], box[rows], confidence[rows], settings.iou)
    surest = rows[np.unique(cluster, return_index=True)[1]]  # the first of each, and they come surest first
    size = np.bincount(cluster)
    total = np.bincount(cluster, weights=confidence[rows])
    # Where all scores are 0 there is nothing to weigh by, and the first box stands.
    share = confidence[rows] / np.where(total > 0, total, 1.0)[cluster]
    mean = np.stack([np.bincount(cluster, weights=share * side) for side in box[rows].T], axis=1)
    own = label[surest]
    fused = replace(
        found.take(surest),
        box=np.where((total > 0)[:, None], mean, box[surest]),
        score=np.clip(total / size * np.minimum(size, knows.sum(axis=0)[own]) / (weights @ knows)[own], 0, 1),
    )
    return fused.take(np.lexsort([-scores(fused), owners(fused)]))


def _clusters(
    owner: NDArray[np.int64],
    label: NDArray[np.int64],
    box: NDArray[np.float64],
    confidence: NDArray[np.float64],
    iou: float,
) -> NDArray[np.int64]:
    """Return the cluster of each detection, numbered over all pictures and classes; they are sorted by both."""
    heads = np.flatnonzero(np.r_[True, (np.diff(owner) != 0) | (np.diff(label) != 0)]) if len(owner) else owner
    cluster = np.empty(len(owner), np.int64)
    before = 0
    for begin, end in zip(heads.tolist(), [*heads[1:].tolist(), len(owner)], strict=False):
        cluster[begin:end] = before + clusters_of(box[begin:end], confidence[begin:end], iou)
        before = int(cluster[begin:end].max()) + 1
    return cluster


def _stacked(parts: Sequence[Columns]) -> Columns:
    """Put detections of the same pictures one after the other, look by look."""
    masks = [part.masks for part in parts if part.masks is not None]
    points = [part.keypoints for part in parts if part.keypoints is not None]
    return Columns(
        images=parts[0].images,
        owner=np.concatenate([owners(part) for part in parts]),
        box=np.concatenate([boxes(part) for part in parts]),
        label=np.concatenate([labels(part) for part in parts]),
        score=np.concatenate([scores(part) for part in parts]),
        masks=Ragged.concat(masks) if len(masks) == len(parts) else None,
        keypoints=np.concatenate(points) if len(points) == len(parts) else None,
    )
