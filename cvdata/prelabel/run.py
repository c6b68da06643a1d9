"""From a dataset and models to proposals on the disk, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ..convert import Reading
from ..engine import Progress
from ..errors import UsageError, show
from ..files import Counts, Finding, QuarantineItem
from ..files.journal import Journal, remove_finished
from ..formats.predictions import (
    PREDICTIONS,
    check_prediction_place,
    joint_hash,
    make_prediction,
    prediction_folder,
    with_origin,
    write_prediction,
)
from ..formats.store import find_version, is_store, open_store, split_version
from .beside import check_beside, check_kind_beside, check_names_beside, write_beside
from .choosing import chosen_pictures
from .given import BOXES
from .looker import Looker, make_looker
from .propose import Proposed, propose
from .report import PrelabelReport, ProposedClass, ProposedPart
from .settings import PrelabelSettings, check_settings

__all__ = ["Target", "check_target", "prelabel"]

_SURE = 0.9
_SHOWN_ITEMS = 20
_LONGEST_NAME = 60


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where proposals go.

    Attributes:
        path: a file or a folder, for any dataset; None for the cvdata dataset that was read.
        name: of the prediction in it; None for the name of the model.
        overwrite: replace what cvdata wrote there before.
    """

    path: Path | None = None
    name: str | None = None
    overwrite: bool = False


def check_target(source: Path, target: Target, settings: PrelabelSettings, images: Path | None = None) -> str:
    """Refuse settings, and a place for proposals, before any work is done for them.

    Args:
        source: what is read; `images`: where its pictures lie, if that was said.

    Returns:
        The name of the prediction, or of the form of a file.

    Raises:
        UsageError: a setting makes no sense, the place is taken or lies in the source, or there is none.
    """
    check_settings(settings)
    root = split_version(source)[0]
    if not os.path.lexists(root):
        raise UsageError(f"'{show(root)}' does not exist", hint="give the path of a dataset")
    if target.path is not None:
        if target.name is not None:
            raise UsageError("--name is for proposals in a cvdata dataset, and DST was given", hint="leave one out")
        sources = [root, *([images] if images is not None else [])]
        return check_beside(target.path, sources, overwrite=target.overwrite)
    if not is_store(root):
        raise UsageError(
            f"'{show(source)}' is not a cvdata dataset, so proposals need a place of their own",
            hint="name DST: found.json for COCO results, a folder for YOLO labels, scores.csv for a classifier",
        )
    name = target.name or _name_of(settings.models)
    check_prediction_place(root, name, overwrite=target.overwrite)
    return name


def prelabel(
    reading: Reading,
    source: Path,
    settings: PrelabelSettings,
    target: Target | None = None,
    *,
    images: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> PrelabelReport:
    """Let models propose labels for the pictures of a dataset.

    Each lot of pictures is on the disk as soon as models have looked at it; the same call goes on where one was cut
    off. The labels of the dataset are neither changed nor mixed with proposals.

    Args:
        source: where it was read from.
        target: the cvdata dataset itself where not given.
        workers: threads that decode.

    Raises:
        CvdataError: see `check_target`, `make_looker` and `propose`; or the disk refused.
    """
    target = target or Target()
    name = check_target(source, target, settings, images)
    root = split_version(source)[0]
    version = None if target.path is not None else _version_of(source)
    dataset = reading.dataset
    rows = chosen_pictures(
        dataset.images, every=settings.every, labelled=settings.models == (BOXES,), splits=settings.splits
    )
    chosen = dataset.images.take(rows)
    if target.path is not None:
        check_names_beside(target.path, chosen.names, dataset)
    looker = make_looker(settings, dataset, rows)
    if target.path is not None:
        check_kind_beside(target.path, looker.spec.task, scored=looker.scored)
    place = prediction_folder(root, name) if target.path is None else target.path
    remove_finished(place)
    with Journal(place) as journal:
        proposed = propose(
            chosen, looker, journal, _how(settings, looker), batch=settings.batch, workers=workers, progress=progress
        )
        items = _bad_items(chosen.names, proposed.bad)
        resolved = msgspec.to_builtins(settings)
        if version is None:
            found = with_origin(proposed.dataset, _sha256(looker), _thresholds(looker))
            write_beside(place, found, dataset, resolved, items, overwrite=target.overwrite)
        else:
            about = make_prediction(
                name,
                version=version,
                models=looker.models,
                thresholds=_thresholds(looker),
                settings=resolved,
                bad=len(items),
            )
            write_prediction(root, proposed.dataset, about, overwrite=target.overwrite, quarantine=items)
        journal.discard()
    reading.intake.quarantine += items
    part = _part(None if version is None else name, looker, proposed)
    shown = root / PREDICTIONS / name if target.path is None else place
    return _report(reading, source, shown, "cvdata" if version is not None else name, part, looker.findings, resolved)


def _version_of(source: Path) -> str:
    """Return the id of the version of a cvdata dataset that is read."""
    root, asked = split_version(source)
    store = open_store(root)
    return (store.current if asked is None else find_version(store, asked)).id


def _name_of(models: Sequence[str]) -> str:
    """Return a name for what models propose: of a path its last part, without the suffix."""
    parts = [os.path.splitext(os.path.basename(text.rstrip("/\\")))[0] or text for text in models]
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in "+".join(parts))
    return name.strip("-.")[:_LONGEST_NAME] or "proposals"


