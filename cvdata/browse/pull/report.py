"""What `cvdata browse --pull` found in FiftyOne, counted, as programs read it."""

from __future__ import annotations

from typing import Literal

import msgspec

from ...curate.diff import DiffReport
from ...files import DatasetReport, Finding

__all__ = ["BrowsePullReport", "Conflict", "PullCounts"]


class PullCounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people did.

    Attributes:
        pictures: pictures whose labels or tags a person changed, and whose changes apply.
        drawn, moved, relabelled, reshaped, deleted: objects; `reshaped`: outline, mask or keypoints were changed. One
            that was moved and relabelled counts in both.
        attributes: objects whose flags (crowd, difficult, ...) or other attributes were changed; of one that was drawn,
            they are not counted.
        accepted: found objects that became annotations.
        dropped: pictures that were left out.
        fix_pictures, fix_labels: noted as something that somebody has to look at again, by `"fix": true` among their
            other attributes.
        conflicts: pictures that were changed on both sides, and left alone; `problems`: labels, flags and attributes
            that could not be taken.
        again: pictures whose changes the dataset has already.
    """

    pictures: int = 0
    drawn: int = 0
    moved: int = 0
    relabelled: int = 0
    reshaped: int = 0
    attributes: int = 0
    deleted: int = 0
    accepted: int = 0
    dropped: int = 0
    fix_pictures: int = 0
    fix_labels: int = 0
    conflicts: int = 0
    problems: int = 0
    again: int = 0


class Conflict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture that was changed both in FiftyOne and in the dataset since it was put there.

    Attributes:
        image: its name.
        person: what a person did in FiftyOne; `dataset`: what became of it in the dataset; in a few words.
    """

    image: str
    person: str
    dataset: str


class BrowsePullReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `cvdata browse SRC --pull --json` prints.

    Attributes:
        name: of FiftyOne's dataset.
        counts: what people did; `conflicts`: one by one.
        findings: what else is to be known, such as labels that could not be taken.
        changes: from the dataset as it is to what was left in FiftyOne, as `cvdata diff` reports them.
        written: what was written, or None where nothing was.
        dry_run: nothing was to be written.
    """

    schema: Literal["cvdata/browse-pull-report/1"] = "cvdata/browse-pull-report/1"
    name: str
    counts: PullCounts
    conflicts: list[Conflict]
    findings: list[Finding]
    changes: DiffReport
    written: DatasetReport | None
    dry_run: bool
