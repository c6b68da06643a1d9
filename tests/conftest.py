"""Fixtures that tests of every room may use."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[1] / "../shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real data beside the checkout; tests that need it skip, visibly, where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"no real data in {SHARED}")
    return SHARED.resolve()
