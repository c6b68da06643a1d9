"""What models found, as `cvdata browse` takes it: read, and held against the dataset."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..dataset import Categories
from ..errors import EvaluationError, FormatError, Place, UsageError, show

if TYPE_CHECKING:
    from ..browse.subject import Found
    from ..convert import Reading
    from ..dataset import Dataset
    from ..engine import Progress
    from .browse_job import BrowseInputs

__all__ = ["Given", "judge_given", "read_given", "with_classes"]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a model found.

    Attributes:
        path: as it was given; `name`: the short one of it.
        complete: it is of all pictures, not only of those that it lists.
    """

    path: str
    name: str
    dataset: Dataset
    complete: bool


def read_given(inputs: BrowseInputs, reading: Reading, progress: Progress) -> list[Given]:
    """Read what models found, each under a name for people."""
    from ..formats.predictions import is_prediction, read_prediction
    from ..formats.store import split_version
    from ..models.run_folder import is_run
    from .eval_inputs import Sources, read_found

    root = split_version(inputs.source)[0]
    found = [
        Given(path=name, name=name, dataset=read_prediction(root, name).dataset, complete=False)
        for name in inputs.predictions
    ]
    for path in inputs.found:
        name = os.path.basename(os.path.realpath(path))
        if is_run(path):
            found.append(Given(path=show(path), name=name, dataset=_of_run(path), complete=False))
            continue
        sources = Sources(truth=inputs.source, found=path, found_format=inputs.found_format, workers=inputs.workers)
        read = read_found(path, sources, reading.dataset, progress).dataset
        stem = Path(name).stem
        found.append(Given(path=show(path), name=stem, dataset=read, complete=not is_prediction(path)))
    often = Counter(one.name for one in found)
    return [replace(one, name=one.path) if often[one.name] > 1 else one for one in found]


def with_classes(reading: Reading, given: Sequence[Given]) -> Reading:
    """Give pictures that nobody labelled, without any class, the classes of what was found in them."""
    dataset = reading.dataset
    if len(dataset.categories) or not given:
        return reading
    names = tuple(dict.fromkeys(name for one in given for name in one.dataset.categories.names))
    return replace(reading, dataset=replace(dataset, categories=Categories(names=names)))


def judge_given(inputs: BrowseInputs, dataset: Dataset, given: Sequence[Given], progress: Progress) -> list[Found]:
    """Hold what was found against the dataset.

    Raises:
        CvdataError: the two do not belong together; it says which of those that were found.
    """
    from ..browse.judge import judged_found

    found = []
    for one in given:
        try:
            found.append(
                judged_found(
                    one.name, dataset, one.dataset, split=inputs.split, complete=one.complete, progress=progress
                )
            )
        except EvaluationError as error:
            raise EvaluationError(error.message, at=error.at or Place(one.path), hint=error.hint) from error
    return found


def _of_run(run: Path) -> Dataset:
    """Return what a run found in its validation pictures."""
    from ..models.run_folder import read_run
    from ..train.judge.found_files import PICTURES, read_found

    task = read_run(run).spec.task
    if task == "segmenter":
        raise UsageError(
            f"'{show(run)}' is a segmenter, which finds no objects", hint="give the run of a detector or a classifier"
        )
    try:
        names = (run / PICTURES).read_bytes().decode("utf-8", "surrogateescape").split("\n")[:-1]
    except FileNotFoundError as error:
        hint = "the run was cut off: cvdata train ... --resume ends it"
        raise FormatError("is not there", at=Place(run / PICTURES), hint=hint) from error
    return read_found(run, task, names)
