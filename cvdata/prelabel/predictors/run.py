"""Models of cvdata itself: run folders, their files of weights, and what `cvdata export` made of them."""

from __future__ import annotations

import os

from ...errors import UsageError, show
from ...models.predictor import Predictor, load_predictor
from ...models.run_folder import is_run
from ._ultralytics_file import is_ultralytics
from .family import ModelOptions

__all__ = ["EXAMPLES", "NAME", "SUMMARY", "claims", "load"]

NAME = "run"
SUMMARY = "a run of cvdata train, its weights, or what cvdata export made of it"
EXAMPLES = ("runs/cells", "cells.onnx", "run:runs/cells")

_WEIGHTS = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")


def claims(path: str) -> bool:
    """Tell whether a path is a run folder, or a file of weights; what wrote it is seen when it is loaded."""
    return is_run(path) or (os.path.isfile(path) and path.lower().endswith(_WEIGHTS))


def load(what: str, options: ModelOptions) -> Predictor:
    """Make a trained model ready; see `Family.load`.

    Nothing in a file is run: a checkpoint that would have to be is refused.
    """
    if os.path.isfile(what) and is_ultralytics(what):
        raise UsageError(
            f"'{show(what)}' is a checkpoint of ultralytics, and loading one runs the code in it",
            hint=f"where you trust who made it, say so: --model ultralytics:{show(what)}",
        )
    return load_predictor(what, weights=options.weights or "best", device=options.device)
