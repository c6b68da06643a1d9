"""What dividing a dataset says: the certificate, and the report around it."""

from __future__ import annotations

from typing import Literal

import msgspec

from ...files import DatasetReport, Finding

__all__ = ["ClassPart", "ClassShares", "GroupKind", "SplitCertificate", "SplitPart", "SplitReport"]


class SplitPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One split as a whole.

    Attributes:
        wished: share of the pictures that it should have, 0 to 1; None for a split that was kept as it is.
        images, objects: how many it has.
        share: of the pictures, 0 to 1; splits that were kept as they are do not count.
        off: by how many points the share misses the wish.
    """

    name: str
    wished: float | None
    images: int
    objects: int
    share: float | None
    off: float | None


class ClassPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One class in one split that was filled.

    Attributes:
        objects, images: how many objects, and pictures with the class.
        object_share, image_share: of all those of the class, 0 to 1; None where it has none.
        off: by how many points the worse of the two misses the wish.
    """

    split: str
    objects: int
    images: int
    object_share: float | None
    image_share: float | None
    off: float | None


class ClassShares(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a class was shared out.

    Attributes:
        objects, images: how many objects, and pictures with the class.
        groups: in how many pieces it can be divided: groups, and pictures that stand alone.
        off: by how many points the worst of its shares misses the wish; None where it has no object.
        splits: one entry for each split that was filled.
    """

    name: str
    objects: int
    images: int
    groups: int
    off: float | None
    splits: list[ClassPart]


class GroupKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reason for which pictures belong together.

    Attributes:
        code: short name, such as `near-copies`; `words`: what it is.
        groups, images: number of groups, and of pictures in them; `largest`: pictures in the largest.
        torn: groups with pictures in more than one split, counted in the finished split.
    """

    code: str
    words: str
    groups: int
    images: int
    largest: int
    torn: int


class SplitCertificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a finished split is worth.

    Attributes:
        splits: those that were filled, then those that were kept as they are.
        classes: in the order of the dataset.
        worst_off, mean_off: by how many points the shares of classes miss their wish; None where nothing has a class.
        groups, grouped_images: groups of two and more pictures, whatever made them, and pictures in them.
        largest_group: pictures in the largest, `largest_group_of`: the name of its first picture.
        whole_groups: groups that are in one split.
        leaks: torn groups of all kinds; 0 unless splits that were kept had leaks before.
        compared: pictures whose content was compared with that of all others.
        kinds: the reasons for which pictures belong together; a group may have several.
        warnings: wishes that the groups of this dataset do not allow, and what else a person should know.
    """

    splits: list[SplitPart]
    classes: list[ClassShares]
    worst_off: float | None
    mean_off: float | None
    groups: int
    grouped_images: int
    largest_group: int
    largest_group_of: str | None
    whole_groups: int
    leaks: int
    compared: int
    kinds: list[GroupKind]
    warnings: list[Finding]


class SplitReport(DatasetReport, frozen=True, kw_only=True):
    """What dividing a dataset did: `cvdata split --json` prints it.

    Attributes:
        certificate: what the splits are worth.
    """

    schema: Literal["cvdata/split-report/1"] = "cvdata/split-report/1"
    certificate: SplitCertificate
