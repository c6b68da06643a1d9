"""The file of a recipe while it is read: where things stand in it, and what is worth a word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ..errors import FormatError, Place, show
from ..formats._yolo_yaml import Lines, Path

__all__ = ["Path", "Source", "nearest"]

_MOST_LISTED = 12


class Source:
    """A recipe's file: its name in messages, the lines of its keys, and the findings so far."""

    def __init__(self, name: str, lines: Lines) -> None:
        self.name = name
        self.lines = lines
        self.version: str | None = None  # of the Albumentations that wrote it
        self._findings: list[str] = []
        self._without_p: list[int] = []

    def error(self, message: str, path: Path = (), hint: str | None = None) -> FormatError:
        """Return the error of what stands at a path, with its line."""
        return FormatError(message, at=Place(self.name, self._line(path)), hint=hint)

    def note(self, message: str, path: Path) -> None:
        """Remember what the file says at a path and cvdata does otherwise."""
        self._findings.append(f"{Place(self.name, self._line(path))}: {message}")

    def note_without_p(self, path: Path) -> None:
        """Remember a transform that does not say how often it acts."""
        self._without_p.append(self._line(path))

    def findings(self) -> tuple[str, ...]:
        """Return everything remembered; what many transforms share is one finding."""
        if not self._without_p:
            return tuple(self._findings)
        count, first = len(self._without_p), Place(self.name, self._without_p[0])
        have = "1 transform has" if count == 1 else f"{count} transforms have"
        note = f"{first}: {have} no 'p' and acts in half of the pictures, as in Albumentations"
        return (*self._findings, note if count == 1 else note.replace("acts", "act"))

    def _line(self, path: Path) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def nearest(word: str, known: Iterable[str], listed: str = "") -> str | None:
    """Return a hint: the name that comes nearest to a misspelt one, else the known ones where they are few.

    Args:
        listed: what comes before the known names: "it takes".
    """
    names = list(known)
    lower = {name.lower(): name for name in reversed(names)}
    near = difflib.get_close_matches(word.lower(), lower, 1, 0.7)
    if near:
        return f"did you mean '{lower[near[0]]}'?"
    if not listed or not names:
        return None
    more = ", ..." if len(names) > _MOST_LISTED else ""
    return f"{listed} {', '.join(map(show, names[:_MOST_LISTED]))}{more}"
