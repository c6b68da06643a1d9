"""Label formats: one file each, and its name is the format's (`yolo_seg.py` is `yolo-seg`).

Dropping in a file is all it takes. It defines what `Format` lists; `cvdata formats`, detection, option checking, help
and the contract test find it by its name. Files that begin with `_`, and the ones named below, are shared parts.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

from ..dataset import Dataset
from ..errors import DetectionError, UsageError, show
from .intake import Intake, Likeness, Verify
from .outlet import Outlet, Refusal

__all__ = [
    "FEATURES",
    "Format",
    "Intake",
    "Likeness",
    "Outlet",
    "Refusal",
    "Verify",
    "detect",
    "format_again",
    "format_names",
    "format_of",
]

_SHARED = {
    "embeddings",
    "intake",
    "label_maps",
    "losses",
    "outlet",
    "panoptic_files",
    "predictions",
    "results",
    "results_write",
    "score_table",
    "settle",
    "sidecar",
    "store",
    "yolo_results",
    "yolo_results_write",
}

FEATURES = {
    "boxes": "axis-aligned boxes",
    "image-labels": "classes of whole pictures",
    "polygons": "outlines of one ring",
    "rings": "outlines of several rings",
    "masks": "run-length masks",
    "keypoints": "keypoints",
    "rotated": "rotated boxes",
    "crowd": "crowd regions",
    "score": "confidences",
    "difficult": "the flag difficult",
    "truncated": "the flag truncated",
    "occluded": "the flag occluded",
    "area": "areas as given",
    "extra": "other attributes of annotations",
    "image-extra": "other attributes of pictures",
    "annotation-ids": "ids of annotations",
    "image-ids": "ids of pictures",
    "category-ids": "ids of classes",
    "category-extra": "supercategories, keypoint names and other attributes of classes",
    "unused-categories": "classes that nothing uses",
    "unlabelled": "pictures that nobody has labelled, told apart from empty ones",
    "empty": "pictures labelled as empty",
    "splits": "splits",
    "groups": "groups of pictures that belong together",
    "meta": "info, licences and other notes on the dataset",
}
"""What a format may be able to carry; `Format.carries` returns a subset."""


class Format(Protocol):
    """What a format file defines.

    Attributes:
        SUMMARY: one line for people.
        PRECISION: pixels that a box may move in one round trip.
        ReadOptions, WriteOptions: frozen `msgspec.Struct`s that reject unknown keys.
    """

    SUMMARY: str
    PRECISION: float
    ReadOptions: type[Any]
    WriteOptions: type[Any]

    def looks_like(self, path: Path) -> Likeness:
        """Say how much a path looks like this format; reads little, never raises."""
        ...

    def carries(self, options: Any) -> frozenset[str]:
        """Return the `FEATURES` that writing keeps."""
        ...

    def refuses(self, dataset: Dataset, options: Any) -> list[Refusal]:
        """Return the annotations that the format cannot hold at all; they go to quarantine, not bent into the file."""
        ...

    def read(self, path: Path, options: Any, intake: Intake) -> Dataset:
        """Read a dataset; bad items go to `intake`, an unclear dataset raises a `CvdataError`."""
        ...

    def write(self, dataset: Dataset, outlet: Outlet, options: Any) -> None:
        """Write everything that the format carries of a dataset that it does not refuse."""
        ...


@cache
def format_names() -> tuple[str, ...]:
    """Return the names of all formats, sorted."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(n.replace("_", "-") for n in modules if not n.startswith("_") and n not in _SHARED))


def format_of(name: str) -> Format:
    """Return a format by its name.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in format_names():
        raise UsageError(
            f"'{show(name)}' is not a format",
            hint=f"formats: {', '.join(format_names())}",
        )
    return cast(Format, importlib.import_module(f"{__name__}.{name.replace('-', '_')}"))


def format_again(dataset: Dataset, name: str) -> str:
    """Return the format to write what was read in one: the same, but outlines that `yolo` takes need `yolo-seg`."""
    return "yolo-seg" if name == "yolo" and dataset.annotations.has("polygons").any() else name


_NAME_IT = "name its format with --from, or in place of auto for cvdata convert"


def detect(path: Path) -> str:
    """Return the name of the format that a path looks like most.

    Raises:
        DetectionError: none fits, or two fit equally well.
    """
    if not os.path.exists(path):  # `Path.exists` raises where a name is too long
        raise DetectionError(f"'{show(path)}' does not exist", hint="check the path")
    likely = [(format_of(name).looks_like(path), name) for name in format_names()]
    best = max(likeness.score for likeness, _ in likely)
    fits = [(name, likeness.reason) for likeness, name in likely if likeness.score == best]
    if best == 0:
        raise DetectionError(
            f"'{show(path)}' is in no format that cvdata knows",
            hint=f"{_NAME_IT}; formats: {', '.join(format_names())}",
        )
    if len(fits) > 1:
        why = "; ".join(f"{name}: {reason}" for name, reason in fits)
        raise DetectionError(f"'{show(path)}' could be {why}", hint=_NAME_IT)
    return fits[0][0]
