"""What pictures say of themselves before a training: whether they can be used, and which are copies of each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...curate.check.pictures import pictures_of
from ...dataset import State
from ...engine import Engine, Progress
from ...errors import TrainingError, show
from ...files import Finding
from ...images.quality import BLANK
from ...images.similar import exact_copies, near_copies
from ...reports.scales import plural
from .labels import finding
from .part import Part

__all__ = ["leaking", "read_pictures", "there_and_labelled"]


def there_and_labelled(part: Part, findings: list[Finding]) -> Part:
    """Leave out pictures that nobody labelled and pictures whose file was not found, and say so.

    Raises:
        TrainingError: none is left.
    """
    images = part.dataset.images
    unlabelled, lost = images.state == State.UNLABELLED, images.folder < 0
    if unlabelled.all():
        raise TrainingError("nobody has labelled these pictures, so there is nothing to learn", hint="label some first")
    if lost.all():
        raise TrainingError(
            f"none of the {len(images):,} pictures was found, such as '{show(images.names[0])}'",
            hint="say where they lie with --images DIR",
        )
    _note(part, unlabelled, "unlabelled-pictures", "left out: {n} that nobody labelled", findings)
    _note(part, lost & ~unlabelled, "missing-pictures", "left out: {n} whose file was not found", findings)
    kept = np.flatnonzero(~unlabelled & ~lost)
    if not len(kept):
        raise TrainingError(
            "no labelled picture was found, only pictures that nobody labelled",
            hint="say where the pictures lie with --images DIR",
        )
    return part.take(kept)


def read_pictures(part: Part, engine: Engine, progress: Progress, findings: list[Finding]) -> Part:
    """Read all pictures, but those that are known already; leave out those that cannot be learnt from, and say so.

    What reading tells is kept with them: sizes, and hashes by which copies are found.

    Raises:
        TrainingError: none is left.
    """
    images = part.dataset.images
    read = pictures_of(images, engine, progress)
    bad = np.zeros(len(images), np.bool_)
    bad[list(read.problems)] = True
    turned = ~bad & (images.width > 0) & ((read.width != images.width) | (read.height != images.height))
    if bad.any():
        first = min(read.problems)
        why = f"; '{show(images.names[first])}' {read.problems[first]}"
        _note(part, bad, "unreadable-pictures", "left out: {n} that cannot be read" + why, findings)
    _note(part, turned, "other-size", "left out: {n} of another size than the labels say", findings)
    kept = np.flatnonzero(~bad & ~turned)
    if not len(kept):
        raise TrainingError("no picture can be used", hint="run `cvdata check` on the dataset")
    known = replace(images, width=read.width, height=read.height, facts=read.facts)
    return replace(part, dataset=replace(part.dataset, images=known)).take(kept)


def _note(part: Part, which: NDArray[np.bool_], code: str, message: str, findings: list[Finding]) -> None:
    rows = np.flatnonzero(which)
    if len(rows):
        said = message.replace("{n}", plural(len(rows), "picture"))
        findings.append(finding(code, said, part.dataset, rows))


def leaking(part: Part, train: NDArray[np.int64], val: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of `val` of which there is a copy, or nearly one, in `train`."""
    facts = part.dataset.images.facts
    if facts is None:
        return np.zeros(0, np.int64)
    # Hashes of blank pictures say nothing: they would all be copies of each other.
    usable = (facts.size >= 0) & (facts.contrast >= BLANK)
    leaks = np.zeros(len(part), np.bool_)
    for group in (exact_copies(facts.sha256), near_copies(facts.phash, turned=True, usable=usable)):
        learnt = np.unique(group[train])
        leaks |= (group >= 0) & np.isin(group, learnt[learnt >= 0])
    return val[leaks[val]]
