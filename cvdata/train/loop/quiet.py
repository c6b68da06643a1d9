"""Lightning talks a lot; a user hears none of it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet"]

_LOGGERS = ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero", "torch.distributed")
# Remarks on our use of Lightning or torch that a user can do nothing about, by what they begin with.
_MODULES = (r"lightning\.", r"torch\.nn\.parallel", r"torch\.optim\.lr_scheduler", r"torch\.utils\.data")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Lightning's tips, remarks and warnings from the terminal while the context lasts."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            for module in _MODULES:
                warnings.filterwarnings("ignore", module=module)
            warnings.filterwarnings("ignore", ".*does not have a deterministic implementation")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