def _how(settings: PrelabelSettings, looker: Looker) -> dict[str, Any]:
    """Return all that the outcome for a picture depends on besides the picture."""
    said = msgspec.to_builtins(settings)
    said = {key: value for key, value in said.items() if key not in ("every", "splits")}
    return {**said, "hashes": [model.sha256 for model in looker.models], "classes": looker.categories.names}


def _sha256(looker: Looker) -> str:
    return joint_hash([model.sha256 for model in looker.models])


def _thresholds(looker: Looker) -> dict[str, float]:
    return dict(zip(looker.categories.names, looker.thresholds.tolist(), strict=True))


def _bad_items(names: Sequence[str], bad: Mapping[int, str]) -> list[QuarantineItem]:
    return [
        QuarantineItem(
            kind="image",
            file=show(names[row]),
            found=why,
            expected="a picture that can be read",
            image=names[row],
            images=1,
        )
        for row, why in sorted(bad.items())
    ]


def _part(name: str | None, looker: Looker, proposed: Proposed) -> ProposedPart:
    table, found = proposed.dataset.annotations, proposed.dataset
    scores = np.full(len(table), np.nan) if table.score is None else table.score
    classes = []
    for row, own in enumerate(found.categories.names):
        mine = table.category == row
        score = scores[mine & ~np.isnan(scores)]
        classes.append(
            ProposedClass(
                name=own,
                threshold=float(looker.thresholds[row]),
                proposals=int(mine.sum()),
                images=len(np.unique(table.image[mine])),
                median=float(np.median(score)) if len(score) else None,
                sure=int((score >= _SURE).sum()),
            )
        )
    return ProposedPart(
        name=name,
        models=looker.models,
        sha256=_sha256(looker),
        images=len(found.images),
        empty=int((np.diff(found.offsets) == 0).sum()),
        bad=len(proposed.bad),
        resumed=proposed.resumed,
        classes=classes,
    )


def _report(
    reading: Reading,
    source: Path,
    place: Path,
    form: str,
    part: ProposedPart,
    findings: Sequence[Finding],
    settings: dict[str, Any],
) -> PrelabelReport:
    intake, proposals = reading.intake, sum(one.proposals for one in part.classes)
    looked_at = Counts(part.images + part.bad)
    kept = Counts(len(reading.dataset.images), len(reading.dataset.annotations))
    return PrelabelReport(
        sources=[show(source)],
        source_format=reading.format,
        target=show(place),
        target_format=form,
        version=None,
        read=intake.read,
        added=Counts(0, proposals),
        written=Counts(part.images, proposals),
        quarantined=intake.quarantined,
        filtered=intake.filtered + Counts(kept.images - looked_at.images, kept.annotations),
        losses=[],
        findings=[*intake.findings, *findings],
        quarantine=intake.quarantine[:_SHOWN_ITEMS],
        renamed=0,
        verified=intake.verified,
        settings=settings,
        prelabel=part,
    )
