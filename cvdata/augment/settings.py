"""What can be chosen when pictures are made, and what is said when they are."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..files import DatasetReport
from .remnants import Remnants

__all__ = ["AugmentPart", "AugmentReport", "AugmentSettings", "ClassChange", "Skipped"]


class AugmentSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to make new pictures of old ones.

    Attributes:
        recipe: name of a ready recipe, or path of a YAML file.
        copies: new pictures of each picture.
        only_classes: only pictures that show one of these are copied; all, where none is named.
        splits: only pictures of these are copied; `all` for every picture. Where none is named: those for training,
            in a dataset that has splits, and all in one that has none.
        seed: of every random choice. A picture's choices depend on it, the picture's name and the number of the copy.
        mosaic, mixup: share of the copies that are put together of four pictures, or blended with another one; as the
            recipe says where not given.
        remnants: which objects that reach over an edge keep their label; as the recipe says where not given.
        quality: of JPEG and lossy WebP files, 1 to 100.
    """

    recipe: str = "standard"
    copies: int = 1
    only_classes: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    seed: int = 0
    mosaic: float | None = None
    mixup: float | None = None
    remnants: Remnants | None = None
    quality: int = 95


class ClassChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class before and after: its objects, and the pictures that show it."""

    name: str
    objects_before: int
    objects_after: int
    pictures_before: int
    pictures_after: int


class Skipped(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pictures that no copies were made of, each counted once, for the first reason that holds.

    Attributes:
        other_splits: they are not for training, such as those of validation and test.
        unlabelled: nobody has looked at them, so that copies of them would teach nothing.
        augmented: they were made of others by an earlier run.
        other_classes: they show none of the classes that were asked for.
        missing: the picture was not found.
    """

    other_splits: int = 0
    unlabelled: int = 0
    augmented: int = 0
    other_classes: int = 0
    missing: int = 0


class AugmentPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was made.

    Attributes:
        recipe: its name, None where pictures were only pasted together; `digest`: SHA-256 of what it says.
        parents: pictures that copies were made of; `copies`: pictures that were made.
        failed: copies that could not be made; they are in the quarantine by name.
        mosaics, mixups: copies made of four pictures, or of two.
        pasted: objects that were pasted in; `unplaced`: those that found no place.
        remnants: the rule for objects of which a part is left; `dropped`: those of which too little was left.
        classes: each class before and after.
    """

    recipe: str | None
    digest: str | None
    parents: int
    copies: int
    failed: int
    mosaics: int
    mixups: int
    pasted: int
    unplaced: int
    remnants: Remnants
    dropped: int
    classes: list[ClassChange]


class AugmentReport(DatasetReport, frozen=True, kw_only=True):
    """What `cvdata augment --json` prints.

    Attributes:
        augment: what was made; `skipped`: the pictures that no copies were made of.
    """

    schema: Literal["cvdata/augment-report/1"] = "cvdata/augment-report/1"
    augment: AugmentPart
    skipped: Skipped
