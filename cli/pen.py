"""Text on a terminal, with colours and broken to its width, or in a pipe, plain."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from dataclasses import dataclass

__all__ = ["Paper", "Pen"]

_COLOURS = {"error": "1;31", "warning": "1;33", "info": "1;36", "good": "1;32", "bold": "1", "dim": "2"}


class Pen:
    """Puts text in a colour, or leaves it as it is."""

    def __init__(self, colours: bool | None = None) -> None:
        """Take a pen.

        Args:
            colours: whether to colour; where not given, if stdout is a terminal that does not ask for none (NO_COLOR).
        """
        self._colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR") if colours is None else colours

    def __call__(self, colour: str, text: str) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._colours else text


@dataclass(frozen=True, slots=True)
class Paper:
    """What text is written on.

    Attributes:
        width: columns of the terminal; None in a pipe, where a line stays a line.
    """

    pen: Pen
    width: int | None

    @staticmethod
    def of_stdout(colours: bool | None = None) -> Paper:
        """Return that which stdout goes to."""
        terminal = sys.stdout.isatty()
        return Paper(Pen(colours), max(60, shutil.get_terminal_size().columns) if terminal else None)

    @property
    def room(self) -> int:
        """Columns that a table may take."""
        return 80 if self.width is None else self.width

    def wrapped(self, text: str, indent: int = 0) -> list[str]:
        """Break text to the width, all lines indented."""
        blank = " " * indent
        if self.width is None:
            return [blank + text]
        return [blank + line for line in textwrap.wrap(text, self.width - indent, break_on_hyphens=False)] or [""]
