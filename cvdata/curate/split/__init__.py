"""Divide a dataset into splits that share no near copies, each with its part of every class: `cvdata split`."""

from .job import SplitOutcome, split
from .report import ClassPart, ClassShares, GroupKind, SplitCertificate, SplitPart, SplitReport
from .wish import SplitSettings, check_settings

__all__ = [
    "ClassPart",
    "ClassShares",
    "GroupKind",
    "SplitCertificate",
    "SplitOutcome",
    "SplitPart",
    "SplitReport",
    "SplitSettings",
    "check_settings",
    "split",
]
