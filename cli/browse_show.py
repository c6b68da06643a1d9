"""The working half of `cvdata browse`: everything into FiftyOne, or onto pages."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import show
from .progress import progress_for
from .source import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..browse.gallery import GalleryReport
    from ..browse.report import BrowseReport
    from ..browse.store.put import Put
    from ..browse.subject import Subject
    from ..browse.views.view import View
    from ..convert import Reading
    from ..files import Manifest
    from .browse_job import BrowseInputs

__all__ = ["Showing"]


@dataclass(frozen=True, kw_only=True)
class Showing:
    """What is to be shown, and how to tell of it."""

    inputs: BrowseInputs
    as_json: bool
    quiet: bool

    def in_fiftyone(self, *, port: int, view: str | None, opens: bool) -> None:
        """Put everything into FiftyOne, and open its App until the person is done.

        Raises:
            CvdataError: an input is refused; FiftyOne or its database is not there; the port is taken.
        """
        from ..browse import open_app, require_fiftyone
        from ..browse.store import put_subject
        from ..browse.views import views_of
        from .browse_job import subject_for
        from .browse_text import loaded_lines

        require_fiftyone()
        with progress_for(quiet=self.quiet) as progress:
            subject, reading = subject_for(self.inputs, progress)
            views = views_of(subject)
            version = _version(self.inputs.source)
            put = put_subject(
                subject, self.inputs.source, format=reading.format, version=version, views=views, progress=progress
            )
        if self.as_json:
            print_json(self._report(put, subject, reading, version, views))
        if not self.quiet:
            sys.stderr.write("\n".join(loaded_lines(put, subject, views, self.inputs.source)) + "\n")
        if opens:
            open_app(put.name, port=port, view=view, ready=None if self.quiet else _tell)

    def as_pages(self, target: Path, *, overwrite: bool) -> None:
        """Write the same as pages that any browser opens; a run that was cut off goes on.

        Raises:
            CvdataError: an input is refused; the target cannot be written.
        """
        from ..files.journal import remove_finished
        from .browse_text import found_findings, gallery_lines
        from .show import finding_lines

        remove_finished(target)
        try:
            report, subject = self._write_pages(target, overwrite=overwrite)
        except KeyboardInterrupt:
            sys.stderr.write("the pictures made so far are kept: the same command goes on from there\n")
            raise
        if self.as_json:
            print_json(report)
        if not self.quiet:
            lines = [*finding_lines(found_findings(subject)), *gallery_lines(report, target)]
            sys.stderr.write("\n".join(lines) + "\n")

    def _write_pages(self, target: Path, *, overwrite: bool) -> tuple[GalleryReport, Subject]:
        from ..browse.gallery import write_gallery
        from ..browse.views import views_of
        from ..engine import start, worker_count
        from ..files import Staging
        from ..files.journal import Journal
        from .browse_job import subject_for
        from .source import name_of

        with (
            progress_for(quiet=self.quiet) as progress,
            Staging(target, sources=self.inputs.paths, overwrite=overwrite) as staging,
            Journal(target) as journal,
            start(worker_count(self.inputs.workers)) as engine,
        ):
            subject, reading = subject_for(self.inputs, progress)
            report = write_gallery(
                subject,
                views_of(subject),
                staging,
                title=name_of(self.inputs.source),
                journal=journal,
                engine=engine,
                progress=progress,
            )
            staging.commit(_manifest(reading, self.inputs, report.pictures), reading.intake.quarantine)
            journal.discard()
        return report, subject

    def _report(
        self, put: Put, subject: Subject, reading: Reading, version: str | None, views: Sequence[View]
    ) -> BrowseReport:
        from ..browse.report import BrowseReport, ShownView
        from .browse_text import found_findings

        first = subject.found[0].report if subject.found else None
        return BrowseReport(
            source=show(self.inputs.source),
            source_format=reading.format,
            version=version,
            found=[show(one.name) for one in subject.found],
            dataset=put.name,
            written=put.how,
            pictures=put.pictures,
            added=put.added,
            updated=put.updated,
            same=put.same,
            removed=put.removed,
            kept=put.kept,
            missing=put.missing,
            labels=put.labels,
            verdicts=None if first is None or first.errors is None else first.errors.verdicts,
            views=[ShownView(name=view.name, about=view.about, count=view.count) for view in views],
            findings=[*found_findings(subject), *([] if first is None else first.findings)],
            settings=self.inputs.settings,
        )


def _manifest(reading: Reading, inputs: BrowseInputs, pictures: int) -> Manifest:
    """Return what the folder says about itself: labels are drawn, so that they are no annotations of a dataset."""
    from ..files import Account, Counts, Manifest

    intake = reading.intake
    left = Counts(
        intake.read.images - pictures - intake.quarantined.images,
        intake.read.annotations - intake.quarantined.annotations,
    )
    account = Account(read=intake.read, written=Counts(pictures), quarantined=intake.quarantined, filtered=left)
    return Manifest(
        command="browse", format="gallery", settings=inputs.settings, account=account, losses=[], renamed={}
    )


def _tell(address: str) -> None:
    sys.stderr.write(f"FiftyOne's App: {address}\nCtrl-C ends it; what was changed is kept\n")


def _version(source: Path) -> str | None:
    """Return the id of the version of a cvdata dataset that the source is, or None for other formats."""
    from ..formats.store import find_version, is_store, open_store, split_version

    folder, version = split_version(source)
    if not is_store(folder):
        return None
    opened = open_store(folder)
    return (opened.current if version is None else find_version(opened, version)).id
