"""ONNX files: those of `cvdata export`, and those of other programs, by what their outputs look like."""

from __future__ import annotations

import os

from ...errors import UsageError, show
from ...models.predictor import Predictor
from .family import ModelOptions

__all__ = ["EXAMPLES", "NAME", "SUMMARY", "TAKES", "claims", "load"]

NAME = "onnx"
SUMMARY = (
    "an ONNX file: of cvdata export, YOLO, torchvision, DETR, a classifier or segmenter; others with --layout FILE"
)
EXAMPLES = ("cells.onnx", "yolo11n.onnx", "onnx:models/detector")
TAKES = ("layout",)


def claims(path: str) -> bool:
    """Tell whether a path is an ONNX file, by its name."""
    return path.lower().endswith(".onnx") and not os.path.isdir(path)


def load(what: str, options: ModelOptions) -> Predictor:
    """Make a file ready; see `Family.load`.

    Args:
        what: the path of a file. Beside NAME.onnx a NAME.yaml may say what the file itself does not; `options.layout`
            names another; see `_onnx_layout`.
    """
    if not what or not os.path.lexists(what):
        missing = f"the model '{show(what)}' does not exist" if what else "no ONNX file is named"
        raise UsageError(missing, hint="give the path of a file: --model yolo11n.onnx")
    if options.weights is not None:
        raise UsageError("--weights is for run folders, and this is a file", hint="leave it out, or give the run")
    from ...models.export.onnx_predictor import OnnxPredictor
    from ...models.export.session import parse_onnx, read_onnx
    from ._onnx_foreign import ForeignOnnx

    file = parse_onnx(read_onnx(what), what)
    if file.properties.get("schema", "").startswith("cvdata/onnx/") and options.layout is None:
        return OnnxPredictor.of_file(file, device=options.device)
    return ForeignOnnx(file, options)
