"""Names of class and split folders for `imagefolder`, and the file that leads back where folders alone would not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from ..dataset import Dataset, State
from ..errors import FormatError, IdentityError, Place
from ..files import output_names, relative_name

__all__ = ["MAP", "SPLITS", "ClassMap", "Plan", "distinct", "plan_folders", "read_map", "split_order"]

MAP = "classes.json"
SPLITS = ("train", "val", "valid", "validation", "test")
"""Names by which a folder is taken for a split, in any case; splits are in this order."""

_SCHEMA = "cvdata/imagefolder/1"
_LARGEST_MAP = 1 << 20  # bytes
_LONGEST = 100  # characters of a folder name; file systems hold 255 bytes


class ClassMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`classes.json`: what the folders of an imagefolder mean.

    Attributes:
        classes: name of the class of each class folder, in the order of the classes.
        splits: name of the split of each split folder; other folders beside them are class folders.
    """

    schema: Literal["cvdata/imagefolder/1"] = "cvdata/imagefolder/1"
    classes: dict[str, str]
    splits: dict[str, str]


def read_map(root: Path) -> ClassMap | None:
    """Return the `classes.json` of a folder, or None where there is none or it is not cvdata's.

    Raises:
        FormatError: it cannot be read, or names a folder twice.
    """
    path = root / MAP
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _LARGEST_MAP:
            raise FormatError(f"the file has more than {_LARGEST_MAP >> 20} MiB", at=Place(path))
        data = path.read_bytes()
        raw = msgspec.json.decode(data)
        if not isinstance(raw, dict) or raw.get("schema") != _SCHEMA:
            return None
        found = msgspec.convert(raw, ClassMap)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(
            "the file is not JSON that says what the class folders mean",
            at=Place(path),
            hint="restore it, or remove it so that each folder is the class of its name",
        ) from error
    for field, names in (("classes", found.classes), ("splits", found.splits)):
        if len(set(names.values())) < len(names) or not all(names.values()):
            raise IdentityError("two folders have the same name, or one has none", at=Place(path, field=field))
        for folder in names:
            if relative_name(folder, Place(path, field=field)) != folder or "/" in folder:
                raise FormatError("a folder name holds a separator", at=Place(path, field=field))
    return found


@dataclass(frozen=True)
class Plan:
    """Where an imagefolder puts things.

    Attributes:
        splits: folder of each split; `classes`: folder of each class.
        loose: whether class folders beside the split folders are needed, for pictures in no split.
        map: what `classes.json` has to say, or None where the folders say it all.
    """

    splits: list[str]
    classes: list[str]
    loose: bool
    map: ClassMap | None


def plan_folders(dataset: Dataset) -> Plan:
    """Choose the folders of a dataset's splits and classes."""
    images, names = dataset.images, dataset.categories.names
    labelled = images.state == State.LABELLED
    loose = not images.splits or bool((labelled & (images.split < 0)).any())
    splits = _folders(images.splits, {MAP})
    classes = _folders(names, {MAP, *splits} if loose else ())
    said_by_folders = (
        bool(names)
        and list(names) == sorted(names)
        and classes == list(names)
        and splits == list(images.splits)
        and list(splits) == sorted(splits, key=split_order)
        and all(split.lower() in SPLITS for split in splits)
        and not (loose and splits)
        and not (loose and any(folder.lower() in SPLITS for folder in classes))
    )
    folders = ClassMap(
        classes=dict(zip(classes, names, strict=True)), splits=dict(zip(splits, images.splits, strict=True))
    )
    return Plan(splits, classes, loose, None if said_by_folders else folders)


def split_order(name: str) -> tuple[int, str]:
    """Return a sort key: train before val before test, then by name."""
    lower = name.lower()
    return (SPLITS.index(lower) if lower in SPLITS else len(SPLITS), name)


def _folders(names: Sequence[str], taken: Collection[str]) -> list[str]:
    """Return a folder name for each name: one level, not hidden, not taken, distinct on every system."""
    wanted = [name.replace("/", "_").replace("\\", "_")[:_LONGEST] for name in names]
    wanted = [f"_{name}" if name.startswith(".") or name == "__MACOSX" or name in taken else name for name in wanted]
    folders = output_names(distinct(wanted, names))
    apart = [f"_{folder}" if folder in taken else folder for folder in folders]
    if apart != folders:
        return output_names(distinct(apart, names))  # made safe, a name became one that is taken
    return folders


def distinct(wanted: Sequence[str], originals: Sequence[str]) -> list[str]:
    """Return the wanted names, each but the first of equal ones with a short hash of its original."""
    seen: set[str] = set()
    result = []
    for name, original in zip(wanted, originals, strict=True):
        round_ = 0
        unique = name
        while unique in seen:
            tag = hashlib.sha256(f"{original}\0{round_}".encode("utf-8", "surrogateescape")).hexdigest()[:8]
            stem, suffix = os.path.splitext(name)
            unique, round_ = f"{stem}-{tag}{suffix}", round_ + 1
        seen.add(unique)
        result.append(unique)
    return result
