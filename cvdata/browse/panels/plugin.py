"""What FiftyOne calls to have the panels. It imports this file under a name of its own: imports here are absolute."""

from __future__ import annotations

from typing import Any

from cvdata.browse.panels.panel import PrecisionRecall


def register(plugin: Any) -> None:
    """Register the panels with FiftyOne's App."""
    plugin.register(PrecisionRecall)
