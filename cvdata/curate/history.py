"""The versions of a cvdata dataset: what was done, and going back.

    log("pets").versions[0].command
    restore("pets", "1")

Nothing is ever deleted: going back adds a version with the content of an earlier one.
"""

from __future__ import annotations

import os
from typing import Any, Literal

import msgspec

from ..engine import Engine
from ..errors import CvdataError, UsageError, show
from ..formats.outlet import Origin
from ..formats.predictions import is_reviewed, read_about
from ..formats.store import Store, Version, add_version, find_version, open_store, split_version
from .diff import AnnotationCounts, DiffSettings, PictureCounts, compare, report_of

__all__ = [
    "LogDamage",
    "LogEntry",
    "LogModel",
    "LogPrediction",
    "LogReport",
    "LogSource",
    "RestoreReport",
    "log",
    "restore",
]


class LogSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version was made from: the name of a dataset, its format, and its version where it has some."""

    name: str
    format: str
    version: str | None = None


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a cvdata dataset.

    Attributes:
        number: counts from 1; `id`: names it for ever; `parent`: id of the version before, None for the first.
        current: it is what commands read where no version is named.
        time: when it was made, in UTC.
        command: what made it; `source`: what from.
        images, annotations, classes: how many it has.
        images_more, annotations_more: how many more than its parent, which may be below 0.
        classes_added, classes_removed: names that its parent does not have, and that it has not any more.
    """

    number: int
    id: str
    parent: str | None
    current: bool
    time: str
    command: str
    source: LogSource
    images: int
    annotations: int
    classes: int
    images_more: int
    annotations_more: int
    classes_added: list[str]
    classes_removed: list[str]


class LogModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that looked: name of its run or file, SHA-256 of its weights, what it finds, and what it is."""

    name: str
    sha256: str
    task: str
    architecture: str


class LogPrediction(msgspec.Struct, frozen=True, kw_only=True):
    """What models propose for the pictures of a cvdata dataset, as `cvdata prelabel` left it.

    Attributes:
        time: when they looked, in UTC.
        version: id of the version whose pictures they looked at.
        models: that looked.
        images: pictures that were looked at; `annotations`: proposals; `classes`: that they could be of.
        bad: pictures that could not be read.
        reviewed: whether a person judged some of them, with `cvdata review`.
        accepted: ids of the versions into which `cvdata accept` took some, oldest first. Going back to an earlier
            version takes none away here, and what was accepted in FiftyOne is not known.
    """

    name: str
    time: str
    version: str
    models: list[LogModel]
    images: int
    annotations: int
    classes: int
    bad: int
    reviewed: bool
    accepted: list[str]


class LogDamage(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction that cannot be read: its name, what was found where, and the cure where there is one."""

    name: str
    problem: str
    hint: str | None


