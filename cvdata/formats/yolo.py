"""YOLO boxes: one text file per picture, `class cx cy w h` as fractions, and a data.yaml; reads darknet's obj.data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from ..dataset import Dataset
from ._yolo_read import read_yolo
from ._yolo_refuse import common_refusals
from ._yolo_source import likeness
from ._yolo_write import write_yolo
from .intake import Intake, Likeness
from .outlet import Outlet, Refusal

__all__ = ["PRECISION", "SUMMARY", "ReadOptions", "WriteOptions", "carries", "looks_like", "read", "refuses", "write"]

SUMMARY = "YOLO boxes (data.yaml, labels/*.txt); reads rows of boxes and polygons alike, and darknet's obj.data"
PRECISION = 0.01  # six decimals of a picture up to 6,000 pixels wide
SIDECAR = True  # what it cannot hold is kept beside its files


class ReadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to choose: every row says what it is."""


class WriteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How rows are written.

    Attributes:
        decimals: digits after the point; six are 0.004 pixels at 4,000.
    """

    decimals: Annotated[int, msgspec.Meta(ge=6, le=12)] = 6


def looks_like(path: Path) -> Likeness:
    """Say how much a path looks like YOLO boxes."""
    return likeness(path, "detect")


def carries(options: WriteOptions) -> frozenset[str]:  # noqa: ARG001
    """Return what writing keeps."""
    return frozenset({"boxes", "splits", "unlabelled", "empty", "unused-categories"})


def refuses(dataset: Dataset, options: WriteOptions) -> list[Refusal]:  # noqa: ARG001
    """Return the annotations that have no place in a row: crowds, labels of whole pictures, pictures without a size."""
    return common_refusals(dataset)


def read(path: Path, options: ReadOptions, intake: Intake) -> Dataset:  # noqa: ARG001
    """Read a YOLO dataset; see `read_yolo`."""
    return read_yolo(path, intake)


def write(dataset: Dataset, outlet: Outlet, options: WriteOptions) -> None:
    """Write a row of five columns per box."""
    write_yolo(dataset, outlet, "detect", options.decimals)
