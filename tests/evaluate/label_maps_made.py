"""Folders of label maps made by code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["noisy", "sides", "write_maps"]


def write_maps(folder: Path, maps: Mapping[str, Sequence[Sequence[int]] | NDArray[Any]], mode: str = "L") -> Path:
    """Write maps by name as pictures of a mode of Pillow; return the folder."""
    for name, values in maps.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(np.array(values, np.uint16 if mode == "I;16" else np.uint8))
        if mode == "P":
            image = image.convert("P")
            image.putpalette([(7 * i) % 256 for i in range(768)])
        elif mode == "1":
            image = image.point([0] + [255] * 255, "1")
        image.save(path)
    return folder


def sides(tmp_path: Path, truth: Any, found: Any, mode: str = "L") -> tuple[Path, Path]:
    """Write the maps of the truth and of what was found; return their folders."""
    return write_maps(tmp_path / "truth", truth, mode), write_maps(tmp_path / "found", found, mode)


def noisy(seed: int, *, pictures: int = 5, side: int = 40, classes: int = 6, void: float = 0.1) -> tuple[Any, Any]:
    """Draw maps by name, some pixels void, and the same with a quarter of the pixels drawn again."""
    rng = np.random.default_rng(seed)
    truth, found = {}, {}
    for row in range(pictures):
        values = np.repeat(np.repeat(rng.integers(0, classes, (side // 4, side // 4)), 4, 0), 4, 1)
        found[f"{row}.png"] = np.where(rng.random(values.shape) < 0.25, rng.integers(0, classes, values.shape), values)
        truth[f"{row}.png"] = np.where(rng.random(values.shape) < void, 255, values)
    return truth, found
