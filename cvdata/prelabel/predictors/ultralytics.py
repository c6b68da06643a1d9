"""Checkpoints of the package ultralytics, where the user has installed it; its licence is AGPL-3.0.

A checkpoint is a pickle: loading it runs whatever code its maker put in. So one is loaded only where that is asked for
by name, `ultralytics:PATH`, and never because a file looks like one.
"""

from __future__ import annotations

import os

from ...errors import MissingExtraError, UsageError, show
from ...models.packages import check_packages
from ...models.predictor import Predictor
from .family import ModelOptions

__all__ = ["EXAMPLES", "NAME", "SUMMARY", "claims", "load"]

NAME = "ultralytics"
SUMMARY = "a YOLO checkpoint (.pt), where ultralytics is installed; loading one runs the code in it"
EXAMPLES = ("ultralytics:yolo11n.pt",)


def claims(path: str) -> bool:  # noqa: ARG001 - see above
    """Tell whether a path is one of its models: none is unless the family is named."""
    return False


def load(what: str, options: ModelOptions) -> Predictor:
    """Make a checkpoint ready; see `Family.load`.

    Args:
        what: the path of a file, which is never downloaded.
    """
    if not os.path.isfile(what):
        missing = f"the checkpoint '{show(what)}' does not exist" if what else "no checkpoint is named"
        hint = "give the path of a .pt file; cvdata downloads none, the package does: yolo predict model=yolo11n.pt"
        raise UsageError(missing, hint=hint)
    if options.weights is not None:
        raise UsageError("--weights is for run folders, and this is a file", hint="leave it out, or give the run")
    try:
        check_packages("a checkpoint of ultralytics", "ultralytics")
    except MissingExtraError as error:
        hint = "read its licence, AGPL-3.0, first; then: pip install ultralytics"
        raise MissingExtraError(error.message, hint=hint) from error
    from ._ultralytics_checkpoint import UltralyticsCheckpoint

    return UltralyticsCheckpoint(what, options)
