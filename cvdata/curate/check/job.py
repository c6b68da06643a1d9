"""Look at a dataset before training on it: `cvdata check`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from ...dataset import Dataset, State
from ...dataset.select import keep_images
from ...engine import Engine, InProcess, Progress, Silent
from ...errors import UsageError, show
from ...formats import Intake
from ...images.masks import masks_among
from .boxes import Rows, box_hits
from .catalogue import KINDS
from .classes import class_hits
from .copies import augmentation_hits, copy_hits, unlisted_copies
from .findings import MOST_PLACES, ORDER, CheckReport, CheckSettings, Finding, Hit, Spot
from .pictures import Pictures, label_state_hits, picture_hits, pictures_of
from .source import source_hits
from .source_catalogue import NOTE_CODES
from .trainers import Case, trainer_hits
from .trainers.case import in_shell

__all__ = ["check", "check_codes", "check_pictures"]


def check(
    dataset: Dataset,
    intake: Intake | None = None,
    settings: CheckSettings | None = None,
    *,
    source_format: str = "memory",
    source: Path | None = None,
    pictures: Pictures | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Say everything about a dataset that a person should know before training on it.

    Args:
        intake: the desk at which it was read: what was put aside there is found here.
        source: where it was read from, for the commands that findings name and for what a trainer would read.
        pictures: what `pictures_of` found, where that is known already.

    Raises:
        UsageError: a code in the settings is none.
    """
    return check_pictures(
        dataset,
        intake,
        settings,
        source_format=source_format,
        source=source,
        pictures=pictures,
        engine=engine,
        progress=progress,
    )[0]


