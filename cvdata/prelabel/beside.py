"""Proposals beside a dataset of any format: a file or a folder that other tools, and `cvdata eval`, read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..dataset import Dataset
from ..errors import UsageError
from ..files import Account, Counts, Manifest, QuarantineItem, Staging, check_single, write_single
from ..formats.results_write import results_bytes
from ..formats.yolo_results_write import check_yolo_names, yolo_prediction_files
from ..models.spec import Task

__all__ = ["Form", "check_beside", "check_kind_beside", "check_names_beside", "form_of", "write_beside"]

Form = str
_COCO, _SCORES, _YOLO = "coco-results", "scores", "yolo-results"
_FORMS = {".json": _COCO, ".csv": _SCORES}


def form_of(path: Path) -> Form:
    """Return the form that proposals have at a place: `coco-results`, `scores` or `yolo-results`, by its suffix.

    Raises:
        UsageError: the suffix is that of no form.
    """
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".txt", ".xml", ".yaml", ".yml", ".parquet", ".tsv", ".zip"):
        raise UsageError(
            f"proposals are not written as {suffix}",
            hint="name found.json for COCO results, scores.csv for a classifier, or a folder for YOLO labels",
        )
    return _FORMS.get(suffix, _YOLO)


def check_beside(path: Path, sources: Sequence[Path], *, overwrite: bool) -> Form:
    """Refuse a place before any work is done for it, and return the form.

    Raises:
        UsageError: it lies in a source, is there already, or its suffix is that of no form.
    """
    form = form_of(path)
    if form == _YOLO:
        Staging(path, sources=sources, overwrite=overwrite)  # looks at the place; makes nothing
    else:
        check_single(path, sources=sources, overwrite=overwrite)
    return form


def check_names_beside(path: Path, names: Sequence[str], truth: Dataset) -> None:
    """Refuse pictures that would share a file, before models look at them.

    Raises:
        UsageError: there are such.
    """
    if form_of(path) == _YOLO:
        check_yolo_names(names, truth)


def check_kind_beside(path: Path, task: Task, *, scored: bool) -> None:
    """Refuse what a file or a folder cannot hold, before models look at anything.

    Args:
        task: what the models do together; `scored`: what they find has scores.

    Raises:
        UsageError: labels of whole pictures are to be COCO results or YOLO labels, boxes a table of scores, or there
            are no scores.
    """
    form = form_of(path)
    if not scored:
        raise UsageError(
            "regions of a segmenter have no score, which these files need",
            hint="make a cvdata dataset and propose in it, or let cvdata predict write label maps",
        )
    if form == _SCORES and task != "classifier":
        raise UsageError("a table of scores holds labels of whole pictures, and these have boxes",
                         hint="name found.json, or a folder for YOLO labels")  # fmt: skip
    if form != _SCORES and task == "classifier":
        raise UsageError("labels of whole pictures go into a table of scores", hint="name a file ending in .csv")


def write_beside(
    path: Path,
    found: Dataset,
    truth: Dataset,
    settings: Mapping[str, Any],
    quarantine: Sequence[QuarantineItem],
    *,
    overwrite: bool,
) -> None:
    """Write proposals, whole or not at all.

    Args:
        found: the pictures that were looked at, with proposals.
        truth: the dataset whose pictures they are; ids are its ids.
        settings: as resolved, for the manifest of a folder.

    Raises:
        OutputError: the disk refused.
    """
    form = form_of(path)
    if form == _COCO:
        write_single(path, results_bytes(found, truth))
    elif form == _SCORES:
        write_single(path, _scores(found))
    else:
        _write_yolo(path, found, truth, settings, quarantine, overwrite=overwrite)


def _scores(found: Dataset) -> bytes:
    """Return a table `image,label,score`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "label", "score"])
    table, names = found.annotations, found.categories.names
    score = np.empty(0) if table.score is None else table.score
    for image, category, own in zip(table.image.tolist(), table.category.tolist(), score.tolist(), strict=True):
        writer.writerow([found.images.names[image], names[category], repr(own)])
    return text.getvalue().encode()


def _write_yolo(
    path: Path,
    found: Dataset,
    truth: Dataset,
    settings: Mapping[str, Any],
    quarantine: Sequence[QuarantineItem],
    *,
    overwrite: bool,
) -> None:
    count = Counts(len(found.images), len(found.annotations))
    bad = Counts(len(quarantine))
    account = Account(read=count + bad, written=count, quarantined=bad, filtered=Counts())
    manifest = Manifest(
        command="prelabel", format=_YOLO, settings=dict(settings), account=account, losses=[], renamed={}
    )
    with Staging(path, overwrite=overwrite) as staging:
        for name, data in yolo_prediction_files(found, truth):
            staging.write(name, data)
        staging.commit(manifest, quarantine)
