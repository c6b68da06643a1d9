"""The pictures of a run that had to be opened: what they say, and which are new, changed or bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..dataset import Dataset, Facts, Images
from ..errors import show
from ..files import Counts, QuarantineItem
from ..files.journal import Journal
from ..formats import Intake
from ..formats._store_pictures import PICTURES, taken_files
from ..formats.store import Store
from ..images.facts import PicturesRead
from .alike import copies_of
from .combine import labelled, new_pictures
from .join import Candidates, Fate
from .known import Comparison
from .naming import Pictures
from .reading import read_pictures
from .sources import Source
from .stored import stored_names
from .unpack import unpack_pictures

__all__ = ["Batch", "candidates_of", "placed_files", "read_batch", "skip_copies", "table_of"]


@dataclass
class Batch:
    """The pictures that were opened; numbers are rows of `unread`.

    Attributes:
        unread: the pictures; `files`: where each lies; `read`: what it says.
        new: those that the dataset has not, good or bad.
        changed: those that it has with another content; `changed_rows`: their rows in it.
        same: number of those that it has with this very content, though size or time said otherwise.
    """

    unread: Pictures
    files: list[str]
    read: PicturesRead
    new: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    changed_rows: list[int] = field(default_factory=list)
    same: int = 0


def read_batch(
    pictures: Pictures,
    comparison: Comparison,
    sources: Sequence[Source],
    before: Dataset,
    intake: Intake,
    journal: Journal,
) -> Batch:
    """Unpack and read the pictures that have to be read, and sort them; bad ones of the dataset are put aside.

    Raises:
        CvdataError: an archive is refused, or the disk refused.
    """
    unread = pictures.take(comparison.unread)
    unpacked, problems = unpack_pictures(unread, sources, journal, intake.progress)
    intake.quarantine += [_bad(unread.names[row], problem) for row, problem in sorted(problems.items())]
    good = [row for row in range(len(unread)) if row not in problems]
    unpacked = {at: unpacked[row] for at, row in enumerate(good) if row in unpacked}
    unread, at = unread.take(good), [comparison.unread[row] for row in good]
    read = read_pictures(unread, sources, unpacked, journal, intake.engine, intake.progress)
    files = [
        unpacked.get(row, f"{sources[number].root}/{inside}")
        for row, (number, inside) in enumerate(zip(unread.sources, unread.inside, strict=True))
    ]
    batch = Batch(unread, files, read)
    for row, known in enumerate(comparison.rows[at].tolist()):
        if known < 0:
            batch.new.append(row)
        else:
            _sort_known(batch, row, known, before.images, intake)
    return batch


def _bad(name: str, found: str, expected: str = "a picture that can be read") -> QuarantineItem:
    return QuarantineItem(kind="image", file=name, found=found, expected=expected, image=name, images=1)


def _sort_known(batch: Batch, row: int, known: int, images: Images, intake: Intake) -> None:
    """Sort out a picture that the dataset has: unchanged after all, changed, or bad now, and then the old one stays."""
    name, read, facts = batch.unread.names[row], batch.read, images.facts
    size = (int(read.width[row]), int(read.height[row]))
    before = (int(images.width[known]), int(images.height[known]))
    if row in read.problems:
        intake.quarantine.append(_bad(name, read.problems[row]))
    elif facts is not None and (facts.sha256[known] == read.facts.sha256[row]).all():
        batch.same += 1
    elif images.state[known] and min(before) > 0 and size != before:
        found = f"the picture is now {size[0]}x{size[1]}, and its labels are of one of {before[0]}x{before[1]}"
        intake.quarantine.append(_bad(name, found, "the size that its labels were drawn on; the old picture stays"))
    else:
        batch.changed.append(row)
        batch.changed_rows.append(known)


def candidates_of(
    before: Dataset, pictures: Pictures, comparison: Comparison, batch: Batch, sources: Sequence[Source]
) -> Candidates:
    """Return all that labels may belong to: the pictures of the dataset, then the new ones."""
    old = len(before.images)
    new = np.array(batch.new, np.int64)
    new_names = [batch.unread.names[row] for row in batch.new]
    row_of = dict(zip(new_names, range(old, old + len(new)), strict=True))
    width, height = before.images.width.copy(), before.images.height.copy()
    width[batch.changed_rows], height[batch.changed_rows] = (
        batch.read.width[batch.changed],
        batch.read.height[batch.changed],
    )
    fate = np.full(old + len(new), Fate.STAYS, np.uint8)
    items = {}
    for at, row in enumerate(batch.new):
        if row in batch.read.problems:
            fate[old + at] = Fate.BAD
            items[old + at] = _bad(new_names[at], batch.read.problems[row])
    paths = {}
    for name, number, inside, known in zip(
        pictures.names, pictures.sources, pictures.inside, comparison.rows.tolist(), strict=True
    ):
        row = row_of.get(name, known)
        if row >= 0:
            paths[f"{sources[number].root}/{inside}"] = row
    return Candidates(
        names=[*before.images.names, *new_names],
        paths=paths,
        width=np.concatenate([width, batch.read.width[new]]),
        height=np.concatenate([height, batch.read.height[new]]),
        old=old,
        labelled=np.concatenate([labelled(before), np.zeros(len(new), np.bool_)]),
        fate=fate,
        items=items,
    )


def skip_copies(before: Dataset, batch: Batch, candidates: Candidates, intake: Intake) -> int:
    """Leave out new pictures with the bytes of one that comes before them; return their number."""
    old = before.images.facts if before.images.facts is not None else Facts.none(len(before.images))
    first = copies_of(Facts.concat([old, batch.read.facts.take(np.array(batch.new, np.int64))]))
    copies = [row for row in np.flatnonzero(first != np.arange(len(first))).tolist() if row >= candidates.old]
    for row in copies:
        candidates.fate[row] = Fate.SKIPPED
        candidates.kept[row] = int(first[row])
    if copies:
        intake.filtered += Counts(images=len(copies))
        names = candidates.names
        examples = [f"{show(names[row])} = {show(names[first[row]])}" for row in copies[:5]]
        intake.note("copies-skipped", "exact copies of other pictures, left out: {n}", len(copies), examples)
    return len(copies)


def table_of(batch: Batch, rows: list[int], sources: Sequence[Source]) -> Images:
    """Return pictures of the batch as a table; their files are where they were found or unpacked."""
    at = np.array(rows, np.int64)
    roots = dict.fromkeys(sources[number].root for number in batch.unread.sources)
    folder_of = {root: number for number, root in enumerate(roots)}
    folders, files = list(folder_of), []
    folder = np.zeros(len(rows), np.int32)
    for place, row in enumerate(rows):
        source = sources[batch.unread.sources[row]]
        folder[place] = folder_of[source.root]
        files.append(batch.unread.inside[row])
        if source.kind == "archive":
            folders[folder[place]], _, files[-1] = batch.files[row].rpartition("/")
    read = replace(
        batch.read, facts=batch.read.facts.take(at), width=batch.read.width[at], height=batch.read.height[at]
    )
    return new_pictures([batch.unread.names[row] for row in rows], read, folder, folders, files)


def placed_files(before: Dataset, store: Store, batch: Batch, added: list[int]) -> list[tuple[str, str]]:
    """Return the name below `images/` and the file of each picture that is not there yet."""
    rows = [*batch.changed, *added]
    names = [batch.unread.names[row] for row in rows]
    files = [batch.files[row] for row in rows]
    sha256 = batch.read.facts.sha256[np.array(rows, np.int64)]
    taken = taken_files(before.images, store.root)
    return list(zip(stored_names(names, files, sha256, taken, f"{store.root}/{PICTURES}"), files, strict=True))
