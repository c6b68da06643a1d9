"""Make one dataset of several: `cvdata merge`."""

from .job import MergeOutcome, MergeReport, MergeSettings, MergeTally, Part, merge

__all__ = [
    "MergeOutcome",
    "MergeReport",
    "MergeSettings",
    "MergeTally",
    "Part",
    "merge",
]
