"""Fixtures that tests of every room may use."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# As the command line does: threads of NumPy's BLAS would forbid to fork workers, and forked ones are to be tested too.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")
# Versions of a cvdata dataset say when they were made; a test that compares bytes must not depend on it.
os.environ["SOURCE_DATE_EPOCH"] = "1767225600"  # 2026-01-01

# A shell leaves Ctrl-C ignored in what it runs in the background, and programs that tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says nothing on a machine that is busy with others.
settings.register_profile("cvdata", deadline=None)
settings.load_profile("cvdata")

SHARED = Path(__file__).resolve().parents[1] / "../shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Test the engine first: hotcoco leaves threads behind that end with the process, and then no worker is forked."""
    items.sort(key=lambda item: item.path.parent.name != "engine")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real data beside the checkout; tests that need it skip, visibly, where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"no real data in {SHARED}")
    return SHARED.resolve()
