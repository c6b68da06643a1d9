"""What looks at pictures and says what it finds: a trained run, or an exported file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError, show
from .columns import Columns
from .packages import check_packages
from .run_folder import is_run
from .spec import ModelSpec

__all__ = ["Predictor", "load_predictor"]

_WEIGHTS = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")


class Predictor(Protocol):
    """Anything that looks at pictures.

    Attributes:
        spec: what it is.
        name: what to call it, such as the name of its run.
        sha256: of the file of its weights.
    """

    spec: ModelSpec
    name: str
    sha256: str

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds.

        Args:
            pictures: uint8, shape (any height, any width, 3), RGB; as many as memory has room for.
        """
        ...


def load_predictor(path: str | os.PathLike[str], *, weights: str = "best", device: str = "auto") -> Predictor:
    """Make a trained model ready.

    Args:
        path: a run folder, a file of weights of one, or an ONNX file that `cvdata export` wrote.
        weights: of a run: `best`, `last`, or the path of a file.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.

    Raises:
        UsageError: it is none of them, there is no such device, or a file has no such weights.
        ModelError: it cannot be used.
        MissingExtraError: a package is not installed.
    """
    suffix = os.path.splitext(path)[1].lower()
    if weights != "best" and os.path.isfile(path):
        raise UsageError("--weights is for run folders, and this is a file", hint="leave it out, or give the run")
    if is_run(path) or (os.path.isfile(path) and suffix in _WEIGHTS):
        check_packages("running a network", "torch", "torchvision", "safetensors")
        from .torch_predictor import TorchPredictor

        return TorchPredictor(path, weights=weights, device=device)
    if os.path.isfile(path) and suffix == ".onnx":
        from .export.onnx_predictor import OnnxPredictor

        return OnnxPredictor(path, device=device)
    missing = "is neither a run folder nor an ONNX file" if os.path.lexists(path) else "does not exist"
    hint = "give the folder that cvdata train made, or the .onnx file that cvdata export wrote"
    raise UsageError(f"the model '{show(path)}' {missing}", hint=hint)
