"""Put what a model found beside the truth, and say what is wrong with each label: the verdicts of `cvdata eval`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..curate.check.copies import members
from ..dataset import Dataset, State
from ..dataset.select import keep_images
from ..engine import Progress
from ..errors import EvaluationError, show
from ..evaluate.classify.classification import classify
from ..evaluate.diagnosis.kinds import Verdict
from ..evaluate.pair import Pair, is_classification, match_classes, match_pictures
from ..evaluate.report import EvalReport, LabelError, Names
from ..evaluate.run import Evaluation, evaluate
from ..evaluate.settings import EvalSettings
from ..files import Finding
from ..images.quality import BLANK
from ..images.series import augmentation_source, union
from ..images.similar import exact_copies, near_copies
from ..reports.scales import plural
from .subject import NOT_JUDGED, Found, Judged, Suspects

__all__ = ["judged_found", "leak_groups", "placed", "suspects_of"]


def placed(truth: Dataset, found: Dataset) -> Dataset:
    """Put what was found on all pictures of the truth, also on those that nobody labelled, with its classes.

    Raises:
        EvaluationError: a detection lies on a picture or is of a class that the truth does not have.
    """
    rows, classes = match_pictures(truth, found, []), match_classes(truth, found)
    table = found.annotations
    image, category = rows.astype(np.int32)[table.image], classes.astype(np.int32)[table.category]
    order = np.argsort(image, kind="stable")
    moved = replace(table.take(order), image=image[order], category=category[order])
    return Dataset(images=truth.images, annotations=moved, categories=truth.categories, meta=found.meta)


def judged_found(
    name: str,
    truth: Dataset,
    found: Dataset,
    *,
    split: str | None = None,
    complete: bool = True,
    progress: Progress | None = None,
) -> Found:
    """Return what a model found with the verdicts on it, on the rows of the truth.

    Args:
        split: only its pictures are judged.
        complete: whether the model looked at all pictures, so that objects of pictures that `found` does not list are
            missed, as in `cvdata eval`; else those pictures are not judged.

    Pictures that the truth lacks are left out, and `findings` says so: somebody dropped them since the model looked.

    Raises:
        UsageError: the truth has no such split.
        EvaluationError: the two do not belong together, or a detection has no score.
    """
    found, findings = _without_strangers(name, truth, found)
    own = placed(truth, found)
    rows = np.arange(len(truth.images)) if complete else np.unique(match_pictures(truth, found, []))
    seen = truth if complete else keep_images(truth, rows[rows >= 0])
    if not _is_labelled(seen, split):
        return Found(name=name, dataset=own, findings=findings)
    settings = EvalSettings(split=split, resamples=0)
    evaluation = evaluate(
        seen, found, settings, names=Names(found=name), findings=_not_seen(truth, seen), progress=progress
    )
    judged = _judged(truth, own, evaluation)
    return Found(name=name, dataset=own, judged=judged, report=evaluation.report, findings=findings)


def _without_strangers(name: str, truth: Dataset, found: Dataset) -> tuple[Dataset, tuple[Finding, ...]]:
    """Leave out detections on pictures that the truth lacks, unless it lacks them all: that is another dataset."""
    bare = replace(found, annotations=found.annotations.take(np.zeros(0, np.int64)))
    known, image = match_pictures(truth, bare, []) >= 0, found.annotations.image
    lost = np.unique(image[~known[image]])
    if not len(lost) or not known[image].any():
        return found, ()
    message = f"left out of {show(name)}: {plural(len(lost), 'picture')} with detections that the dataset lacks"
    examples = [show(found.images.names[row]) for row in lost[:3].tolist()]
    finding = Finding(code="unknown-pictures", message=message, count=len(lost), examples=examples)
    return keep_images(found, np.flatnonzero(known)), (finding,)


def _is_labelled(truth: Dataset, split: str | None) -> bool:
    labelled, splits = truth.images.state != State.UNLABELLED, truth.images.splits
    if split is not None and split in splits:
        labelled &= truth.images.split == splits.index(split)
    return bool(labelled.any())


def _not_seen(truth: Dataset, seen: Dataset) -> tuple[Finding, ...]:
    """Say how many labelled pictures are not judged, since the model did not look at them."""
    there = set(seen.images.names)
    labelled = np.flatnonzero(truth.images.state != State.UNLABELLED).tolist()
    names = [name for row in labelled if (name := truth.images.names[row]) not in there]
    if not names:
        return ()
    message = f"not judged: {plural(len(names), 'labelled picture')}, at which the model did not look"
    examples = [show(name) for name in names[:3]]
    return (Finding(code="pictures-not-looked-at", message=message, count=len(names), examples=examples),)


def _judged(truth: Dataset, found: Dataset, evaluation: Evaluation) -> Judged | None:
    """Put verdicts on the rows of the whole dataset; the evaluation saw some pictures and kinds of labels only."""
    pair = evaluation.pair
    rows = _rows_of(truth, pair, pair.truth), _rows_of(found, pair, pair.found)
    if evaluation.verdicts is None:
        return _judged_pictures(truth, found, pair, rows)
    verdicts = evaluation.verdicts
    blank = _blank(truth, found)
    for side, other_rows, at, verdict, other, overlap in (
        ("truth", rows[1], rows[0], verdicts.truth, verdicts.truth_other, verdicts.truth_overlap),
        ("found", rows[0], rows[1], verdicts.found, verdicts.found_other, verdicts.found_overlap),
    ):
        blank[side][at] = verdict
        blank[f"{side}_other"][at] = np.append(other_rows, -1)[other]
        blank[f"{side}_overlap"][at] = overlap
    return Judged(**blank, score=verdicts.score)


def _blank(truth: Dataset, found: Dataset) -> dict[str, NDArray[Any]]:
    blank: dict[str, NDArray[Any]] = {}
    for side, dataset in (("truth", truth), ("found", found)):
        count = len(dataset.annotations)
        blank[side] = np.full(count, NOT_JUDGED, np.uint8)
        blank[f"{side}_other"] = np.full(count, -1, np.int64)
        blank[f"{side}_overlap"] = np.full(count, np.nan)
    return blank


def _rows_of(whole: Dataset, pair: Pair, part: Dataset) -> NDArray[np.int64]:
    """Return the row in the whole dataset of each label that was evaluated, int64.

    Raises:
        EvaluationError: they are not the same labels.
    """
    where = {name: row for row, name in enumerate(whole.images.names)}
    seen = np.zeros(len(whole.images), np.bool_)
    seen[[where[name] for name in pair.truth.images.names]] = True
    rows = np.flatnonzero(seen[whole.annotations.image])
    if len(rows) != len(part.annotations):  # labels of whole pictures among boxes are not judged
        rows = rows[~np.isnan(whole.annotations.box[rows, 0])]
    if not np.array_equal(whole.annotations.category[rows], part.annotations.category):
        raise EvaluationError("the labels that were evaluated are not those of the dataset")
    return rows


def _judged_pictures(
    truth: Dataset, found: Dataset, pair: Pair, rows: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Judged | None:
    """Judge the class that a classifier is surest of; None where a picture may have several labels."""
    classified = classify(pair)
    if classified.several is not None:
        return None
    blank = _blank(truth, found)
    own = rows[0][pair.truth.offsets[classified.pictures]]
    blank["truth"][own] = Verdict.MISSED
    table, score = pair.found.annotations, pair.score
    order = np.lexsort((np.arange(len(table)), table.category, -score, table.image))
    first = order[np.diff(table.image[order], prepend=-1) > 0]  # of equal scores the first class, as in `classify`
    guess = np.full(len(pair.truth.images), -1, np.int64)
    guess[table.image[first]] = rows[1][first]
    met = np.flatnonzero(classified.guess >= 0)
    ours, theirs = own[met], guess[classified.pictures[met]]
    right = classified.right[met]
    blank["truth"][ours] = np.where(right, Verdict.FOUND, Verdict.WRONG_CLASS)
    blank["found"][theirs] = np.where(right, Verdict.TRUE, Verdict.WRONG_CLASS)
    blank["truth_other"][ours], blank["found_other"][theirs] = theirs, ours
    return Judged(**blank, score=0.0)


def suspects_of(truth: Dataset, found: Found) -> Suspects | None:
    """Return the probable label errors that the report names, by their rows; None where nothing was evaluated.

    A report names the surest alone, at most 200: who corrects those trains again before looking for more.

    Raises:
        EvaluationError: the report is not about these labels.
    """
    report: EvalReport | None = found.report
    if report is None:
        return None
    pictures = {name: row for row, name in enumerate(truth.images.names)}
    classes = {name: row for row, name in enumerate(truth.categories.names)}
    sides: list[Literal["truth", "found"]] = []
    rows: list[int] = []
    for one in report.label_errors:
        side: Literal["truth", "found"] = "found" if one.kind == "missing" else "truth"
        dataset = found.dataset if side == "found" else truth
        rows.append(_row_of(dataset, one, side, pictures, classes))
        sides.append(side)
    kinds = tuple(one.kind for one in report.label_errors)
    surety = np.array([one.surety for one in report.label_errors], np.float64)
    return Suspects(side=tuple(sides), row=np.array(rows, np.int64), kind=kinds, surety=surety)


def _row_of(
    dataset: Dataset,
    one: LabelError,
    side: Literal["truth", "found"],
    pictures: Mapping[str, int],
    classes: Mapping[str, int],
) -> int:
    """Return the row of a label by its picture, class and box, and its score where the label is a detection."""
    start, stop = dataset.offsets[pictures[one.image]], dataset.offsets[pictures[one.image] + 1]
    table, name = dataset.annotations, one.found if side == "found" else one.truth
    fits = table.category[start:stop] == classes[name or ""]
    box = table.box[start:stop]
    fits &= np.isnan(box[:, 0]) if is_classification(dataset) else (box == np.array(one.box)).all(axis=1)
    if side == "found" and table.score is not None:
        fits &= table.score[start:stop] == one.score
    if not fits.any():
        raise EvaluationError("a label that the report names is not in the dataset")
    return int(start) + int(np.argmax(fits))


def leak_groups(dataset: Dataset) -> NDArray[np.int32]:
    """Return the number of the group of each picture whose pictures look alike and lie in several splits, -1 for none.

    Alike are the same files, near copies and, by their names, augmented copies of one picture, by the rules of `cvdata
    check`; the first two only where the pictures were measured.
    """
    images, facts = dataset.images, dataset.images.facts
    sources = augmentation_source(images.names)
    number = {name: at for at, name in enumerate(dict.fromkeys(name for name in sources if name is not None))}
    parts = [np.array([-1 if name is None else number[name] for name in sources], np.int32)]
    if facts is not None:
        usable = (facts.size >= 0) & (facts.contrast >= BLANK)
        parts += [exact_copies(facts.sha256), near_copies(facts.phash, turned=True, usable=usable)]
    groups = np.full(len(images), -1, np.int32)
    count = 0
    for rows in members(union(images.names, *parts)[1]):
        if len({split for split in images.split[rows].tolist() if split >= 0}) > 1:
            groups[rows] = count
            count += 1
    return groups
