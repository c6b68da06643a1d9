"""Train a network on a dataset: a run folder that can be read, resumed, compared and trusted.

source = open_source("pets", "detector")
report = train_network(source, "runs/first", TrainSettings(task="detector", architecture="nano"))
report.diagnosis.message

Names are imported when they are first used: whoever lists runs loads nothing that trains.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .open import open_source
    from .report import TrainReport
    from .run import free_run, train_network
    from .settings import TrainSettings, check_settings
    from .source import Source

__all__ = [
    "Source",
    "TrainReport",
    "TrainSettings",
    "check_settings",
    "free_run",
    "open_source",
    "train_network",
]

_HOMES = {
    "Source": "source",
    "TrainReport": "report",
    "TrainSettings": "settings",
    "check_settings": "settings",
    "free_run": "run",
    "open_source": "open",
    "train_network": "run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cvdata.train' has no attribute '{name}'")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
