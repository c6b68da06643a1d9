"""A check report as one HTML page."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...dataset import Dataset
from ...engine import Engine, Progress
from ...reports.markup import join, tag
from ...reports.page import Cell, Page, Tone, badge
from .findings import CheckReport, Finding, FixReport

__all__ = ["check_page", "finding_sheets"]

_SHOWN = 200
"""Places of a finding that the page shows; `--json` has up to 1,000."""

_OPEN = 3
"""A list of so few places is not folded."""

_COMMAND = "cvdata "

_TONES: dict[str, Tone] = {"error": "error", "warning": "warning", "info": "info"}
_NAMES = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("note", "notes")}


def check_page(report: CheckReport, sheets: Mapping[str, bytes] | None = None) -> bytes:
    """Return the page: figures, the findings worst first with their places, and what a repair did.

    Args:
        sheets: pictures that show some of the findings, by their code; see `finding_sheets`.
    """
    page = Page(f"Check of {report.source.rstrip('/').rpartition('/')[2]}", f"{report.source_format}, {report.source}")
    page.cards(
        [
            ("pictures", report.images),
            ("annotations", report.annotations),
            ("classes", report.classes),
            *((_NAMES[name][count != 1], count) for name, count in report.severities.items()),
        ]
    )
    left = report.left_out
    if left.images or left.annotations:
        page.text(
            f"{left.images:,} pictures and {left.annotations:,} annotations cannot be used; they are named below."
        )
    if report.settings.labels_only:
        page.text("No picture was opened (--labels-only).")
    if report.fix is not None:
        _repair(page, report.fix)
    if not report.findings:
        page.section("Findings", "Nothing was found.")
    else:
        page.section("Findings", "Worst first.")
        for finding in report.findings:
            _finding(page, finding, (sheets or {}).get(finding.code))
    return page.render()


_MOST_SHEETS = 8
_TILES = 4


def finding_sheets(
    report: CheckReport, dataset: Dataset, engine: Engine, progress: Progress | None = None
) -> dict[str, bytes]:
    """Draw the first pictures of the findings that have any, labels included; JPEG by code."""
    from ...reports.sheet import contact_sheet, encode

    row_of = {name: row for row, name in enumerate(dataset.images.names)}
    sheets: dict[str, bytes] = {}
    for finding in report.findings:
        rows = [row_of[name] for name in finding.images if name in row_of]
        rows = [row for row in rows if dataset.images.folder[row] >= 0][:_TILES]
        if rows and len(sheets) < _MOST_SHEETS:
            drawn = contact_sheet(
                dataset,
                np.array(rows),
                title="",
                columns=len(rows),
                tile=240,
                names=False,
                engine=engine,
                progress=progress,
            )
            sheets[finding.code] = encode(drawn, "jpeg")
    return sheets


def _finding(page: Page, finding: Finding, sheet: bytes | None) -> None:
    tone = _TONES[finding.severity]
    with page.panel(finding.title, badge(finding.severity, tone), tone):
        page.text(finding.why)
        if finding.cure:
            words, _, command = finding.cure.partition(f"{_COMMAND}")
            page.text(join([tag("strong", "Cure: "), words.removesuffix(": ")]))
            if command:
                page.code(f"{_COMMAND}{command}")
        page.text(join(["Code: ", tag("code", finding.code)]))
        if sheet is not None:
            page.picture(sheet, f"Pictures of the finding {finding.code}")
        if not finding.places:
            return
        places = finding.places[:_SHOWN]
        located = any(place.at for place in places)
        rows: list[list[Cell]] = [[place.at, place.what] if located else [place.what] for place in places]
        some = f"first {len(rows):,} of {finding.count:,}" if finding.count > len(rows) else f"{len(rows):,}"
        with page.details(f"Places ({some})", opened=len(rows) <= _OPEN):
            page.table(["where", "what"] if located else ["what"], rows)


_LEFT = ("left as it is; a person has to decide", "left as it is")


def _repair(page: Page, fix: FixReport) -> None:
    page.section("Repair", f"{fix.target}, written as {fix.target_format}.")
    rows: list[list[Cell]] = [
        [row.title, row.before, row.after, row.done or _LEFT[row.severity == "info"]] for row in fix.findings
    ]
    page.table(["finding", "before", "after", "what was done"], rows)
    for loss in fix.losses:
        page.text(f"Lost: {loss.count:,} {loss.what}: {loss.outcome}.")
