"""Pictures made by code to be taken in, here or in a process that gets killed on the way."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cvdata.dataset import Dataset
from cvdata.formats.store import open_store
from cvdata.ingest import IngestReport, IngestSettings, ingest
from tests.kills import killed_before

__all__ = ["DAY", "draw", "take_in", "version"]

DAY = 1_704_153_600  # 2024-01-02 00:00:00 UTC, when all these files were changed last


def draw(path: Path, seed: int, size: tuple[int, int] = (48, 32), **options: Any) -> Path:
    """Write a picture that looks like no other of another seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path, **options)
    os.utime(path, (DAY, DAY))
    return path


def take_in(*paths: Path | str, progress: Any = None, **settings: Any) -> IngestReport:
    """Take pictures in; the last path is the dataset."""
    *pictures, target = paths
    wanted = IngestSettings(**({"workers": 1} | settings))
    return ingest(pictures, target, settings=wanted, progress=progress)


def version(target: Path) -> Dataset:
    """Return the current version of a dataset."""
    return open_store(target).load()


if __name__ == "__main__":  # python -m tests.ingestion N WORKERS PICTURES... DST
    killed_before(int(sys.argv[1]), lambda: take_in(*sys.argv[3:], workers=int(sys.argv[2])))