def check_pictures(
    dataset: Dataset,
    intake: Intake | None = None,
    settings: CheckSettings | None = None,
    *,
    source_format: str = "memory",
    source: Path | None = None,
    pictures: Pictures | None = None,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> tuple[CheckReport, dict[str, tuple[str, ...]]]:
    """Return what `check` does, and the names of all pictures that each finding concerns, by its code.

    Raises:
        UsageError: a code in the settings is none.
    """
    settings = settings or CheckSettings()
    intake = intake or Intake()
    engine, progress = engine or InProcess(), progress or Silent()
    check_codes([*(settings.only or ()), *settings.ignore])
    if pictures is None and not settings.labels_only:
        pictures = pictures_of(dataset.images, engine, progress)
    dataset, pictures, masks = _without_masks(dataset, pictures)
    rows = Rows(dataset, intake.where)
    case = Case(dataset, rows, intake, pictures, source_format, source or Path("SRC"), engine, progress)
    hits = [*source_hits(intake), *masks, *_of_labels(case, settings), *_of_pictures(case)]
    if settings.trainer is not None:
        hits += trainer_hits(settings.trainer, case)
    commands = _commands(source, intake, settings)
    hits = _told_better(_joined(hits))
    findings = _findings(hits, settings, commands)
    concerned = {str(hit.words.get("code", hit.code)): tuple(dict.fromkeys(hit.images)) for hit in hits}
    report = CheckReport(
        source="memory" if source is None else show(source),
        source_format=source_format,
        images=len(dataset.images),
        annotations=len(dataset.annotations),
        classes=len(dataset.categories),
        left_out=intake.quarantined,
        pictures_read=0 if pictures is None else pictures.read,
        verified=intake.verified,
        severities={name: sum(finding.severity == name for finding in findings) for name in ORDER},
        findings=findings,
        settings=settings,
    )
    return report, {finding.code: concerned[finding.code] for finding in findings}


def check_codes(codes: Iterable[str]) -> None:
    """Refuse codes that no finding has.

    Raises:
        UsageError: one is not known.
    """
    import difflib

    known = [*KINDS, *sorted(NOTE_CODES)]
    for code in codes:
        if code not in known:
            near = difflib.get_close_matches(code, known, 1)
            hint = f"did you mean {near[0]}?" if near else "a report shows the code of each finding"
            raise UsageError(f"no finding has the code '{show(code)}'", hint=hint)


def _without_masks(dataset: Dataset, pictures: Pictures | None) -> tuple[Dataset, Pictures | None, list[Hit]]:
    """Take label masks out that lie among the pictures, and that nobody labelled."""
    images = dataset.images
    masks = masks_among(images.names)
    if not masks:
        return dataset, pictures, []
    rows = np.array([name in masks for name in images.names]) & (images.state == State.UNLABELLED)
    hit = Hit("mask-as-picture")
    for row in np.flatnonzero(rows).tolist():
        picture = masks[images.names[row]]
        hit.add(Spot(what=f"a mask of {show(picture)}" if picture else "in a folder of masks", file=images.names[row]))
    kept = np.flatnonzero(~rows)
    return keep_images(dataset, kept), None if pictures is None else pictures.take(kept), [hit] if hit.count else []


def _of_labels(case: Case, settings: CheckSettings) -> list[Hit]:
    dataset = case.dataset
    return [
        *box_hits(dataset, case.rows, settings),
        *class_hits(dataset, settings),
        *label_state_hits(dataset),
        *augmentation_hits(dataset),
    ]


def _of_pictures(case: Case) -> list[Hit]:
    if case.pictures is None:
        return []
    images, facts = case.dataset.images, case.pictures.facts
    return [
        *picture_hits(images, case.pictures),
        *copy_hits(case.dataset, facts),
        *unlisted_copies(case.intake.unlisted, images, facts, case.engine, case.progress),
    ]


_SAID_BETTER = {
    "mixed-rows": ("ultralytics-mixed-rows", "ultralytics-boxes-and-outlines"),
    "ultralytics-background": ("ultralytics-no-labels",),
    "yolo-path": ("ultralytics-start", "ultralytics-folder"),
}
"""Findings that say the same as another one, and less of it."""


def _told_better(hits: list[Hit]) -> list[Hit]:
    """Leave out what another finding says better, so that nothing is said twice."""
    found = {hit.code for hit in hits}
    hits = [hit for hit in hits if found.isdisjoint(_SAID_BETTER.get(str(hit.words.get("code", hit.code)), ()))]
    copies = {spot.file for hit in hits if hit.code == "unlisted-copy" for spot in hit.spots}
    for hit in hits:
        if copies and hit.code == "picture-without-labels-entry":
            kept = [spot for spot in hit.spots if spot.file not in copies]
            hit.count -= len(hit.spots) - len(kept)
            hit.spots = kept
    return [hit for hit in hits if hit.count > 0]


def _joined(hits: Iterable[Hit]) -> list[Hit]:
    """Join findings of one code; notes of the reader that are in no catalogue stay apart."""
    found: dict[str, Hit] = {}
    for hit in hits:
        key = hit.code if "code" not in hit.words else str(hit.words["code"])
        if key not in found:
            found[key] = hit
            continue
        first = found[key]
        first.count += hit.count
        first.spots.extend(hit.spots)
        first.images.extend(hit.images)
    return list(found.values())


def _commands(source: Path | None, intake: Intake, settings: CheckSettings) -> dict[str, str]:
    """Return the commands that cures name, for this dataset."""
    shown = "SRC" if source is None else in_shell(source)
    where = "" if intake.images is None else f" --images {in_shell(intake.images)}"
    trainer = "" if settings.trainer is None else f" --trainer {settings.trainer}"
    return {
        "fix": f"cvdata check {shown}{where}{trainer} --fix DST",
        "show": f"cvdata show {shown}{where} --finding",
    }


def _findings(hits: Iterable[Hit], settings: CheckSettings, commands: Mapping[str, str]) -> list[Finding]:
    """Put findings in words and in order."""
    found = []
    for hit in hits:
        code = str(hit.words.get("code", hit.code))
        wanted = settings.only is None or hit.code in settings.only or code in settings.only
        if wanted and hit.code not in settings.ignore and code not in settings.ignore:
            found.append(_finding(code, hit, commands))
    return sorted(found, key=lambda finding: (ORDER[finding.severity], -finding.count))


def _finding(code: str, hit: Hit, commands: Mapping[str, str]) -> Finding:
    kind = KINDS[hit.code]
    words = {"n": f"{hit.count:,}", **hit.words}
    cures = {**words, **commands, "show": f"{commands['show']} {code}"}
    title = (kind.one if hit.count == 1 else kind.many).format(**words)
    return Finding(
        code=code,
        severity=kind.severity,
        title=title,
        why=kind.why,
        cure=kind.cure.format(**cures),
        fixed=kind.fixed,
        count=hit.count,
        places=hit.spots[:MOST_PLACES],
        images=list(dict.fromkeys(hit.images))[:MOST_PLACES],
    )
