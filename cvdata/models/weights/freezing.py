"""Parts of a network that keep their weights while the others learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import UsageError

if TYPE_CHECKING:
    from ..networks.network import Network, Stage

__all__ = ["Frozen", "freeze"]


class Frozen:
    """The stages of a network that keep their weights, from the input on.

    Attributes:
        stages: those that are frozen now.
    """

    def __init__(self, stages: list[Stage]) -> None:
        self.stages = stages
        for stage in stages:
            _learn(stage, on=False)

    def __len__(self) -> int:
        return len(self.stages)

    def free_next(self) -> Stage | None:
        """Let the last frozen stage learn from now on, and return it; None where none is frozen.

        Stages near the output hold what is special to the old task, so they come first (Howard and Ruder 2018,
        https://arxiv.org/abs/1801.06146, gradual unfreezing).
        """
        if not self.stages:
            return None
        stage = self.stages.pop()
        _learn(stage, on=True)
        return stage

    def keep_still(self) -> None:
        """Put frozen stages into evaluation mode, so that their norms keep their statistics and nothing is dropped.

        `network.train()` puts them into training mode, so this follows each call of it.
        """
        for stage in self.stages:
            for module in stage.modules:
                module.eval()


def freeze(network: Network, what: str) -> Frozen:
    """Let parts of a network keep their weights.

    Args:
        what: `none`, `backbone`, or the number of stages from the input on.

    Raises:
        UsageError: the network has fewer stages, or nothing would be left to learn.
    """
    stages = network.stages()
    if what == "backbone":
        return Frozen([stage for stage in stages if stage.backbone])
    count = 0 if what == "none" else int(what)
    if count >= len(stages):
        names = ", ".join(stage.name for stage in stages)
        left = "leaves nothing to learn" if count == len(stages) else f"is more than the {len(stages)} there are"
        raise UsageError(f"--freeze {count} {left}", hint=f"stages of {network.spec.architecture}: {names}")
    return Frozen(stages[:count])


def _learn(stage: Stage, *, on: bool) -> None:
    for module in stage.modules:
        module.requires_grad_(on)
