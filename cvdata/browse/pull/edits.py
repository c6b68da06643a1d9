"""What a person did to a picture in FiftyOne: each object held against the one that was put."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...errors import show
from ..boxes import SAME, in_picture
from ..names import EVAL, TAG_ACCEPT, TAG_DROP, TAG_FIX, TRUTH, VERDICT, found_field
from ..outlines import runs_of
from .left import Left, in_words, left_of, size_of, tags_of
from .wanted import Wanted

__all__ = ["Edits", "accepted_of", "around", "edits_of", "with_fix"]

Floats = NDArray[np.float64]

_SAME_OBJECT = 0.5
"""Overlap with an object of its class from which what was found is that one, as in `cvdata accept`."""

_AROUND = 1.0
"""Pixels by which a box may differ from its outline's and still be the box around it."""


@dataclass(slots=True, eq=False, kw_only=True)
class Edits:
    """What a person did to one picture, and what is to become of its annotations.

    Attributes:
        wanted: annotations that are changed or new; `removed`: rows of those that go.
        objects: that are there without those of models, in the order of FiftyOne, then those that were accepted.
        drop, fix, accept: the picture has this tag.
        counts: how often each thing was done, by the names of `PullCounts`.
        problems: labels that cannot be taken; `cut`: boxes that were cut to the picture; `unmoved`: objects whose box
            was moved and whose outline or keypoints were not.
    """

    wanted: list[Wanted] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    objects: list[Left] = field(default_factory=list)
    drop: bool = False
    fix: bool = False
    accept: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    unmoved: list[str] = field(default_factory=list)


def edits_of(
    dataset: Dataset,
    picture: int,
    document: Mapping[str, Any],
    put: Mapping[str, Any],
    found: Sequence[tuple[str, float]],
) -> Edits:
    """Return what a person did to a picture.

    Args:
        picture: row of the picture in the dataset.
        document: of the picture in FiftyOne; `put`: the same as it would be put now.
        found: of each model, by the place of its field, its name and the least confidence that counts for what was
            never judged.
    """
    tags = tags_of(document)
    edits = Edits(drop=TAG_DROP in tags, fix=TAG_FIX in tags, accept=TAG_ACCEPT in tags)
    if edits.drop:
        return edits
    size, first = size_of(document), int(dataset.offsets[picture])
    count = int(dataset.offsets[picture + 1]) - first
    left, edits.problems = left_of(document, TRUTH, size, count)
    before = {one.number: one for one in left_of(put, TRUTH, size, count)[0]}
    there = {one.number for one in left}
    gone = sorted(set(before) - there - {-1})
    _keep_the_bad(document, gone)
    edits.removed += [first + number for number in gone]
    for one in left:
        if TAG_DROP in one.tags:
            edits.removed += [first + one.number] if one.number >= 0 else []
        elif one.number in before:
            _changed(dataset, picture, first + one.number, before[one.number], one, size, edits)
        else:
            _drawn(picture, one, size, edits)
    edits.counts["deleted"] = len(edits.removed)
    for one, name in accepted_of(document, found, size, edits.objects, edits.problems):
        edits.objects.append(one)
        edits.counts["accepted"] += 1
        confidence = one.said.get("confidence")
        origin = {"prediction": name, **({} if confidence is None else {"score": confidence}), "reviewed": "kept"}
        edits.wanted.append(_new(picture, one, size, msgspec.json.encode({"origin": origin}), edits))
    return edits


def _keep_the_bad(document: Mapping[str, Any], gone: list[int]) -> None:
    """Leave an object as it was whose label is there, but cannot be taken: nobody deleted it."""
    labels = [
        label
        for group in (document.get(TRUTH) or {}, document.get(f"{TRUTH}_of_picture") or {})
        for label in (*(group.get("detections") or ()), *(group.get("classifications") or ()))
    ]
    for label in labels:
        if label.get("number") in gone:
            gone.remove(label["number"])


