"""The network of SAM, or of SAM 2, drawing objects of which the boxes are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Ragged
from ...dataset.ragged import starts
from ...dataset.rle import from_mask
from ...models.torch_predictor import device_of
from ._pretrained import Pretrained
from ._transformers import load_network, load_part

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SamOutliner"]

_PIXELS_AT_ONCE = 1 << 26
"""Pixels of masks, in float32, that are drawn at a time: 256 MB."""
_MOST_AT_ONCE = 32


class SamOutliner:
    """A picture is looked at once, then each box is asked for its one mask; see `family.Outliner`."""

    def __init__(self, found: Pretrained, *, device: str) -> None:
        """Load it.

        Raises:
            UsageError: there is no such device.
            ModelError: a file is broken.
        """
        self.device = device_of(device)
        network, self._processor = _sam(found) if found.type == "sam" else _sam2(found)
        self._network = network.to(self.device)
        self.name = found.name
        self.sha256 = found.sha256
        self.architecture = "sam" if found.type == "sam" else "sam2"

    def outline(self, picture: NDArray[np.uint8], box: NDArray[np.float64]) -> Ragged:
        """Return the masks of objects; see `Outliner.outline`. A row is empty where the network draws nothing."""
        import torch

        runs: list[NDArray[np.uint32]] = []
        if len(box):
            seen = self._seen(picture, box)
            with torch.inference_mode():
                features = self._network.get_image_embeddings(seen["pixel_values"].to(self.device))
                for asked in seen["input_boxes"].float().split(_lot(picture), dim=1):
                    runs += [_runs(mask) for mask in self._drawn(features, asked, seen)]
        lengths = np.fromiter(map(len, runs), np.int64, len(runs))
        return Ragged(np.concatenate(runs) if runs else np.empty(0, np.uint32), starts(lengths))

    def _seen(self, picture: NDArray[np.uint8], box: NDArray[np.float64]) -> Any:
        """Return a picture and boxes as the network takes them."""
        corners = np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)
        return self._processor(
            images=[picture],
            input_boxes=[corners.tolist()],
            return_tensors="pt",
            input_data_format="channels_last",
        )

    def _drawn(self, features: Any, asked: Tensor, seen: Any) -> NDArray[np.bool_]:
        """Return the masks of some boxes, bool, shape (boxes, height, width) of the picture."""
        found = self._network(
            image_embeddings=features, input_boxes=asked.to(self.device), multimask_output=False
        ).pred_masks.float()
        # SAM 2 stretches a picture to a square; SAM fills it up, so what was filled is cut off again.
        content = [seen["reshaped_input_sizes"]] if "reshaped_input_sizes" in seen else []
        masks = self._processor.image_processor.post_process_masks(found, seen["original_sizes"], *content)
        drawn: NDArray[np.bool_] = masks[0][:, 0].cpu().numpy()
        return drawn


def _sam(found: Pretrained) -> tuple[Any, Any]:
    from transformers import SamImageProcessor, SamModel, SamProcessor

    pictures = load_part(lambda: SamImageProcessor.from_pretrained(found.folder), found)
    make: Any = SamProcessor
    return load_network(SamModel, found), make(image_processor=pictures)


def _sam2(found: Pretrained) -> tuple[Any, Any]:
    from transformers import Sam2ImageProcessor, Sam2Model, Sam2Processor

    pictures = load_part(lambda: Sam2ImageProcessor.from_pretrained(found.folder), found)
    return load_network(Sam2Model, found), Sam2Processor(image_processor=pictures)


def _lot(picture: NDArray[np.uint8]) -> int:
    """Return how many masks of a picture memory has room for at a time."""
    height, width = picture.shape[:2]
    return int(max(1, min(_MOST_AT_ONCE, _PIXELS_AT_ONCE // (height * width))))


def _runs(mask: NDArray[np.bool_]) -> NDArray[np.uint32]:
    return from_mask(mask) if mask.any() else np.empty(0, np.uint32)
