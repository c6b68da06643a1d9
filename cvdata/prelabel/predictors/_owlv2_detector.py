"""The network of OWLv2, looking at pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError, show
from ...models.columns import Columns, concat_columns
from ...models.spec import ModelSpec
from ...models.torch_predictor import device_of
from ._detections import columns_of, corners_of, numbers
from ._pretrained import Pretrained
from ._transformers import load_network, load_part

__all__ = ["Owlv2Detector"]


class Owlv2Detector:
    """Each name is a query of its own, word for word; see `models.predictor.Predictor`.

    A place of a picture gets the class of the query that fits it best, and the sigmoid of how well as its score.
    """

    def __init__(self, found: Pretrained, classes: tuple[str, ...], *, device: str, least: float) -> None:
        """Load it.

        Args:
            classes: names to look for.
            least: score below which nobody wants a detection.

        Raises:
            UsageError: a name is too long, or there is no such device.
            ModelError: a file is broken.
        """
        from transformers import CLIPTokenizer, Owlv2ForObjectDetection, Owlv2ImageProcessor

        self.device = device_of(device)
        self._network = load_network(Owlv2ForObjectDetection, found).to(self.device)
        self._processor = load_part(lambda: Owlv2ImageProcessor.from_pretrained(found.folder), found)
        tokenizer = load_part(lambda: CLIPTokenizer.from_pretrained(found.folder), found)
        most = self._network.config.text_config.max_position_embeddings
        words = tokenizer(list(classes), padding="max_length", max_length=most)
        _check_length(words["input_ids"], classes, most)
        self._ids, self._mask = words["input_ids"], words["attention_mask"]
        self._least = least
        self.name = found.name
        self.sha256 = found.sha256
        size = self._processor.size
        self.spec = ModelSpec(
            task="detector", architecture="owlv2", classes=classes, size=(size["height"], size["width"])
        )

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds; see `Predictor.find`."""
        import torch

        seen = self._processor(images=list(pictures), return_tensors="pt", input_data_format="channels_last")
        with torch.inference_mode():
            found = self._network(
                pixel_values=seen["pixel_values"].to(self.device),
                input_ids=torch.tensor(self._ids * len(pictures), device=self.device),
                attention_mask=torch.tensor(self._mask * len(pictures), device=self.device),
            )
            score, label = found.logits.sigmoid().max(dim=-1)
        parts = []
        for row, picture in enumerate(pictures):
            height, width = picture.shape[:2]
            # Pictures are made square by a margin below, or on the right.
            side = float(max(height, width))
            corners = corners_of(numbers(found.pred_boxes[row])) * side
            columns, _ = columns_of(
                (height, width), corners, numbers(label[row]), numbers(score[row]), least=self._least
            )
            parts.append(columns)
        return concat_columns(parts)


def _check_length(ids: list[list[int]], classes: tuple[str, ...], most: int) -> None:
    for name, own in zip(classes, ids, strict=True):
        if len(own) > most:
            raise UsageError(
                f"'{show(name)}' has {len(own) - 2} pieces of words, and OWLv2 reads {most - 2}", hint="say it shorter"
            )
