"""`nano`: a detector that trains on a CPU in minutes.

FCOS (Tian et al. 2019) of torchvision on a MobileNetV3-small, with a pyramid and heads of few channels.
"""

from __future__ import annotations

from typing import Any

import msgspec
from torchvision.models.detection import FCOS
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.fcos import FCOSHead

from ..spec import ModelSpec, Option
from ._detector_backbones import NORMS, backbone_of, pyramid, pyramid_stages
from ._detector_network import DenseDetector
from ._detector_published import load_backbone
from ._options import COMMON, with_options
from .network import Defaults, Network, Stage

__all__ = ["build", "complete", "defaults", "names"]

_BACKBONE = "mobilenet_v3_small"
_CHANNELS = 64
_DEPTH = 2
_STRIDES = (8, 16, 32)


def names() -> tuple[str, ...]:
    """Return `nano`."""
    return ("nano",)


def defaults(architecture: str) -> Defaults:  # noqa: ARG001 - there is one
    """Return what suits it."""
    return Defaults(size=(320, 320), rate=2e-3)


def complete(spec: ModelSpec, *, published: bool) -> ModelSpec:
    """Return a spec with every option.

    Options: `norm`: group (from scratch), batch or frozen (published weights); `least_score` and `most`: which
    detections count.

    Raises:
        UsageError: an option makes no sense.
    """
    usual: dict[str, Option] = {"norm": "frozen" if published else "group", **COMMON}
    spec = with_options(spec, usual, {"norm": NORMS})
    return msgspec.structs.replace(spec, masks=False, keypoints=(), flips=())


def build(spec: ModelSpec, *, published: bool) -> Network:
    """Make the detector; published weights are those of its backbone.

    Raises:
        UsageError: an option makes no sense.
        ModelError: published weights cannot be had.
    """
    spec = complete(spec, published=published)
    options: dict[str, Any] = dict(spec.options)
    model = backbone_of(_BACKBONE, options["norm"])
    if published:
        load_backbone(model, _BACKBONE, spec.architecture)
    features = pyramid(model, _BACKBONE, _STRIDES, channels=_CHANNELS)
    strides = (*_STRIDES, 2 * _STRIDES[-1])
    detector = FCOS(
        features,
        len(spec.classes),
        anchor_generator=AnchorGenerator(tuple((stride,) for stride in strides), ((1.0,),) * len(strides)),
        head=FCOSHead(_CHANNELS, 1, len(spec.classes), num_convs=_DEPTH),
        score_thresh=float(options["least_score"]),
        detections_per_img=options["most"],
    )
    return DenseDetector(spec, detector, [*pyramid_stages(features), Stage("head", (detector.head,), False)], features)
