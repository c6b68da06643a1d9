"""Tiny models, written once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def owlv2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from .tiny_models import write_owlv2

    return write_owlv2(tmp_path_factory.mktemp("models") / "owl")


@pytest.fixture(scope="session")
def grounding_dino(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from .tiny_models import write_grounding_dino

    return write_grounding_dino(tmp_path_factory.mktemp("models") / "dino")


@pytest.fixture(scope="session")
def sam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from .tiny_models import write_sam

    return write_sam(tmp_path_factory.mktemp("models") / "sam")


@pytest.fixture(scope="session")
def sam2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from .tiny_models import write_sam2

    return write_sam2(tmp_path_factory.mktemp("models") / "sam2")


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[Path]:
    """Return the folder in which torch looks for what it downloaded before."""
    import torch

    before = torch.hub.get_dir()
    torch.hub.set_dir(tmp_path / "torch")
    folder = tmp_path / "torch" / "checkpoints"
    folder.mkdir(parents=True)
    yield folder
    torch.hub.set_dir(before)


@pytest.fixture
def no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the hub's client off the network, and return the folder in which it looks for what it has."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"
