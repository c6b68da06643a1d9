"""YOLO keypoints: `class cx cy w h` and x, y, visibility of each point, and a data.yaml with `kpt_shape`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from ..dataset import Dataset
from ._yolo_read import read_yolo
from ._yolo_refuse import keypoint_refusals
from ._yolo_source import likeness
from ._yolo_write import write_yolo
from .intake import Intake, Likeness
from .outlet import Outlet, Refusal

__all__ = ["PRECISION", "SUMMARY", "ReadOptions", "WriteOptions", "carries", "looks_like", "read", "refuses", "write"]

SUMMARY = "YOLO keypoints (data.yaml with kpt_shape, labels/*.txt with a box and its points a row)"
PRECISION = 0.01  # six decimals of a picture up to 6,000 pixels wide
SIDECAR = True  # what it cannot hold is kept beside its files


class ReadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to choose: `kpt_shape` says how rows are read."""


class WriteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How rows are written.

    Attributes:
        decimals: digits after the point.
    """

    decimals: Annotated[int, msgspec.Meta(ge=6, le=12)] = 6


def looks_like(path: Path) -> Likeness:
    """Say how much a path looks like YOLO keypoints: its data.yaml has `kpt_shape`."""
    return likeness(path, "pose")


def carries(options: WriteOptions) -> frozenset[str]:  # noqa: ARG001
    """Return what writing keeps."""
    return frozenset({"boxes", "keypoints", "splits", "unlabelled", "empty", "unused-categories"})


def refuses(dataset: Dataset, options: WriteOptions) -> list[Refusal]:  # noqa: ARG001
    """Return the annotations with another number of keypoints than most, and those that no YOLO row holds."""
    return keypoint_refusals(dataset)


def read(path: Path, options: ReadOptions, intake: Intake) -> Dataset:  # noqa: ARG001
    """Read a YOLO dataset; see `read_yolo`."""
    return read_yolo(path, intake)


def write(dataset: Dataset, outlet: Outlet, options: WriteOptions) -> None:
    """Write a box and its keypoints a row; zeros where an object has none."""
    write_yolo(dataset, outlet, "pose", options.decimals)
