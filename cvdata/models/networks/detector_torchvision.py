"""Detectors of torchvision: R-CNNs, RetinaNet, FCOS, SSD and SSDLite, on backbones with feature pyramids."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import msgspec
from torch import Tensor
from torchvision.models.detection import FCOS, FasterRCNN, KeypointRCNN, MaskRCNN, RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

from ...errors import ModelError
from ..spec import ModelSpec, Option
from ._detector_backbones import MOBILENETS, NORMS, RESNETS, backbone_of, pyramid, pyramid_stages
from ._detector_network import DenseDetector, RegionDetector, SingleShotDetector
from ._detector_published import PUBLISHED, load_backbone, load_detector
from ._detector_ssd import VGGS, ssd, ssd_stages, ssdlite, ssdlite_stages
from ._options import COMMON, with_options
from .network import Defaults, Network, Stage

__all__ = ["build", "complete", "defaults", "names"]

_DEFAULTS = MappingProxyType(
    {
        "faster-rcnn": Defaults(size=(640, 640), rate=2e-4),
        "retinanet": Defaults(size=(640, 640), rate=2e-4),
        "fcos": Defaults(size=(640, 640), rate=2e-4),
        "ssd": Defaults(size=(300, 300), multiple=4, rate=2e-4),
        "ssdlite": Defaults(size=(320, 320), rate=1e-3),
        "mask-rcnn": Defaults(size=(640, 640), rate=2e-4, masks=True),
        "keypoint-rcnn": Defaults(size=(640, 640), rate=2e-4, keypoints=True),
    }
)
_PYRAMIDS = (*RESNETS, "mobilenet_v3_large")
_BACKBONES = {"ssd": VGGS, "ssdlite": MOBILENETS}
_REGIONAL = ("faster-rcnn", "mask-rcnn", "keypoint-rcnn")
_RATIOS = (0.5, 1.0, 2.0)
_PUBLISHED_ANCHOR = 32


def names() -> tuple[str, ...]:
    """Return the detectors of torchvision."""
    return tuple(_DEFAULTS)


def defaults(architecture: str) -> Defaults:
    """Return what suits one of them."""
    return _DEFAULTS[architecture]


def complete(spec: ModelSpec, *, published: bool) -> ModelSpec:
    """Return a spec with every option, and with the masks and keypoints that the architecture finds.

    Options: `backbone`; `norm`: group (from scratch), batch or frozen (published weights); `anchor`: pixels of the
    smallest anchor; `samples`: proposals of a picture that an R-CNN learns from; `least_score` and `most`: which
    detections count.

    Raises:
        UsageError: an option makes no sense.
        ModelError: keypoints have no names.
    """
    architecture = spec.architecture
    backbone = PUBLISHED[architecture][0]
    if architecture == "ssd" and not published:
        backbone = "vgg16_bn"  # plain VGG hardly learns from random weights
    usual: dict[str, Option] = {"backbone": backbone, "norm": "frozen" if published else "group", **COMMON}
    if architecture not in ("ssd", "ssdlite", "fcos"):
        usual["anchor"] = _PUBLISHED_ANCHOR if published else _smallest_anchor(spec.size)
    if architecture in _REGIONAL:
        usual["samples"] = 512 if max(spec.size) >= 512 else 128
    choices = {"backbone": _BACKBONES.get(architecture, _PYRAMIDS), "norm": NORMS}
    spec = with_options(spec, usual, choices)
    if architecture == "keypoint-rcnn" and not spec.keypoints:
        raise ModelError("keypoint-rcnn needs the names of the points of an object, and the dataset has none")
    points = architecture == "keypoint-rcnn"
    return msgspec.structs.replace(
        spec,
        masks=architecture == "mask-rcnn",
        keypoints=spec.keypoints if points else (),
        flips=spec.flips if points else (),
    )


def build(spec: ModelSpec, *, published: bool) -> Network:
    """Make a detector.

    Raises:
        UsageError: an option makes no sense.
        ModelError: published weights cannot be had, or keypoints have no names.
    """
    spec = complete(spec, published=published)
    options: dict[str, Any] = dict(spec.options)
    backbone, norm = options["backbone"], options["norm"]
    model = _classifier(spec.architecture, backbone, norm)
    whole = PUBLISHED[spec.architecture][0] == backbone
    if published and not whole:
        load_backbone(model, backbone, spec.architecture)
    network = _BUILDERS[spec.architecture](spec, model, options)
    if published and whole:
        load_detector(network.detector, spec.architecture)
    return network


def _smallest_anchor(size: tuple[int, int]) -> int:
    """Return 32 pixels for the 800 that torchvision's anchors are made for, and less for less."""
    return int(min(max(2 ** round(math.log2(max(size) / 25)), 8), _PUBLISHED_ANCHOR))


