"""`cvdata browse SRC [DST] --pull`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .browse_text import pull_findings, pull_lines
from .choices import Media, Verify
from .output import Output, written_lines
from .progress import progress_for
from .source import print_json, read_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..browse.pull import Pulled
    from ..convert import Edit, Reading
    from ..curate.diff import DiffReport
    from ..engine import Progress
    from ..files import DatasetReport

__all__ = ["run_pull"]

_SURE = 0.5
"""Least confidence of a found object that counts where no evaluation chose one."""


def run_pull(
    source: Path,
    target: Path | None,
    *,
    from_format: str | None,
    images: Path | None,
    to: str | None,
    media: Media,
    overwrite: bool,
    workers: int | None,
    dry_run: bool,
    limit: int,
    as_json: bool,
    quiet: bool,
    exit_zero: bool,
) -> None:
    """Show what people changed in FiftyOne, and write it as a new version or a new folder.

    Raises:
        CvdataError: the source is refused, was never opened in FiftyOne, or the output cannot be written.
        typer.Exit: 3 where bad items were put aside, unless `exit_zero`.
    """
    from ..browse.pull import BrowsePullReport, pull
    from ..browse.store import browse_name, documents_of
    from ..formats.store import split_version

    output = Output(
        sources=[source], target=target, to=to, images=images, media=media, overwrite=overwrite, workers=workers
    )
    if not dry_run:
        output.check()
    name = browse_name(source)
    written = None
    # Pictures go into a new folder as `cvdata browse` reads them; in place, none is put aside.
    verify = Verify.none if target is None else Verify.sizes
    with progress_for(quiet=quiet) as progress:
        notes, ignored = _notes(name)
        reading = read_source(source, from_format, images, verify, workers, progress)
        pulled = pull(reading.dataset, documents_of(name), found=_found(notes), ignored=ignored)
        changes = _changes(source, reading, pulled, limit)
        if pulled.counts.pictures and not dry_run:
            written = output.write([reading], _edit(reading, pulled), progress)
        if target is None and pulled.read and not dry_run:
            _bring_up_to_date(name, split_version(source)[0], images, workers, pulled, progress)
    report = BrowsePullReport(
        name=name,
        counts=pulled.counts,
        conflicts=list(pulled.conflicts),
        findings=list(pulled.findings),
        changes=changes,
        written=written,
        dry_run=dry_run,
    )
    if as_json:
        print_json(report)
    if not quiet:
        _tell(pulled, changes, written, limit, as_json=as_json)
    if written is not None and written.quarantine and not exit_zero:
        raise typer.Exit(3)


def _notes(name: str) -> tuple[Mapping[str, Any], frozenset[str]]:
    """Return what cvdata noted in FiftyOne's dataset of that name, and the attributes that FiftyOne wrote there.

    Raises:
        MissingExtraError, BrowseError: FiftyOne cannot be used, or has no such dataset.
    """
    from ..browse.labels.runs import attributes_of_runs
    from ..browse.names import INFO
    from ..browse.session import opened

    samples = opened(name)
    notes = dict(samples.info or {}).get(INFO)
    return notes if isinstance(notes, dict) else {}, attributes_of_runs(samples)


def _found(notes: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the models whose finds were put, each with the confidence from which its evaluation counted them."""
    names = [str(name) for name in notes.get("found") or ()]
    scores = list(notes.get("scores") or ())[: len(names)]
    return [
        (name, _SURE if score is None else float(score))
        for name, score in zip(names, [*scores, *[None] * (len(names) - len(scores))], strict=True)
    ]


def _changes(source: Path, reading: Reading, pulled: Pulled, limit: int) -> DiffReport:
    from ..curate.diff import DiffSettings, DiffSide, compare, report_of
    from ..errors import show

    comparison = compare(reading.dataset, pulled.dataset, DiffSettings(match="name", exact_flags=True))
    before, after = (DiffSide(name=name, format=reading.format) for name in (show(source), "as left in FiftyOne"))
    return report_of(comparison, before, after, limit)


def _edit(reading: Reading, pulled: Pulled) -> Edit:
    """Return what is to be written: dropped pictures go with their annotations, all else is counted on its own."""
    from ..convert import Edit
    from ..files import Counts

    new = pulled.counts.drawn + pulled.counts.accepted
    before, after = reading.dataset, pulled.dataset
    filtered = Counts(len(before.images) - len(after.images), len(before.annotations) + new - len(after.annotations))
    return Edit(command="browse", settings={"pull": True}, dataset=after, filtered=filtered, added=Counts(0, new))


def _bring_up_to_date(
    name: str, root: Path, images: Path | None, workers: int | None, pulled: Pulled, progress: Progress
) -> None:
    from ..browse.pull.rebase import rebase
    from ..formats.store import open_store

    new = read_source(root, "cvdata", images, Verify.none, workers, progress)
    rebase(name, new.dataset, open_store(root).current.id, pulled.read)


def _tell(pulled: Pulled, changes: DiffReport, written: DatasetReport | None, limit: int, *, as_json: bool) -> None:
    from .changes import print_changes

    lines = [*pull_lines(pulled.counts, pulled.conflicts), *pull_findings(pulled.findings)]
    if pulled.counts.pictures and not as_json:
        print_changes(changes, limit)
        sys.stdout.flush()
        lines = ["", *lines]
    if written is not None:
        lines += ["", *written_lines(written)]
    elif pulled.counts.pictures:
        lines.append("nothing was written: --dry-run")
    sys.stderr.write("\n".join(lines) + "\n")
