"""Which map of FOUND is of the same picture as which map of the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import EvaluationError, show
from ...files import Finding
from ...images import file_name
from ...reports.scales import plural
from ..by_name import match_names

__all__ = ["Named", "left_out", "match_maps"]


class Named(Protocol):
    """Anything with a name for each of its pictures."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the pictures, unique, without suffix."""
        ...


def match_maps(truth: Named, found: Named) -> tuple[NDArray[np.int64], list[Finding]]:
    """Return the row in FOUND of each picture of the truth, int64, and what is worth knowing about it.

    Pictures are matched by their whole name, what is left by file name, where that names one picture only.

    Raises:
        EvaluationError: a picture of the truth is not in FOUND. It could be left out, and the figures would flatter.
    """
    rows = match_names(truth.names, found.names, (file_name,)).rows
    lost = np.flatnonzero(rows < 0)
    if len(lost):
        raise EvaluationError(
            f"{len(lost):,} of {len(rows):,} pictures of the truth are not in FOUND: {_some(truth.names, lost)}",
            hint="pictures are matched by name without suffix and `_mask`; predict these, or take them out of TRUTH",
        )
    return rows, left_out(found, rows)


def left_out(found: Named, rows: NDArray[np.int64]) -> list[Finding]:
    """Say which pictures of FOUND are not in the truth, whose rows in FOUND are given."""
    extra = np.setdiff1d(np.arange(len(found.names)), rows)
    if not len(extra):
        return []
    message = f"left out: {plural(len(extra), 'picture')} of FOUND that the truth does not have"
    examples = [show(found.names[row]) for row in extra[:3].tolist()]
    return [Finding(code="pictures-not-in-truth", message=message, count=len(extra), examples=examples)]


def _some(names: Sequence[str], rows: NDArray[np.int64]) -> str:
    return ", ".join(show(names[row]) for row in rows[:3].tolist()) + (", ..." if len(rows) > 3 else "")
