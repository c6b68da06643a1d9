"""What a merge is asked for, what it says it did, and its report."""

from __future__ import annotations

from typing import Literal

import msgspec

from ...files import DatasetReport

__all__ = [
    "Clashes",
    "Duplicates",
    "MergeReport",
    "MergeSettings",
    "MergeSource",
    "MergeTally",
    "OnConflict",
    "Renamed",
]

Duplicates = Literal["merge", "keep"]
OnConflict = Literal["fail", "first", "last", "union", "keep"]


class MergeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to make one dataset of several.

    Attributes:
        duplicates: make one picture of those with the same content in several sources (`merge`), or compare none
            and keep all (`keep`).
        on_conflict: where sources disagree on a picture or a class, stop (`fail`), believe the `first` or the `last`
            that says anything, take the labels of all (`union`), or keep such pictures apart (`keep`).
    """

    duplicates: Duplicates = "merge"
    on_conflict: OnConflict = "fail"


class MergeSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of one source.

    Attributes:
        name: what it is called in this report and in front of renamed pictures.
        images, annotations: how many of each it has.
        duplicates: pictures that became one with a picture before them; `dropped`: annotations that went with that.
        renamed: pictures whose name another picture has already.
        classes: how many it has; `new_classes`: of these, how many no source before it has.
    """

    name: str
    images: int
    annotations: int
    duplicates: int
    dropped: int
    renamed: int
    classes: int
    new_classes: int


class Clashes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often sources disagree.

    Attributes:
        labels, splits, sizes: pictures that the first source with the same picture has otherwise.
        classes: classes whose keypoints, skeleton or supercategory differ.
    """

    labels: int = 0
    splits: int = 0
    sizes: int = 0
    classes: int = 0


class Renamed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture that had to get another name."""

    source: str
    before: str
    after: str


class MergeTally(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a merge did.

    Attributes:
        sources: what became of each, in order.
        conflicts: how often they disagree; what was done about it is in the settings.
        renames: every picture that had to get another name.
    """

    sources: list[MergeSource]
    conflicts: Clashes
    renames: list[Renamed]


class MergeReport(DatasetReport, frozen=True, kw_only=True):
    """What a merge did: `cvdata merge --json` prints it.

    Attributes:
        merge: what became of each source.
    """

    schema: Literal["cvdata/merge-report/1"] = "cvdata/merge-report/1"
    merge: MergeTally
