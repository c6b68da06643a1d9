"""What changed between two datasets, picture by picture and annotation by annotation.

    report = diff(before, after)
    report.counts.moved, report.by_class, report.changes

Any dataset can be held against any other: two versions, the same labels in two formats, the work of two people.
Compared are pictures (there or not, name, content where known, size, split, state), classes by name, and annotations:
class, box, and every optional column. The order of annotations, their ids, and notes on the dataset are not.
"""

from __future__ import annotations

from ...dataset import Dataset
from ...engine import Engine, InProcess, Progress, Silent
from .compare import Comparison, compare_columns
from .records import (
    DiffReport,
    DiffSettings,
)
from .report import report_of

__all__ = ["compare", "diff"]


def diff(before: Dataset, after: Dataset, settings: DiffSettings | None = None) -> DiffReport:
    """Say what changed between two datasets.

    Annotations of a picture are paired: equal ones first, then the best pair first, the same class before another one.
    That is greedy: where many boxes overlap, another pairing may have a larger sum of IoU.

    Raises:
        UsageError: a setting makes no sense.
    """
    return report_of(compare(before, after, settings))


def compare(
    before: Dataset,
    after: Dataset,
    settings: DiffSettings | None = None,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Pair what is the same in two datasets, as columns; `report_of` makes a report of it.

    Args:
        engine: reads the pictures that have no partner of their name, to compare their content.

    Raises:
        UsageError: a setting makes no sense.
    """
    return compare_columns(before, after, settings or DiffSettings(), engine or InProcess(), progress or Silent())
