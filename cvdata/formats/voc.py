"""Pascal VOC: one XML file per picture, `Annotations/NAME.xml` beside `JPEGImages/` and `ImageSets/Main/`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from ..dataset import Dataset
from ._voc_read import read_dataset
from ._voc_write import write_dataset
from .intake import Intake, Likeness
from .outlet import Outlet, Refusal

__all__ = ["PRECISION", "SUMMARY", "ReadOptions", "WriteOptions", "carries", "looks_like", "read", "refuses", "write"]

SUMMARY = "Pascal VOC (Annotations/*.xml); also labelImg, CVAT and Roboflow VOC"
PRECISION = 0.5  # whole pixels
SIDECAR = True  # what it cannot hold is kept beside its files


class ReadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to read VOC files.

    Attributes:
        origin: whether coordinates are pixels from 1 (VOC's rule) or edges from 0; `auto` decides by the files.
    """

    origin: Literal["auto", "1", "0"] = "auto"


class WriteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to write VOC files.

    Attributes:
        decimals: keep fractions of pixels, which many readers of VOC do not take.
        origin: pixels from 1, the last one included (VOC's rule), or edges from 0.
    """

    decimals: bool = False
    origin: Literal["1", "0"] = "1"


_CARRIED = frozenset({"boxes", "difficult", "truncated", "occluded", "extra", "image-extra", "splits", "empty"})


def looks_like(path: Path) -> Likeness:
    """Say how much a path looks like VOC."""
    try:
        return _likeness(os.fspath(path))
    except OSError:
        return Likeness(0, "it cannot be listed")


def carries(options: WriteOptions) -> frozenset[str]:  # noqa: ARG001 - the same whatever the options
    """Return what writing keeps."""
    return _CARRIED


def refuses(dataset: Dataset, options: WriteOptions) -> list[Refusal]:  # noqa: ARG001 - the same whatever the options
    """Return the annotations that a VOC file cannot hold."""
    table = dataset.annotations
    whole = np.asarray(np.isnan(table.box).all(axis=1))
    refusals = [
        Refusal(table.has("crowd"), "a crowd region", "a single object; VOC has no crowds"),
        Refusal(whole, "a class of the whole picture", "an object with a box"),
    ]
    return [refusal for refusal in refusals if refusal.rows.any()]


def read(path: Path, options: ReadOptions, intake: Intake) -> Dataset:
    """Read the root with `Annotations/`, or a folder of XML files.

    Raises:
        FormatError: there is no XML file, or a list is unreadable.
        IdentityError: two files mean one picture.
        UnsafePathError: a name leaves the dataset.
    """
    return read_dataset(path, options.origin, intake)


def write(dataset: Dataset, outlet: Outlet, options: WriteOptions) -> None:
    """Write `Annotations/`, `JPEGImages/`, and `ImageSets/Main/` where the dataset has splits."""
    write_dataset(dataset, outlet, int(options.origin), decimals=options.decimals)


_ROOT = re.compile(rb"<annotation[\s>]")
_LOOKED_AT = 200  # entries of a folder


def _likeness(path: str) -> Likeness:
    if not os.path.isdir(path):
        return Likeness(0, "it is not a folder")
    entries = _entries(path)
    for name in entries:
        if name.lower() == "annotations" and _first_file(f"{path}/{name}", depth=8):
            return Likeness(90, f"{name}/ holds XML files")
    first = _first_file(path, depth=1)
    if first and _is_annotation(first):
        return Likeness(80, "it holds XML files with the root <annotation>")
    deeper = _first_file(path, depth=3)
    if deeper and _is_annotation(deeper):
        return Likeness(40, "folders in it hold XML files with the root <annotation>")
    return Likeness(0, "no XML file with the root <annotation>")


def _entries(folder: str) -> list[str]:
    """Return the first names of a folder in the order of the disk, sorted; a million files need not be listed."""
    with os.scandir(folder) as found:
        return sorted(entry.name for entry, _ in zip(found, range(_LOOKED_AT), strict=False))


def _first_file(folder: str, depth: int) -> str | None:
    if not os.path.isdir(folder):
        return None
    names = _entries(folder)
    for name in names:
        if name.lower().endswith(".xml") and os.path.isfile(f"{folder}/{name}"):
            return f"{folder}/{name}"
    if depth > 1:
        for name in names:
            if not name.startswith(".") and (found := _first_file(f"{folder}/{name}", depth - 1)):
                return found
    return None


def _is_annotation(path: str) -> bool:
    with open(path, "rb") as file:
        start = file.read(4096)
    return bool(_ROOT.search(start.replace(b"\0", b"")))
