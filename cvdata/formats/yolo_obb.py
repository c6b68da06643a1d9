"""YOLO rotated boxes: one text file per picture, `class x1 y1 x2 y2 x3 y3 x4 y4` as fractions, and a data.yaml."""

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

SUMMARY = "YOLO rotated boxes (data.yaml, labels/*.txt with four corners a row)"
PRECISION = 0.01  # six decimals of a picture up to 6,000 pixels wide
SIDECAR = True  # what it cannot hold is kept beside its files


class ReadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to choose: rows of nine columns are corners."""


class WriteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How rows are written.

    Attributes:
        decimals: digits after the point.
    """

    decimals: Annotated[int, msgspec.Meta(ge=6, le=12)] = 6


def looks_like(path: Path) -> Likeness:
    """Say how much a path looks like YOLO rotated boxes: its data.yaml says `task: obb`."""
    return likeness(path, "obb")


def carries(options: WriteOptions) -> frozenset[str]:  # noqa: ARG001
    """Return what writing keeps; a plain box is its four corners."""
    return frozenset({"boxes", "rotated", "splits", "unlabelled", "empty", "unused-categories"})


def refuses(dataset: Dataset, options: WriteOptions) -> list[Refusal]:  # noqa: ARG001
    """Return the annotations that have no place in a row: crowds, labels of whole pictures, pictures without a size."""
    return common_refusals(dataset)


def read(path: Path, options: ReadOptions, intake: Intake) -> Dataset:  # noqa: ARG001
    """Read a YOLO dataset, rows of nine columns as corners; see `read_yolo`."""
    return read_yolo(path, intake, corners=True)


def write(dataset: Dataset, outlet: Outlet, options: WriteOptions) -> None:
    """Write the four corners of each rotated or plain box."""
    write_yolo(dataset, outlet, "obb", options.decimals)
