"""The network of Grounding DINO, looking at pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError, show
from ...models.columns import Columns
from ...models.spec import ModelSpec
from ...models.torch_predictor import device_of
from ._detections import columns_of, corners_of, numbers, size_by_size
from ._pretrained import Pretrained
from ._transformers import load_network, load_part

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["GroundingDinoDetector"]

_ENDS = re.compile(r"[.?]")
"""Characters at which the network takes one phrase to end; see `SPECIAL_TOKENS` in its code."""


class GroundingDinoDetector:
    """All names are one text, `hard hat. vest.`, and each box says how well every piece of a word of it fits.

    The score of a name is the mean over the pieces that it was cut into, as in the authors' evaluation on COCO
    (`PostProcessCocoGrounding` of IDEA-Research/GroundingDINO), so that `hard hat` is more than any hat. A box has the
    name that fits best. See `models.predictor.Predictor`.
    """

    def __init__(self, found: Pretrained, classes: tuple[str, ...], *, device: str, least: float) -> None:
        """Load it.

        Args:
            classes: names to look for.
            least: score below which nobody wants a detection.

        Raises:
            UsageError: a name says nothing to it, they are too many, or there is no such device.
            ModelError: a file is broken.
        """
        from transformers import BertTokenizer, GroundingDinoForObjectDetection, GroundingDinoImageProcessor

        self.device = device_of(device)
        self._network = load_network(GroundingDinoForObjectDetection, found).to(self.device)
        self._processor = load_part(lambda: GroundingDinoImageProcessor.from_pretrained(found.folder), found)
        tokenizer = load_part(lambda: BertTokenizer.from_pretrained(found.folder), found)
        self._words, share = _read(tokenizer, classes, self._network.config.max_text_len)
        self._share = share.to(self.device)
        self._least = least
        self.name = found.name
        self.sha256 = found.sha256
        size = dict(self._processor.size)
        short = size.get("shortest_edge") or size["height"]
        self.spec = ModelSpec(
            task="detector",
            architecture="grounding-dino",
            classes=classes,
            size=(short, size.get("width") or short),
        )

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds; see `Predictor.find`."""
        return size_by_size(pictures, self._find)

    def _find(self, pictures: list[NDArray[np.uint8]]) -> list[Columns]:
        """Return what it finds in each of some pictures of one size."""
        import torch

        seen = self._processor(images=pictures, return_tensors="pt", input_data_format="channels_last")
        words = {name: torch.tensor([ids] * len(pictures), device=self.device) for name, ids in self._words.items()}
        with torch.inference_mode():
            found = self._network(
                pixel_values=seen["pixel_values"].to(self.device),
                pixel_mask=seen["pixel_mask"].to(self.device),
                **words,
            )
            score, label = (found.logits.sigmoid() @ self._share).max(dim=-1)
        height, width = pictures[0].shape[:2]
        edges = np.array([width, height, width, height], np.float64)
        return [
            columns_of(
                (height, width),
                corners_of(numbers(found.pred_boxes[row])) * edges,
                numbers(label[row]),
                numbers(score[row]),
                least=self._least,
            )[0]
            for row in range(len(pictures))
        ]


def _read(tokenizer: Any, classes: tuple[str, ...], most: int) -> tuple[dict[str, list[int]], Tensor]:
    """Return the text of the names as the network reads it, and what each piece of it counts for each name.

    Returns:
        `input_ids`, `token_type_ids` and `attention_mask`; and float32, shape (`most`, classes).

    Raises:
        UsageError: a name has no piece that it knows, or there are more than it reads.
    """
    import torch

    names = [" ".join(_ENDS.sub(" ", name).split()).lower() for name in classes]
    first = np.cumsum([0, *(len(name) + 2 for name in names)])  # in the text, where '. ' comes after each
    words = dict(tokenizer("".join(f"{name}. " for name in names), return_offsets_mapping=True))
    start, end = np.array(words.pop("offset_mapping"), np.int64).reshape(-1, 2).T
    if len(start) > most:
        raise UsageError(
            f"--prompt has {len(start):,} pieces of words with the stops between them, and Grounding DINO reads {most}",
            hint="look for some of the names at a time",
        )
    share = torch.zeros(most, len(names))
    for column, name in enumerate(names):
        own = np.flatnonzero((start >= first[column]) & (end <= first[column] + len(name)) & (end > start))
        if not len(own):
            raise UsageError(f"'{show(classes[column])}' in --prompt says nothing to Grounding DINO", hint="use words")
        share[own, column] = 1 / len(own)
    return words, share
