"""The work between finding pictures and writing them: read, compare, sort out, join labels, group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..dataset import Dataset
from ..errors import show
from ..files import Counts
from ..files.journal import Journal
from ..formats import Intake
from ..formats.store import Store
from ..images.masks import masks_among
from .alike import find_alike, group_count, group_pictures, note_alike, regrouped
from .batch import Batch, candidates_of, placed_files, read_batch, skip_copies, table_of
from .combine import Joined, add_labels, add_pictures, labelled, replace_pictures, split_folders
from .join import Candidates, Fate, join_labels
from .known import Comparison, compare, empty_dataset
from .labels import read_labels
from .naming import Origin, Pictures, name_pictures, origins_of
from .oddities import note_oddities
from .report import IngestSettings, NearCopies
from .sources import Source

__all__ = ["Taken", "take"]


@dataclass(kw_only=True)
class Taken:
    """What came of taking pictures in.

    Attributes:
        dataset: all that the dataset will hold; new pictures lie where they were found.
        differs: whether it holds anything that the last version does not.
        placed: name below `images/` and file of each new picture, for a dataset that is there already.
        origins: where its pictures come from.
        joined: number of annotations that were joined.
        added, changed, unchanged, gone, copies, near_copies, groups, masks, labelled: as in `IngestReport`.
        odd: all pictures that are odd, by the code of the finding.
    """

    dataset: Dataset
    differs: bool
    placed: list[tuple[str, str]]
    origins: list[Origin]
    joined: int
    added: int
    changed: int
    unchanged: int
    gone: int
    copies: int
    near_copies: NearCopies
    groups: int
    masks: int
    labelled: int
    odd: dict[str, list[str]]


@dataclass(frozen=True)
class _Found:
    """What is in the sources, beside what the dataset has.

    Attributes:
        before: the dataset as it is.
        masks: number of label masks that were left out.
    """

    before: Dataset
    origins: list[Origin]
    pictures: Pictures
    comparison: Comparison
    masks: int


def take(
    settings: IngestSettings,
    sources: Sequence[Source],
    origins: Sequence[Origin],
    store: Store | None,
    intake: Intake,
    journal: Journal,
) -> Taken:
    """Take pictures in; what is put aside and what is worth knowing goes to the intake.

    Args:
        origins: where the dataset took pictures from before; `store`: that dataset, None for a new one.

    Raises:
        CvdataError: labels or archives are refused, or the disk refused.
    """
    before = empty_dataset() if store is None else store.load()
    all_labels = read_labels(settings.labels, intake)  # first: what is refused is refused at once
    found = _find(settings, sources, origins, before, intake)
    batch = read_batch(found.pictures, found.comparison, sources, before, intake, journal)
    candidates = candidates_of(before, found.pictures, found.comparison, batch, sources)
    skipped = skip_copies(before, batch, candidates, intake) if settings.copies == "skip" else 0
    joined = join_labels(all_labels, candidates, intake)
    intake.quarantine += [candidates.items[row] for row in sorted(candidates.items)]
    by_folder = split_folders([*before.images.names, *found.pictures.names])
    whole, added = _assemble(before, batch, candidates, joined, sources, by_folder=by_folder)
    placed = [] if store is None else placed_files(before, store, batch, added)
    return _finish(settings, found, batch, whole, added, joined, placed, skipped, intake)


def _find(
    settings: IngestSettings, sources: Sequence[Source], origins: Sequence[Origin], before: Dataset, intake: Intake
) -> _Found:
    """Name the pictures and hold them against the dataset; what may not be opened is put aside."""
    origins = origins_of(sources, origins, set(before.images.names))
    pictures, refused = name_pictures(sources, origins)
    pictures, masks = _without_masks(pictures, before, settings, intake)
    intake.quarantine += refused
    intake.read += Counts(images=len(pictures) + len(refused))
    comparison = compare(pictures, before, sources, origins, {item.image or "" for item in refused})
    _note_gone(before, comparison, intake)
    return _Found(before, origins, pictures, comparison, masks)


def _finish(
    settings: IngestSettings,
    found: _Found,
    batch: Batch,
    whole: Dataset,
    added: list[int],
    joined: list[Joined],
    placed: list[tuple[str, str]],
    skipped: int,
    intake: Intake,
) -> Taken:
    """Group the pictures of the whole dataset and count."""
    before = found.before
    alike = find_alike(whole.images)
    whole = replace(whole, images=group_pictures(whole.images, alike, settings.group))
    note_alike(whole.images, alike, intake)
    oddities = {at: codes for at, row in enumerate(added) if (codes := batch.read.oddities.get(row))}
    odd = note_oddities([batch.unread.names[row] for row in added], oddities, intake)
    new_labels = labelled(whole)
    new_labels[: len(before.images)] &= ~labelled(before)
    return Taken(
        dataset=whole,
        differs=bool(added or batch.changed or new_labels.any()) or regrouped(before.images, whole.images),
        placed=placed,
        origins=found.origins,
        joined=sum(len(part.dataset.annotations) for part in joined),
        added=len(added),
        changed=len(batch.changed),
        unchanged=len(found.pictures) - len(found.comparison.unread) + batch.same,
        gone=len(found.comparison.gone),
        copies=len(alike.copies) + skipped,
        near_copies=alike.near_copies,
        groups=group_count(whole.images),
        masks=found.masks,
        labelled=int(new_labels.sum()),
        odd=odd,
    )


def _without_masks(
    pictures: Pictures, before: Dataset, settings: IngestSettings, intake: Intake
) -> tuple[Pictures, int]:
    """Leave label masks out, which are no pictures; return also their number."""
    if settings.masks == "keep":
        return pictures, 0
    known = set(pictures.names)
    others = [name for name in before.images.names if name not in known]
    masks = {name: of for name, of in masks_among([*pictures.names, *others]).items() if name in known}
    if masks:
        examples = [f"{show(mask)} of {show(of)}" if of else show(mask) for mask, of in list(masks.items())[:5]]
        message = "label masks are no pictures: {n} left out (--masks keep takes them in)"
        intake.note("label-masks", message, len(masks), examples)
    left = [row for row, name in enumerate(pictures.names) if name not in masks]
    return pictures.take(left), len(masks)


def _note_gone(before: Dataset, comparison: Comparison, intake: Intake) -> None:
    if comparison.gone:
        names = [show(before.images.names[row]) for row in comparison.gone[:5]]
        message = "pictures of the dataset that are no longer in the sources, and stay: {n}"
        intake.note("gone", message, len(comparison.gone), names)


def _assemble(
    before: Dataset,
    batch: Batch,
    candidates: Candidates,
    joined: list[Joined],
    sources: Sequence[Source],
    *,
    by_folder: bool,
) -> tuple[Dataset, list[int]]:
    """Return the whole dataset, and the rows of the batch that were added."""
    old = candidates.old
    stays = np.flatnonzero(candidates.fate[old:] == Fate.STAYS).tolist()
    added = [batch.new[at] for at in stays]
    row_of = np.full(len(candidates.names), -1, np.int64)
    row_of[:old] = np.arange(old)
    row_of[[old + at for at in stays]] = old + np.arange(len(stays))
    whole = replace_pictures(before, np.array(batch.changed_rows, np.int64), table_of(batch, batch.changed, sources))
    whole = add_pictures(whole, table_of(batch, added, sources), by_folder=by_folder)
    parts = [Joined(part.dataset, row_of[part.rows]) for part in joined if len(part.rows)]
    return add_labels(whole, parts), added
