"""The step in which a model proposes labels for new pictures and a person checks a sample; the drawing plays it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..convert import Edit, read, save, write_edit
from ..dataset import Dataset
from ..dataset.select import keep_annotations
from ..errors import MissingExtraError
from ..files import Counts
from ..formats.predictions import Stored, read_prediction
from ..ingest import IngestSettings, ingest
from ..models.packages import check_packages
from ..prelabel.accept import AcceptPart, AcceptSettings, accept, offers_of
from ..prelabel.ranking.job import rank_pictures
from ..prelabel.ranking.opinions import Found
from ..prelabel.ranking.report import RankSettings
from ..prelabel.review import (
    ReviewFile,
    ReviewSettings,
    SampleSettings,
    draw_sample,
    note_sample,
    review,
    sample_dataset,
    without_scores,
)
from ..prelabel.review.judge import box_iou
from ..prelabel.run import Target, prelabel
from ..prelabel.settings import OTHERS, PrelabelSettings
from .drawing import write_pictures
from .shapes import draw
from .tour import Look, Step, Tour

__all__ = ["propose_labels"]

_PICTURES = 300
_NAME = "first"
_LEAST = 0.5
_REVIEW = ReviewSettings(iou=0.5, promise=0.8)
_SAMPLE = SampleSettings(per_class=40, bands=6)
_SEEN = 0.3
"""Overlap from which the person knows which object is meant."""


def propose_labels(tour: Tour) -> Step:
    """Let the detector of the step before propose labels for new pictures, review some, and accept the good ones."""
    run, folder, pets = tour.folder / "run", tour.folder / "unlabelled", tour.folder / "proposed"
    title = "Let the detector propose labels for new pictures, review a sample, accept what is good enough"
    try:
        check_packages("running a network", "torch", "torchvision", "safetensors")
    except MissingExtraError as error:
        return Step(title=title, lines=[f"Left out: {error.message}.", f"{error.hint}"])
    drawing = draw(tour.seed + 2, os.path.abspath(folder), _PICTURES)
    write_pictures(folder, drawing.pictures, tour)
    ingest([folder], pets, settings=IngestSettings(workers=1, overwrite=True))
    settings = PrelabelSettings(models=(str(run),), score={OTHERS: _LEAST})
    prelabel(read(pets, "cvdata", workers=1), pets, settings, Target(name=_NAME), workers=1)
    stored = read_prediction(pets, _NAME)
    found, seen = _review(tour, pets, stored, drawing.dataset)
    part = _accept(tour, pets)
    begin = f"cvdata review {shlex.quote(str(pets))} --predictions {_NAME}"
    return Step(
        title=title,
        commands=[
            shlex.join(["cvdata", "prelabel", str(pets), "--model", str(run), "--name", _NAME, "--score", f"{_LEAST}"]),
            f"{begin} {shlex.quote(str(tour.folder / 'to-correct'))} "
            f"--per-class {_SAMPLE.per_class} --bands {_SAMPLE.bands}",
            f"{begin} --corrected {shlex.quote(str(tour.folder / 'corrected'))} "
            f"--promise {_REVIEW.promise} --iou {_REVIEW.iou}",
            shlex.join(["cvdata", "accept", str(pets), "--predictions", _NAME]),
            shlex.join(["cvdata", "rank", str(pets), "--predictions", _NAME, "--number", "20"]),
        ],
        lines=[*_lines(stored, drawing.dataset, found, seen, part), _next(pets, stored)],
        looks=[
            Look(f"{tour.folder / 'to-correct'}", "the sample, as a person gets it"),
            Look(f"{pets / 'predictions' / _NAME}", "the proposals, and what the review found (Parquet and JSON)"),
        ],
    )


def _review(tour: Tour, pets: Path, stored: Stored, truth: Dataset) -> tuple[ReviewFile, int]:
    """Draw a sample, correct it as the drawing says, and judge what came back."""
    sample = draw_sample(stored, msgspec.structs.replace(_SAMPLE, seed=tour.seed))
    given = without_scores(sample_dataset(stored, sample, read(pets, "cvdata", workers=1).dataset))
    save(given, tour.folder / "to-correct", "coco", settings=tour.settings())
    note_sample(pets, sample)
    save(_corrected(given, truth), tour.folder / "corrected", "coco", settings=tour.settings())
    corrected = read(tour.folder / "corrected", "coco", workers=1).dataset
    return review(pets, stored, corrected, _REVIEW)[0], len(given.annotations)


def _corrected(sample: Dataset, truth: Dataset) -> Dataset:
    """Do what a person does: leave a good box, move or rename another, delete what is nothing or there twice."""
    table = sample.annotations
    box, category, kept = table.box.copy(), table.category.copy(), []
    classes = [sample.categories.names.index(name) for name in truth.categories.names]
    for row, best, iou in _matched(sample, np.arange(len(table)), truth):
        if iou < _SEEN:
            continue
        kept.append(row)
        category[row] = classes[truth.annotations.category[best]]
        if iou < _REVIEW.iou:
            box[row] = truth.annotations.box[best]
    changed = replace(sample, annotations=replace(table, box=box, category=category))
    return keep_annotations(changed, np.array(sorted(kept), np.int64))


def _matched(found: Dataset, rows: NDArray[np.int64], truth: Dataset) -> Iterator[tuple[int, int, float]]:
    """Yield which object of the truth each annotation is of, one to one, the likeliest first, and their overlap."""
    place = {name: at for at, name in enumerate(truth.images.names)}
    for image in np.unique(found.annotations.image[rows]).tolist():
        mine = rows[found.annotations.image[rows] == image]
        at = place[found.images.names[image]]
        true = np.arange(truth.offsets[at], truth.offsets[at + 1])
        pairs = np.stack(np.meshgrid(mine, true, indexing="ij"), axis=-1).reshape(-1, 2)
        iou = box_iou(found.annotations.box[pairs[:, 0]], truth.annotations.box[pairs[:, 1]])
        used: set[tuple[str, int]] = set()
        for one in np.argsort(-iou, kind="stable").tolist():
            row, best = pairs[one].tolist()
            if ("found", row) not in used and ("true", best) not in used:
                used |= {("found", row), ("true", best)}
                yield row, best, float(iou[one])


def _accept(tour: Tour, pets: Path) -> AcceptPart:
    """Make truth of what the review promises to be good."""
    reading = read(pets, "cvdata", workers=1)
    settings = AcceptSettings(predictions=(_NAME,))
    outcome = accept(reading.dataset, offers_of(pets, settings), settings)
    edit = Edit(
        command="accept",
        settings=msgspec.to_builtins(settings),
        dataset=outcome.dataset,
        added=Counts(0, outcome.part.accepted),
    )
    write_edit([reading], [pets], edit, None, settings=tour.settings())
    return outcome.part


def _lines(stored: Stored, truth: Dataset, found: ReviewFile, seen: int, part: AcceptPart) -> list[str]:
    """Say what was promised, and what the drawing, which knows, finds of it."""
    promised = ", ".join(f"{name} from {score:.2f}" for name, score in found.thresholds.items() if score is not None)
    lines = [
        f"It proposes {len(stored.dataset.annotations)} boxes in {len(stored.dataset.images)} pictures that nobody "
        "labelled.",
        f"A person looks at {seen} of them. There is none here: the drawing moves, renames and deletes in their place.",
    ]
    if not promised:
        return [*lines, "From so few it promises nothing: more pictures to learn from would help."]
    return [
        *lines,
        f"What follows, at least {100 * _REVIEW.promise:g} % right: {promised}.",
        f"{part.accepted} became labels, as a new version; the others stay proposals.",
        f"The drawing knows: {_precision(stored, truth, found)}.",
    ]


def _next(pets: Path, stored: Stored) -> str:
    """Say which picture a person should label next."""
    dataset = read(pets, "cvdata", workers=1).dataset
    found = Found(name=_NAME, dataset=stored.dataset, sha256=stored.about.sha256, least=_LEAST)
    report = rank_pictures(dataset, RankSettings(number=20), found=[found]).report
    if not report.first:
        return "Every picture has labels now."
    first = report.first[0]
    return f"To label next, of {report.ranked} pictures that still have no labels: {first.image} ({first.reason})."


def _precision(stored: Stored, truth: Dataset, found: ReviewFile) -> str:
    """Return how many of the proposals above the thresholds are right, in words, those that were reviewed among them.

    The promise is about all of them: what nobody looked at is on the whole less sure. As in the review each is judged
    by itself; what is a second box on one object is counted besides.
    """
    table, names = stored.dataset.annotations, stored.dataset.categories.names
    least = np.array([np.inf if (own := found.thresholds.get(name)) is None else own for name in names])
    chosen = (np.empty(0) if table.score is None else table.score) >= least[table.category]
    place = {name: at for at, name in enumerate(truth.images.names)}
    objects: list[int] = []
    for row in np.flatnonzero(chosen).tolist():
        at = place[stored.dataset.images.names[table.image[row]]]
        there = np.arange(truth.offsets[at], truth.offsets[at + 1])
        own = truth.categories.names.index(names[table.category[row]])
        same = there[truth.annotations.category[there] == own]
        iou = box_iou(np.broadcast_to(table.box[row], (len(same), 4)), truth.annotations.box[same])
        if len(iou) and iou.max() >= _REVIEW.iou:
            objects.append(int(same[iou.argmax()]))
    count, twice = int(chosen.sum()), len(objects) - len(set(objects))
    share = f" ({100 * len(objects) / count:.1f} %)" if count else ""
    return f"of {count} that are so sure {len(objects)} are right{share}, of them {twice} a second box on one object"