def _changed(dataset: Dataset, picture: int, row: int, was: Left, now: Left, size: Floats, edits: Edits) -> None:
    """Note what became of an annotation; nothing where it is the one that was put."""
    edits.objects.append(now)
    other = [name for name in now.beside if name != was.name]
    name = other[0] if other and now.name == was.name else now.name  # who names the outline means the object
    moved = _moved(was, now, size, edits)
    outlined, pointed = not _same_rings(was.rings, now.rings), not _same(was.keypoints, now.keypoints)
    masked = not _same_mask(was.mask, now.mask) or (moved and now.mask is not None)  # it is stretched over the box
    extra = with_fix(_extra(dataset, row)) if TAG_FIX in now.tags else None
    edits.counts["moved"] += moved
    edits.counts["relabelled"] += name != was.name
    edits.counts["reshaped"] += outlined or pointed or (masked and not moved)
    edits.counts["fix_labels"] += extra is not None
    if moved and ((was.rings and not outlined) or (len(was.keypoints) and not pointed)):
        edits.unmoved.append(in_words(now))
    if not (moved or outlined or masked or pointed or extra is not None or name != was.name):
        return
    box = _box(dataset, row, was, now, size, moved=moved)
    changed = Wanted(
        picture=picture,
        row=row,
        name=name,
        box=box,
        runs=_runs(now.mask, box, size) if masked else None,
        keypoints=now.keypoints if pointed else None,
        extra=extra,
        resized=moved or outlined or masked,
    )
    edits.wanted.append(replace(changed, **_outline(dataset, row, was, now)))


def _moved(was: Left, now: Left, size: Floats, edits: Edits) -> bool:
    if np.isnan(was.box[0]) or np.isnan(now.box[0]) or np.abs(was.box - now.box).max() <= SAME:
        return False
    if not (in_picture(now.box[None], size[None])[0, 2:] > 0).all():
        edits.problems.append(f"{show(now.name, 40)} moved out of the picture")
        return False
    if now.cut:
        edits.cut.append(in_words(now))
    return True


def _box(dataset: Dataset, row: int, was: Left, now: Left, size: Floats, *, moved: bool) -> Floats:
    """Return the box of an annotation: where a person put it, or around its outline if it was there before."""
    box: Floats = dataset.annotations.box[row]
    if moved:
        box = in_picture(now.box[None], size[None])[0]
    elif now.rings and was.rings and not _same_rings(was.rings, now.rings) and _near(was.box, around(was.rings)):
        box = in_picture(around(now.rings)[None], size[None])[0]
    return box


def _outline(dataset: Dataset, row: int, was: Left, now: Left) -> dict[str, Any]:
    """Return the columns of an outline, none where it stays; a mask that was painted takes its place.

    Four corners in place of a rotated box are a rotated box.
    """
    rings = now.rings
    if _same_rings(was.rings, rings):
        if not rings or now.mask is None or was.mask is not None:
            return {}
        rings = ()
    table = dataset.annotations
    if table.rotated is None or np.isnan(table.rotated[row]).any() or (table.polygons and table.polygons[row]):
        return {"rings": rings}
    if len(rings) == 1 and len(rings[0]) == 4:
        return {"corners": rings[0].reshape(8)}
    return {"rings": rings, "corners": np.full(8, np.nan)}


def _drawn(picture: int, one: Left, size: Floats, edits: Edits) -> None:
    edits.objects.append(one)
    edits.counts["drawn"] += 1
    edits.counts["fix_labels"] += TAG_FIX in one.tags
    edits.wanted.append(_new(picture, one, size, with_fix(b"") if TAG_FIX in one.tags else None, edits))


