"""Weights that the publisher of a network offers."""

from __future__ import annotations

import re

from ...errors import ModelError, show

__all__ = ["todays_name", "unavailable"]


def todays_name(name: str) -> str:
    """Return today's name of a tensor: files of DenseNets have `norm.1` where the network has `norm1`."""
    return re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2", name)


def unavailable(
    architecture: str, error: BaseException | None = None, *, url: str = "", folder: str = ""
) -> ModelError:
    """Return the error for published weights that do not exist (no `error`), or that cannot be had.

    Args:
        error: what went wrong while they were looked for.
        url: where they lie; `folder`: where a file that was downloaded elsewhere is found.
    """
    if error is None:
        return ModelError(
            f"nobody publishes weights for '{show(architecture)}'",
            hint="--weights none starts from random ones, --weights PATH from a file or a run",
        )
    cure = (
        f"put the file into '{show(folder)}', under its own name"
        if folder
        else "download the file elsewhere and give --weights PATH"
    )
    return ModelError(
        f"the published weights of '{show(architecture)}' cannot be had: {f'{show(url)}: ' if url else ''}"
        f"{show(str(error) or type(error).__name__)}",
        hint=f"check the network; or {cure}; or --weights none",
    )
