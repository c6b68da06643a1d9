"""What a merge says: why it stops, and what is worth knowing about what it did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Images
from ...errors import CvdataError, show
from ...files import Finding
from ...formats import Intake
from .choice import Conflicts
from .classes import JoinedClasses
from .columns import Completed
from .content import Same
from .meta import KEPT
from .report import OnConflict, Renamed

__all__ = ["Notes", "refuse_classes", "refuse_pictures"]

_NAMED = 5  # conflicts that an error names
_CLASSES = 3  # that an error names of each picture
_LONGEST = 40  # letters of their names

_CHOICES = (
    "--on-conflict first or last believes that source, union takes the labels of both, keep leaves such pictures apart"
)


def refuse_classes(clashes: Sequence[str]) -> NoReturn:
    """Stop because of classes that sources describe differently.

    Raises:
        CvdataError: always.
    """
    one = len(clashes) == 1
    what = "1 class is" if one else f"{len(clashes):,} classes are"
    raise CvdataError(
        f"{what} described differently in two sources\n{_listed(clashes)}",
        hint="--on-conflict first or last believes that source, union joins keypoints by name; or rename one class "
        "before: cvdata remap",
    )


def refuse_pictures(
    dataset: Dataset, conflicts: Conflicts, source: NDArray[np.int32], names: Sequence[str], unseen: NDArray[np.bool_]
) -> None:
    """Stop if sources disagree on a picture.

    Raises:
        CvdataError: they do.
    """
    rows = np.flatnonzero(conflicts.any)
    if not len(rows):
        return
    what = "1 picture is" if len(rows) == 1 else f"{len(rows):,} pictures are"
    lines = [_clash(dataset, conflicts, row, source, names) for row in rows[:_NAMED].tolist()]
    more = [f"... and {len(rows) - _NAMED:,} more"] if len(rows) > _NAMED else []
    by_name = unseen[rows].any() or unseen[conflicts.roots[rows]].any()
    doubt = "; they may be different pictures of one name: then --duplicates keep" if by_name else ""
    raise CvdataError(
        f"{what} in two sources, and these disagree\n{_listed([*lines, *more])}", hint=f"{_CHOICES}{doubt}"
    )


def _listed(lines: Sequence[str]) -> str:
    more = [f"... and {len(lines) - _NAMED:,} more"] if len(lines) > _NAMED + 1 else []
    return "\n".join(f"  {line}" for line in [*lines[: _NAMED + 1 - len(more)], *more])


def _clash(dataset: Dataset, conflicts: Conflicts, row: int, source: NDArray[np.int32], names: Sequence[str]) -> str:
    """Say of one picture what two sources disagree on."""
    images, root = dataset.images, int(conflicts.roots[row])
    said = []
    for kind, first in (("labels", conflicts.looked_at), ("splits", conflicts.in_split), ("sizes", conflicts.sized)):
        if getattr(conflicts, kind)[row]:
            one = int(first[root])
            said.append((one, *_differ(dataset, kind, one, row)))
    one = said[0][0]
    here, there = "; ".join(words for _, words, _ in said), "; ".join(words for _, _, words in said)
    return (
        f"{show(images.names[one])} ({show(names[source[one]])}: {here}) and "
        f"{show(images.names[row])} ({show(names[source[row]])}: {there})"
    )


def _differ(dataset: Dataset, kind: str, one: int, two: int) -> tuple[str, str]:
    """Say what two pictures differ in: of as many labels the classes, of these in the same classes the places."""
    here, there = _said(dataset, kind, one), _said(dataset, kind, two)
    if here != there:
        return here, there
    names = dataset.categories.names
    counts = [
        np.bincount(dataset.annotations.category[slice(*dataset.offsets[row : row + 2])], minlength=len(names))
        for row in (one, two)
    ]
    other = np.flatnonzero(counts[0] != counts[1]).tolist()
    if not other:
        return here, f"{there}, in other places"
    of = [[f"{count[row]:,} '{show(names[row], _LONGEST)}'" for row in other if count[row]] for count in counts]
    return ", ".join([here, *of[0][:_CLASSES]]), ", ".join([there, *of[1][:_CLASSES]])


def _said(dataset: Dataset, kind: str, row: int) -> str:
    images = dataset.images
    if kind == "splits":
        return f"in {show(images.splits[images.split[row]])}"
    if kind == "sizes":
        return f"{images.width[row]}x{images.height[row]}"
    count = int(dataset.offsets[row + 1] - dataset.offsets[row])
    return f"{count:,} annotation{'' if count == 1 else 's'}" if count else "nothing in it"


_DONE = {
    "labels": {
        "first": "the labels of the first stay",
        "last": "those of the last stay",
        "union": "all are kept, what two sources have once",
        "keep": "they stay apart",
    },
    "splits": {
        "first": "they are in that of the first",
        "last": "they are in that of the last",
        "union": "they are in test rather than val, and in val rather than train",
        "keep": "they stay apart, and what is trained on one is tested on the other",
    },
    "sizes": {
        "first": "the size in the first is kept",
        "last": "the size in the last is kept",
        "union": "the size in the first is kept, and its labels",
        "keep": "they stay apart",
    },
}
_WITH = {"labels": "other labels", "splits": "another split", "sizes": "another size"}
_CODES = {"labels": "conflicting-labels", "splits": "conflicting-splits", "sizes": "conflicting-sizes"}


class Notes:
    """Collects what is worth knowing of a merge."""

    def __init__(self, names: Sequence[str], on_conflict: OnConflict) -> None:
        self._names, self._on_conflict, self._desk = names, on_conflict, Intake()

    @property
    def findings(self) -> list[Finding]:
        """The findings in the order in which they came up."""
        return self._desk.findings

    def _note(self, code: str, message: str, examples: Sequence[str]) -> None:
        if examples:
            self._desk.note(code, message, len(examples), examples)

    def classes(self, classes: JoinedClasses, alike: Sequence[str]) -> None:
        """Say what became of the classes."""
        chosen = {"last": "the last says", "union": "all say"}.get(self._on_conflict, "the first says")
        message = f"{{n}} classes are described differently; what {chosen} was taken"
        self._note("conflicting-classes", message, classes.clashes)
        which = "last" if self._on_conflict == "last" else "first"
        message = f"{{n}} attributes of classes are others in another source; the {which} stay"
        self._note("class-attributes", message, classes.attributes)
        message = "{n} pairs of classes are probably one; a name is a class, so they stay two"
        self._note("similar-class-names", message, alike)
        self._note("class-ids", "{n} classes of the sources have another id now", classes.renumbered)

    def meta(self, differing: Sequence[str]) -> None:
        """Say which notes on the datasets differ."""
        message = f"{{n}} notes on the datasets differ from those of the first, and are kept beside them ('{KEPT}')"
        self._note("notes-differ", message, [show(text) for text in differing])

    def groups(self, renamed: Sequence[str]) -> None:
        """Say which groups had to be renamed."""
        message = "{n} groups have the name of a group of another source, and got that of theirs in front"
        self._note("renamed-groups", message, [show(text) for text in renamed])

    def keypoints(self, losing: int) -> None:
        """Say how many annotations lost keypoints that their class does not have any more."""
        if losing:
            message = "{n} annotations have keypoints that their class does not have any more; these are left out"
            self._desk.note("lost-keypoints", message, losing)

    def unseen(self, images: Images, same: Same) -> None:
        """Say which pictures could not be compared by content."""
        rows = np.flatnonzero(same.unseen)
        if len(rows):
            message = "{n} pictures are nowhere to be found, and were compared by name and size alone"
            examples = [show(images.names[row]) for row in rows[:_NAMED].tolist()]
            self._desk.note("compared-by-name", message, len(rows), examples)

    def conflicts(self, dataset: Dataset, conflicts: Conflicts, source: NDArray[np.int32]) -> None:
        """Say where sources disagree on a picture, and what was done about it."""
        for kind, code in _CODES.items():
            rows = np.flatnonzero(getattr(conflicts, kind))
            if len(rows):
                message = f"{{n}} pictures have {_WITH[kind]} in another source: {_DONE[kind][self._on_conflict]}"
                names = dataset.images.names
                examples = [f"{show(names[row])} of {show(self._names[source[row]])}" for row in rows[:_NAMED].tolist()]
                self._desk.note(code, message, len(rows), examples)

    def attributes(self, names: Sequence[str]) -> None:
        """Say which pictures have copies with other attributes."""
        message = "{n} pictures have other attributes in another source; those of the first stay"
        self._note("picture-attributes", message, [show(name) for name in names])

    def ids(self, what: str, changed: int) -> None:
        """Say how many ids had to change."""
        if changed:
            message = f"{{n}} {what} had an id that another source has too, and are numbered anew"
            self._desk.note(f"{what[:-1]}-ids", message, changed)

    def completed(self, done: Completed) -> None:
        """Say what annotations took from their copies, and what not."""
        for code, counts, message in (
            (
                "completed",
                done.filled,
                "{n} values that annotations lack were taken from the same ones in another source",
            ),
            ("copies-differ", done.differing, "{n} values of annotations are others in another source; the first stay"),
        ):
            if counts:
                each = ", ".join(f"{name} {count:,}" for name, count in counts.items())
                self._desk.note(code, f"{message}: {each}", sum(counts.values()))

    def renamed(self, renames: Sequence[Renamed]) -> None:
        """Say which pictures had to be renamed."""
        message = "{n} pictures got the name of their source in front, because others in their folder have taken names"
        examples = [f"{show(one.before)} -> {show(one.after)}" for one in renames[:_NAMED]]
        if renames:
            self._desk.note("renamed-pictures", message, len(renames), examples)
