"""Where a run took place: versions, machine, device."""

from __future__ import annotations

import importlib.metadata
import os
import platform

import torch

from ..._version import __version__

__all__ = ["describe_environment"]

_PACKAGES = (
    "torch", "torchvision", "lightning", "timm", "segmentation-models-pytorch", "safetensors", "numpy", "pillow",
    "albumentations",
)  # fmt: skip


def describe_environment() -> dict[str, str]:
    """Return the versions of all that has a say in the outcome, and the machine, by name."""
    found = {"cvdata": __version__, "python": platform.python_version(), "platform": platform.platform()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    found |= {"cores": str(os.cpu_count() or 1), "threads": str(torch.get_num_threads()), "device": _device()}
    if torch.cuda.is_available():
        found |= {"cuda": torch.version.cuda or "", "devices": str(torch.cuda.device_count())}
        found["cudnn"] = str(torch.backends.cudnn.version())  # type: ignore[no-untyped-call]
    return found


def _device() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    if torch.backends.mps.is_available():
        return f"Apple {platform.machine()} (MPS)"
    return f"CPU {torch.backends.cpu.get_cpu_capability()}"
