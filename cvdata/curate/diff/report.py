"""A comparison as a report: counts, and the changes one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...dataset import COLUMNS, Dataset, State
from .classes import renamed_classes
from .columns import column_names
from .compare import Comparison, Kind
from .pictures import By, sizes_differ
from .records import (
    AnnotationCounts,
    Change,
    ClassChange,
    ClassCounts,
    DiffReport,
    DiffSide,
    PictureChange,
    PictureCounts,
    Relabelled,
    Shift,
)

__all__ = ["report_of"]

Rows = NDArray[np.int64]


def report_of(
    comparison: Comparison, before: DiffSide | None = None, after: DiffSide | None = None, most: int | None = None
) -> DiffReport:
    """Return what programs and people read.

    Args:
        before, after: names of the two datasets; their counts are filled in.
        most: annotations that are listed at most, None for all.
    """
    counts = _counts(comparison)
    pictures = list(_picture_changes(comparison))
    by_class, relabelled, classes = _classes(comparison)
    renamed = {change.before: change.after for change in classes if change.kind == "renamed"}
    kinds: list[str] = [change.kind for change in pictures]
    picture_counts = PictureCounts(
        both=len(comparison.pictures),
        touched=int((changes_per_picture(comparison) > 0).sum()),
        **{kind: kinds.count(kind) for kind in _PICTURE_KINDS},
    )
    touched = counts.added + counts.removed + counts.moved + counts.relabelled + counts.changed
    return DiffReport(
        before=_side(before, comparison.before),
        after=_side(after, comparison.after),
        same=not (touched or pictures or classes or comparison.classes.reordered),
        pictures=picture_counts,
        counts=counts,
        by_class=by_class,
        columns=_columns(comparison),
        relabelled=relabelled,
        shift=_shift(comparison),
        reordered=comparison.classes.reordered,
        picture_changes=pictures,
        class_changes=classes,
        changes=list(islice(_changes(comparison, renamed), most)),
        settings=comparison.settings,
    )


_PICTURE_KINDS = ("added", "removed", "renamed", "replaced", "resized", "split", "state")


def _side(side: DiffSide | None, dataset: Dataset) -> DiffSide:
    side = side or DiffSide()
    return DiffSide(
        name=side.name,
        format=side.format,
        left_out=side.left_out,
        images=len(dataset.images),
        annotations=len(dataset.annotations),
        classes=len(dataset.categories),
    )


def _counts(comparison: Comparison) -> AnnotationCounts:
    number = np.bincount(comparison.kind, minlength=len(Kind)).tolist()
    return AnnotationCounts(
        equal=number[Kind.EQUAL],
        added=len(comparison.added),
        removed=len(comparison.removed),
        moved=number[Kind.MOVED],
        relabelled=number[Kind.RELABELLED],
        changed=number[Kind.CHANGED],
    )


def changes_per_picture(comparison: Comparison) -> Rows:
    """Return how many annotations of each pair of pictures differ, int64, shape (pairs,)."""
    rows = comparison.rows.before[comparison.kind != Kind.EQUAL]
    before, after = comparison.before.annotations.image, comparison.after.annotations.image
    place = np.concatenate(
        [
            comparison.picture_of_before[before[np.concatenate([rows, comparison.removed])]],
            comparison.picture_of_after[after[comparison.added]],
        ]
    )
    return np.bincount(place[place >= 0], minlength=len(comparison.pictures))


def _columns(comparison: Comparison) -> dict[str, int]:
    bits = comparison.rows.columns
    count = {name: int((bits >> place & 1).sum()) for place, name in enumerate(COLUMNS)}
    return {name: number for name, number in count.items() if number}


def _shift(comparison: Comparison) -> Shift | None:
    rows = comparison.rows
    moved = np.flatnonzero(rows.moved > comparison.settings.tolerance)
    if not len(moved):
        return None
    farthest = moved[int(rows.moved[moved].argmax())]
    image = comparison.before.annotations.image[rows.before[farthest]]
    return Shift(
        mean=float(rows.moved[moved].mean()),
        median=float(np.median(rows.moved[moved])),
        largest=float(rows.moved[farthest]),
        image=comparison.before.images.names[image],
        edges=_common_edges(comparison, moved),
    )


_ALIKE = 0.05  # pixels; above what any format rounds but whole pixels
_FEWEST_ALIKE = 3


def _common_edges(comparison: Comparison, moved: Rows) -> tuple[float, float, float, float] | None:
    """Return how far the edges of boxes moved, where it is the same for all of several."""
    old = comparison.before.annotations.box[comparison.rows.before[moved]]
    new = comparison.after.annotations.box[comparison.rows.after[moved]]
    edges = np.concatenate([new[:, :2] - old[:, :2], (new[:, :2] + new[:, 2:]) - (old[:, :2] + old[:, 2:])], axis=1)
    middle = np.median(edges, axis=0)
    if len(moved) < _FEWEST_ALIKE or not (np.abs(edges - middle) <= _ALIKE).all() or (np.abs(middle) <= _ALIKE).all():
        return None
    left, top, right, bottom = middle.tolist()
    return left, top, right, bottom


# --- classes


def _classes(comparison: Comparison) -> tuple[list[ClassCounts], list[Relabelled], list[ClassChange]]:
    names, rows = comparison.classes.names, comparison.rows
    old, new = comparison.old_class[rows.before], comparison.new_class[rows.after]

    def count(places: Rows) -> Rows:
        return np.bincount(places, minlength=len(names))

    total = np.stack([count(comparison.old_class), count(comparison.new_class)])
    turned = comparison.kind == Kind.RELABELLED
    columns = {
        "before": total[0],
        "after": total[1],
        "equal": count(old[comparison.kind == Kind.EQUAL]),
        "added": count(comparison.new_class[comparison.added]),
        "removed": count(comparison.old_class[comparison.removed]),
        "moved": count(old[comparison.kind == Kind.MOVED]),
        "relabelled_from": count(old[turned]),
        "relabelled_to": count(new[turned]),
        "changed": count(old[comparison.kind == Kind.CHANGED]),
    }
    by_class = [
        ClassCounts(name=name, **{key: int(column[row]) for key, column in columns.items()})
        for row, name in enumerate(names)
    ]
    code, number = np.unique(old[turned] * len(names) + new[turned], return_counts=True)
    pairs = {divmod(c, len(names)): n for c, n in zip(code.tolist(), number.tolist(), strict=True)}
    most_first = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    relabelled = [Relabelled(before=names[a], after=names[b], count=n) for (a, b), n in most_first]
    return by_class, relabelled, list(_class_changes(comparison, pairs, total))


def _class_changes(comparison: Comparison, pairs: dict[tuple[int, int], int], total: Rows) -> Iterator[ClassChange]:
    classes = comparison.classes
    renamed = renamed_classes(classes, pairs, total)
    for old, new in renamed.items():
        one, two = classes.names[old], classes.names[new]
        yield ClassChange(kind="renamed", name=one, before=one, after=two, annotations=int(total[0, old]))
    for place in classes.removed:
        if place not in renamed:
            yield ClassChange(kind="removed", name=classes.names[place])
    for place in classes.added:
        if place not in renamed.values():
            yield ClassChange(kind="added", name=classes.names[place])
    ids, others = comparison.before.categories.source_id, comparison.after.categories.source_id
    if ids is not None and others is not None:
        now = dict(zip(comparison.after.categories.names, others, strict=True))
        for name, number in zip(comparison.before.categories.names, ids, strict=True):
            if now.get(name, number) != number:
                yield ClassChange(kind="renumbered", name=name, before=str(number), after=str(now[name]))


# --- pictures


def _picture_changes(comparison: Comparison) -> Iterator[PictureChange]:
    """Yield what differs of pictures: those of the first dataset in its order, then those that were added."""
    before, after, pictures = comparison.before.images, comparison.after.images, comparison.pictures
    partner = np.full(len(before), -1, np.int64)
    partner[pictures.before] = np.arange(len(pictures))
    for row in np.flatnonzero(_differs(comparison)).tolist():
        pair = int(partner[row])
        if pair < 0:
            count = int(comparison.before.offsets[row + 1] - comparison.before.offsets[row])
            yield PictureChange(kind="removed", image=before.names[row], annotations=count)
        else:
            yield from _paired(comparison, row, int(pictures.after[pair]), By(pictures.by[pair]))
    for row in pictures.only_after.tolist():
        count = int(comparison.after.offsets[row + 1] - comparison.after.offsets[row])
        yield PictureChange(kind="added", image=after.names[row], annotations=count)


def _differs(comparison: Comparison) -> NDArray[np.bool_]:
    """Tell which pictures of the first dataset differ in anything that `_paired` looks at."""
    before, after, pictures = comparison.before.images, comparison.after.images, comparison.pictures
    found = np.ones(len(before), np.bool_)
    rows, others = pictures.before, pictures.after
    name = {split: place for place, split in enumerate(before.splits)}
    common = np.array([name.setdefault(split, len(name)) for split in after.splits] + [-1], np.int64)
    differs = before.split[rows] != common[after.split[others]]
    differs |= before.state[rows] != after.state[others]
    differs |= (before.width[rows] != after.width[others]) | (before.height[rows] != after.height[others])
    if before.facts is not None and after.facts is not None:
        differs |= (before.facts.sha256[rows] != after.facts.sha256[others]).any(axis=1)
    differs |= pictures.by != By.NAME
    found[rows] = differs
    return found


def _paired(comparison: Comparison, row: int, other: int, by: By) -> Iterator[PictureChange]:
    before, after = comparison.before.images, comparison.after.images
    image = before.names[row]
    if image != after.names[other]:
        words = by.name.lower().replace("_", "-")
        yield PictureChange(kind="renamed", image=image, before=image, after=after.names[other], by=words)
    one, two = before.facts, after.facts
    if one is not None and two is not None and one.size[row] >= 0 and two.size[other] >= 0:
        hashes = one.sha256[row].tobytes().hex(), two.sha256[other].tobytes().hex()
        if hashes[0] != hashes[1]:
            yield PictureChange(kind="replaced", image=image, before=hashes[0], after=hashes[1])
    if sizes_differ(before, row, after, other):
        sizes = [f"{i.width[r]} x {i.height[r]}" for i, r in ((before, row), (after, other))]
        yield PictureChange(kind="resized", image=image, before=sizes[0], after=sizes[1])
    splits = [i.splits[i.split[r]] if i.split[r] >= 0 else None for i, r in ((before, row), (after, other))]
    if splits[0] != splits[1]:
        yield PictureChange(kind="split", image=image, before=splits[0], after=splits[1])
    if before.state[row] != after.state[other]:
        states = [State(i.state[r]).name.lower() for i, r in ((before, row), (after, other))]
        yield PictureChange(kind="state", image=image, before=states[0], after=states[1])


# --- annotations


def _changes(comparison: Comparison, renamed: Mapping[str | None, str | None]) -> Iterator[Change]:
    """Yield the annotations that differ, picture by picture in the order of the first dataset.

    Those of renamed classes that differ in nothing else come last: the name of the class says it all.
    """
    before, after, rows = comparison.before.annotations, comparison.after.annotations, comparison.rows
    differing = np.flatnonzero(comparison.kind != Kind.EQUAL)
    removed = comparison.removed[comparison.picture_of_before[before.image[comparison.removed]] >= 0]
    places = comparison.picture_of_after[after.image[comparison.added]]
    added, places = comparison.added[places >= 0], places[places >= 0]
    picture = np.concatenate(
        [
            comparison.picture_of_before[before.image[rows.before[differing]]],
            comparison.picture_of_before[before.image[removed]],
            places,
        ]
    )
    row = np.concatenate([rows.before[differing], removed, added])
    what = np.repeat([0, 1, 2], [len(differing), len(removed), len(added)])
    explained = np.zeros(len(picture), np.bool_)
    explained[: len(differing)] = _only_renamed(comparison, differing, renamed)
    order = np.lexsort((row, what == 2, picture, explained))
    item = np.concatenate([differing, removed, added])
    for place in order.tolist():
        yield _MAKERS[what[place]](comparison, int(item[place]))


def _only_renamed(comparison: Comparison, pairs: Rows, renamed: Mapping[str | None, str | None]) -> NDArray[np.bool_]:
    """Tell which pairs differ in nothing but the class, and that class was renamed as a whole."""
    rows, names = comparison.rows, comparison.classes.names
    old = np.isin(comparison.old_class, [place for place, name in enumerate(names) if name in renamed])
    at_rest = (rows.moved[pairs] <= comparison.settings.tolerance) & (rows.columns[pairs] == 0)
    return np.asarray(old[rows.before[pairs]] & at_rest)


def _pair_change(comparison: Comparison, pair: int) -> Change:
    rows, kind = comparison.rows, Kind(comparison.kind[pair])
    row, other = int(rows.before[pair]), int(rows.after[pair])
    moved = float(rows.moved[pair]) > comparison.settings.tolerance
    return Change(
        kind=_KINDS[kind],
        image=comparison.before.images.names[comparison.before.annotations.image[row]],
        class_before=comparison.classes.names[comparison.old_class[row]],
        class_after=comparison.classes.names[comparison.new_class[other]],
        box_before=_box(comparison.before, row),
        box_after=_box(comparison.after, other),
        moved_px=float(rows.moved[pair]) if moved else None,
        iou=float(rows.iou[pair]) if moved else None,
        columns=column_names(int(rows.columns[pair])),
    )


_KINDS: dict[Kind, Literal["changed", "moved", "relabelled"]] = {
    Kind.CHANGED: "changed",
    Kind.MOVED: "moved",
    Kind.RELABELLED: "relabelled",
}


def _removed_change(comparison: Comparison, row: int) -> Change:
    return Change(
        kind="removed",
        image=comparison.before.images.names[comparison.before.annotations.image[row]],
        class_before=comparison.classes.names[comparison.old_class[row]],
        box_before=_box(comparison.before, row),
    )


def _added_change(comparison: Comparison, row: int) -> Change:
    picture = comparison.picture_of_after[comparison.after.annotations.image[row]]
    return Change(
        kind="added",
        image=comparison.before.images.names[comparison.pictures.before[picture]],
        class_after=comparison.classes.names[comparison.new_class[row]],
        box_after=_box(comparison.after, row),
    )


_MAKERS = (_pair_change, _removed_change, _added_change)


def _box(dataset: Dataset, row: int) -> tuple[float, float, float, float] | None:
    box = dataset.annotations.box[row]
    x, y, w, h = box.tolist()
    return None if np.isnan(box).all() else (x, y, w, h)
