"""Pictures as a network of timm sees them: one that learnt from a million pictures of everything."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ...engine import worker_count
from ...errors import ModelError
from ...models.packages import check_packages
from ...models.torch_predictor import device_of
from .embedder import unit

__all__ = ["TimmEmbedder"]


class TimmEmbedder:
    """The features of a network of timm, without its head; see `embedder.Embedder`."""

    def __init__(self, name: str, *, weights: str | None = None, device: str = "auto") -> None:
        """Load it; see `TimmBackbone`.

        Raises:
            UsageError: there is no such network, file or device.
            ModelError: its weights cannot be used, or cannot be had, or it has no features of whole pictures.
            MissingExtraError: a package is not installed.
        """
        check_packages("embedding with a network", "torch", "torchvision", "safetensors", "timm")
        from ...models.networks.timm_backbone import TimmBackbone

        self._device = device_of(device)
        self._backbone = TimmBackbone(name, weights=weights)
        self._backbone.module.to(self._device)
        self.name, self.sha256 = self._backbone.name, self._backbone.sha256
        seen = self._features([np.zeros((32, 32, 3), np.uint8)])
        if seen.ndim != 2:
            raise ModelError(f"'{self.name}' has no features of whole pictures", hint="choose another network")
        self.length = seen.shape[1]

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return a row for each picture; see `Embedder.embed`."""
        return unit(self._features(pictures))

    def _features(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        import torch
        from PIL import Image

        with ThreadPoolExecutor(min(len(pictures), worker_count(None))) as pool:
            seen = list(pool.map(lambda picture: self._backbone.transform(Image.fromarray(picture)), pictures))
        with torch.inference_mode():
            rows: NDArray[np.float32] = self._backbone.module(torch.stack(seen).to(self._device)).float().cpu().numpy()
        return rows
