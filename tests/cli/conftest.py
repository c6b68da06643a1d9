"""What several files of tests start from."""

from __future__ import annotations

from pathlib import Path

import pytest

import cvdata as library

from ..tiny import draw_pictures, tiny
from .eval_made import BOX, write_found, write_truth


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a COCO dataset on the disk, with pictures."""
    library.save(tiny(draw_pictures(tmp_path / "pictures")), tmp_path / "pets", "coco")
    return tmp_path / "pets"


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Return COCO labels of four pictures: a cat on each, and a dog on every second one."""
    return write_truth(tmp_path / "data")


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """Return detections that find every cat, and no dog."""
    return write_found(tmp_path / "found.json", *((i, 1, BOX, 0.9) for i in range(1, 5)))
