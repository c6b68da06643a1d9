"""Take pictures in: find them, read them, judge them, and write what is good as a cvdata dataset."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import structs

from ..engine import Progress, Silent, start, worker_count
from ..errors import UsageError, show
from ..files import Account, Counts, Finding, Manifest, Staging
from ..files.journal import Journal
from ..files.lock import refuse_busy
from ..files.staging import refuse_nested, replace_quarantine
from ..formats import Intake, Outlet, format_of
from ..formats.outlet import Origin as MadeFrom
from ..formats.store import Store, add_version, is_store, open_store
from .known import remember, remembered
from .report import IngestReport, IngestSettings
from .sources import Source, find_sources
from .take import Taken, take

__all__ = ["ingest"]

_SHOWN_ITEMS = 20


def ingest(
    pictures: Sequence[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    settings: IngestSettings | None = None,
    progress: Progress | None = None,
    every: bool = False,
) -> IngestReport:
    """Take pictures into a cvdata dataset: all of them decoded, hashed and grouped, bad ones put aside by name.

    A dataset that is there gets a new version with what is new. A run that was killed goes on where it ended.

    Args:
        pictures: folders, single pictures, patterns, lists (.txt) and archives (.zip, .tar, .tar.gz).
        target: folder of the dataset, made where it is not there.
        every: whether the report names every picture that is odd or was put aside, not only the first ones.

    Raises:
        CvdataError: a source is refused, the dataset cannot be written, or an option makes no sense.
    """
    settings = settings or IngestSettings()
    given, place = [os.fspath(path) for path in pictures], os.path.abspath(target)
    _check(given, os.fspath(target), settings)
    store = open_store(place) if is_store(place) and not settings.overwrite else None
    sources = find_sources(given, place)
    _check_sources(sources, place, settings)
    job = _Job(given, os.fspath(target), place, settings, sources, store, every)
    return job.add(progress or Silent()) if store is not None else job.make(progress or Silent())


def _check(given: Sequence[str], target: str, settings: IngestSettings) -> None:
    if not given:
        raise UsageError("no pictures are named", hint="name folders, pictures, lists or archives")
    if not all((*given, target)):  # as from a variable that is not set; the system takes it for the folder we are in
        raise UsageError("one of the paths is empty", hint="give '.' for the folder that you are in")
    if settings.workers is not None and settings.workers < 1:
        raise UsageError(f"{settings.workers} workers", hint="give 1 or more")


def _check_sources(sources: Sequence[Source], target: str, settings: IngestSettings) -> None:
    """Refuse sources that the dataset lies in or holds, and archives whose pictures would have no place."""
    refuse_nested(target, [Path(source.root) for source in sources if source.kind != "pictures"])
    inside = os.path.realpath(target) + os.sep
    for source in sources:
        if source.kind == "archive" and settings.media in ("none", "symlink"):
            raise UsageError(
                f"pictures of the archive '{show(source.root)}' have no place outside the dataset",
                hint="use --media link or copy, or unpack it and give the folder",
            )
        if source.kind == "pictures":
            folders = {os.path.dirname(f"{source.root}/{name}") for name in source.names}
            for folder in sorted(folders):
                if (os.path.realpath(folder) + os.sep).startswith(inside):
                    raise UsageError(
                        f"the output '{show(target)}' holds the picture folder '{show(folder)}'",
                        hint="give a folder outside the input",
                    )


@dataclass(frozen=True)
class _Job:
    """One run: what was asked for, and what is there."""

    given: list[str]
    shown: str
    target: str
    settings: IngestSettings
    sources: list[Source]
    store: Store | None
    every: bool

    def make(self, progress: Progress) -> IngestReport:
        """Make a new dataset; it appears whole or not at all."""
        folders = [Path(source.root) for source in self.sources if source.kind != "pictures"]
        with (
            Staging(self.target, sources=folders, overwrite=self.settings.overwrite) as staging,
            Journal(self.target) as journal,
            start(worker_count(self.settings.workers)) as engine,
        ):
            intake = Intake(engine=engine, progress=progress)
            taken = self._take(intake, journal)
            outlet = Outlet(
                staging=staging,
                engine=engine,
                progress=progress,
                media=self.settings.media,
                origin=self._made_from(taken),
            )
            writer = format_of("cvdata")
            sources = remember(taken.origins, self.target)
            options = writer.WriteOptions(name=self.settings.name or "", sources=sources)
            progress.start("writing", len(taken.dataset.images))
            writer.write(taken.dataset, outlet, options)
            account = _account(taken, intake)
            manifest = Manifest(
                command="ingest",
                format="cvdata",
                settings=self._resolved(),
                account=account,
                losses=[],
                renamed=outlet.renamed,
            )
            staging.commit(manifest, intake.quarantine)
            journal.discard()
        return self._report(taken, intake, account, open_store(self.target).current.id, len(outlet.renamed))

    def add(self, progress: Progress) -> IngestReport:
        """Add what is new to the dataset that is there, as a version; where nothing is, it stays as it is."""
        with Journal(self.target) as journal, start(worker_count(self.settings.workers)) as engine:
            refuse_busy(self.target)
            store = open_store(self.target)  # now that no other run changes it
            intake = Intake(engine=engine, progress=progress)
            taken = self._take(intake, journal, store)
            account = _account(taken, intake)
            version = store.current
            if taken.differs:
                version = add_version(
                    self.target,
                    taken.dataset,
                    command="ingest",
                    settings=self._resolved(),
                    account=account,
                    origin=self._made_from(taken),
                    sources=remember(taken.origins, self.target),
                    pictures=taken.placed,
                    media=self.settings.media,
                )
            if intake.quarantine:
                # Of this run, in place of the one before.
                replace_quarantine(self.target, intake.quarantine)
            journal.discard()
        return self._report(taken, intake, account, version.id, _renamed(taken))

    def _take(self, intake: Intake, journal: Journal, store: Store | None = None) -> Taken:
        return take(self.settings, self.sources, remembered(store), store, intake, journal)

    def _made_from(self, taken: Taken) -> MadeFrom:
        names = [os.path.basename(text.rstrip("/")) or text for text in self.given]
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        facts = taken.dataset.images.facts
        digest = None if facts is None else hashlib.sha256(facts.sha256.tobytes()).hexdigest()
        return MadeFrom(command="ingest", settings=self._resolved(), source=shown, format="images", sha256=digest)

    def _resolved(self) -> dict[str, Any]:
        """Return the settings that decide the bytes of the dataset: neither paths nor the number of workers do."""
        settings = self.settings
        labels = [text.partition(":") for text in settings.labels]
        return {
            "name": settings.name,
            "media": settings.media,
            "copies": settings.copies,
            "group": settings.group,
            "masks": settings.masks,
            "labels": [f"{name}:{os.path.basename(path.rstrip('/'))}" for name, _, path in labels],
        }

    def _report(self, taken: Taken, intake: Intake, account: Account, version: str, renamed: int) -> IngestReport:
        return IngestReport(
            sources=[show(text) for text in self.given],
            target=show(self.shown),
            version=version,
            read=account.read,
            written=account.written,
            quarantined=account.quarantined,
            filtered=account.filtered,
            added=taken.added,
            changed=taken.changed,
            unchanged=taken.unchanged,
            gone=taken.gone,
            copies=taken.copies,
            near_copies=taken.near_copies,
            groups=taken.groups,
            masks=taken.masks,
            labelled=taken.labelled,
            renamed=renamed,
            losses=[],
            findings=_all_named(intake.findings, taken) if self.every else intake.findings,
            quarantine=intake.quarantine[: None if self.every else _SHOWN_ITEMS],
            settings=self._resolved(),
        )


def _all_named(findings: Sequence[Finding], taken: Taken) -> list[Finding]:
    return [structs.replace(found, examples=taken.odd.get(found.code, found.examples)) for found in findings]


def _renamed(taken: Taken) -> int:
    """Return how many of the placed pictures have a file name that is not their name."""
    names = {taken.dataset.images.file(row): name for row, name in enumerate(taken.dataset.images.names)}
    return sum(names[path] != name for name, path in taken.placed)


def _account(taken: Taken, intake: Intake) -> Account:
    account = Account(
        read=intake.read,
        written=Counts(taken.added + taken.changed + taken.unchanged, taken.joined),
        quarantined=intake.quarantined,
        filtered=intake.filtered,
    )
    if not account.balances:
        raise RuntimeError(f"something was lost between reading and writing: {account}")
    return account