class LogReport(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of a dataset and what models propose for it, newest first: `cvdata log --json` prints it.

    Attributes:
        dataset: its name.
        total: how many versions there are; fewer may be listed.
        predictions: all that can be read; `damaged`: the others, which hide nothing else.
    """

    schema: Literal["cvdata/log-report/1"] = "cvdata/log-report/1"
    dataset: str
    total: int
    versions: list[LogEntry]
    predictions: list[LogPrediction]
    damaged: list[LogDamage]


class RestoreReport(msgspec.Struct, frozen=True, kw_only=True):
    """What going back to an earlier version changed: `cvdata restore --json` prints it.

    Attributes:
        restored: id of the version whose content is current now; `before`: of the one that was current; `version`: of
            the one that is now.
        changed: False where the content was the current one, so that no version was added.
        pictures, counts: how the new version differs from the one before.
    """

    schema: Literal["cvdata/restore-report/1"] = "cvdata/restore-report/1"
    dataset: str
    restored: str
    before: str
    version: str
    changed: bool
    pictures: PictureCounts
    counts: AnnotationCounts


def log(path: str | os.PathLike[str], most: int | None = None) -> LogReport:
    """List the versions of a cvdata dataset and what models propose for it, newest first.

    Args:
        most: how many versions to list, None for all.

    Raises:
        UsageError: there is nothing at the path, or it names a version.
        FormatError: it is not a cvdata dataset, or a version of it is damaged.
    """
    store = _open(path)
    pairs = list(zip(store.versions, [None, *store.versions], strict=False))[::-1]
    entries = [_entry(version, parent, current=version is store.current) for version, parent in pairs[:most]]
    predictions: list[LogPrediction] = []
    damaged: list[LogDamage] = []
    for name in store.predictions:
        try:
            predictions.append(_prediction(store, name))
        except CvdataError as error:
            problem = error.message if error.at is None else f"{error.at}: {error.message}"
            damaged.append(LogDamage(name=name, problem=problem, hint=error.hint))
    return LogReport(
        dataset=store.name,
        total=len(store.versions),
        versions=entries,
        predictions=sorted(predictions, key=lambda one: one.time, reverse=True),
        damaged=damaged,
    )


def _entry(version: Version, parent: Version | None, *, current: bool) -> LogEntry:
    names = [category.name for category in version.categories]
    others = [] if parent is None else [category.name for category in parent.categories]
    known, old = frozenset(names), frozenset(others)
    before = version.counts if parent is None else parent.counts
    source = version.source
    return LogEntry(
        number=version.number,
        id=version.id,
        parent=version.parent,
        current=current,
        time=version.time,
        command=version.command,
        source=LogSource(name=source.name, format=source.format, version=source.version),
        images=version.counts.images,
        annotations=version.counts.annotations,
        classes=len(names),
        images_more=version.counts.images - before.images,
        annotations_more=version.counts.annotations - before.annotations,
        classes_added=[] if parent is None else [name for name in names if name not in old],
        classes_removed=[name for name in others if name not in known],
    )


def _prediction(store: Store, name: str) -> LogPrediction:
    about = read_about(store.root, name)
    accepts = (version for version in store.versions if version.command == "accept")
    return LogPrediction(
        name=name,
        time=about.time,
        version=about.version,
        models=[
            LogModel(name=one.name, sha256=one.sha256, task=one.task, architecture=one.architecture)
            for one in about.models
        ],
        images=about.images,
        annotations=about.annotations,
        classes=len(about.categories),
        bad=about.bad,
        reviewed=is_reviewed(store.root, name),
        accepted=[version.id for version in accepts if name in _predictions_of(version)],
    )


def _predictions_of(version: Version) -> list[Any]:
    """Return the names of what was accepted; settings are a stranger's, and may hold anything."""
    names = version.settings.get("predictions")
    return names if isinstance(names, list) else []


def _open(path: str | os.PathLike[str]) -> Store:
    root, version = split_version(path)
    if version is not None:
        raise UsageError(f"'{show(path)}' is a version of a dataset", hint=f"name the dataset alone: {show(root)}")
    if not os.path.exists(path):
        raise UsageError(f"'{show(path)}' does not exist", hint="check the path")
    return open_store(path)


def restore(path: str | os.PathLike[str], version: str, *, engine: Engine | None = None) -> RestoreReport:
    """Make the content of an earlier version the current one again, as a new version; no picture is touched.

    Args:
        version: number, id, or the beginning of an id that fits one version alone.

    Raises:
        FormatError: it is not a cvdata dataset, or damaged.
        UsageError: there is nothing at the path, or it names a version; or there is no such version.
        LockedError: another run is writing the dataset.
        OutputError: the disk refused; the dataset is as it was.
    """
    store = _open(path)
    wanted, before = find_version(store, version), store.current
    dataset = store.load(wanted.id)
    report = report_of(compare(store.load(), dataset, DiffSettings(match="name"), engine=engine), most=0)
    made = before
    if wanted.id != before.id:
        made = add_version(
            store.root,
            dataset,
            command="restore",
            settings={"version": wanted.id},
            origin=Origin(source=store.name, format="cvdata", version=wanted.id),
        )
    return RestoreReport(
        dataset=store.name,
        restored=wanted.id,
        before=before.id,
        version=made.id,
        changed=made.id != before.id,
        pictures=report.pictures,
        counts=report.counts,
    )
