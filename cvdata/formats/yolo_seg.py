"""YOLO outlines: one text file per picture, `class x1 y1 x2 y2 ...` as fractions, and a data.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ..dataset import Dataset
from ._yolo_read import read_yolo
from ._yolo_refuse import outline_refusals
from ._yolo_source import likeness
from ._yolo_write import write_yolo
from .intake import Intake, Likeness
from .outlet import Outlet, Refusal

__all__ = ["PRECISION", "SUMMARY", "ReadOptions", "WriteOptions", "carries", "looks_like", "read", "refuses", "write"]

SUMMARY = "YOLO outlines (data.yaml, labels/*.txt with a polygon a row), for segmentation"
PRECISION = 0.01  # six decimals of a picture up to 6,000 pixels wide
SIDECAR = True  # what it cannot hold is kept beside its files


class ReadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to choose: every row says what it is."""


class WriteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How rows are written.

    Attributes:
        decimals: digits after the point.
        rings: an object of several rings is joined into one by bridges of no width, or refused.
    """

    decimals: Annotated[int, msgspec.Meta(ge=6, le=12)] = 6
    rings: Literal["bridge", "refuse"] = "bridge"


def looks_like(path: Path) -> Likeness:
    """Say how much a path looks like YOLO outlines: its data.yaml says `task: segment`."""
    return likeness(path, "segment")


def carries(options: WriteOptions) -> frozenset[str]:  # noqa: ARG001
    """Return what writing keeps."""
    return frozenset({"polygons", "splits", "unlabelled", "empty", "unused-categories"})


def refuses(dataset: Dataset, options: WriteOptions) -> list[Refusal]:
    """Return the annotations without an outline, and those that no YOLO row holds."""
    return outline_refusals(dataset, bridged=options.rings == "bridge")


def read(path: Path, options: ReadOptions, intake: Intake) -> Dataset:  # noqa: ARG001
    """Read a YOLO dataset; see `read_yolo`."""
    return read_yolo(path, intake)


def write(dataset: Dataset, outlet: Outlet, options: WriteOptions) -> None:
    """Write a polygon a row, never mixed with boxes: trainers would drop one kind."""
    write_yolo(dataset, outlet, "segment", options.decimals)
