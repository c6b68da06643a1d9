"""How to convert, and what came of it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..files import Counts, Finding, Loss, QuarantineItem
from ..formats import Verify
from ..formats.outlet import Media

__all__ = ["ConvertSettings", "Keep", "OnBad", "Report"]

OnBad = Literal["quarantine", "fail"]
Keep = Literal["auto", "none"]


class ConvertSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to convert.

    Attributes:
        images: folder of the pictures, where it is not the usual one.
        classes: names to keep, in the order of the output; None keeps all in the order of the source.
        verify: hold labels against picture headers (`sizes`), against every pixel (`decode`), or trust them (`none`).
        media: how pictures get into the output.
        on_bad: put bad items aside by name, or stop at the first.
        strict: stop, before anything is written, if the target cannot hold everything.
        sidecar: keep what the target cannot hold in `.cvdata/sidecar` of the output, and put back what such a folder
            of the source kept (`auto`), or do neither (`none`).
        overwrite: replace an output that cvdata wrote.
        workers: processes to use; None for one per core.
        read, write: options of the two formats.
    """

    images: str | None = None
    classes: tuple[str, ...] | None = None
    verify: Verify = "sizes"
    media: Media = "link"
    on_bad: OnBad = "quarantine"
    strict: bool = False
    sidecar: Keep = "auto"
    overwrite: bool = False
    workers: int | None = None
    read: dict[str, Any] = msgspec.field(default_factory=dict)
    write: dict[str, Any] = msgspec.field(default_factory=dict)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a conversion did: `cvdata convert --json` prints it.

    Attributes:
        read, written, quarantined, filtered: the account; what was read is the sum of the other three.
        losses: what the target could not hold.
        findings: what is worth knowing about the source.
        quarantine: the first items that were left out; all of them are in `.cvdata/quarantine.jsonl` of the output.
        renamed: number of pictures whose name had to change; the map is in `.cvdata/manifest.json`.
        verified: what the labels were held against.
        settings: as resolved.
    """

    schema: Literal["cvdata/convert-report/1"] = "cvdata/convert-report/1"
    source: str
    source_format: str
    target: str
    target_format: str
    read: Counts
    written: Counts
    quarantined: Counts
    filtered: Counts
    losses: list[Loss]
    findings: list[Finding]
    quarantine: list[QuarantineItem]
    renamed: int
    verified: str
    settings: dict[str, Any]
