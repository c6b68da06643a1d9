"""Make one dataset of several: `cvdata merge`."""

from .job import MergeOutcome, Part, merge
from .report import MergeReport, MergeSettings, MergeTally

__all__ = [
    "MergeOutcome",
    "MergeReport",
    "MergeSettings",
    "MergeTally",
    "Part",
    "merge",
]
