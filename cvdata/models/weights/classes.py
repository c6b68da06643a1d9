"""What a network learnt of each class, moved to where that class stands in another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from torch import Tensor

    from ..networks.network import Network

__all__ = ["match_classes"]


def match_classes(network: Network, tensors: Mapping[str, Tensor], old: tuple[str, ...]) -> dict[str, Tensor]:
    """Return the tensors with rows per class: known classes with what was learnt of them, new ones as they are.

    Args:
        network: that is to start from the tensors; its classes may be others, in another order.
        tensors: of a network with the classes `old`, by the names of this one.
    """
    new, own = network.spec.classes, network.state_dict()
    pairs = [(row, old.index(name)) for row, name in enumerate(new) if name in old]
    moved = {}
    for name, rows in _rows_per_class(network).items():
        tensor = tensors.get(name)
        extra = own[name].shape[0] // rows - len(new)
        if tensor is None or tensor.shape != (rows * (len(old) + extra), *own[name].shape[1:]):
            continue
        # A box of four numbers per class stands together; anchors are outermost in all else (torchvision).
        at = 0 if "bbox_pred" in name else 1
        mine, theirs = (_by_class(one.clone(), rows, at) for one in (own[name], tensor))
        mine[:extra] = theirs[:extra]  # the background comes first
        for row, before in pairs:
            mine[extra + row] = theirs[extra + before]
        moved[name] = (mine if at == 0 else mine.transpose(0, 1)).reshape(own[name].shape)
    return moved


def _by_class(tensor: Tensor, rows: int, at: int) -> Tensor:
    """Return a tensor with classes first, shape (classes, rows of each, ...)."""
    if at == 0:
        return tensor.reshape(-1, rows, *tensor.shape[1:])
    return tensor.reshape(rows, -1, *tensor.shape[1:]).transpose(0, 1)


def _rows_per_class(network: Network) -> dict[str, int]:
    """Return the tensors that have rows for each class, with their number.

    They are found by building the network once more with one class more: what grows, grows by the rows of a class.
    """
    import torch

    from ..networks.catalogue import build

    spec = network.spec
    larger = msgspec.structs.replace(spec, classes=(*spec.classes, "\0"))
    with torch.random.fork_rng(devices=[]):
        grown = build(larger).state_dict()
    found = {}
    for name, tensor in network.state_dict().items():
        other = grown[name].shape
        if tensor.dim() and other[0] > tensor.shape[0] and other[1:] == tensor.shape[1:]:
            rows = other[0] - tensor.shape[0]
            if tensor.shape[0] % rows == 0 and tensor.shape[0] // rows >= len(spec.classes):
                found[name] = rows
    return found
