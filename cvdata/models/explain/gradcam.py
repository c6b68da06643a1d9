"""Where a network looked: Grad-CAM (Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks").

The last features that still have places are weighed by the gradient of what is to be explained. For the class of a
whole picture each feature has one weight, its mean gradient over all places (equation 1 there), and what speaks for the
class is kept (equation 2). A detection hangs on a few places only, and one weight for all would light up every object
of its class: there each place keeps its own gradient (Draelos and Carin 2020, HiResCAM; Zhao and Chan 2023, ODAM).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...errors import ModelError
from ..columns import to_columns
from ..letterbox import letterbox, scaled_sizes

if TYPE_CHECKING:
    from torch import Tensor

    from ..batch import Found
    from ..networks.network import Network

__all__ = ["Heat", "explain_picture", "heat_of"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Heat:
    """Where the network looked for one class or one object.

    Attributes:
        label: class; `score`: of it, from 0 to 1.
        map: float32, shape (height, width) of the picture, from 0 to 1 at the place that counts most; 0 everywhere
            where no place speaks for it.
        box: detections: float64, x, y, width, height in pixels of the picture; None for whole pictures.
    """

    label: int
    score: float
    map: NDArray[np.float32]
    box: NDArray[np.float64] | None = None


def explain_picture(
    network: Network, picture: NDArray[np.uint8], *, label: int | None = None, most: int = 1, score: float = 0.25
) -> list[Heat]:
    """Return where a network looked, for the likeliest classes or the surest detections, those first.

    Args:
        network: a classifier or a detector, in evaluation mode.
        picture: uint8, shape (any height, any width, 3), RGB.
        label: explain this class only.
        most: classes or detections.
        score: detections below it are left out.

    Raises:
        ModelError: the network is a segmenter, whose maps say themselves where it looks, or has no layer with places.
    """
    import torch

    if network.spec.task == "segmenter":
        raise ModelError(
            "a segmenter decides for each pixel on its own, so its map says where it looked", hint="cvdata predict"
        )
    device = next(network.parameters()).device
    boxed = letterbox(picture, network.spec.size)
    images = torch.from_numpy(boxed.copy()).permute(2, 0, 1)[None].to(device)
    with torch.enable_grad(), _watched(network) as features:
        if network.spec.task == "classifier":
            return _of_classes(network, images, features, picture, label, most)
        return _of_detections(network, network.found(images), features, picture, label, most, score)


def heat_of(features: Tensor, gradients: Tensor, *, local: bool) -> Tensor:
    """Return how much each place speaks for something, shape (height, width), 0 or more.

    Args:
        features, gradients: shape (1, channels, height, width).
        local: each place with its own gradient, not with the mean of its channel.
    """
    weights = gradients if local else gradients.mean(dim=(2, 3), keepdim=True)
    heat: Tensor = (weights * features).sum(dim=1)[0].relu()
    return heat


@contextmanager
def _watched(network: Network) -> Iterator[list[Tensor]]:
    """Keep what the layer gives that Grad-CAM weighs; all levels of a pyramid."""
    kept: list[Tensor] = []

    def keep(_: Any, __: Any, output: Any) -> Any:
        kept[:] = [level for level in _levels(output) if level.ndim == 4]
        if kept and not kept[0].requires_grad:  # everything before it is frozen
            for level in kept:
                level.requires_grad_()

    handle = network.heat_layer().register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()


def _levels(output: Any) -> Sequence[Tensor]:
    if isinstance(output, Mapping):
        return list(output.values())
    return list(output) if isinstance(output, list | tuple) else [output]


def _of_classes(
    network: Network,
    images: Tensor,
    features: list[Tensor],
    picture: NDArray[np.uint8],
    label: int | None,
    most: int,
) -> list[Heat]:
    logits = network.logits(images)
    scores = (logits.sigmoid() if network.spec.several else logits.softmax(dim=1))[0].detach().cpu().numpy()
    chosen = [label] if label is not None else np.argsort(-scores, kind="stable")[:most].tolist()
    return [
        Heat(
            label=one,
            score=float(scores[one]),
            map=_on_picture(network, _heat(logits[0, one], features, local=False), picture),
        )
        for one in chosen
    ]


def _of_detections(
    network: Network,
    found: Found,
    features: list[Tensor],
    picture: NDArray[np.uint8],
    label: int | None,
    most: int,
    score: float,
) -> list[Heat]:
    if found.score is None or found.label is None:
        raise ModelError("the network says no score of its detections")
    tall, wide = picture.shape[:2]
    heats: list[Heat] = []
    for row in range(len(found.score)):
        if found.score[row] < score or len(heats) == most or (label is not None and int(found.label[row]) != label):
            continue
        columns = to_columns(_row_of(found, row), np.array([wide]), np.array([tall]), network.spec)
        if columns.box is None or not len(columns.box):
            continue
        heats.append(
            Heat(
                label=int(found.label[row]),
                score=float(found.score[row].detach()),
                map=_on_picture(network, _heat(found.score[row], features, local=True), picture),
                box=columns.box[0],
            )
        )
    return heats


def _row_of(found: Found, row: int) -> Found:
    """Return the box of one detection."""
    from ..batch import Found

    def of(column: Tensor | None) -> Tensor | None:
        return None if column is None else column[row : row + 1].detach()

    return Found(owner=of(found.owner), box=of(found.box), label=of(found.label), score=of(found.score))


def _heat(target: Tensor, features: Sequence[Tensor], *, local: bool) -> NDArray[np.float32]:
    """Return the heat of a scalar, from 0 to 1, at the size of the finest level that has a part in it."""
    import torch

    if not (features and target.requires_grad):
        raise ModelError("nothing between the features and the score can be followed back")
    gradients = torch.autograd.grad(target, list(features), retain_graph=True, allow_unused=True)
    levels = [
        heat_of(level.detach(), gradient, local=local)
        for level, gradient in zip(features, gradients, strict=True)
        if gradient is not None  # type: ignore[redundant-expr]  # with allow_unused it may be
    ]
    if not levels:
        return np.zeros((1, 1), np.float32)
    size = tuple(max(level.shape[axis] for level in levels) for axis in (0, 1))
    grown = [torch.nn.functional.interpolate(level[None, None], size, mode="bilinear")[0, 0] for level in levels]
    heat = torch.stack(grown).sum(dim=0)
    values: NDArray[np.float32] = (heat / heat.max().clamp(min=1e-30)).float().cpu().numpy()
    return values


def _on_picture(network: Network, heat: NDArray[np.float32], picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return heat of the network's size in that of the picture, without the grey beside it."""
    tall, wide = picture.shape[:2]
    across, down = scaled_sizes(np.array([wide]), np.array([tall]), network.spec.size)[0].tolist()
    height, width = network.spec.size
    part = (0, 0, across * heat.shape[1] / width, down * heat.shape[0] / height)
    shown = Image.fromarray(heat).resize((wide, tall), Image.Resampling.BICUBIC, box=part)
    grown = np.clip(np.asarray(shown, np.float32), 0, None)
    peak = grown.max()
    return grown / peak if peak > 0 else grown
