"""The network of a run, looking at pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError, show
from ..files.hashes import hash_file
from .columns import Columns, to_columns
from .letterbox import letterbox_all
from .run_folder import is_run, load_network, read_run, weights_file

if TYPE_CHECKING:
    import torch

    from .networks.network import Network

__all__ = ["TorchPredictor", "device_of", "find_with"]


class TorchPredictor:
    """The network of a run folder, or of a file of weights that a run wrote; see `predictor.Predictor`."""

    def __init__(self, path: str | os.PathLike[str], *, weights: str = "best", device: str = "auto") -> None:
        """Load it.

        Raises:
            UsageError: there is no such run or device.
            ModelError: its files are broken.
        """
        network = load_network(path, weights)
        self.device = device_of(device)
        self.network = network.to(self.device)
        self.spec = self.network.spec
        is_folder = is_run(path)
        self.name = read_run(path).name if is_folder else Path(path).stem
        self.sha256 = hash_file(weights_file(path, weights) if is_folder else path).hex()

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds; see `Predictor.find`."""
        return find_with(self.network, pictures)


def find_with(network: Network, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
    """Return what a network in evaluation mode finds in pictures of any size, on the device where it is."""
    import torch

    device = next(network.parameters()).device
    boxed = letterbox_all(pictures, network.spec.size)
    sizes = np.array([picture.shape[:2] for picture in pictures], np.int64)
    with torch.inference_mode():
        found = network.found(torch.from_numpy(boxed).permute(0, 3, 1, 2).to(device))
    return to_columns(found, sizes[:, 1], sizes[:, 0], network.spec)


def device_of(name: str) -> torch.device:
    """Return a device by its name; `auto` is the first GPU, where there is one.

    Raises:
        UsageError: there is no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(
            f"there is no device '{show(name)}' that works", hint="give cpu, cuda, cuda:1 or mps"
        ) from error
    return device
