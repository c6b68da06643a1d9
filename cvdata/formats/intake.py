"""What a reader is given and leaves behind: workers, quarantine, findings, and the count of what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from ..engine import Engine, InProcess, Progress, Silent
from ..errors import Place, QuarantineError, show
from ..files import Counts, Finding, QuarantineItem

__all__ = ["Intake", "Likeness", "Verify"]

Verify = Literal["sizes", "decode", "none"]
Kind = Literal["annotation", "image", "label file"]

_EXAMPLES = 5


class Likeness(msgspec.Struct, frozen=True):
    """How much a path looks like a format, 0 (not at all) to 100 (it says so itself), and why."""

    score: int
    reason: str


@dataclass
class _Found:
    code: str
    message: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Intake:
    """The desk that every reader works at.

    Attributes:
        images: folder of the pictures, where the user named one.
        verify: whether header sizes or all pixels are held against the labels.
        engine: runs work on batches.
        progress: shows a person how far it is.
        wanted: optional columns that anyone will look at, None for all; a reader may leave the others out if it counts
            them in `unread`.
        as_text: optional columns that nobody will look at, but that are kept: a reader may hand on their text, and
            counts them in `unread` as well. So far only `polygons`, as `Annotations.outlines`.
        strict: raise at the first bad item instead of putting it in quarantine.
        read: what was in the source, good and bad.
        filtered: what the source itself leaves out (VOC files in no ImageSets list).
        verified: what the labels were held against, in words; `checked`: the number of pictures that were there for it.
        where: place of each annotation of the dataset that was returned, for messages.
        label_root: folder that holds the dataset, where the reader says which file has whose labels.
        label_files: label file, below that folder, of each picture, by the name that the reader gave it.
    """

    images: Path | None = None
    verify: Verify = "sizes"
    engine: Engine = field(default_factory=InProcess)
    progress: Progress = field(default_factory=Silent)
    wanted: frozenset[str] | None = None
    as_text: frozenset[str] = frozenset()
    strict: bool = False
    read: Counts = field(default_factory=Counts)
    filtered: Counts = field(default_factory=Counts)
    quarantine: list[QuarantineItem] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)
    verified: str = ""
    checked: int = 0
    where: Callable[[int], Place] | None = None
    label_root: str | None = None
    label_files: dict[str, str] = field(default_factory=dict)
    _found: dict[str, _Found] = field(default_factory=dict)
    _unlisted: dict[str, list[str]] = field(default_factory=dict)

    def bad_annotation(self, at: Place, found: str, expected: str, image: str | None = None) -> None:
        """Leave one annotation out.

        Raises:
            QuarantineError: `strict` is set.
        """
        self._leave_out("annotation", at, found, expected, image, Counts(0, 1))

    def bad_image(self, at: Place, found: str, expected: str, image: str, annotations: int) -> None:
        """Leave one picture out, with its annotations.

        Raises:
            QuarantineError: `strict` is set.
        """
        self._leave_out("image", at, found, expected, image, Counts(1, annotations))

    def bad_label_file(
        self, at: Place, found: str, expected: str, image: str | None, images: int = 1, annotations: int = 0
    ) -> None:
        """Leave out a label file that cannot be used, and its picture (`images=0` where it has none).

        Args:
            annotations: rows of the file that were counted as read.

        Raises:
            QuarantineError: `strict` is set.
        """
        self._leave_out("label file", at, found, expected, image, Counts(images, annotations))

    def _leave_out(self, kind: Kind, at: Place, found: str, expected: str, image: str | None, counts: Counts) -> None:
        if self.strict:
            hint = "correct it, or leave out --on-bad fail so that bad items are put aside by name"
            raise QuarantineError(f"{found}; expected {expected}", at=at, hint=hint)
        self.quarantine.append(
            QuarantineItem(
                kind=kind,
                file=str(at.file),
                line=at.line,
                field=at.field,
                found=found,
                expected=expected,
                image=image,
                images=counts.images,
                annotations=counts.annotations,
            )
        )

    def note(self, code: str, message: str, count: int = 1, examples: Iterable[str] = ()) -> None:
        """Add to the finding of that code; `{n}` in the message becomes the total."""
        self._add(code, _Found(code, message), count, examples)

    def _add(self, key: str, new: _Found, count: int, examples: Iterable[str]) -> None:
        found = self._found.setdefault(key, new)
        found.count += count
        found.examples.extend(list(examples)[: max(0, _EXAMPLES - len(found.examples))])

    def add_notes(self, other: Intake, source: str | None = None) -> None:
        """Add what came up at another desk; findings of one code that say the same become one.

        Args:
            source: said with each example, where several desks read several datasets.
        """
        for code, new in other._found.items():
            same = code not in self._found or self._found[code].message == new.message
            examples = new.examples if source is None else [f"{source}: {text}" for text in new.examples] or [source]
            self._add(code if same else f"{code}: {new.message}", _Found(code, new.message), new.count, examples)

    def unlisted_pictures(self, folder: str, names: list[str]) -> None:
        """Take note of the pictures in a folder that a label file does not name; another file may name them."""
        if folder in self._unlisted:
            still = set(names)
            names = [name for name in self._unlisted[folder] if name in still]
        self._unlisted[folder] = names
        everywhere = [name for others in self._unlisted.values() for name in others]
        code = "picture-without-labels-entry"
        self._found.pop(code, None)
        if everywhere:
            examples = map(show, everywhere[:_EXAMPLES])
            self.note(code, "{n} pictures are in the folder but not in the labels", len(everywhere), examples)

    @property
    def unlisted(self) -> dict[str, list[str]]:
        """Pictures that no label file names, by the folder they lie in."""
        return {folder: list(names) for folder, names in self._unlisted.items() if names}

    @property
    def findings(self) -> list[Finding]:
        """The findings in the order in which they first came up."""
        return [
            Finding(code=f.code, message=f.message.replace("{n}", f"{f.count:,}"), count=f.count, examples=f.examples)
            for f in self._found.values()
        ]

    @property
    def quarantined(self) -> Counts:
        """How much was left out."""
        return Counts(sum(item.images for item in self.quarantine), sum(item.annotations for item in self.quarantine))
