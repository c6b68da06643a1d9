"""What `cvdata eval` says about its inputs: labels that were left out, and splits that nobody looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from ..errors import Place, show

if TYPE_CHECKING:
    from ..convert import Reading
    from ..dataset import Dataset
    from ..files import Finding, QuarantineItem

__all__ = ["input_findings"]

_EXAMPLES = 3


def input_findings(
    reading: Reading, found: Dataset, notes: Mapping[str, Sequence[Finding]], split: str | None
) -> tuple[Finding, ...]:
    """Return what is worth knowing about the inputs, the gravest first.

    Args:
        notes: what the readers of FOUND and SECOND noticed, by these names.
        split: the one that is evaluated, None for all pictures.
    """
    findings = _left_out(reading.intake.quarantine)
    for side, said in {"TRUTH": reading.intake.findings, **notes}.items():
        findings += [msgspec.structs.replace(note, message=f"{side}: {note.message}") for note in said]
    if split is None:
        findings += _one_split(reading.dataset, found)
    return tuple(findings)


def _left_out(bad: list[QuarantineItem]) -> list[Finding]:
    """Say that the truth has bad items: they count neither as found nor as missed."""
    from ..files import Finding
    from ..reports.scales import plural

    if not bad:
        return []
    examples = [f"{Place(item.file, item.line, item.field)}: {show(item.found)}" for item in bad[:_EXAMPLES]]
    items = plural(len(bad), "bad item")
    message = f"{items} of the truth {'was' if len(bad) == 1 else 'were'} left out; cvdata check names them"
    return [Finding(code="bad-items", message=message, count=len(bad), examples=examples)]


def _one_split(truth: Dataset, found: Dataset) -> list[Finding]:
    """Say so where a model was run on one split of several: the objects of the others would count as missed."""
    import numpy as np

    from ..files import Finding

    images = truth.images
    if len(images.splits) < 2 or not len(found.annotations):
        return []
    where = {name: row for row, name in enumerate(images.names)}
    rows = [where.get(found.images.names[row], -1) for row in np.unique(found.annotations.image).tolist()]
    seen = np.unique(images.split[rows])
    if min(rows) < 0 or len(seen) != 1 or seen[0] < 0:
        return []
    name = show(images.splits[int(seen[0])], 40)
    others = int((images.split != seen[0]).sum())
    message = (
        f"FOUND covers the split {name} alone, and what is on the other {others:,} pictures counts as missed; "
        f"--split {name} evaluates that split alone"
    )
    return [Finding(code="found-in-one-split", message=message, count=others, examples=[])]
