"""`cvdata stats SRC`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app, examples, guarded
from .choices import Verify
from .source import (
    FormatOption,
    ImagesOption,
    JsonOption,
    OverwriteOption,
    QuietOption,
    SourceArgument,
    VerifyOption,
    WorkersOption,
    name_of,
    print_json,
    read_source,
    refuse_outputs,
)

if TYPE_CHECKING:
    from ..convert import Reading
    from ..engine import Progress
    from ..reports.stats import StatsReport

__all__ = ["stats"]


@app.command(
    epilog=examples(
        "cvdata stats ./VOC2012",
        "cvdata stats ./VOC2012 --html voc.html",
        "cvdata stats labels.json --images ./photos --csv voc.csv",
        "cvdata stats ./VOC2012 --json",
        then="The CSV has a row per picture and class in it, ready for a pivot table. Bad items of SRC do not count; "
        "cvdata check names them.",
    )
)
@guarded
def stats(
    source: SourceArgument,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write a row per picture and class in it.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with numbers, plots and pictures.")
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=0, max=1000, help="Pictures shown on the page; 0 for none.")
    ] = 12,
    from_format: FormatOption = None,
    images: ImagesOption = None,
    verify: VerifyOption = Verify.none,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Show what is in a dataset, in numbers and plots.

    How many of each class and in each split, how many to a picture, how large, of what shape, where, and together.
    """
    from ..errors import UsageError
    from ..files import write_single
    from .numbers import print_numbers
    from .progress import progress_for

    refuse_outputs([csv, html], source, images, overwrite=overwrite)
    if csv is not None and html is not None and csv.resolve() == html.resolve():
        raise UsageError("--csv and --html are the same file", hint="give each a name of its own")
    with progress_for(quiet=quiet) as progress:
        reading = read_source(source, from_format, images, verify, workers, progress, _wanted(html, samples))
        report = _report(source, reading)
        if csv is not None:
            from ..reports.stats_csv import stats_csv

            write_single(csv, stats_csv(reading.dataset))
        if html is not None:
            write_single(html, _page(name_of(source), report, reading, samples, workers, progress))
    if as_json:
        print_json(report)
    elif not quiet:
        print_numbers(report)
    if not quiet:
        sys.stderr.writelines(f"written: {path}\n" for path in (csv, html) if path is not None)


def _wanted(html: Path | None, samples: int) -> frozenset[str] | None:
    """Return the columns to read: all, if pictures are to be drawn with their outlines."""
    from ..reports.stats import NEEDED

    return None if html is not None and samples else NEEDED


def _report(source: Path, reading: Reading) -> StatsReport:
    from ..errors import show
    from ..reports.stats import StatsReport
    from ..reports.stats import stats as measure

    intake = reading.intake
    return StatsReport(
        source=show(source),
        source_format=reading.format,
        read=intake.read,
        quarantined=intake.quarantined,
        filtered=intake.filtered,
        findings=intake.findings,
        verified=intake.verified,
        stats=measure(reading.dataset, unread_polygons=intake.unread.get("polygons", 0)),
    )


def _page(
    name: str, report: StatsReport, reading: Reading, samples: int, workers: int | None, progress: Progress
) -> bytes:
    """Return the page, with a contact sheet if any picture is there to be shown."""
    import numpy as np

    from ..engine import start, worker_count
    from ..reports.sheet import contact_sheet, encode
    from ..reports.spread import spread
    from ..reports.stats_page import stats_page

    dataset = reading.dataset
    found = np.flatnonzero(dataset.images.folder >= 0)
    if not samples or not len(found):
        return stats_page(report, name)
    rows = spread(dataset, samples, np.random.default_rng(0), among=found)
    with start(min(worker_count(workers), len(rows))) as engine:
        sheet = contact_sheet(dataset, rows, title="", tile=300, engine=engine, progress=progress)
    shown = "All" if len(rows) == len(dataset.images) else f"{len(rows):,} of {len(dataset.images):,}"
    note = f"{shown} pictures. cvdata show makes larger sheets, and others."
    return stats_page(report, name, encode(sheet, "jpeg"), note)
