"""Panels of cvdata's own in FiftyOne's App: a plugin that the server of `cvdata browse` brings along.

drawing    curves as traces for Plotly, and which pictures belong to a point of them
panel      the panel, a class of FiftyOne
plugin     what FiftyOne loads; `fiftyone.yml` names it
"""

from __future__ import annotations

import importlib
import os
from typing import Any

__all__ = ["bring_panels"]

_FOLDER = os.path.dirname(__file__)


def bring_panels() -> None:
    """Let the App of this process have the panels beside those of the person's own plugins.

    They are listed with the plugins rather than copied into the person's folder of plugins: nothing is left there. A
    FiftyOne that lists its plugins otherwise has its App without the panels.
    """
    try:
        plugins: Any = importlib.import_module("fiftyone.plugins")
        definition = importlib.import_module("fiftyone.plugins.definitions").PluginDefinition
        ours, others = definition.from_disk(os.path.join(_FOLDER, "fiftyone.yml")), plugins.list_plugins
    except (AttributeError, ImportError):
        return

    def listed(enabled: Any = True, builtin: Any = False, shadowed: Any = False) -> list[Any]:
        there = list(others(enabled=enabled, builtin=builtin, shadowed=shadowed))
        wanted = enabled is not False and builtin is not True and shadowed is not True
        return [*there, ours] if wanted and all(one.name != ours.name for one in there) else there

    plugins.list_plugins = listed