def _classifier(architecture: str, backbone: str, norm: str) -> Any:
    """Return the classifier that gives the features, with random weights."""
    if architecture == "ssd":
        import torchvision

        return torchvision.models.get_model(backbone, weights=None)
    # The weights of the whole SSDLite are for the smaller one of two ends (MobileNetV3's table 6).
    reduced = {"reduced_tail": True} if (architecture, backbone) == ("ssdlite", "mobilenet_v3_large") else {}
    return backbone_of(backbone, norm, **reduced)


def _region(spec: ModelSpec, model: Any, options: Mapping[str, Any]) -> RegionDetector:
    backbone = options["backbone"]
    strides = (4, 8, 16, 32) if backbone in RESNETS else (8, 16, 32)
    features = pyramid(model, backbone, strides)
    sizes = tuple((options["anchor"] << level,) for level in range(len(strides) + 1))
    make = {"faster-rcnn": FasterRCNN, "mask-rcnn": MaskRCNN}.get(spec.architecture)
    make = make or partial(KeypointRCNN, num_keypoints=len(spec.keypoints))
    detector = make(
        features,
        num_classes=len(spec.classes) + 1,
        rpn_anchor_generator=AnchorGenerator(sizes, (_RATIOS,) * len(sizes)),
        box_score_thresh=float(options["least_score"]),
        box_detections_per_img=options["most"],
        box_batch_size_per_image=options["samples"],
    )
    head = Stage("head", (detector.rpn, detector.roi_heads), False)
    return RegionDetector(spec, detector, [*pyramid_stages(features), head], features)


def _dense(spec: ModelSpec, model: Any, options: Mapping[str, Any]) -> DenseDetector:
    features = pyramid(model, options["backbone"], (8, 16, 32), LastLevelP6P7(256, 256))
    if spec.architecture == "fcos":
        detector = FCOS(features, len(spec.classes), **_limits(options))
    else:
        octaves = (2 ** (third / 3) for third in range(3))
        first = [options["anchor"] * octave for octave in octaves]
        sizes = tuple(tuple(int(size * 2**level) for size in first) for level in range(5))
        anchors = AnchorGenerator(sizes, (_RATIOS,) * len(sizes))
        detector = RetinaNet(features, len(spec.classes), anchor_generator=anchors, **_limits(options))
    head = Stage("head", (detector.head,), False)
    return DenseDetector(spec, detector, [*pyramid_stages(features), head], features)


def _ssd(spec: ModelSpec, model: Any, options: Mapping[str, Any]) -> SingleShotDetector:
    detector = ssd(model, options["norm"], spec.size, len(spec.classes) + 1, **_limits(options))
    return SingleShotDetector(spec, detector, ssd_stages(detector), detector.backbone)


def _ssdlite(spec: ModelSpec, model: Any, options: Mapping[str, Any]) -> SingleShotDetector:
    backbone, norm = options["backbone"], options["norm"]
    limits = _limits(options) | {"nms_thresh": 0.55}
    detector = ssdlite(model, backbone, norm, spec.size, len(spec.classes) + 1, **limits)
    return _SsdLite(spec, detector, ssdlite_stages(detector), detector.backbone)


class _SsdLite(SingleShotDetector):
    def normalised(self, images: Tensor) -> Tensor:
        """Return pictures with values from -1 to 1, as those were that its published weights learnt from."""
        return images.float() / 127.5 - 1


def _limits(options: Mapping[str, Any]) -> dict[str, Any]:
    return {"score_thresh": float(options["least_score"]), "detections_per_img": options["most"]}


_BUILDERS = MappingProxyType(
    {
        "faster-rcnn": _region,
        "retinanet": _dense,
        "fcos": _dense,
        "ssd": _ssd,
        "ssdlite": _ssdlite,
        "mask-rcnn": _region,
        "keypoint-rcnn": _region,
    }
)
