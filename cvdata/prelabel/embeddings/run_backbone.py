"""Pictures as a run of cvdata sees them: a network that learnt the user's own classes knows what matters there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...models.features import features_of
from ...models.packages import check_packages
from ...models.torch_predictor import TorchPredictor
from .embedder import unit

__all__ = ["RunEmbedder"]


class RunEmbedder:
    """The features of the network of a run; see `models.features` for which, and `embedder.Embedder`."""

    def __init__(self, path: str, *, weights: str = "best", device: str = "auto") -> None:
        """Load it.

        Raises:
            UsageError: there is no such run or device.
            ModelError: its files are broken, or it has no features of whole pictures.
            MissingExtraError: a package is not installed.
        """
        check_packages("embedding with a network", "torch", "torchvision", "safetensors")
        predictor = TorchPredictor(path, weights=weights, device=device)
        self._network = predictor.network
        self.name, self.sha256 = predictor.name, predictor.sha256
        # Which layer it is, and how long, only a look tells.
        self.length = features_of(self._network, [np.zeros((*predictor.spec.size, 3), np.uint8)]).shape[1]

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return a row for each picture; see `Embedder.embed`."""
        return unit(features_of(self._network, pictures))
