"""A whole detector of torchvision, with its own way to resize pictures and its own weights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...dataset.ragged import starts
from ...dataset.rle import from_mask
from ...errors import ModelError, Place, UsageError, nearest_of, show
from ...files.hashes import hash_file
from ...models.columns import Columns
from ...models.spec import ModelSpec
from ...models.torch_predictor import device_of
from ...models.weights.reading import read_weights
from ._detections import columns_of, numbers, size_by_size

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TorchvisionDetector"]

_LEAST = 0.05
"""Score from which torchvision's references count a detection; FCOS alone stops at 0.2 if nobody says so."""
_NOT_NAMED = "N/A"
"""Stands in COCO's list of 91 for the numbers that no class has."""
_INSIDE = 0.5
"""Probability from which a pixel is the object's."""
_WITHOUT_EPS = (
    "fasterrcnn_resnet50_fpn", "retinanet_resnet50_fpn", "maskrcnn_resnet50_fpn", "keypointrcnn_resnet50_fpn",
)  # fmt: skip
"""First generation, whose batch norms divided by the deviation alone (torchvision, pull request 2933)."""


class TorchvisionDetector:
    """A detector of torchvision with weights that were learnt on COCO; see `models.predictor.Predictor`."""

    def __init__(self, name: str, *, weights: str | None, device: str, least: float) -> None:
        """Load it.

        Args:
            name: as torchvision names it, such as `retinanet_resnet50_fpn_v2`.
            weights: file of its weights; None for those that torchvision publishes.
            least: score below which nobody wants a detection.

        Raises:
            UsageError: there is no such detector, file or device.
            ModelError: the weights cannot be had, or are another network's.
        """
        import torchvision

        _check_name(name)
        published = torchvision.models.get_model_weights(name).DEFAULT
        self.device = device_of(device)
        model = torchvision.models.get_model(name, weights=None, weights_backbone=None)
        state, file = _published(name, published) if weights is None else (read_weights(weights), weights)
        _put_in(model, state, name, file)
        if name in _WITHOUT_EPS:
            _leave_out_eps(model)
        part = getattr(model, "roi_heads", model)
        part.score_thresh = max(least, min(part.score_thresh, _LEAST))
        self._model = model.eval().to(self.device)
        self._least = least
        self.name = name
        self.sha256 = hash_file(file).hex()
        self.spec, self._class = _spec_of(name, published.meta, model)

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds; see `Predictor.find`."""
        return size_by_size(pictures, self._find)

    def _find(self, pictures: list[NDArray[np.uint8]]) -> list[Columns]:
        """Return what it finds in each of some pictures of one size."""
        import torch

        batch = [torch.from_numpy(np.array(picture)).to(self.device).permute(2, 0, 1) / 255 for picture in pictures]
        with torch.inference_mode():
            found = _regions(self._model, batch) if self.spec.masks or self.spec.keypoints else self._model(batch)
        return [self._columns(one, picture.shape[:2]) for one, picture in zip(found, pictures, strict=True)]

    def _columns(self, found: dict[str, Tensor], size: tuple[int, int]) -> Columns:
        corners, label = numbers(found["boxes"]), self._class[numbers(found["labels"])]
        columns, rows = columns_of(size, corners, label, numbers(found["scores"]), least=self._least)
        if self.spec.masks:
            columns = replace(columns, masks=_pasted(found, rows, size))
        if self.spec.keypoints:
            columns = replace(columns, keypoints=_points(found, rows, size))
        return columns


def _check_name(name: str) -> None:
    import torchvision

    known = torchvision.models.list_models(module=torchvision.models.detection)
    if name not in known:
        found = f"torchvision has no detector '{show(name)}'" if name else "which detector of torchvision is not said"
        hint = nearest_of(name, known) if name else f"torchvision:NAME, where NAME is one of {', '.join(known)}"
        raise UsageError(found, hint=hint)


def _published(name: str, weights: Any) -> tuple[dict[str, Tensor], str]:
    """Return the weights that torchvision publishes, and the file in which they lie.

    Raises:
        ModelError: they cannot be had.
    """
    import torch

    from ...models.networks._publisher import from_torchvision

    folder = os.path.join(torch.hub.get_dir(), "checkpoints")
    file = urlsplit(weights.url).path.rpartition("/")[2]
    try:
        return from_torchvision(weights, name), os.path.join(folder, file)
    except ModelError as error:
        raise ModelError(
            error.message,
            hint=f"check the network; or bring {show(file)}, and put it into '{show(folder)}' or give --weights FILE",
        ) from error


def _put_in(model: Any, state: dict[str, Tensor], name: str, file: str) -> None:
    """Put all weights into a detector.

    Raises:
        ModelError: a tensor is missing, is too many, or has another shape.
    """
    own = model.state_dict()
    # Norms that cannot learn count no batches.
    needed = {key for key in own if key in state or not key.endswith("num_batches_tracked")}
    wrong = sorted(key for key in needed if key not in state or state[key].shape != own[key].shape)
    wrong += sorted(key for key in state if key not in own)
    if wrong:
        some = ", ".join(show(key, 60) for key in wrong[:3])
        raise ModelError(
            f"does not hold the weights of {name} for COCO's classes: of {len(wrong):,} tensors, such as {some}, one "
            "is missing, too many, or of another shape",
            at=Place(file),
            hint="give the file that torchvision publishes for this very detector",
        )
    model.load_state_dict(state, strict=False)


def _leave_out_eps(model: Any) -> None:
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0


def _spec_of(name: str, meta: dict[str, Any], model: Any) -> tuple[ModelSpec, NDArray[np.int64]]:
    """Return what the detector is, and the class of each number that it gives, -1 for none.

    Number 0 is the background of those that have one, and is never given by the others.
    """
    names = meta["categories"]
    kept = [row for row, one in enumerate(names) if row and one != _NOT_NAMED]
    classes = np.full(len(names), -1, np.int64)
    classes[kept] = np.arange(len(kept))
    points = tuple(meta.get("keypoint_names", ()))
    spec = ModelSpec(
        task="detector",
        architecture=name,
        classes=tuple(names[row] for row in kept),
        size=model.transform.fixed_size or (model.transform.min_size[-1],) * 2,
        keypoints=points,
        flips=tuple(points.index(_mirrored(point)) for point in points),
        masks=_has(model, "mask"),
    )
    return spec, classes


def _has(model: Any, what: str) -> bool:
    """Tell whether a detector is an R-CNN that finds a `mask`, or a `keypoint`."""
    heads = getattr(model, "roi_heads", None)
    return heads is not None and getattr(heads, f"has_{what}")()


def _mirrored(point: str) -> str:
    side, under, rest = point.partition("_")
    return {"left": "right", "right": "left"}.get(side, side) + under + rest


def _regions(model: Any, batch: list[Tensor]) -> list[dict[str, Tensor]]:
    """Return what an R-CNN finds in pictures of one size: masks in the cells in which it draws them, and sure points.

    torchvision itself pastes each mask into a picture of float32, which for 100 objects on 12 megapixels takes 5 GB;
    and what it says of a point is a height of its heat map, not how sure it is.
    """
    import torch

    from ...models.networks._detector_shape import place_points

    images, _ = model.transform(batch)
    sizes, heads = images.image_sizes, model.roi_heads
    features = model.backbone(images.tensors)
    proposals, _ = model.rpn(images, features)
    looked = heads.box_head(heads.box_roi_pool(features, proposals, sizes))
    boxes, scores, labels = heads.postprocess_detections(*heads.box_predictor(looked), proposals, sizes)
    counts = [len(one) for one in boxes]
    columns: dict[str, Any] = {"boxes": boxes, "labels": labels, "scores": scores}
    if heads.has_mask():
        cells = heads.mask_predictor(heads.mask_head(heads.mask_roi_pool(features, boxes, sizes)))
        label = torch.cat(labels)
        own = cells[torch.arange(len(label), device=label.device), label]
        columns["cells"] = torch.split(own.sigmoid(), counts)
    if heads.has_keypoint():
        heat = heads.keypoint_predictor(heads.keypoint_head(heads.keypoint_roi_pool(features, boxes, sizes)))
        columns["keypoints"] = torch.split(place_points(heat, torch.cat(boxes)), counts)
    found = [dict(zip(columns, one, strict=True)) for one in zip(*columns.values(), strict=True)]
    placed: list[dict[str, Tensor]] = model.transform.postprocess(found, sizes, [one.shape[-2:] for one in batch])
    return placed


def _pasted(found: dict[str, Tensor], rows: NDArray[np.int64], size: tuple[int, int]) -> Ragged:
    """Return the masks of some detections of a picture as torchvision would paste them, as run lengths."""
    cells, boxes = found["cells"].float().cpu(), found["boxes"].float().cpu()
    runs = [_runs(cells[row], boxes[row], size) for row in rows.tolist()]
    lengths = np.fromiter(map(len, runs), np.int64, len(runs))
    return Ragged(np.concatenate(runs) if runs else np.empty(0, np.uint32), starts(lengths))


def _runs(cells: Tensor, box: Tensor, size: tuple[int, int]) -> NDArray[np.uint32]:
    """Return the run lengths of one mask; only the columns of the picture that it touches are drawn.

    Args:
        cells: float32, shape (28, 28), probability in each part of the box; `box`: left, top, right, bottom.
    """
    from torchvision.models.detection.roi_heads import paste_masks_in_image

    height, width = size
    # What is pasted is the box and one cell more on each side.
    beyond = float(box[2] - box[0]) / cells.shape[-1] + 2
    left, right = max(0, int(box[0] - beyond)), min(width, int(box[2] + beyond) + 1)
    moved = box - box.new_tensor([left, 0, left, 0])
    drawn = paste_masks_in_image(cells[None, None], moved[None], (height, right - left))[0, 0]
    runs = from_mask((drawn > _INSIDE).numpy())
    runs[0] += left * height
    after = np.uint32((width - right) * height)
    if after and len(runs) % 2:
        runs[-1] += after
    elif after:
        runs = np.append(runs, after)
    return runs


def _points(found: dict[str, Tensor], rows: NDArray[np.int64], size: tuple[int, int]) -> NDArray[np.float64]:
    points: NDArray[np.float64] = numbers(found["keypoints"])[rows]
    points[..., :2] = np.clip(points[..., :2], 0, np.array(size[::-1], np.float64))
    return points
