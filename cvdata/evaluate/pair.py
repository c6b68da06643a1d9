"""Truth, and what a model found on the same pictures with the same classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset, State
from ..dataset.select import keep_images
from ..errors import EvaluationError, UsageError, nearest_of, show
from ..files import Finding
from ..images import file_name
from ..reports.scales import plural
from .by_name import match_names, stem

__all__ = [
    "Pair",
    "align",
    "chosen",
    "is_classification",
    "match_classes",
    "match_pictures",
    "undeclared_class",
]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Truth and found on the same rows: both have the pictures and the classes of the truth.

    Attributes:
        truth: the objects.
        found: the detections, with a finite score each; within a picture in the order of their source.
        order: int64, shape (images,), place of each picture in the order that COCO's evaluation goes through them,
            which decides between equal scores of two pictures: by id where ids are numbers, else as they come.
        findings: what is worth knowing about how the two were brought together.
    """

    truth: Dataset
    found: Dataset
    order: NDArray[np.int64]
    findings: tuple[Finding, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, by row."""
        return self.truth.categories.names

    @property
    def score(self) -> NDArray[np.float64]:
        """Confidence of each detection, float64, shape (detections,)."""
        score = self.found.annotations.score
        return np.zeros(len(self.found.annotations)) if score is None else score


def align(truth: Dataset, found: Dataset, split: str | None = None) -> Pair:
    """Put what was found on the rows of the truth: pictures and classes are matched by name.

    Pictures are matched by their whole name, what is left by file name, and then by file name without suffix, where
    that names one picture only and no folders contradict; see `match_pictures`. Pictures that nobody labelled are left
    out, with what was found on them: nothing there can be right or wrong.

    Args:
        split: name of the only split of the truth that is looked at; what was found on its other pictures is left out.

    Raises:
        UsageError: the truth has no such split.
        EvaluationError: a detection lies on a picture or is of a class that the truth does not have, or has no score;
            or one side has boxes and the other labels of whole pictures.
    """
    findings: list[Finding] = []
    rows = match_pictures(truth, found, findings)
    classes = match_classes(truth, found)
    _refuse_scores(found)
    _note_logits(found, findings)
    truth, rows = _of_split(truth, found, rows, split, findings)
    truth, rows = _labelled(truth, rows, findings)
    truth, found = _of_one_task(truth, found, findings)
    _count_silent(truth, rows, findings)
    table = found.annotations
    image, category = rows.astype(np.int32)[table.image], classes.astype(np.int32)[table.category]
    kept = image >= 0
    if not kept.all() or (np.diff(image) < 0).any():
        order = np.flatnonzero(kept)
        order = order[np.argsort(image[order], kind="stable")]
        table, image, category = table.take(order), image[order], category[order]
    moved = replace(table, image=image, category=category)
    aligned = Dataset(images=truth.images, annotations=moved, categories=truth.categories, meta=found.meta)
    return Pair(truth, aligned, _picture_order(truth), tuple(findings))


def is_classification(dataset: Dataset) -> bool:
    """Tell whether a dataset labels whole pictures: it has labels, and none has a box."""
    box = dataset.annotations.box
    return len(box) > 0 and bool(np.isnan(box[:, 0]).all())


def _labelled(truth: Dataset, rows: NDArray[np.int64], findings: list[Finding]) -> tuple[Dataset, NDArray[np.int64]]:
    """Leave out pictures that nobody labelled; `rows` are the truth's rows of the pictures of found."""
    labelled = truth.images.state != State.UNLABELLED
    if labelled.all():
        return truth, rows
    names = [show(truth.images.names[row]) for row in np.flatnonzero(~labelled)[:3].tolist()]
    count = int((~labelled).sum())
    if count == len(labelled):
        raise EvaluationError("no picture of the truth is labelled", hint="give the labels that FOUND is held against")
    message = f"left out: {plural(count, 'picture')} of the truth that nobody labelled"
    findings.append(Finding(code="unlabelled-pictures", message=message, count=count, examples=names))
    return _only(truth, rows, labelled)


def _of_split(
    truth: Dataset, found: Dataset, rows: NDArray[np.int64], split: str | None, findings: list[Finding]
) -> tuple[Dataset, NDArray[np.int64]]:
    """Leave out pictures of other splits, and say how much was found there: that may be all."""
    if split is None:
        return truth, rows
    images = truth.images
    if split not in images.splits:
        hint = nearest_of(split, images.splits) if images.splits else "it has none at all: leave out --split"
        raise UsageError(f"the truth has no split '{show(split)}'", hint=hint)
    truth, rows = _only(truth, rows, images.split == images.splits.index(split))
    count = int((rows[found.annotations.image] < 0).sum())
    if count:
        message = f"left out: {plural(count, 'prediction')} on pictures of other splits than {show(split, 40)}"
        findings.append(Finding(code="found-in-other-splits", message=message, count=count, examples=[]))
    return truth, rows


def _only(truth: Dataset, rows: NDArray[np.int64], kept: NDArray[np.bool_]) -> tuple[Dataset, NDArray[np.int64]]:
    """Keep some pictures of the truth, and number the rows of it anew; -1 for those that are gone."""
    renumbered = np.where(kept, np.cumsum(kept) - 1, -1)
    return keep_images(truth, np.flatnonzero(kept)), np.append(renumbered, -1)[rows]


def _of_one_task(truth: Dataset, found: Dataset, findings: list[Finding]) -> tuple[Dataset, Dataset]:
    """Leave out labels of whole pictures that stand among boxes; refuse boxes against such labels, and the reverse."""
    if not len(truth.annotations) or not len(found.annotations):
        return truth, found
    whole = is_classification(truth), is_classification(found)
    if whole == (True, True):
        return truth, found
    if any(whole):
        ours, theirs = ("labels of whole pictures", "boxes") if whole[0] else ("boxes", "labels of whole pictures")
        raise EvaluationError(
            f"the truth has {ours} and FOUND has {theirs}",
            hint="give the output of a model that was made for the same task",
        )
    return _without_labels(truth, "the truth", findings), _without_labels(found, "FOUND", findings)


def _without_labels(dataset: Dataset, side: str, findings: list[Finding]) -> Dataset:
    boxed = ~np.isnan(dataset.annotations.box[:, 0])
    if boxed.all():
        return dataset
    count = int((~boxed).sum())
    message = f"left out: {plural(count, 'label')} of whole pictures among the boxes of {side}"
    findings.append(Finding(code="labels-among-boxes", message=message, count=count, examples=[]))
    return replace(dataset, annotations=dataset.annotations.take(np.flatnonzero(boxed)))


def match_pictures(truth: Dataset, found: Dataset, findings: list[Finding]) -> NDArray[np.int64]:
    """Return the truth's row of each picture of found, int64; -1 for one without detections that truth lacks.

    By whole name, file name and stem, as `match_names` says.

    Args:
        findings: what was not matched by the whole name is added here.

    Raises:
        EvaluationError: the truth lacks a picture with detections.
    """
    names, matched = found.images.names, match_names(found.images.names, truth.images.names, (file_name, stem))
    for number, (code, what) in enumerate((("matched-by-file-name", "file name"), ("matched-by-stem", "stem")), 1):
        won = np.flatnonzero(matched.by == number)
        if len(won):
            message = f"{plural(len(won), 'picture')} matched by {what}: the whole names in TRUTH and FOUND differ"
            examples = [show(names[i]) for i in won[:3].tolist()]
            findings.append(Finding(code=code, message=message, count=len(won), examples=examples))
    used = np.zeros(len(found.images), np.bool_)
    used[found.annotations.image] = True
    lost = np.flatnonzero((matched.rows < 0) & used)
    if len(lost):
        shown = ", ".join(show(names[i]) for i in lost[:3].tolist())
        hint = "give the truth of these pictures, or filter the detections to those that it has"
        moved = next((i for i in lost.tolist() if i in matched.elsewhere), None)
        if moved is not None:
            other = f"'{show(names[moved])}' is '{show(truth.images.names[matched.elsewhere[moved]])}' there"
            hint += f"; if {other}, moved to another folder, name the pictures in FOUND as they are called now"
        raise EvaluationError(
            f"the truth lacks {plural(len(lost), 'picture')} with detections: {shown}{', …' if len(lost) > 3 else ''}",
            hint=hint,
        )
    return matched.rows


def match_classes(truth: Dataset, found: Dataset) -> NDArray[np.int64]:
    """Return the truth's row of each class of found, int64; -1 for one that no detection is of.

    Raises:
        EvaluationError: the truth lacks a class of a detection.
    """
    where = {name: row for row, name in enumerate(truth.categories.names)}
    rows = np.array([where.get(name, -1) for name in found.categories.names], np.int64)
    used = np.bincount(found.annotations.category, minlength=len(rows)) > 0
    lost = np.flatnonzero((rows < 0) & used)
    if len(lost):
        raise undeclared_class(found.categories.names[int(lost[0])], truth.categories.names)
    return rows


def undeclared_class(name: str, classes: Sequence[str]) -> EvaluationError:
    """Return the error for a class that detections have and the truth does not."""
    import difflib

    near = difflib.get_close_matches(name, classes, n=1)
    if near:
        hint = f"the truth has '{show(near[0])}': `cvdata remap` renames classes"
    else:
        hint = "give the truth this class, or leave it out with `cvdata remap --drop`"
    return EvaluationError(f"detections are of class '{show(name)}', which the truth does not have", hint=hint)


def _refuse_scores(found: Dataset) -> None:
    table = found.annotations
    missing = np.ones(len(table), np.bool_) if table.score is None else ~np.isfinite(table.score) | (table.score < 0)
    bad = np.flatnonzero(missing)
    if not len(bad):
        return
    name = show(found.images.names[table.image[bad[0]]])
    if table.score is None or np.isnan(table.score).all():
        raise EvaluationError(
            "FOUND has no scores, so it is no output of a model",
            hint="give predictions with a confidence each; `cvdata diff` compares two sets of labels",
        )
    value = float(table.score[bad[0]])
    what = "no score" if np.isnan(value) else f"the score {value:g}"
    raise EvaluationError(
        f"no usable score at {plural(len(bad), 'detection')}; the first, on {name}, has {what}",
        hint="a score is a number from 0 on, the higher the surer",
    )


def _note_logits(found: Dataset, findings: list[Finding]) -> None:
    """Say so where scores cannot be confidences; their order is all that most figures need."""
    score = found.annotations.score
    above = 0 if score is None else int((score > 1).sum())
    if above:
        message = f"{plural(above, 'score')} above 1: these are no confidences, so nothing is said of calibration"
        findings.append(Finding(code="scores-above-1", message=message, count=above, examples=[]))


def _count_silent(truth: Dataset, rows: NDArray[np.int64], findings: list[Finding]) -> None:
    """Say which pictures of the truth the predictions never mention: a run that stopped early looks like that."""
    silent = np.diff(truth.offsets) > 0
    silent[rows[rows >= 0]] = False
    count = int(silent.sum())
    if count:
        names = [show(truth.images.names[i]) for i in np.flatnonzero(silent)[:3].tolist()]
        message = f"FOUND lacks {plural(count, 'picture')} with objects, which count as missed"
        findings.append(Finding(code="pictures-not-in-found", message=message, count=count, examples=names))


def _picture_order(truth: Dataset) -> NDArray[np.int64]:
    ids = truth.images.source_id
    order = np.arange(len(truth.images))
    if isinstance(ids, np.ndarray):
        order[np.argsort(ids, kind="stable")] = np.arange(len(ids))
    elif ids is not None and all(isinstance(i, int) for i in ids):
        order[sorted(range(len(ids)), key=[int(i) for i in ids].__getitem__)] = np.arange(len(ids))
    return order


def chosen(pair: Pair, images: NDArray[np.int64]) -> Pair:
    """Return the same for some pictures only, given by their rows in ascending order."""
    truth, found = keep_images(pair.truth, images), keep_images(pair.found, images)
    return Pair(truth, found, pair.order[images], pair.findings)
