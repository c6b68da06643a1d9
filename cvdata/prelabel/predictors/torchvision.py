"""Detectors of torchvision with the weights that it publishes: they know COCO's 80 classes."""

from __future__ import annotations

from ...models.packages import check_packages
from ...models.predictor import Predictor
from .family import ModelOptions

__all__ = ["EXAMPLES", "NAME", "SUMMARY", "claims", "load"]

NAME = "torchvision"
SUMMARY = "detectors that learnt COCO's 80 classes: boxes, masks (maskrcnn), a person's points (keypointrcnn)"
EXAMPLES = (
    "torchvision:fasterrcnn_resnet50_fpn_v2",
    "torchvision:ssdlite320_mobilenet_v3_large",
    "torchvision:maskrcnn_resnet50_fpn_v2",
)


def claims(path: str) -> bool:
    """Tell that no path is meant: a detector of torchvision is named, and `--weights` says where its file lies."""
    del path
    return False


def load(what: str, options: ModelOptions) -> Predictor:
    """Make a detector ready; see `Family.load`."""
    check_packages("a detector of torchvision", "torch", "torchvision", "safetensors", extra="prelabel")
    from ._torchvision_detector import TorchvisionDetector

    return TorchvisionDetector(what, weights=options.weights, device=options.device, least=options.score)
