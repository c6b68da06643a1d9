"""One thread for torch: tests are many and small, and cores are few."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
