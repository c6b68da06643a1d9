"""Write what a command made of a dataset: as a new one, or as a version of the one that was read."""

from __future__ import annotations

import dataclasses
import filecmp
import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ..dataset import Dataset
from ..engine import Engine, Progress, Silent, start, worker_count
from ..errors import UsageError, show
from ..files import Account, Counts, DatasetReport, Staging, output_names
from ..files.disk import is_remnant
from ..files.staging import replace_quarantine
from ..formats import Intake, format_again, format_of
from ..formats._store_pictures import PICTURES, file_key, taken_files
from ..formats.outlet import Origin
from ..formats.store import add_version, is_store, open_store, origin_of, split_version
from .job import Job
from .reading import Reading, check_source, options_of, place_in
from .settings import ConvertSettings

__all__ = ["Edit", "check_target", "write_edit"]

_SHOWN_ITEMS = 20


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What a command made of the datasets that it read.

    Attributes:
        command: its name, such as `split`; `settings`: as resolved, for the manifest and the version.
        dataset: the outcome.
        filtered: what it left out of what was read; `added`: what it made.
        made: folders of the pictures that it made; they get into the output whatever happens to the others.
    """

    command: str
    settings: Mapping[str, Any]
    dataset: Dataset
    filtered: Counts = field(default_factory=Counts)
    added: Counts = field(default_factory=Counts)
    made: frozenset[str] = frozenset()


def check_target(sources: Sequence[Path], target: Path | None, to: str | None, settings: ConvertSettings) -> str | None:
    """Refuse a place or a format for an output before any work is done for it.

    Args:
        sources: what is read; the first gets a new version where `target` is None.

    Returns:
        The version that the new one will follow, for `write_edit`; None where a folder is made.

    Raises:
        UsageError: the target lies in a source, holds one or is not empty; there is no such format; or a version is
            to be added to something that is not a cvdata dataset, or not there.
    """
    if to is not None:
        format_of(to)
    if target is not None:
        folders = [
            *(split_version(source)[0] for source in sources),
            *([Path(settings.images)] if settings.images else []),
        ]
        Staging(target, sources=folders, overwrite=settings.overwrite)  # looks at the place; makes nothing yet
        return None
    first = sources[0]
    root, version = split_version(first)
    check_source(root, settings)
    if not is_store(root):
        raise UsageError(
            f"'{show(first)}' is not a cvdata dataset, so it cannot get a new version",
            hint="name DST, a folder to make",
        )
    if to not in (None, "cvdata"):
        raise UsageError("a version of a cvdata dataset has no other format", hint="name DST, or leave out --to")
    if version is not None:
        hint = f"name DST, or make that version the current one first: cvdata restore {show(root)} {show(version)}"
        raise UsageError(f"'{show(first)}' is one version of a dataset, and versions never change", hint=hint)
    return open_store(root).current.id


def write_edit(
    readings: Sequence[Reading],
    sources: Sequence[Path],
    edit: Edit,
    target: Path | None,
    *,
    to: str | None = None,
    settings: ConvertSettings | None = None,
    follows: str | None = None,
    progress: Progress | None = None,
) -> DatasetReport:
    """Write the outcome of a command and account for everything.

    Args:
        readings: what was read, with the account of reading; `sources`: from where.
        target: folder to make; None adds a version to the first source, a cvdata dataset.
        to: format of the target; that of the first source where not given.
        settings: `media`, `overwrite`, `workers`, `strict`, `sidecar` and `write` count.
        follows: what `check_target` returned: no other run may add a version in between.

    Raises:
        UsageError: nothing is left.
        CvdataError: the target cannot be written, or cannot hold what it is told to.
    """
    settings = settings or ConvertSettings()
    if not len(edit.dataset.images):
        where = show(target if target is not None else sources[0])
        raise UsageError(f"no picture is left to write to '{where}'", hint="ask for less, or look at what was read")
    intake = _joined([reading.intake for reading in readings], sources, progress or Silent())
    to = to or format_again(edit.dataset, readings[0].format)
    with start(worker_count(settings.workers)) as engine:
        intake.engine = engine
        if target is None:
            return _add_version(readings[0], sources, edit, intake, follows)
        return _write(readings, sources, edit, target, to, settings, intake)


def _write(
    readings: Sequence[Reading],
    sources: Sequence[Path],
    edit: Edit,
    target: Path,
    to: str,
    settings: ConvertSettings,
    intake: Intake,
) -> DatasetReport:
    writer = format_of(to)
    options = options_of(writer.WriteOptions, settings.write, f"writing {to}")
    folders = [split_version(source)[0] for source in sources]
    formats = ", ".join(dict.fromkeys(reading.format for reading in readings))
    with Staging(target, sources=folders, overwrite=settings.overwrite) as staging:
        origin = _origin(
            readings, sources, edit, intake.engine, intake.progress, exact=getattr(writer, "HISTORY", False)
        )
        job = Job(
            writer,
            to,
            options,
            settings,
            intake,
            staging,
            intake.engine,
            origin,
            command=edit.command,
            chosen=edit.settings,
            filtered=edit.filtered,
            added=edit.added,
            made=edit.made,
        )
        report = job.run(edit.dataset, source="", source_format=formats, target=show(target))
    refused = report.quarantined.annotations - sum(reading.intake.quarantined.annotations for reading in readings)
    if refused:
        intake.note("no-place-in-format", f"{{n}} annotations have no place in {to}; --to coco keeps them", refused)
    kept = {name: getattr(report, name) for name in DatasetReport.__struct_fields__ if hasattr(report, name)}
    return DatasetReport(
        **kept | {"findings": intake.findings},
        sources=[show(source) for source in sources],
        version=open_store(target).current.id if to == "cvdata" else None,
        added=edit.added,
    )


def _origin(
    readings: Sequence[Reading],
    sources: Sequence[Path],
    edit: Edit,
    engine: Engine,
    progress: Progress,
    *,
    exact: bool,
) -> Origin:
    """Say where the outcome comes from; the hash of the label files only where somebody writes it down."""
    roots = [split_version(source) for source in sources]
    if len(readings) == 1 and exact:
        (root, version), reading = roots[0], readings[0]
        return dataclasses.replace(origin_of(root, reading.format, version, engine, progress), command=edit.command)
    names = ", ".join(show(root.resolve().name) for root, _ in roots)
    formats = ", ".join(dict.fromkeys(reading.format for reading in readings))
    return Origin(command=edit.command, source=names, format=formats)


def _add_version(
    reading: Reading, sources: Sequence[Path], edit: Edit, intake: Intake, follows: str | None
) -> DatasetReport:
    root = split_version(sources[0])[0]
    dataset, pictures = _with_names(edit.dataset, edit.made, root, taken_files(reading.dataset.images, root))
    account = Account(
        read=intake.read,
        written=Counts(len(dataset.images), len(dataset.annotations)),
        quarantined=intake.quarantined,
        filtered=intake.filtered + edit.filtered,
        added=edit.added,
    )
    if not account.balances:
        raise RuntimeError(f"something was lost between reading and writing: {account}")
    version = add_version(
        root,
        dataset,
        command=edit.command,
        settings=edit.settings,
        account=account,
        pictures=pictures,
        follows=follows,
    )
    if intake.quarantine:
        replace_quarantine(os.path.abspath(root), intake.quarantine)  # of this run, in place of the one before
    if version.id == follows:
        intake.note("unchanged", "nothing is different, so no version was added")
    return DatasetReport(
        sources=[show(source) for source in sources],
        source_format=reading.format,
        target=show(root),
        target_format="cvdata",
        version=version.id,
        read=account.read,
        added=account.added,
        written=account.written,
        quarantined=account.quarantined,
        filtered=account.filtered,
        losses=[],
        findings=intake.findings,
        quarantine=intake.quarantine[:_SHOWN_ITEMS],
        renamed=0,
        verified=intake.verified,
        settings=dict(edit.settings),
    )


def _with_names(
    dataset: Dataset, made: frozenset[str], root: Path, taken: set[str]
) -> tuple[Dataset, list[tuple[str, str]]]:
    """Find a file name in a dataset for each picture that was made.

    Args:
        taken: files that the current version has, from `taken_files`.

    Returns:
        The dataset, in which pictures that an earlier run put there already are where they are; and what is to be put
        there: (name below `images/`, path).
    """
    images = dataset.images
    rows = np.flatnonzero(np.isin(images.folder, [n for n, folder in enumerate(images.folders) if folder in made]))
    home = os.path.join(os.path.abspath(root), PICTURES)
    folder, files = images.folder.copy(), list(images.files or images.names)
    pictures = []
    for row, name in zip(rows.tolist(), output_names([images.names[row] for row in rows.tolist()]), strict=True):
        path = images.file(row) or ""
        free = _free_name(home, name, path, taken)
        if _is_there(f"{home}/{free}", path):
            folder[row], files[row] = len(images.folders), free
        else:
            pictures.append((free, path))
            taken.add(file_key(free))
    named = replace(images, folder=folder, folders=(*images.folders, home), files=tuple(files))
    return replace(dataset, images=named), pictures


def _free_name(home: str, name: str, path: str, taken: Container[str]) -> str:
    """Return the name, or one with a number, under which the picture lies, or nothing but what is left of its copy."""
    stem, suffix = os.path.splitext(name)
    number = 1
    while not _is_free(f"{home}/{name}", path, is_taken=file_key(name) in taken):
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name


def _is_free(place: str, path: str, *, is_taken: bool) -> bool:
    if not os.path.lexists(place):
        return not is_taken
    return _is_there(place, path) or (not is_taken and is_remnant(place, path))


def _is_there(place: str, path: str) -> bool:
    """Tell whether a picture lies at a place already; a link that leads nowhere is none."""
    return os.path.exists(place) and filecmp.cmp(place, path, shallow=False)


def _joined(intakes: Sequence[Intake], sources: Sequence[Path], progress: Progress) -> Intake:
    """Join the accounts of readings; rows of theirs have no place any more, since the command may have moved them.

    Of several, each bad item and each example says which source it is of.
    """
    joined = Intake(
        progress=progress, verified="; ".join(dict.fromkeys(one.verified for one in intakes if one.verified))
    )
    for one, source in zip(intakes, sources, strict=True):
        joined.read += one.read
        joined.filtered += one.filtered
        if len(intakes) == 1:
            joined.quarantine += one.quarantine
            joined.add_notes(one)
            continue
        joined.quarantine += [msgspec.structs.replace(x, file=place_in(source, x.file)) for x in one.quarantine]
        joined.add_notes(one, show(source))
    return joined
