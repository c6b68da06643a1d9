"""Datasets for the tests of `check`, and what it says of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cvdata.convert import read
from cvdata.curate.check import check
from cvdata.curate.check.findings import CheckReport, CheckSettings, Finding
from cvdata.dataset import Annotations, Categories, Dataset
from tests.tiny import build

__all__ = ["boxes", "checked", "codes", "dataset_of", "found", "noise"]


def dataset_of(rows: Sequence[Any], classes: tuple[str, ...] = ("cat", "dog"), **columns: Any) -> Dataset:
    """Return a dataset of pictures a.jpg and b.jpg of 100 x 80 with the given annotations."""
    sizes = columns.pop("sizes", {"a.jpg": (100, 80), "b.jpg": (100, 80)})
    whole = [{"image": "a.jpg", "category": classes[0], **row} for row in rows]
    return build(sizes, whole, Categories(names=classes), **columns)


def boxes(*box: list[float]) -> Annotations:
    """Return a table of boxes of one class in one picture."""
    count = len(box)
    return Annotations(
        image=np.zeros(count, np.int32),
        category=np.zeros(count, np.int32),
        box=np.array(box, np.float64).reshape(-1, 4),
    )


def noise(path: Path, seed: int = 0, size: tuple[int, int] = (64, 48)) -> Path:
    """Save a picture that looks like no other seed's: large grey blocks."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(30, 225, (8, 8, 3), dtype=np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    small.resize(size, Image.Resampling.NEAREST).save(path)
    return path


def checked(source: Path, name: str | None = None, **settings: Any) -> CheckReport:
    """Read and check a dataset as the command does."""
    reading = read(source, name)
    return check(
        reading.dataset, reading.intake, CheckSettings(**settings), source_format=reading.format, source=source
    )


def found(report: CheckReport, code: str) -> Finding:
    """Return the finding of a code."""
    return next(finding for finding in report.findings if finding.code == code)


def codes(report: CheckReport) -> dict[str, int]:
    """Return how often each code was found."""
    return {finding.code: finding.count for finding in report.findings}
