"""The moving average of the weights, which is what is validated and kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["Average", "kept_tensors"]


def kept_tensors(network: nn.Module) -> dict[str, Tensor]:
    """Return the parameters and the buffers that belong to its state, each once, by name; they share its memory."""
    state = network.state_dict(keep_vars=True)
    every = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    return {name: tensor.detach() for name, tensor in every.items() if name in state}


class Average:
    """The exponential moving average of a network's weights and of the statistics of its norms.

    While it is young it forgets faster: `min(decay, (1 + n) / (10 + n))` after n steps, as TensorFlow's
    ExponentialMovingAverage has it, since the first weights are random. Whole numbers are taken over as they are.

    Attributes:
        decay: 0 for none: the average is the network itself.
        updates: steps that it saw.
        tensors: the average by name; while `swapped`, the network's own weights.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self._own = kept_tensors(network)
        self.tensors = {name: tensor.clone() for name, tensor in self._own.items()} if decay else {}
        floats = [name for name in self.tensors if self._own[name].is_floating_point()]
        others = [name for name in self.tensors if not self._own[name].is_floating_point()]
        self._floats = [self.tensors[name] for name in floats], [self._own[name] for name in floats]
        self._others = [self.tensors[name] for name in others], [self._own[name] for name in others]

    def follow(self) -> None:
        """Take in the weights after a step."""
        if not self.decay:
            return
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        # Lists of tensors in one call: on a GPU a few kernels instead of one for each tensor.
        torch._foreach_lerp_(*self._floats, 1 - decay)
        if self._others[0]:
            torch._foreach_copy_(*self._others)

    def swap(self) -> None:
        """Exchange the network's weights with the average, in place; once more, and all is as it was."""
        for averages, own in (self._floats, self._others):
            if averages:
                kept = [tensor.clone() for tensor in own]
                torch._foreach_copy_(own, averages)
                torch._foreach_copy_(averages, kept)

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Lend the average to the network while the context lasts."""
        self.swap()
        try:
            yield
        finally:
            self.swap()
