"""YOLO of the package ultralytics, where the user has installed it; its licence is AGPL-3.0.

Nothing imports it unless such a network is asked for. Of the package come the network and its loss; pictures, training
and everything after the boxes are cvdata's.
"""

from __future__ import annotations

import io
import os
from contextlib import redirect_stdout
from typing import Any

import msgspec
import torch
from torch import Tensor, nn
from torchvision.ops import batched_nms, box_convert, clip_boxes_to_image

from ...errors import MissingExtraError, ModelError, show
from ..batch import Batch, Found
from ..spec import ModelSpec
from ._detector_backbones import blocks_by_stride
from ._detector_targets import large_enough
from ._norms import steady_norms
from ._options import COMMON, with_options
from .network import Defaults, Network, Stage

__all__ = ["build", "complete", "defaults", "names"]

_FAMILIES = ("yolov8", "yolo11", "yolo12")
_SCALES = "nsmlx"
_IOU = 0.7
"""Overlap from which two boxes of a class are one object, ultralytics' default."""
_CANDIDATES = 1000
"""Boxes of a picture that may be left out for a better one."""


def names() -> tuple[str, ...]:
    """Return the networks of ultralytics, whether it is installed or not."""
    return tuple(family + scale for family in _FAMILIES for scale in _SCALES)


def defaults(architecture: str) -> Defaults:  # noqa: ARG001 - all are alike
    """Return what suits one of them."""
    return Defaults(size=(640, 640), rate=1e-3)


def complete(spec: ModelSpec, *, published: bool) -> ModelSpec:  # noqa: ARG001 - it is the same either way
    """Return a spec with every option: `least_score` and `most`, which say what detections count.

    Raises:
        UsageError: an option makes no sense.
    """
    return msgspec.structs.replace(with_options(spec, COMMON), masks=False, keypoints=(), flips=())


def build(spec: ModelSpec, *, published: bool) -> Network:
    """Make a network of ultralytics, from its own description with the classes of the spec.

    Raises:
        MissingExtraError: the package is not installed.
        UsageError: an option makes no sense.
        ModelError: the package does not have this network, or not its weights.
    """
    spec = complete(spec, published=published)
    try:
        with redirect_stdout(io.StringIO()):  # the package says there that it makes its settings
            from ultralytics.cfg import get_cfg
            from ultralytics.nn.tasks import DetectionModel, yaml_model_load
    except ImportError as error:
        raise MissingExtraError(
            f"{spec.architecture} needs the package ultralytics, which cannot be imported ({show(str(error))})",
            hint="read its licence, AGPL-3.0, first; then: pip install ultralytics",
        ) from error
    try:
        description = yaml_model_load(f"{spec.architecture}.yaml")
    except FileNotFoundError as error:
        raise ModelError(
            f"the installed version of ultralytics does not know {spec.architecture}", hint="pip install -U ultralytics"
        ) from error
    detector = DetectionModel(description | {"nc": len(spec.classes)}, verbose=False)
    detector.args = get_cfg()  # gains of its losses
    if published:
        detector.load(_published(spec.architecture), verbose=False)
    return _Yolo(spec, detector)


def _published(architecture: str) -> nn.Module:
    """Return the network with the weights that ultralytics publishes, from its folder of weights or the network.

    They are pickles, which only the package itself can read.
    """
    from ultralytics import YOLO
    from ultralytics.utils import ONLINE, SETTINGS

    path = os.path.abspath(os.path.join(str(SETTINGS["weights_dir"]), f"{architecture}.pt"))
    hint = f"put {architecture}.pt into {show(os.path.dirname(path))}; or train from scratch with --weights none"
    if not ONLINE and not os.path.exists(path):
        raise ModelError(f"the published weights of {architecture} cannot be had: there is no network", hint=hint)
    try:
        with redirect_stdout(io.StringIO()):
            model: nn.Module = YOLO(path).model
    except Exception as error:  # ultralytics raises nearly anything where a download fails
        raise ModelError(
            f"the published weights of {architecture} cannot be had: {show(str(error))}", hint=hint
        ) from error
    return model


class _Yolo(Network):
    def __init__(self, spec: ModelSpec, detector: Any) -> None:
        super().__init__(spec)
        self.detector = detector
        self._backbone = len(detector.yaml["backbone"])

    def normalised(self, images: Tensor) -> Tensor:
        """Return pictures with values from 0 to 1."""
        return images.float() / 255

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the parts of the loss; see `Network.losses`."""
        from ultralytics.utils.loss import v8DetectionLoss

        criterion = v8DetectionLoss(self.detector)  # cheap, and it keeps the device that it finds
        with steady_norms(self.detector, batch.images):
            outputs = self.detector(self.normalised(batch.images))
        parts, _ = criterion(outputs, self._targets(batch))
        if parts.ndim == 0:  # older versions sum them up
            return {"total": parts / len(batch.images)}
        return dict(zip(("box", "class", "edges"), parts / len(batch.images), strict=True))

    def _targets(self, batch: Batch) -> dict[str, Tensor]:
        """Return the objects of a batch as ultralytics wants them, with sides as shares of the picture's."""
        owner, box, label = large_enough(batch)
        height, width = batch.images.shape[-2:]
        sides = torch.tensor([width, height, width, height], device=box.device)
        return {"batch_idx": owner, "cls": label.float(), "bboxes": box_convert(box, "xyxy", "cxcywh") / sides}

    def found(self, images: Tensor) -> Found:
        """Return what it finds; see `Network.found`.

        The package's own suppression of doubles stops after some seconds, so that the same pictures could give other
        boxes on a busy machine; torchvision's is used.
        """
        predictions = self.detector(self.normalised(images))[0].float().transpose(1, 2)
        kept = [self._kept(one, images.shape[-2:]) for one in predictions]
        owner = [torch.full_like(label, row) for row, (_, label, _) in enumerate(kept)]
        box, label, score = (torch.cat(column) for column in zip(*kept, strict=True))
        return Found(owner=torch.cat(owner), box=box, label=label, score=score)

    def _kept(self, predictions: Tensor, size: torch.Size) -> tuple[Tensor, Tensor, Tensor]:
        """Return the boxes, labels and scores that count of one picture, from shape (places, 4 + classes)."""
        scores = predictions[:, 4:]
        place, label = torch.where(scores > float(self.spec.options["least_score"]))
        score = scores[place, label]
        order = score.argsort(descending=True, stable=True)[:_CANDIDATES]
        place, label, score = place[order], label[order], score[order]
        box = clip_boxes_to_image(box_convert(predictions[place, :4], "cxcywh", "xyxy"), (size[0], size[1]))
        kept = batched_nms(box, score, label, _IOU)[: int(self.spec.options["most"])]
        return box[kept], label[kept], score[kept]

    def stages(self) -> list[Stage]:
        """Return the parts of its backbone, the neck and the head."""
        layers = list(self.detector.model)
        neck = Stage("neck", tuple(layers[self._backbone : -1]), False)
        return [*blocks_by_stride(layers[: self._backbone]), neck, Stage("head", (layers[-1],), False)]

    def heat_layer(self) -> nn.Module:
        """Return the end of the backbone, which every box depends on."""
        layer: nn.Module = self.detector.model[self._backbone - 1]
        return layer
