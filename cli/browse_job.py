"""What `cvdata browse` reads: a dataset, what models found in it, and all that is known to be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError, show
from .browse_found import judge_given, read_given, with_classes
from .browse_networks import check_embeddings, check_heat, heat_of, vectors_of
from .choices import Verify
from .source import read_source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..browse.subject import Found, Subject
    from ..convert import Reading
    from ..dataset import Dataset
    from ..engine import Progress

__all__ = ["BrowseInputs", "subject_for"]


@dataclass(frozen=True, kw_only=True)
class BrowseInputs:
    """What is to be looked at.

    Attributes:
        found: what models found, in any form that `cvdata eval` takes, or runs of `cvdata train`.
        found_format: of all of `found`, None to detect it.
        predictions: names of predictions of a cvdata dataset, before `found`.
        split: only its pictures are judged.
        labels_only: open no picture to check it.
        embeddings: file of embeddings, or a model that makes them.
        heat: run that shows where it looked, in the `heat_most` worst pictures.
    """

    source: Path
    from_format: str | None = None
    images: Path | None = None
    found: tuple[Path, ...] = ()
    found_format: str | None = None
    predictions: tuple[str, ...] = ()
    split: str | None = None
    labels_only: bool = False
    embeddings: str | None = None
    heat: Path | None = None
    heat_most: int = 50
    workers: int | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return everything that is read, none of which an output may overwrite."""
        from ..formats.store import split_version

        more = (self.images, self.heat, None if self.embeddings is None else Path(self.embeddings))
        known = (path for path in more if path is not None and path.exists())
        return (split_version(self.source)[0], *self.found, *known)

    @property
    def settings(self) -> dict[str, Any]:
        """Return what was asked for, for reports: names, and never where files lie."""
        return {
            "found": [show(path.name) for path in self.found],
            "predictions": list(self.predictions),
            "split": self.split,
            "labels_only": self.labels_only,
            "embeddings": None if self.embeddings is None else show(Path(self.embeddings).name),
            "heat": None if self.heat is None else show(self.heat.name),
            "heat_most": self.heat_most,
        }


def subject_for(inputs: BrowseInputs, progress: Progress) -> tuple[Subject, Reading]:
    """Read everything, judge what was found, check the dataset.

    Raises:
        CvdataError: something is refused.
    """
    from ..browse.judge import leak_groups, suspects_of
    from ..browse.labels.texts import with_safe_texts
    from ..browse.subject import Subject
    from ..formats.store import split_version

    _refuse(inputs)
    reading = read_source(inputs.source, inputs.from_format, inputs.images, Verify.sizes, inputs.workers, progress)
    _refuse_split(inputs.split, reading.dataset)
    given = read_given(inputs, reading, progress)
    reading = with_classes(reading, given)
    judged = judge_given(
        inputs, reading.dataset, given, progress
    )  # what is refused is refused before pictures are opened
    tags, titles, reading = _checked(inputs, reading, progress)
    dataset = reading.dataset
    found = tuple(replace(one, dataset=replace(one.dataset, images=dataset.images)) for one in judged)
    subject = Subject(
        dataset=dataset,
        found=found,
        suspects=suspects_of(dataset, found[0]) if found else None,
        tags=tags,
        finding_titles=titles,
        leak=leak_groups(dataset),
        worth=_worth(dataset, found),
    )
    if inputs.embeddings is not None:
        root = split_version(inputs.source)[0]
        vectors = vectors_of(inputs.embeddings, dataset.images, root, inputs.workers, progress)
        subject = replace(subject, vectors=vectors)
    if inputs.heat is not None:
        subject = replace(subject, heat=heat_of(inputs.heat, inputs.heat_most, subject, progress))
    return with_safe_texts(subject), reading


def _refuse(inputs: BrowseInputs) -> None:
    """Refuse what cannot be, before anything is read.

    Raises:
        CvdataError: an option has no use without another, or names what is not there.
    """
    from ..formats.store import is_store, split_version

    if inputs.predictions and not is_store(split_version(inputs.source)[0]):
        hint = "give what a model found with --found"
        raise UsageError(f"'{show(inputs.source)}' is no cvdata dataset, and has no predictions", hint=hint)
    if inputs.split is not None and not (inputs.found or inputs.predictions):
        raise UsageError("--split says what is judged, and there is nothing to judge", hint="give --found, too")
    if inputs.found_format is not None and not inputs.found:
        raise UsageError("--found-format is for --found, which is not given", hint="leave it out")
    if inputs.heat is not None:
        check_heat(inputs.heat)
    if inputs.embeddings is not None:
        check_embeddings(inputs.embeddings)


def _refuse_split(split: str | None, dataset: Dataset) -> None:
    """Refuse a split that the dataset does not have: where nothing is labelled the evaluation would not say so.

    Raises:
        UsageError: there is none.
    """
    splits = dataset.images.splits
    if split is not None and split not in splits:
        hint = f"it has {', '.join(map(show, splits))}" if splits else "leave out --split: it has none"
        raise UsageError(f"'{show(split)}' is no split of the dataset", hint=hint)


def _checked(
    inputs: BrowseInputs, reading: Reading, progress: Progress
) -> tuple[tuple[tuple[str, ...], ...], dict[str, str], Reading]:
    """Check the dataset: codes of each picture, what they mean, and the reading with what the pictures showed."""
    from ..curate.check import check_pictures, pictures_of
    from ..curate.check.findings import CheckSettings
    from ..engine import start, worker_count

    dataset = reading.dataset
    with start(worker_count(inputs.workers)) as engine:
        pictures = None if inputs.labels_only else pictures_of(dataset.images, engine, progress)
        report, concerned = check_pictures(
            dataset,
            reading.intake,
            CheckSettings(labels_only=inputs.labels_only),
            source_format=reading.format,
            source=inputs.source,
            pictures=pictures,
            engine=engine,
            progress=progress,
        )
    if pictures is not None:
        images = replace(dataset.images, facts=pictures.facts)
        reading = replace(reading, dataset=replace(dataset, images=images))
    tags: dict[str, list[str]] = {}
    for code, names in concerned.items():
        for name in names:
            tags.setdefault(name, []).append(code)
    titles = {finding.code: finding.title for finding in report.findings}
    return tuple(tuple(tags.get(name, ())) for name in dataset.images.names), titles, reading


def _worth(dataset: Dataset, found: Sequence[Found]) -> NDArray[np.float64] | None:
    """Return how unsure the models are of each picture that nobody labelled, 0 to 1; NaN for others."""
    from ..dataset import State
    from ..prelabel.ranking.opinions import Found as Given
    from ..prelabel.ranking.opinions import opinions_of
    from ..prelabel.ranking.uncertainty import uncertainty

    rows = np.flatnonzero(dataset.images.state == State.UNLABELLED)
    seen = [one for one in found if _has_confidences(one.dataset)]
    if not len(rows) or not seen:
        return None
    worth = np.full(len(dataset.images), np.nan)
    given = [Given(name=one.name, dataset=one.dataset, complete=False) for one in seen]
    worth[rows] = uncertainty(opinions_of(dataset.images, rows, given))
    return worth


def _has_confidences(found: Dataset) -> bool:
    """Tell whether the scores say how sure a model is: none of them is above 1, as logits may be."""
    score = found.annotations.score
    return score is not None and len(score) > 0 and bool(((score >= 0) & (score <= 1)).all())
