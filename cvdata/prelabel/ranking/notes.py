"""What a person should know about what a ranking rests on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import show
from ...files import Finding
from ...reports.scales import plural
from .choice import Pool
from .opinions import Found

__all__ = ["notes_on"]

_EXAMPLES = 3

_ENOUGH = 0.05
"""Score below which nobody doubts that there is nothing: 0.29 bits."""


def notes_on(pool: Pool, found: Sequence[Found]) -> list[Finding]:
    """Return what a person should know about what a ranking rests on."""
    findings = _cut_off(found)
    for opinion in pool.opinions:
        unseen = np.flatnonzero(~opinion.looked)
        if len(unseen):
            names = [show(pool.images.names[row]) for row in unseen[:_EXAMPLES].tolist()]
            message = (
                f"{show(opinion.name)} did not look at {plural(len(unseen), 'picture')}, whose place is in between"
            )
            findings.append(_finding("not-looked-at", message, len(unseen), names))
        if opinion.elsewhere:
            message = f"{show(opinion.name)} is also about {plural(opinion.elsewhere, 'picture')} that SRC lacks"
            findings.append(_finding("elsewhere", message, opinion.elsewhere, []))
    if pool.copies is None and pool.vectors is None:
        message = "near copies were not told apart: nobody measured these pictures (--embed colour does)"
        findings.append(_finding("copies-unknown", message, len(pool.images), []))
    return findings


def _cut_off(found: Sequence[Found]) -> list[Finding]:
    """Say where doubts were left out before anyone could see them."""
    high = [one for one in found if one.least > _ENOUGH]
    if not high:
        return []
    first = f"{show(high[0].name)} kept nothing below {high[0].least:g}"
    message = f"{first}, so that many doubts are not seen: cvdata prelabel --score {_ENOUGH:g} keeps them"
    return [_finding("scores-cut-off", message, len(high), [show(one.name) for one in high[:_EXAMPLES]])]


def _finding(code: str, message: str, count: int, examples: list[str]) -> Finding:
    return Finding(code=code, message=message, count=count, examples=examples)