def _new(picture: int, one: Left, size: Floats, extra: bytes | None, edits: Edits) -> Wanted:
    whole = bool(np.isnan(one.box[0]))
    if one.cut:
        edits.cut.append(in_words(one))
    box = one.box if whole else in_picture(one.box[None], size[None])[0]
    return Wanted(
        picture=picture,
        name=one.name,
        box=box,
        rings=one.rings or None,
        keypoints=one.keypoints if len(one.keypoints) else None,
        runs=_runs(one.mask, box, size) if one.mask is not None and not whole else None,
        extra=extra,
    )


def accepted_of(
    document: Mapping[str, Any],
    found: Sequence[tuple[str, float]],
    size: Floats,
    objects: Sequence[Left],
    problems: list[str],
) -> Iterator[tuple[Left, str]]:
    """Yield the found objects that a person accepted, the surest first, with the name of the model.

    One that overlaps an object of its class is that object. What a person accepted on its own is taken however unsure
    it is; with the whole picture only what is sure is.

    Args:
        objects: that are there already; `problems`: gets the labels that cannot be taken.
    """
    there, whole = list(objects), TAG_ACCEPT in tags_of(document)
    for place, (name, score) in enumerate(found):
        left, bad = left_of(document, found_field(place), size)
        chosen = [one for one in left if TAG_ACCEPT in one.tags or (whole and _is_sure(one, score))]
        if chosen:
            problems += bad
        for one in sorted(chosen, key=lambda one: -(one.said.get("confidence") or 0.0)):
            if not any(_is_same(one, other) for other in there):
                there.append(one)
                yield one, name


def _is_sure(one: Left, score: float) -> bool:
    """Tell whether a found object counts: `cvdata eval` judged it, or, where it did not, by its confidence."""
    if one.said.get(EVAL) or one.said.get(VERDICT):
        return bool(one.said.get(EVAL))
    confidence = one.said.get("confidence")
    return confidence is None or confidence >= score


def _is_same(one: Left, other: Left) -> bool:
    if one.name != other.name or np.isnan(one.box[0]) != np.isnan(other.box[0]):
        return False
    if np.isnan(one.box[0]):
        return True
    low = np.maximum(one.box[:2], other.box[:2])
    high = np.minimum(one.box[:2] + one.box[2:], other.box[:2] + other.box[2:])
    common = float(np.prod(np.maximum(high - low, 0)))
    both = float(np.prod(one.box[2:]) + np.prod(other.box[2:])) - common
    return common >= _SAME_OBJECT * both > 0


def with_fix(text: bytes) -> bytes | None:
    """Return attributes, as JSON, with the note that somebody has to look again; None where it is there already."""
    own = msgspec.json.decode(text or b"{}", type=dict[str, msgspec.Raw])
    if "fix" in own and bytes(own["fix"]) == b"true":
        return None
    return msgspec.json.encode({**own, "fix": True})


def _extra(dataset: Dataset, row: int) -> bytes:
    extra = dataset.annotations.extra
    return b"" if extra is None else extra[row].tobytes()


def _runs(mask: NDArray[np.bool_] | None, box: Floats, size: Floats) -> NDArray[np.uint32]:
    """Return the run lengths of a mask, none where it has no pixel."""
    if mask is None or not mask.any():
        return np.empty(0, np.uint32)
    return runs_of(mask, box, (int(size[0]), int(size[1])))


def _same(one: Floats, other: Floats) -> bool:
    return one.shape == other.shape and bool((np.abs(one - other) <= SAME).all())


def _same_rings(one: Sequence[Floats], other: Sequence[Floats]) -> bool:
    return len(one) == len(other) and all(map(_same, one, other))


def _same_mask(one: NDArray[np.bool_] | None, other: NDArray[np.bool_] | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))


def around(rings: Sequence[Floats]) -> Floats:
    """Return the box around an outline, float64, shape (4,): x, y, width, height."""
    points = np.concatenate(rings)
    return np.concatenate([points.min(axis=0), np.ptp(points, axis=0)])


def _near(one: Floats, other: Floats) -> bool:
    return bool((np.abs(one - other) <= _AROUND).all())
