"""The steps that look at a dataset: what is wrong with it, what is in it, what it looks like."""

from __future__ import annotations

import shlex

import numpy as np

from ..convert import Reading, read
from ..curate.check import check
from ..engine import InProcess, Silent
from ..files import write_single
from ..ingest import IngestSettings, ingest
from ..reports.sheet import contact_sheet, encode
from ..reports.spread import spread
from ..reports.stats import StatsReport, stats
from ..reports.stats_page import stats_page
from .drawing import PICTURES
from .tour import Look, Step, Tour

__all__ = ["draw_sheet", "find_faults", "take_in"]

_DATASET = "shapes"
_SHOWN = 12


def find_faults(tour: Tour) -> Step:
    """Check the labels as they came."""
    source = tour.folder / "delivered"
    reading = read(source, "coco", workers=1)
    report = check(reading.dataset, reading.intake, source_format="coco", source=source)
    return Step(
        title="Check them before anyone trains on them",
        commands=[_command("check", source)],
        lines=[f"{finding.severity:<8} {finding.title}" for finding in report.findings],
    )


def take_in(tour: Tour) -> Step:
    """Make a dataset of the pictures, with the labels that exist."""
    pictures, labels, target = tour.folder / PICTURES, tour.folder / "delivered", tour.folder / _DATASET
    settings = IngestSettings(labels=(f"coco:{labels}",), overwrite=True, workers=1)
    report = ingest([pictures], target, settings=settings)
    return Step(
        title="Take the pictures in: decoded, hashed, grouped, with the labels that exist",
        commands=[_command("ingest", pictures, target, "--labels", f"coco:{labels}")],
        report=report,
        lines=[f"note: {finding.message}" for finding in report.findings],
        looks=[Look(f"{target}", "a cvdata dataset: Parquet, with versions")],
    )


def draw_sheet(tour: Tour) -> Step:
    """Write a page of numbers and a sheet of pictures."""
    source = tour.folder / _DATASET
    page, sheet = tour.folder / "stats.html", tour.folder / "sheet.png"
    reading = read(source, "cvdata", workers=1)
    images = reading.dataset.images
    rows = spread(reading.dataset, _SHOWN, np.random.default_rng(0), among=np.flatnonzero(images.folder >= 0))
    drawn = contact_sheet(reading.dataset, rows, title=_DATASET, engine=InProcess(), progress=Silent())
    write_single(sheet, encode(drawn))
    write_single(page, stats_page(_numbers(reading), _DATASET, encode(drawn, "jpeg")))
    return Step(
        title="See what is in it",
        commands=[
            _command("stats", source, "--html", page),
            _command("show", source, "--out", sheet, "--limit", _SHOWN),
        ],
        looks=[Look(f"{page}", "numbers, plots and pictures on one page"), Look(f"{sheet}", "pictures with labels")],
    )


def _numbers(reading: Reading) -> StatsReport:
    intake = reading.intake
    return StatsReport(
        source=_DATASET,
        source_format=reading.format,
        read=intake.read,
        quarantined=intake.quarantined,
        filtered=intake.filtered,
        findings=intake.findings,
        verified=intake.verified,
        stats=stats(reading.dataset),
    )


def _command(*words: object) -> str:
    return shlex.join(["cvdata", *map(str, words)])
