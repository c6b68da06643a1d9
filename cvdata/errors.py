"""Every deliberate error of cvdata, and the one way a name from a file is shown to a person.

    CvdataError                exit 1   anything that a person can act on
    ├── UsageError             exit 2   an option or an argument that makes no sense
    ├── FormatError            exit 1   a file is not what its format says
    │   └── IdentityError      exit 1   two things claim one identity, so nothing can be attributed
    ├── UnsafePathError        exit 1   a name leaves the folder it belongs to
    ├── DetectionError         exit 2   no format, or more than one, fits the source
    ├── LossError              exit 1   `--strict`, and the target cannot hold everything
    ├── QuarantineError        exit 1   `--on-bad fail`, and an item is bad
    ├── OutputError            exit 1   the output cannot be written
    │   └── LockedError        exit 5   another run is writing the same output
    ├── MissingExtraError      exit 1   an optional package is not installed
    ├── EvaluationError        exit 1   predictions cannot be held against the truth
    ├── AugmentError           exit 1   a recipe cannot be built, or a transform fails on a picture
    ├── ModelError             exit 1   a network or its weights cannot be used
    ├── TrainingError          exit 1   a dataset cannot be trained on, or a run had to stop
    └── BrowseError            exit 1   FiftyOne, its database or its App cannot be used

Every message says where, what was found, what was expected and what to do:

    error: Annotations/007.xml: object[3]/bndbox/xmax: xmax is 'abc', expected a number
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "AugmentError",
    "BrowseError",
    "CvdataError",
    "DetectionError",
    "EvaluationError",
    "FormatError",
    "IdentityError",
    "LockedError",
    "LossError",
    "MissingExtraError",
    "ModelError",
    "OutputError",
    "Place",
    "QuarantineError",
    "TrainingError",
    "UnsafePathError",
    "UsageError",
    "nearest_of",
    "show",
]

_LONGEST_SHOWN = 200
_MOST_NAMED = 20

# Unicode categories that change how the rest of a line looks: controls, formats (bidi, zero width), surrogates,
# private use, line and paragraph separators. Sources: Unicode TR 36; CVE-2021-42574 (bidi).
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def show(text: str | os.PathLike[str], longest: int = _LONGEST_SHOWN) -> str:
    """Return text from a file as one harmless printable line.

    Control, ANSI, bidirectional and undecodable characters become `\\x1b`-style escapes; long text is cut.
    """
    whole = os.fspath(text)
    if whole.isascii() and whole.isprintable():
        shown = whole
    else:
        shown = "".join(_escaped(c) if unicodedata.category(c) in _HIDDEN else c for c in whole[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # an undecodable byte of a file name (PEP 383)
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")


def nearest_of(name: str, known: Sequence[str]) -> str:
    """Return the hint for a name that is not known: the one that was meant, by its letters, else the first that are."""
    import difflib

    near = [other for other in known if other.casefold() == name.casefold()]
    near = near or difflib.get_close_matches(name, known, 1)
    if near:
        return f"did you mean '{show(near[0])}'?"
    some = ", ".join(map(show, known[:_MOST_NAMED])) or "none"
    return f"there are: {some}{', …' if len(known) > _MOST_NAMED else ''}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found: a file, and inside it a line (from 1), a field, or both."""

    file: str | os.PathLike[str]
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        parts = [show(self.file)]
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.field is not None:
            parts.append(show(self.field))
        return ": ".join(parts)


class CvdataError(Exception):
    """Something that a person can act on: what was found, where, and the cure."""

    exit_code = 1

    def __init__(self, message: str, *, at: Place | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.at}: {self.message}" if self.at is not None else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class UsageError(CvdataError):
    """An option or an argument makes no sense."""

    exit_code = 2


class FormatError(CvdataError):
    """A file is not what its format says, so the dataset is refused."""


class IdentityError(FormatError):
    """Two things claim one identity, so annotations cannot be attributed."""


class UnsafePathError(CvdataError):
    """A name from a file leaves the folder it belongs to."""


class DetectionError(CvdataError):
    """No format, or more than one, fits the source."""

    exit_code = 2


class LossError(CvdataError):
    """`--strict` was asked for and the target format cannot hold everything."""


class QuarantineError(CvdataError):
    """`--on-bad fail` was asked for and an item is bad."""


class OutputError(CvdataError):
    """The output cannot be written."""


class LockedError(OutputError):
    """Another run is writing the same output."""

    exit_code = 5


class MissingExtraError(CvdataError):
    """An optional package is not installed."""


class EvaluationError(CvdataError):
    """Predictions cannot be held against the truth."""


class AugmentError(CvdataError):
    """A recipe cannot be built, or a transform of it fails on a picture."""


class ModelError(CvdataError):
    """A network or its weights cannot be used."""


class TrainingError(CvdataError):
    """A dataset cannot be trained on, or a run had to stop."""


class BrowseError(CvdataError):
    """FiftyOne, its database or its App cannot be used."""
