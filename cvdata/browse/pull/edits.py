"""What a person did to a picture in FiftyOne: each object held against the one that was put."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...errors import show
from ..boxes import SAME
from ..labels.said import are_same_fields, is_said_anew
from ..names import TAG_ACCEPT, TAG_DROP, TAG_FIX, TRUTH
from .accepted import accepted_of, is_any_accepted
from .attributes import Attributes, Changes
from .left import left_of, size_of, tags_of
from .objects import Left, in_words
from .shapes import box_of, outline_of, runs_in, same_mask, same_points, same_rings
from .unlike import without_the_same
from .wanted import Wanted

__all__ = ["Edits", "edits_of", "with_fix"]

Floats = NDArray[np.float64]


@dataclass(slots=True, eq=False, kw_only=True)
class Edits:
    """What a person did to one picture, and what is to become of its annotations.

    Attributes:
        wanted: annotations that are changed or new; `removed`: rows of those that go.
        objects: that are there, in the order of FiftyOne, then those of models that were accepted; where none was, only
            those that are not as they were put.
        drop, fix, accept: the picture has this tag.
        counts: how often each thing was done, by the names of `PullCounts`.
        problems: labels that cannot be taken, `refused`: likewise, flags and attributes; `cut`: boxes that were cut to
            the picture; `unmoved`: objects whose box was moved and whose outline or keypoints were not.
    """

    wanted: list[Wanted] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    objects: list[Left] = field(default_factory=list)
    drop: bool = False
    fix: bool = False
    accept: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    unmoved: list[str] = field(default_factory=list)


def edits_of(
    dataset: Dataset,
    picture: int,
    document: Mapping[str, Any],
    put: Mapping[str, Any],
    found: Sequence[tuple[str, float]],
    attributes: Attributes,
) -> Edits:
    """Return what a person did to a picture.

    Of a found object that was accepted, flags are taken, and no other attributes: those are the model's own.

    Args:
        picture: row of the picture in the dataset.
        document: of the picture in FiftyOne; `put`: the same as it would be put now.
        found: of each model, by the place of its field, its name and the least confidence that counts for what was
            never judged.
        attributes: of the dataset.
    """
    tags = tags_of(document)
    edits = Edits(drop=TAG_DROP in tags, fix=TAG_FIX in tags, accept=TAG_ACCEPT in tags)
    if edits.drop:
        return edits
    size, first = size_of(document), int(dataset.offsets[picture])
    said, exact = is_said_anew(document, attributes.ignored), are_same_fields(document, put)
    held = _Picture(dataset, picture, size, attributes, said, exact, edits)
    count = int(dataset.offsets[picture + 1]) - first
    now, was = document, put
    if not is_any_accepted(document, len(found)):  # which are held against all objects
        now, was = without_the_same(document, put, lambda one, other: not said or attributes.is_same(one, other))
    left, edits.problems = left_of(now, TRUTH, size, count)
    before = {one.number: one for one in left_of(was, TRUTH, size, count)[0]}
    there = {one.number for one in left}
    gone = sorted(set(before) - there - {-1})
    _keep_the_bad(document, gone)
    edits.removed += [first + number for number in gone]
    for one in left:
        if TAG_DROP in one.tags:
            edits.removed += [first + one.number] if one.number >= 0 else []
        elif one.number in before:
            held.changed(first + one.number, before[one.number], one)
        else:
            held.drawn(one)
    edits.counts["deleted"] = len(edits.removed)
    for one, name in accepted_of(document, found, size, edits.objects, edits.problems):
        edits.objects.append(one)
        edits.counts["accepted"] += 1
        confidence = one.said.get("confidence")
        origin = {"prediction": name, **({} if confidence is None else {"score": confidence}), "reviewed": "kept"}
        held.new(one, msgspec.json.encode({"origin": origin}), attributes.flags(one.said))
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


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """What the labels of one picture are held against.

    Attributes:
        said: whether flags and attributes of the labels that were put were changed; `exact`: all of them are there
            unless a person cleared them.
        edits: gets what was found.
    """

    dataset: Dataset
    picture: int
    size: Floats
    attributes: Attributes
    said: bool
    exact: bool
    edits: Edits

    def changed(self, row: int, was: Left, now: Left) -> None:
        """Note what became of an annotation; nothing where it is the one that was put."""
        self.edits.objects.append(now)
        said = self._said(row, was, now)
        extra = _noted(said.extra, _extra(self.dataset, row)) if TAG_FIX in now.tags else None
        self.edits.counts["attributes"] += bool(said)
        self.edits.counts["fix_labels"] += extra is not None
        extra = said.extra if extra is None else extra
        shape = None if now.is_as(was) else self._shape(row, was, now)
        if shape is None and extra is None and not said.flags:
            return
        kept = Wanted(picture=self.picture, row=row, name=was.name, box=self.dataset.annotations.box[row])
        self.edits.wanted.append(replace(shape or kept, extra=extra, flags=said.flags))

    def drawn(self, one: Left) -> None:
        """Note a new annotation."""
        self.edits.objects.append(one)
        said = self.attributes.changes(None, one.said)
        self._refused(said, one)
        extra = _noted(said.extra, b"") if TAG_FIX in one.tags else None
        self.edits.counts["drawn"] += 1
        self.edits.counts["fix_labels"] += extra is not None
        self.new(one, said.extra if extra is None else extra, said.flags)

    def new(self, one: Left, extra: bytes | None, flags: Mapping[str, int]) -> None:
        """Want a new annotation."""
        whole = bool(np.isnan(one.box[0]))
        if one.cut:
            self.edits.cut.append(in_words(one))
        mask = None if whole else one.mask
        wanted = Wanted(
            picture=self.picture,
            name=one.name,
            box=one.inside,
            rings=one.rings or None,
            keypoints=one.keypoints if len(one.keypoints) else None,
            runs=None if mask is None else runs_in(mask, one.inside, self.size),
            extra=extra,
            flags=flags,
        )
        self.edits.wanted.append(wanted)

    def _said(self, row: int, was: Left, now: Left) -> Changes:
        if not self.said or self.attributes.is_same(was.said, now.said):
            return Changes()
        changes = self.attributes.changes(row, now.said, exact=self.exact)
        self._refused(changes, now)
        return changes

    def _refused(self, changes: Changes, one: Left) -> None:
        self.edits.refused += [f"{problem}: {in_words(one)}" for problem in changes.problems]

    def _shape(self, row: int, was: Left, now: Left) -> Wanted | None:
        """Return an annotation with its new class, box, outline, mask and keypoints; None where all are as before."""
        other = [name for name in now.beside if name != was.name]
        name = other[0] if other and now.name == was.name else now.name  # who names the outline means the object
        moved = _moved(was, now, self.edits)
        outlined, pointed = not same_rings(was.rings, now.rings), not same_points(was.keypoints, now.keypoints)
        old_mask, mask = was.mask, now.mask
        masked = not same_mask(old_mask, mask) or (moved and mask is not None)  # it is stretched over the box
        self.edits.counts["moved"] += moved
        self.edits.counts["relabelled"] += name != was.name
        self.edits.counts["reshaped"] += outlined or pointed or (masked and not moved)
        if moved and ((was.rings and not outlined) or (len(was.keypoints) and not pointed)):
            self.edits.unmoved.append(in_words(now))
        if not (moved or outlined or masked or pointed or name != was.name):
            return None
        box = box_of(self.dataset, row, was, now, self.size, moved=moved)
        changed = Wanted(
            picture=self.picture,
            row=row,
            name=name,
            box=box,
            runs=runs_in(mask, box, self.size) if masked else None,
            keypoints=now.keypoints if pointed else None,
            resized=moved or outlined or masked,
        )
        return replace(
            changed, **outline_of(self.dataset, row, was, now, painted=old_mask is None and mask is not None)
        )


def _moved(was: Left, now: Left, edits: Edits) -> bool:
    if np.isnan(was.box[0]) or np.isnan(now.box[0]) or np.abs(was.box - now.box).max() <= SAME:
        return False
    if not (now.inside[2:] > 0).all():
        edits.problems.append(f"{show(now.name, 40)} moved out of the picture")
        return False
    if now.cut:
        edits.cut.append(in_words(now))
    return True


def with_fix(text: bytes) -> bytes | None:
    """Return attributes, as JSON, with the note that somebody has to look again; None where it is there already."""
    own = msgspec.json.decode(text or b"{}", type=dict[str, msgspec.Raw])
    if "fix" in own and bytes(own["fix"]) == b"true":
        return None
    return msgspec.json.encode({**own, "fix": True})


def _noted(text: bytes | None, before: bytes) -> bytes | None:
    """Return `with_fix` of attributes that may have been changed."""
    return with_fix(before if text is None else text)


def _extra(dataset: Dataset, row: int) -> bytes:
    extra = dataset.annotations.extra
    return b"" if extra is None else extra[row].tobytes()
