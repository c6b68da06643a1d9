"""What tags of FiftyOne say of proposals: `accept` takes them, `reject` leaves them out."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...errors import show
from ...files import Finding
from ...formats.predictions import Stored
from ...reports.scales import plural
from ..review.records import Box, Decision, Drawn, Outcome
from .candidates import is_elsewhere
from .offers import Opinions

__all__ = ["ACCEPT", "REJECT", "opinions_of_tags"]

ACCEPT, REJECT = "accept", "reject"

_EXAMPLES = 5


def opinions_of_tags(
    stored: Stored,
    left: Dataset,
    rows: NDArray[np.int64],
    *,
    touched: NDArray[np.bool_],
    tags: Sequence[Collection[str]],
    image_tags: Sequence[Collection[str]],
    deleted: NDArray[np.int64],
    problems: Sequence[str] = (),
) -> Opinions:
    """Return what people decided by tagging; the tag of a label counts more than that of its picture.

    Proposals that a person deleted count as removed. What has neither tag is undecided.

    Args:
        left: the labels as the person left them; `rows`: int64, number of the proposal of each, -1 where the person
            drew it.
        touched: bool, labels that the person drew, moved or named otherwise.
        tags: of each label; `image_tags`: of each picture of `left`.
        deleted: numbers of proposals that were there and are gone.
        problems: labels that could not be taken from FiftyOne, in words.
    """
    names = left.categories.names
    decisions: dict[int, Decision] = {}
    drawn, untagged, count = [], [], len(stored.dataset.annotations)
    for at, row in enumerate(rows.tolist()):
        image, category = int(left.annotations.image[at]), names[left.annotations.category[at]]
        picture, box = left.images.names[image], _box(left.annotations.box[at])
        verdict = _verdict(tags[at], image_tags[image])
        if verdict is None and touched[at]:
            untagged.append(picture)
        if verdict is None:
            continue
        if 0 <= row < count and row not in decisions:  # a label that was copied is a second object
            decisions[row] = _decision(stored, row, picture, category, box, verdict)
        elif verdict == ACCEPT:
            drawn.append(Drawn(image=picture, category=category, box=box))
    owner, pictures = stored.dataset.annotations.image, stored.dataset.images.names
    for row in deleted[(deleted >= 0) & (deleted < count)].tolist():
        decisions.setdefault(row, Decision(row=row, image=pictures[owner[row]], outcome="removed"))
    return Opinions(tuple(decisions[row] for row in sorted(decisions)), tuple(drawn), _findings(untagged, problems))


def _verdict(own: Collection[str], of_picture: Collection[str]) -> str | None:
    for tags in (own, of_picture):
        if REJECT in tags:
            return REJECT
        if ACCEPT in tags:
            return ACCEPT
    return None


def _decision(stored: Stored, row: int, image: str, category: str, box: Box | None, verdict: str) -> Decision:
    if verdict == REJECT:
        return Decision(row=row, image=image, outcome="removed")
    table = stored.dataset.annotations
    proposed = stored.dataset.categories.names[table.category[row]]
    moved = box is not None and is_elsewhere(box, table.box[row])
    outcome: Outcome = "relabelled" if category != proposed else "moved" if moved else "kept"
    return Decision(row=row, image=image, outcome=outcome, category=category, box=box)


def _box(box: NDArray[np.float64]) -> Box | None:
    x, y, width, height = box.tolist()
    return None if x != x else (x, y, width, height)


def _findings(untagged: Sequence[str], problems: Sequence[str]) -> tuple[Finding, ...]:
    found = []
    if untagged:
        what = f"{plural(len(untagged), 'label')} that a person drew or changed in FiftyOne"
        message = f"{what} {'has' if len(untagged) == 1 else 'have'} no tag '{ACCEPT}': not taken"
        some = [show(name, 60) for name in dict.fromkeys(untagged)][:_EXAMPLES]
        found.append(Finding(code="untagged-corrections", message=message, count=len(untagged), examples=some))
    if problems:
        message = f"{plural(len(problems), 'label')} in FiftyOne cannot be taken"
        found.append(Finding(code="bad-labels", message=message, count=len(problems), examples=[*problems[:_EXAMPLES]]))
    return tuple(found)
