"""Whether one model's maps are better than another's on the same pictures."""

from __future__ import annotations

from ...errors import UsageError
from ..report import Comparison, Intervals
from ..uncertainty import Paired, comparison_of
from .judged import Judged, Samples, class_key

__all__ = ["compare_judged"]


def compare_judged(
    models: tuple[Judged, Judged], samples: tuple[Samples, Samples], intervals: Intervals, names: tuple[str, str]
) -> Comparison:
    """Compare two models on the same pictures; every resample drew the same ones for both.

    A figure rests on as many objects as there are pictures, that of a class on the pictures that the class is in:
    pixels of one picture are right and wrong together.

    Raises:
        UsageError: no resamples were made.
    """
    if not intervals.resamples:
        raise UsageError("two models cannot be compared without resamples", hint="leave out --intervals 0 and --quick")
    first, second = models
    metric = first.class_metrics[0]
    rows = {name: row for row, name in enumerate(second.classes)}

    def paired(name: str | None, called: str, keys: tuple[str, str], pictures: int) -> Paired:
        ours, theirs = (sample[key] for sample, key in zip(samples, keys, strict=True))
        return Paired(
            name=name,
            metric=called,
            objects=pictures,
            among=min(pictures, intervals.units),
            first=float(ours[0]),
            second=float(theirs[0]),
            difference=(theirs - ours)[1:],
        )

    return comparison_of(
        [paired(None, name, (name, name), first.pictures) for name in first.metrics],
        [
            paired(name, metric, (class_key(metric, row), class_key(metric, rows[name])), int(first.images[row]))
            for row, name in enumerate(first.classes)
            if name in rows
        ],
        names,
        intervals,
    )
