"""Weights that the publisher of a network offers."""

from __future__ import annotations

from ...errors import ModelError, show

__all__ = ["unavailable"]


def unavailable(architecture: str, error: BaseException | None = None) -> ModelError:
    """Return the error for published weights that do not exist (no `error`), or that cannot be had.

    Args:
        error: what went wrong while they were looked for.
    """
    if error is None:
        return ModelError(
            f"nobody publishes weights for '{show(architecture)}'",
            hint="--weights none starts from random ones, --weights PATH from a file or a run",
        )
    return ModelError(
        f"the published weights of '{show(architecture)}' cannot be had: {show(str(error) or type(error).__name__)}",
        hint="check the network; or download the file elsewhere and give --weights PATH; or --weights none",
    )
