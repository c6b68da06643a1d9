"""What a comparison is asked and what it answers, as programs read it."""

from __future__ import annotations

from typing import Literal

import msgspec

from .pictures import Match

__all__ = [
    "AnnotationCounts",
    "Change",
    "ClassChange",
    "ClassCounts",
    "DiffReport",
    "DiffSettings",
    "DiffSide",
    "PictureChange",
    "PictureCounts",
    "Relabelled",
    "Shift",
]


class DiffSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to compare two datasets.

    Attributes:
        match: pair pictures by `name`, by `content` (SHA-256 of the files), or `auto`: by name, the rest by content,
            and what is left by the last part of the name where that is unique.
        iou: two boxes that overlap so much may be one object, above 0 and up to 1.
        tolerance: pixels that coordinates may differ and still be equal; the default is above the rounding of the
            arithmetic and below the precision of every format.
        ignore: optional columns that are not compared, such as `area` and `extra`.
        exact_flags: a flag that is off (difficult, ...) differs from one that was never set; most tools take the two
            for one.
    """

    match: Match = "auto"
    iou: float = 0.5
    tolerance: float = 1e-6
    ignore: tuple[str, ...] = ()
    exact_flags: bool = False


class DiffSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two datasets.

    Attributes:
        name: as it was given, with the version where one was named.
        format: of its files.
        images, annotations, classes: how many were compared.
        left_out: annotations and pictures that are bad and were put aside on reading.
    """

    name: str = ""
    format: str = ""
    images: int = 0
    annotations: int = 0
    classes: int = 0
    left_out: int = 0


class PictureCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many pictures are in both datasets, in one, and differ in something other than annotations.

    Attributes:
        touched: pictures of both datasets with any annotation that differs.
    """

    both: int
    added: int
    removed: int
    renamed: int
    replaced: int
    resized: int
    split: int
    state: int
    touched: int


class PictureChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture that is in one dataset alone, or differs in something other than its annotations.

    Attributes:
        kind: `added` and `removed`: in one dataset alone; `renamed`; `replaced`: the file has another content;
            `resized`; `split`; `state`: unlabelled, empty or labelled.
        image: its name; in the first dataset, unless it was added.
        before, after: what differs: names, SHA-256, sizes in pixels, splits (None for no split), states.
        by: what told that a renamed picture is the same: `content`, `base-name` or `stem`.
        annotations: those that came or went with a picture that was added or removed.
    """

    kind: Literal["added", "removed", "renamed", "replaced", "resized", "split", "state"]
    image: str
    before: str | None = None
    after: str | None = None
    by: str | None = None
    annotations: int = 0


class ClassChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A class that is in one dataset alone, or differs.

    Attributes:
        kind: `added`, `removed`; `renamed`: all annotations of a removed class have one and the same added class now;
            `renumbered`: the ids that the two sources give it differ.
        before, after: names, or ids.
        annotations: of a class that was renamed.
    """

    kind: Literal["added", "removed", "renamed", "renumbered"]
    name: str
    before: str | None = None
    after: str | None = None
    annotations: int = 0


class AnnotationCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many annotations are equal and how many changed, each counted once.

    Before are `equal + moved + relabelled + changed + removed`, after are the same with `added` for `removed`.

    Attributes:
        relabelled: of another class, moved or not.
        moved: of the same class, with another box, whatever else changed.
        changed: only other columns differ.
    """

    equal: int
    added: int
    removed: int
    moved: int
    relabelled: int
    changed: int


class ClassCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one class.

    Attributes:
        before, after: annotations of the class in either dataset.
        relabelled_from: annotations that had this class and have another now.
        relabelled_to: annotations that have this class and had another.
    """

    name: str
    before: int
    after: int
    equal: int
    added: int
    removed: int
    moved: int
    relabelled_from: int
    relabelled_to: int
    changed: int


class Relabelled(msgspec.Struct, frozen=True, kw_only=True):
    """How many annotations of one class have another now."""

    before: str
    after: str
    count: int


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """How far boxes moved, in pixels of the corner that moved most: the mean, median and largest of those that did.

    Attributes:
        image: the picture of the largest.
        edges: how far the left, top, right and bottom edges moved, where all boxes moved alike (to 0.05 pixels): not
            the work of a person, but two conventions; None where they did not.
    """

    mean: float
    median: float
    largest: float
    image: str
    edges: tuple[float, float, float, float] | None


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One annotation that differs.

    Attributes:
        image: name of the picture; in the first dataset, unless only the second has it.
        class_before, class_after: not there where it was added or removed.
        box_before, box_after: x, y, width, height in pixels; not there either for a label of the whole picture.
        moved_px: pixels that the corner moved that moved most; not there where it did not.
        iou: intersection over union of the two boxes, where it moved.
        columns: other columns that differ, such as `polygons`.
    """

    kind: Literal["added", "removed", "moved", "relabelled", "changed"]
    image: str
    class_before: str | None = None
    class_after: str | None = None
    box_before: tuple[float, float, float, float] | None = None
    box_after: tuple[float, float, float, float] | None = None
    moved_px: float | None = None
    iou: float | None = None
    columns: list[str] = []


class DiffReport(msgspec.Struct, frozen=True, kw_only=True):
    """What changed between two datasets: `cvdata diff --json` prints it.

    Attributes:
        same: nothing differs.
        pictures: how many are in both, in one, and differ.
        counts: how many annotations are equal, and how many differ in which way.
        by_class: the same of each class of either dataset.
        columns: pairs of annotations that differ in a column, by its name.
        relabelled: by old and new class, most first.
        shift: of the boxes that moved; None where none did.
        reordered: the classes that both have stand in another order.
        picture_changes, class_changes: one by one.
        changes: annotations that differ, one by one. Those that came or went with their picture are counted, not
            listed; those that only follow from the new name of a class come last.
        settings: as resolved.
    """

    schema: Literal["cvdata/diff-report/1"] = "cvdata/diff-report/1"
    before: DiffSide
    after: DiffSide
    same: bool
    pictures: PictureCounts
    counts: AnnotationCounts
    by_class: list[ClassCounts]
    columns: dict[str, int]
    relabelled: list[Relabelled]
    shift: Shift | None
    reordered: bool
    picture_changes: list[PictureChange]
    class_changes: list[ClassChange]
    changes: list[Change]
    settings: DiffSettings
