"""Making many new pictures: in worker processes, with a journal, so that a killed run goes on where it ended."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ..dataset import Dataset
from ..dataset.copies import Copies, MadeWord, copy_names
from ..engine import Engine, Progress
from ..files import Counts, QuarantineItem
from ..files.journal import Journal
from .collected import Collected, failed_items, part_of, with_pictures
from .entries import decode_entry
from .jobs import Batch, batches_of, suffix_of
from .means import Means, check_means, means_of
from .parents import counted_on
from .recipe import Recipe
from .settings import AugmentPart, AugmentSettings
from .work import lost_batch, make_batch

__all__ = ["Made", "make"]


@dataclass(frozen=True, eq=False)
class Made:
    """A dataset with new pictures in it, as long as the context of `make` lasts.

    Attributes:
        dataset: all of it, the copies behind the pictures that were there.
        added: what the copies are.
        made: folders that the files of the copies lie in until they are written: `convert.Edit.made`.
        part: what was made, for the report.
        quarantine: copies that could not be made; they count as nothing that was read.
    """

    dataset: Dataset
    added: Counts
    made: frozenset[str]
    part: AugmentPart
    quarantine: list[QuarantineItem]


@contextmanager
def make(
    dataset: Dataset,
    copies: Copies,
    settings: AugmentSettings,
    *,
    recipe: Recipe | None,
    word: MadeWord = "aug",
    target: str | os.PathLike[str],
    engine: Engine,
    progress: Progress,
) -> Iterator[Made]:
    """Make new pictures and yield the dataset with them; write it inside the context.

    A copy has what `copies.pasted` names pasted into it, and then passes through the recipe. It depends on the seed,
    on its parent's name and its number, and on nothing else, so that more pictures change no other copy (with mosaic
    and mixup: few others).

        with make(dataset, copies, settings, recipe=recipe, target=place, engine=engine, progress=progress) as made:
            reading.intake.quarantine += made.quarantine
            edit = Edit(command="augment", settings=..., dataset=made.dataset, added=made.added, made=made.made)
            report = output.write([reading], edit, progress)

    Leaving it without an error removes what was kept for a killed run; leaving it by one keeps it, and the same call
    goes on from there.

    Args:
        settings: `seed`, `mosaic`, `mixup`, `remnants` and `quality` count.
        recipe: what the copies pass through; None for what is only pasted.
        word: what their names and their lineage say: `a.aug1.jpg`.
        target: the output, or the cvdata dataset that gets a new version: the journal and the files that are made lie
            beside it until the context is left.

    Raises:
        UsageError: the dataset has what the recipe cannot take along.
        MissingExtraError: OpenCV is not installed.
        LockedError: another run works on the same output.
        OutputError: the disk refused.
    """
    copies = counted_on(dataset.images, copies, word)
    means = means_of(dataset, settings, recipe, folder="")
    check_means(dataset, copies, means)
    if not len(copies):
        yield _made(dataset, copies, Collected(), means, recipe, word)
        return
    with Journal(target) as journal:
        means = replace(means, folder=journal.made)
        try:
            collected = _run(dataset, copies, means, journal, engine, progress)
        except OSError as error:
            raise journal.failed(error) from error
        yield _made(dataset, copies, collected, means, recipe, word)
        journal.discard()


def _run(
    dataset: Dataset, copies: Copies, means: Means, journal: Journal, engine: Engine, progress: Progress
) -> Collected:
    """Make the pictures, but for those that an earlier run made."""
    known = {made.key: made for line in journal.entries for made in decode_entry(line) if made.problem is None}
    journal.make_made({made.file for made in known.values()})
    collected, waiting = Collected(), deque[str]()
    progress.start("augmenting", len(copies))
    batches = _noted(batches_of(dataset, copies, means, known), waiting, collected)
    for worked in engine.map(make_batch, batches, lost=lost_batch, progress=progress):
        found = {key: known.pop(key) for key in worked.kept}
        if worked.line is not None:
            journal.append(worked.line)
            found |= {made.key: made for made in decode_entry(worked.line)}
        collected.add([found[waiting.popleft()] for _ in range(len(found))])
    return collected


def _noted(batches: Iterator[Batch], waiting: deque[str], collected: Collected) -> Iterator[Batch]:
    """Pass batches on, and remember what of them is needed when their pictures come back."""
    for batch in batches:
        waiting.extend(job.key for job in batch.jobs)
        collected.others.extend(job.others for job in batch.jobs)
        yield batch


def _made(
    dataset: Dataset,
    copies: Copies,
    collected: Collected,
    means: Means,
    recipe: Recipe | None,
    word: MadeWord,
) -> Made:
    """Put the pictures behind those of the dataset, and say what was made."""
    suffixes = [suffix_of(dataset.images.names[row]) for row in copies.parent.tolist()]
    names = copy_names(dataset.images, copies, word, suffixes)
    said: dict[str, Any] = {"made": word}
    if recipe is not None:
        said |= {"recipe": recipe.name, "digest": recipe.digest}
    whole = with_pictures(dataset, copies, collected, names, means.folder, {**said, "seed": means.seed})
    return Made(
        dataset=whole,
        added=Counts(len(whole.images) - len(dataset.images), len(whole.annotations) - len(dataset.annotations)),
        made=frozenset([means.folder]) if len(copies) else frozenset(),
        part=part_of(dataset, whole, copies, collected, recipe, means.remnants),
        quarantine=failed_items(dataset, copies, collected, names),
    )
