"""Attributes of labels that FiftyOne wrote itself: evaluations, and runs of its brain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["attributes_of_runs"]


def attributes_of_runs(samples: Any) -> frozenset[str]:
    """Return the names of the attributes that the evaluations and brain runs of a dataset of FiftyOne wrote.

    An evaluation of the key `k` writes `k`, `k_id` and `k_iou` (utils/eval/detection.py); a run of the brain names its
    fields in its settings, such as `mistakenness_field` (brain/internal/core/mistakenness.py).
    """
    document = samples._doc
    names = [f"{key}{end}" for key in document.evaluations or () for end in ("", "_id", "_iou")]
    for run in (document.brain_methods or {}).values():
        names += _fields(dict(getattr(run, "config", None) or {}))
    return frozenset(names)


def _fields(config: Mapping[str, Any]) -> Iterator[str]:
    for key, value in config.items():
        if key.endswith("_field") and isinstance(value, str):
            yield from (value, f"{value}_loc")
