"""What a step of the demo says of itself, and where it works."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..convert import ConvertSettings, Report
from ..files import DatasetReport, Loss
from ..ingest import IngestReport

__all__ = ["Kept", "Look", "Round", "Step", "Tour"]


class Kept(msgspec.Struct, frozen=True):
    """How many of something went in and how many came back."""

    before: int
    after: int


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A conversion there and back.

    Attributes:
        through: name of the format in the middle.
        kept: what came back, by what it is.
        moved_px: pixels that an edge of a box moved at most; None where boxes are missing.
        losses: what the conversion said it would lose on the way there; with a sidecar that is nothing.
    """

    through: str
    kept: dict[str, Kept]
    moved_px: float | None
    losses: list[Loss]
    restored: bool


class Look(msgspec.Struct, frozen=True):
    """Something worth opening: a path, and why."""

    path: str
    why: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a step did.

    Attributes:
        title: one line.
        commands: what would do the same from the command line.
        lines: what there is to say about it.
        report: the account, where it made a dataset.
        rounds: conversions there and back.
        looks: what it made.
    """

    title: str
    commands: list[str] = []
    lines: list[str] = []
    report: Report | IngestReport | DatasetReport | None = None
    rounds: list[Round] = []
    looks: list[Look] = []


@dataclass(frozen=True)
class Tour:
    """Where the demo works and with what seed.

    Attributes:
        folder: as the user gave it.
    """

    folder: Path
    seed: int

    def settings(self) -> ConvertSettings:
        """Return settings for a few pictures: one process, and what an earlier demo wrote is replaced."""
        return ConvertSettings(workers=1, overwrite=True)
