"""What every trainer's rules are given."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from ....dataset import Dataset
from ....engine import Engine, Progress
from ....errors import show
from ....formats import Intake
from ..boxes import Rows
from ..findings import Hit
from ..pictures import Pictures

__all__ = ["Case", "in_shell"]

_LONGEST_PATH = 4096  # of Linux: a path that is cut makes no command


def in_shell(path: str | os.PathLike[str]) -> str:
    """Return a path as a word of a command, whole and safe to print."""
    return shlex.quote(show(path, _LONGEST_PATH))


@dataclass(frozen=True)
class Case:
    """A dataset as it was read, and where it lies.

    Attributes:
        pictures: what the files of the pictures say, or None where none was opened.
        format, source: format and place of what was read.
    """

    dataset: Dataset
    rows: Rows
    intake: Intake
    pictures: Pictures | None
    format: str
    source: Path
    engine: Engine
    progress: Progress

    def convert(self, to: str, *options: str) -> str:
        """Return the command that converts the dataset."""
        return " ".join(["cvdata convert", self.format, to, in_shell(self.source), "DST", *options])

    def other_format(self, trainer: str, to: str) -> Hit:
        """Return the note that a trainer does not read this format."""
        return Hit("trainer-other-format", 1, words=self.words(to) | {"trainer": trainer, "format": self.format})

    def words(self, to: str) -> dict[str, str]:
        """Return the words of titles and cures that name a conversion."""
        return {"convert": self.convert(to)}
