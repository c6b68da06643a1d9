"""Weights that torchvision publishes for detectors and their backbones."""

from __future__ import annotations

import torch
import torchvision
from torch import Tensor, nn

from ...errors import ModelError
from ._publisher import from_torchvision

__all__ = ["PUBLISHED", "fill", "load_backbone", "load_detector"]

PUBLISHED = {
    "faster-rcnn": ("resnet50", "FasterRCNN_ResNet50_FPN_Weights.COCO_V1"),
    "retinanet": ("resnet50", "RetinaNet_ResNet50_FPN_Weights.COCO_V1"),
    "fcos": ("resnet50", "FCOS_ResNet50_FPN_Weights.COCO_V1"),
    "ssd": ("vgg16", "SSD300_VGG16_Weights.COCO_V1"),
    "ssdlite": ("mobilenet_v3_large", "SSDLite320_MobileNet_V3_Large_Weights.COCO_V1"),
    "mask-rcnn": ("resnet50", "MaskRCNN_ResNet50_FPN_Weights.COCO_V1"),
    "keypoint-rcnn": ("resnet50", "KeypointRCNN_ResNet50_FPN_Weights.COCO_V1"),
}
"""Backbone and weights of the whole detectors, learnt on COCO."""

_WITHOUT_EPS = ("faster-rcnn", "retinanet", "mask-rcnn", "keypoint-rcnn")
"""Their batch norms divided by the deviation alone (torchvision, pull request 2933)."""
_EPS = 1e-5
_CAFFE_MEAN = (0.48235, 0.45882, 0.40784)
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def load_detector(model: nn.Module, architecture: str) -> None:
    """Give a detector its published weights; what depends on the classes keeps its random ones.

    Raises:
        ModelError: the weights cannot be had.
    """
    state = from_torchvision(torchvision.models.get_weight(PUBLISHED[architecture][1]), architecture)
    if architecture in _WITHOUT_EPS:
        state = {name: one - _EPS if name.endswith("running_var") else one for name, one in state.items()}
    if architecture == "ssd":
        _fold_pictures(state)
    fill(model, state, architecture)


def load_backbone(model: nn.Module, backbone: str, architecture: str) -> None:
    """Give a classifier that becomes a backbone its published weights, learnt on ImageNet.

    Raises:
        ModelError: the weights cannot be had.
    """
    weights = torchvision.models.get_model_weights(backbone).IMAGENET1K_V1
    fill(model, from_torchvision(weights, architecture), architecture)


def fill(model: nn.Module, state: dict[str, Tensor], architecture: str) -> None:
    """Load weights by name; those of another shape, which are the heads for other classes, are left out.

    Raises:
        ModelError: the weights are of another network.
    """
    own = model.state_dict()
    other = {name for name, one in state.items() if name in own and own[name].shape != one.shape}
    kept = {name: one for name, one in state.items() if name not in other}
    missing = set(model.load_state_dict(kept, strict=False).missing_keys) - other
    absent = sorted(name for name in missing if not name.endswith("num_batches_tracked"))
    if absent:
        raise ModelError(f"the published weights of {architecture} lack {', '.join(absent[:3])}")


def _fold_pictures(state: dict[str, Tensor]) -> None:
    """Let SSD's first layer take pictures as all others do.

    It was trained on values from 0 to 255 less a mean of their own: 255 (v - m'). It gets (v - m) / d, and v - m' is
    d times that plus m - m'.
    """
    scale = torch.tensor(_DEVIATION) * 255
    shift = (torch.tensor(_MEAN) - torch.tensor(_CAFFE_MEAN)) * 255
    weight, bias = "backbone.features.0.weight", "backbone.features.0.bias"
    state[bias] = state[bias] + (state[weight] * shift.view(1, 3, 1, 1)).sum(dim=(1, 2, 3))
    state[weight] = state[weight] * scale.view(1, 3, 1, 1)
    state["backbone.rescale.weight"] = state.pop("backbone.scale_weight")
