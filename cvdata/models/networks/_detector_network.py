"""torchvision's detectors behind the protocol of networks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList

from ..batch import Batch, Found
from ..spec import ModelSpec
from ._detector_shape import paste_masks, place_points
from ._detector_targets import targets_of
from ._norms import steady_norms
from .network import Network, Stage

__all__ = ["DenseDetector", "RegionDetector", "SingleShotDetector"]

_LOSS_NAMES = {
    "classification": "class", "bbox_regression": "box", "bbox_ctrness": "centre",
    "loss_classifier": "class", "loss_box_reg": "box", "loss_objectness": "objectness",
    "loss_rpn_box_reg": "proposal", "loss_mask": "mask", "loss_keypoint": "keypoint",
}  # fmt: skip


class _TorchvisionDetector(Network):
    """What the detectors of torchvision have in common.

    Attributes:
        detector: torchvision's own, which sees pictures as they are: letterboxed and normalised already.
    """

    _FIRST_LABEL = 0
    _LEARNERS: tuple[str, ...] = ("",)
    """Modules of the detector that ask for their mode to tell whether they should return losses."""

    def __init__(self, spec: ModelSpec, detector: Any, stages: Sequence[Stage], heat_layer: nn.Module) -> None:
        super().__init__(spec)
        detector.transform = _AsTheyAre()
        self.detector = detector
        self._stages = list(stages)
        self._heat_layer = (heat_layer,)  # in a tuple, or torch would take it for one more module

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the parts of the loss; see `Network.losses`."""
        targets = targets_of(
            batch, first_label=self._FIRST_LABEL, masks=self.spec.masks, keypoints=bool(self.spec.keypoints)
        )
        with self._learning(), steady_norms(self.detector, batch.images):
            losses: dict[str, Tensor] = self.detector(list(self.normalised(batch.images)), targets)
        return {_LOSS_NAMES.get(name, name): loss for name, loss in losses.items()}

    def stages(self) -> list[Stage]:
        """Return the parts of its backbone, the pyramid if it has one, and the head."""
        return list(self._stages)

    def heat_layer(self) -> nn.Module:
        """Return the layer that Grad-CAM looks at."""
        return self._heat_layer[0]

    def feature_layer(self) -> nn.Module:
        """Return the backbone, without the pyramid on top of it."""
        backbone = self.detector.backbone
        layer: nn.Module = getattr(backbone, "body", backbone)
        return layer

    @contextmanager
    def _learning(self) -> Iterator[None]:
        """Have torchvision return losses, whatever the mode: batch statistics and dropout keep theirs."""
        learners = [self.detector.get_submodule(name) for name in self._LEARNERS]
        modes = [learner.training for learner in learners]
        for learner in learners:
            learner.training = True
        try:
            yield
        finally:
            for learner, mode in zip(learners, modes, strict=True):
                learner.training = mode


class DenseDetector(_TorchvisionDetector):
    """A detector that looks everywhere at once: FCOS, RetinaNet."""

    def found(self, images: Tensor) -> Found:
        """Return what it finds; see `Network.found`."""
        detections = self.detector(list(self.normalised(images)))
        return Found(
            owner=_owners([one["labels"] for one in detections]),
            box=torch.cat([one["boxes"] for one in detections]).float(),
            label=torch.cat([one["labels"] for one in detections]) - self._FIRST_LABEL,
            score=torch.cat([one["scores"] for one in detections]).float(),
        )


class SingleShotDetector(DenseDetector):
    """SSD and SSDLite, whose class 0 is the background."""

    _FIRST_LABEL = 1


class RegionDetector(_TorchvisionDetector):
    """An R-CNN: proposals first, then a closer look at each; its class 0 is the background."""

    _FIRST_LABEL = 1
    _LEARNERS = ("", "rpn", "roi_heads")

    def found(self, images: Tensor) -> Found:
        """Return what it finds; see `Network.found`."""
        pictures = self.normalised(images)
        sizes = [tuple(pictures.shape[-2:])] * len(pictures)
        features = self.detector.backbone(pictures)
        proposals, _ = self.detector.rpn(ImageList(pictures, sizes), features)
        heads = self.detector.roi_heads
        looked = heads.box_head(heads.box_roi_pool(features, proposals, sizes))
        boxes, scores, labels = heads.postprocess_detections(*heads.box_predictor(looked), proposals, sizes)
        box, label = torch.cat(boxes), torch.cat(labels)
        mask = keypoint = None
        if self.spec.masks:
            cells = heads.mask_predictor(heads.mask_head(heads.mask_roi_pool(features, boxes, sizes)))
            own = cells[torch.arange(len(label), device=label.device), label].sigmoid()
            mask = paste_masks(own, box, *images.shape[-2:])
        if self.spec.keypoints:
            pooled = heads.keypoint_roi_pool(features, boxes, sizes)
            keypoint = place_points(heads.keypoint_predictor(heads.keypoint_head(pooled)), box)
        return Found(
            owner=_owners(labels),
            box=box.float(),
            label=label - self._FIRST_LABEL,
            score=torch.cat(scores).float(),
            mask=mask,
            keypoint=keypoint,
        )


def _owners(labels: list[Tensor]) -> Tensor:
    return torch.cat([torch.full_like(label, row) for row, label in enumerate(labels)])


class _AsTheyAre(nn.Module):
    """In place of torchvision's own resizing and normalising: pictures are in their size already."""

    def forward(
        self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None
    ) -> tuple[ImageList, list[dict[str, Tensor]] | None]:
        """Return pictures and targets as they are."""
        return ImageList(torch.stack(images), [tuple(image.shape[-2:]) for image in images]), targets

    def postprocess(self, result: list[Any], *_: Any) -> list[Any]:
        """Return detections as they are."""
        return result
