"""What an output says about itself: manifest, quarantine, and the account of what was read and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from .disk import FileEntry

__all__ = ["Account", "Counts", "DatasetReport", "Finding", "Loss", "Manifest", "QuarantineItem"]


class Counts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number of pictures and of annotations."""

    images: int = 0
    annotations: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.images + other.images, self.annotations + other.annotations)


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where everything that was read went: read + added = written + quarantined + filtered.

    Attributes:
        added: what the command itself made, such as augmented copies.
    """

    read: Counts
    written: Counts
    quarantined: Counts
    filtered: Counts
    added: Counts = Counts()

    @property
    def balances(self) -> bool:
        """Tell whether nothing was lost in silence."""
        return self.read + self.added == self.written + self.quarantined + self.filtered


class QuarantineItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One bad item that was left out: a line of `.cvdata/quarantine.jsonl`.

    Attributes:
        kind: what was left out; a label file or a picture takes its annotations along.
        file: file it was found in, relative to the source where it lies there.
        line, field: place inside the file.
        found, expected: what is wrong, in words.
        image: name of the picture it belongs to.
        images, annotations: how many of each left with it.
    """

    kind: Literal["annotation", "image", "label file"]
    file: str
    line: int | None = None
    field: str | None = None
    found: str
    expected: str
    image: str | None = None
    images: int = 0
    annotations: int = 0


class Loss(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that the target format cannot hold: what, how often, and what became of it."""

    what: str
    count: int
    outcome: str


class Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something worth knowing about the input that stopped nothing.

    Attributes:
        code: stable short name, such as `clipped-box`.
        message: one sentence with the number in it.
        count: how often.
        examples: the first few places.
    """

    code: str
    message: str
    count: int
    examples: list[str]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`.cvdata/manifest.json`, written last: an output without it is not finished.

    Attributes:
        cvdata: version that wrote it.
        command, settings: what was asked for, as resolved.
        format: format of the output.
        account: where everything went.
        losses: what the format could not hold.
        renamed: names of pictures that had to change, old to new.
        files: every file with size and SHA-256 (none for a picture that was linked, not copied).
    """

    schema: Literal["cvdata/manifest/1"] = "cvdata/manifest/1"
    cvdata: str = ""
    command: str
    format: str
    settings: Mapping[str, Any]
    account: Account
    losses: list[Loss]
    renamed: dict[str, str]
    files: list[FileEntry] = []


class DatasetReport(msgspec.Struct, frozen=True, kw_only=True):
    """What every command that makes a dataset of another says; each adds its own.

    Attributes:
        sources: what was read; `source_format`: its format, several joined by `, `.
        target: what was written; `target_format`: its format.
        version: id of the version that was written, where the target is a cvdata dataset.
        read, added, written, quarantined, filtered: the account; read + added = written + quarantined + filtered.
        losses: what the target could not hold.
        findings: what is worth knowing about the source.
        quarantine: the first items that were left out; all of them are in `.cvdata/quarantine.jsonl` of the output.
        renamed: number of pictures whose file name had to change; the map is in `.cvdata/manifest.json`.
        verified: what the labels were held against.
        settings: as resolved.
    """

    sources: list[str]
    source_format: str
    target: str
    target_format: str
    version: str | None
    read: Counts
    added: Counts
    written: Counts
    quarantined: Counts
    filtered: Counts
    losses: list[Loss]
    findings: list[Finding]
    quarantine: list[QuarantineItem]
    renamed: int
    verified: str
    settings: dict[str, Any]
