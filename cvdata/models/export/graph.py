"""What is exported: a picture of any size goes in, what is found comes out in the pixels of that picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..letterbox import GREY
from ..networks.network import Network
from .resizing import exact, resized, resized_8_bits, sides, steps

__all__ = ["Deployed"]


class Deployed(nn.Module):
    """A network with everything before and after it.

    The picture is put into the network's size by the rule of `letterbox`, to the bit, and what is found is brought back
    as `to_columns` does it.
    """

    def __init__(self, network: Network, *, score: float, most: int) -> None:
        """Take a network in evaluation mode.

        Args:
            score: detections below it are left out; `most`: detections of a picture, the surest.
        """
        super().__init__()
        self.network = network
        self.spec = network.spec
        self.score = score
        self.most = most

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return what `output_names` says.

        Args:
            image: uint8, shape (height, width, 3), RGB.
        """
        content = self._content(image)
        found = self.network.found(self._letterboxed(image, content))
        if found.scores is not None:
            return (found.scores[0].float(),)
        if found.pixels is not None:
            return (self._map(found.pixels[0], image, content),)
        return self._detections(image, content, found.box, found.score, found.label, found.mask, found.keypoint)

    def _content(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the height and width of the picture inside the network; see `letterbox.scaled_sizes`."""
        tall, wide = (exact(side) for side in sides(image))
        height, width = self.spec.size
        scale = torch.minimum(torch.full_like(wide, width) / wide, torch.full_like(tall, height) / tall)
        down = torch.clamp(torch.floor(tall * scale + 0.5), 1, height)
        across = torch.clamp(torch.floor(wide * scale + 0.5), 1, width)
        return down.long()[0], across.long()[0]

    def _letterboxed(self, image: Tensor, content: tuple[Tensor, Tensor]) -> Tensor:
        small = resized_8_bits(image, *content).float()
        height, width = self.spec.size
        boxed = nn.functional.pad(small, (0, width - content[1], 0, height - content[0]), value=float(GREY))  # type: ignore[arg-type]
        return boxed.reshape(1, 3, height, width)  # says again what a trace has lost: the size is fixed

    def _map(self, pixels: Tensor, image: Tensor, content: tuple[Tensor, Tensor]) -> Tensor:
        likely = resized(pixels[:, : content[0], : content[1]].float(), *sides(image))
        return likely.argmax(dim=0).to(torch.uint8)

    def _detections(
        self,
        image: Tensor,
        content: tuple[Tensor, Tensor],
        box: Tensor | None,
        score: Tensor | None,
        label: Tensor | None,
        mask: Tensor | None,
        keypoint: Tensor | None,
    ) -> tuple[Tensor, ...]:
        if box is None or score is None or label is None:
            raise ValueError("a detector gives boxes, scores and labels")
        sizes = torch.cat([exact(side) for side in reversed(sides(image))])
        grown = sizes / torch.cat([exact(side) for side in reversed(content)])
        corners = (box.double().reshape(-1, 2, 2) * grown).clamp(min=0)
        corners = torch.minimum(corners, sizes)
        kept = self._kept(corners, score)
        boxes = corners.reshape(-1, 4)[kept].float()
        outputs = [boxes, score[kept].float(), label[kept].long()]
        if mask is not None:
            outputs.append(self._masks(mask[kept], boxes, image, content))
        if keypoint is not None:
            points = torch.minimum((keypoint[kept][..., :2].double() * grown).clamp(min=0), sizes)
            outputs.append(torch.cat([points.float(), keypoint[kept][..., 2:].float()], dim=2))
        return tuple(outputs)

    def _kept(self, corners: Tensor, score: Tensor) -> Tensor:
        """Return rows of the surest detections with an area."""
        area = (corners[:, 1] - corners[:, 0]).amin(dim=1)
        rows = torch.nonzero((score >= self.score) & (area > 0)).squeeze(1)
        return rows[: self.most]  # a network gives the surest first

    def _masks(self, mask: Tensor, boxes: Tensor, image: Tensor, content: tuple[Tensor, Tensor]) -> Tensor:
        tall, wide = sides(image)
        likely = resized(mask[:, : content[0], : content[1]].float(), tall, wide) > 0.5
        left, top, right, bottom = (boxes[:, side, None] for side in range(4))
        across, down = steps(wide), steps(tall)
        columns = (across >= torch.floor(left)) & (across < torch.ceil(right))
        rows = (down >= torch.floor(top)) & (down < torch.ceil(bottom))
        inside: Tensor = likely & rows.unsqueeze(2) & columns.unsqueeze(1)
        return inside.to(torch.uint8)
