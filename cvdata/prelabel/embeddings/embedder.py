"""What turns a picture into numbers that are near each other where pictures are alike."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError, show
from ...models.run_folder import is_run

__all__ = ["DEFAULT", "Embedder", "open_embedder", "unit"]

DEFAULT = "colour"
"""The embedder that needs nothing but the pictures."""

_TIMM = "timm:"
_RUN = "run:"


class Embedder(Protocol):
    """Anything that describes whole pictures.

    Attributes:
        name: what to call it, such as the name of a run.
        sha256: of what decides its numbers, such as the file of its weights.
        length: numbers a picture.
    """

    name: str
    sha256: str
    length: int

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return a row of length 1 for each picture, float32, shape (n, length).

        Args:
            pictures: uint8, shape (any height, any width, 3), RGB; as many as memory has room for.
        """
        ...


def open_embedder(text: str, *, weights: str | None = None, device: str = "auto") -> Embedder:
    """Make an embedder ready.

    Args:
        text: `colour`, `timm:NAME` for a backbone of timm, or a run folder (a file of its weights is fine, too).
        weights: of a run `best`, `last` or the path of a file; of timm the path of a file, else the published ones.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.

    Raises:
        UsageError: it is none of these, there is no such device, or an option makes no sense.
        ModelError: it cannot be used, or its published weights cannot be had.
        MissingExtraError: a package is not installed.
    """
    if text == DEFAULT:
        if weights is not None:
            raise UsageError("--weights is for networks, and 'colour' is none", hint="leave it out")
        from .colour import ColourEmbedder

        return ColourEmbedder()
    if text.startswith(_TIMM):
        from .timm_backbone import TimmEmbedder

        return TimmEmbedder(text.removeprefix(_TIMM), weights=weights, device=device)
    path = text.removeprefix(_RUN)
    if is_run(path) or path.endswith(".safetensors"):
        if weights is not None and os.path.isfile(path):
            raise UsageError("--weights is for run folders, and this is a file", hint="leave it out, or give the run")
        from .run_backbone import RunEmbedder

        return RunEmbedder(path, weights=weights or "best", device=device)
    raise UsageError(
        f"'{show(text)}' is nothing that describes pictures",
        hint=f"give {DEFAULT}, {_TIMM}NAME such as {_TIMM}resnet18.a1_in1k, or a run folder of cvdata train",
    )


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return rows of length 1, float32; one without any length, such as of a network that sees nothing, stays 0."""
    wide = rows.astype(np.float64)
    length = np.sqrt((wide * wide).sum(axis=1, keepdims=True))
    scaled = np.divide(wide, length, out=np.zeros_like(wide), where=length > 0)
    return np.asarray(scaled, np.float32)
