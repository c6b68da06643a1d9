"""What `cvdata browse` prints with `--json`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..files import Finding

__all__ = ["BrowseReport", "ShownView"]


class ShownView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of pictures under a plain name.

    Attributes:
        about: one sentence; count: number of labels that it is about, or of pictures where it is not about labels.
    """

    name: str
    about: str
    count: int


class BrowseReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is in FiftyOne now.

    Attributes:
        source, source_format: what was read; `version`: of a cvdata dataset, else None.
        found: what models found, as it was named.
        dataset: name of FiftyOne's dataset.
        written: `bulk`: straight into its database; `api`: through FiftyOne's own, slower way.
        pictures: in FiftyOne; of them `added`, `updated` and `same` now; `removed`: no longer part of the source.
        kept: pictures that stay as a person left them, although the source says something else now.
        missing: pictures that cannot be shown: their file was not found.
        labels: that were written now.
        verdicts: of the first of `found`, as `cvdata eval` counts them; None where nothing was judged.
        views: lists of pictures to look at, in the order of the App.
    """

    schema: Literal["cvdata/browse-report/1"] = "cvdata/browse-report/1"
    source: str
    source_format: str
    version: str | None
    found: list[str]
    dataset: str
    written: Literal["bulk", "api"]
    pictures: int
    added: int
    updated: int
    same: int
    removed: int
    kept: int
    missing: int
    labels: int
    verdicts: dict[str, int] | None
    views: list[ShownView]
    findings: list[Finding]
    settings: dict[str, Any]
