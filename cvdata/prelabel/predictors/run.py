"""Models of cvdata itself: run folders, their files of weights, and what `cvdata export` made of them."""

from __future__ import annotations

import os

from ...models.predictor import Predictor, load_predictor
from ...models.run_folder import is_run
from .family import ModelOptions

__all__ = ["EXAMPLES", "NAME", "SUMMARY", "claims", "load"]

NAME = "run"
SUMMARY = "a run of cvdata train, its weights, or what cvdata export made of it"
EXAMPLES = ("runs/cells", "cells.onnx", "run:runs/cells")

_WEIGHTS = (".safetensors",)


def claims(path: str) -> bool:
    """Tell whether a path is a run folder, or a file of weights that a run wrote."""
    return is_run(path) or (os.path.isfile(path) and path.lower().endswith(_WEIGHTS))


def load(what: str, options: ModelOptions) -> Predictor:
    """Make a trained model ready; see `Family.load`."""
    return load_predictor(what, weights=options.weights or "best", device=options.device)
