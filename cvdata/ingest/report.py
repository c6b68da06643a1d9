"""What can be chosen when pictures are taken in, and what is said when it is done."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..files import Counts, Finding, Loss, QuarantineItem
from ..formats.outlet import Media

__all__ = ["Copies", "GroupBy", "IngestReport", "IngestSettings", "Masks", "NearCopies"]

Copies = Literal["keep", "skip"]
GroupBy = Literal["auto", "folder", "prefix", "sequence", "none"]
Masks = Literal["skip", "keep"]


class IngestSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to take pictures in.

    Attributes:
        name: name of the dataset; None for that of its folder.
        media: how pictures get into the dataset; `none` leaves them where they are.
        copies: what happens to a picture that is, byte by byte, one that is there already.
        group: what says, besides looking alike, that pictures belong together and no split may part them.
        masks: what happens to label masks that lie among the pictures.
        labels: labels that exist already, `FORMAT:PATH` each.
        overwrite: start anew, in place of what cvdata wrote there.
        workers: processes to use; None for one per core.
    """

    name: str | None = None
    media: Media = "link"
    copies: Copies = "keep"
    group: GroupBy = "auto"
    masks: Masks = "skip"
    labels: tuple[str, ...] = ()
    overwrite: bool = False
    workers: int | None = None


class NearCopies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pictures that look alike: number of clusters, and of pictures in them."""

    clusters: int = 0
    pictures: int = 0


class IngestReport(msgspec.Struct, frozen=True, kw_only=True):
    """What taking pictures in did: `cvdata ingest --json` prints it.

    Attributes:
        sources: what was read, as given.
        version: version of the dataset that holds it all.
        read, written, quarantined, filtered: the account of what the sources hold; what was read is the sum of the
            other three. Label masks are no pictures and not among them.
        added, changed, unchanged: what became of the pictures that were written: new ones, ones whose content is
            another than in the last version, and ones that were there and were not opened again.
        gone: pictures of the dataset that are no longer in the sources; they stay.
        copies: pictures that are, byte by byte, one that comes before them.
        near_copies: pictures of the dataset that look alike.
        groups: groups of pictures that belong together, in the whole dataset.
        masks: label masks that were left out.
        labelled: pictures that got labels in this run.
        renamed: pictures that are stored under another file name, because not every system can hold theirs.
        losses: always empty: a cvdata dataset holds everything.
        findings: what is worth knowing about the pictures.
        quarantine: the first items that were left out; all of them are in `.cvdata/quarantine.jsonl` of the dataset.
        settings: as resolved.
    """

    schema: Literal["cvdata/ingest-report/1"] = "cvdata/ingest-report/1"
    sources: list[str]
    target: str
    version: str
    read: Counts
    written: Counts
    quarantined: Counts
    filtered: Counts
    added: int
    changed: int
    unchanged: int
    gone: int
    copies: int
    near_copies: NearCopies
    groups: int
    masks: int
    labelled: int
    renamed: int
    losses: list[Loss]
    findings: list[Finding]
    quarantine: list[QuarantineItem]
    settings: dict[str, Any]
