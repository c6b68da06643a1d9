"""Which of several processes this is. The first one writes; the others only compute."""

from __future__ import annotations

import os

__all__ = ["is_first", "rank"]


def rank() -> int:
    """Return the number of this process among all that train together, 0 where it is alone.

    The launchers of torch, Lightning and SLURM say it in the environment before anything else runs.
    """
    for name in ("RANK", "SLURM_PROCID"):
        text = os.environ.get(name, "")
        if text.isdecimal() and (name != "SLURM_PROCID" or os.environ.get("SLURM_NTASKS", "1") != "1"):
            return int(text)
    local, node = os.environ.get("LOCAL_RANK", ""), os.environ.get("NODE_RANK", "")
    if local.isdecimal() and int(local) > 0:
        return int(local)
    return int(node) if node.isdecimal() else 0


def is_first() -> bool:
    """Tell whether this is the process that writes and speaks."""
    return rank() == 0
