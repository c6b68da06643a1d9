"""Make one dataset of several: `cvdata merge`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...dataset import Dataset
from ...engine import Engine, InProcess, Progress, Silent
from ...errors import UsageError
from ...files import Counts, Finding
from ...formats._sidecar_outlines import read_outlines
from .choice import Choice, Conflicts, choose, find_conflicts, set_apart
from .classes import JoinedClasses, join_classes, likely_same
from .content import Same, same_pictures
from .meta import join_meta
from .pictures import Names, name_pictures
from .report import Clashes, MergeSettings, MergeSource, MergeTally, Renamed
from .whole import Whole
from .words import Notes, refuse_classes, refuse_pictures

__all__ = ["MergeOutcome", "Part", "merge"]


@dataclass(frozen=True)
class Part:
    """One of the datasets to merge.

    Attributes:
        name: short, for people and in front of pictures that have to be renamed.
    """

    name: str
    dataset: Dataset


@dataclass(frozen=True)
class MergeOutcome:
    """What a merge made.

    Attributes:
        filtered: pictures and annotations that became one with others.
        tally: what became of each source; `findings`: what is worth knowing.
    """

    dataset: Dataset
    filtered: Counts
    tally: MergeTally
    findings: list[Finding]


def merge(
    sources: Sequence[Part],
    settings: MergeSettings | None = None,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> MergeOutcome:
    """Make one dataset of several: one name is one class, one picture is there once.

    Pictures, classes and ids of the first source stay as they are; those of the others come after them. Nothing is
    read but files of pictures whose size more than one source has.

    Raises:
        UsageError: there are fewer than two sources.
        CvdataError: sources disagree, and `settings.on_conflict` is `fail`.
    """
    settings = settings or MergeSettings()
    if len(sources) < 2:
        raise UsageError(f"{len(sources)} dataset to merge", hint="name two or more")
    names = _unique([part.name for part in sources])
    parts = [part.dataset for part in sources]
    notes = Notes(names, settings.on_conflict)
    classes = _classes(parts, names, settings, notes)
    meta, licences, differing = join_meta(names, [part.meta for part in parts])
    notes.meta(differing)
    whole = Whole.of(parts, names, classes, licences, notes)
    same = _same(whole, settings, notes, engine or InProcess(), progress or Silent())
    if (same.roots != np.arange(len(same.roots))).any():  # what several sources have is compared, outlines too
        whole = replace(whole, dataset=replace(whole.dataset, annotations=read_outlines(whole.dataset.annotations)))
    conflicts = _conflicts(whole, same, names, settings, notes)
    clashes = _count(conflicts, classes)
    if settings.on_conflict == "keep":
        conflicts = set_apart(whole.dataset, conflicts)
    choice = choose(whole.dataset, conflicts, settings.on_conflict)
    called = name_pictures(whole.dataset.images, choice.kept, whole.source, names)
    images, annotations = whole.images(choice, called, notes), whole.annotations(choice, notes)
    tally = MergeTally(
        sources=_sources(parts, names, classes, whole, choice, called),
        conflicts=clashes,
        renames=_renames(whole, choice, called, names),
    )
    notes.renamed(tally.renames)
    return MergeOutcome(
        Dataset(images=images, annotations=annotations, categories=classes.categories, meta=meta),
        Counts(len(whole.source) - len(images), len(whole.dataset.annotations) - len(annotations)),
        tally,
        notes.findings,
    )


def _unique(names: Sequence[str]) -> list[str]:
    """Return a name for each source that no other has and that can stand in front of a picture's."""
    chosen: list[str] = []
    for name in names:
        base = name.replace("\\", "/").strip("/ ").replace("/", "-")
        base = base if base not in ("", ".", "..") else "dataset"
        free, number = base, 2
        while free in chosen:
            free, number = f"{base}-{number}", number + 1
        chosen.append(free)
    return chosen


def _classes(parts: Sequence[Dataset], names: Sequence[str], settings: MergeSettings, notes: Notes) -> JoinedClasses:
    tables = [part.categories for part in parts]
    classes = join_classes(names, tables, settings.on_conflict)
    if classes.clashes and settings.on_conflict == "fail":
        refuse_classes(classes.clashes)
    notes.classes(classes, likely_same(names, tables))
    return classes


def _same(whole: Whole, settings: MergeSettings, notes: Notes, engine: Engine, progress: Progress) -> Same:
    """Find the pictures that several sources have."""
    dataset, count = whole.dataset, len(whole.source)
    if settings.duplicates == "keep":
        return Same(np.arange(count), np.zeros(count, np.bool_))
    same = same_pictures(dataset.images, whole.source, engine, progress)
    notes.unseen(dataset.images, same)
    return same


def _conflicts(whole: Whole, same: Same, names: Sequence[str], settings: MergeSettings, notes: Notes) -> Conflicts:
    """Find what the sources disagree on of the pictures that several have."""
    conflicts = find_conflicts(whole.dataset, same.roots)
    if settings.on_conflict == "fail":
        refuse_pictures(whole.dataset, conflicts, whole.source, names, same.unseen)
    notes.conflicts(whole.dataset, conflicts, whole.source)
    return conflicts


def _count(conflicts: Conflicts, classes: JoinedClasses) -> Clashes:
    return Clashes(
        labels=int(conflicts.labels.sum()),
        splits=int(conflicts.splits.sum()),
        sizes=int(conflicts.sizes.sum()),
        classes=len(classes.clashes),
    )


def _renames(whole: Whole, choice: Choice, called: Names, names: Sequence[str]) -> list[Renamed]:
    rows = choice.kept[called.renamed].tolist()
    before = whole.dataset.images.names
    return [
        Renamed(source=names[whole.source[row]], before=before[row], after=called.names[at])
        for at, row in zip(called.renamed, rows, strict=True)
    ]


def _sources(
    parts: Sequence[Dataset],
    names: Sequence[str],
    classes: JoinedClasses,
    whole: Whole,
    choice: Choice,
    called: Names,
) -> list[MergeSource]:
    """Say what became of each source."""
    count = len(parts)
    kept = np.bincount(whole.source[choice.kept], minlength=count).tolist()
    owner = whole.source[whole.dataset.annotations.image[choice.annotations]]
    stay = np.bincount(owner, minlength=count).tolist()
    renamed = np.bincount(whole.source[choice.kept[called.renamed]], minlength=count).tolist()
    return [
        MergeSource(
            name=names[n],
            images=len(part.images),
            annotations=len(part.annotations),
            duplicates=len(part.images) - kept[n],
            dropped=len(part.annotations) - stay[n],
            renamed=renamed[n],
            classes=len(part.categories),
            new_classes=classes.new[n],
        )
        for n, part in enumerate(parts)
    ]
