"""What the tests of several commands start from."""

from __future__ import annotations

from pathlib import Path

import pytest

import cvdata as library

from ..tiny import draw_pictures, tiny


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a COCO dataset on the disk, with pictures."""
    library.save(tiny(draw_pictures(tmp_path / "pictures")), tmp_path / "pets", "coco")
    return tmp_path / "pets"
