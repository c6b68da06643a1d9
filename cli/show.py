"""Reports for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from ..errors import Place, show

if TYPE_CHECKING:
    from ..convert import Report

__all__ = ["finish", "summary"]

_MOST_LINES = 5
_MOST_EXAMPLES = 3
_LONGEST = 60


def finish(report: Report, *, as_json: bool, quiet: bool, exit_zero: bool) -> None:
    """Print a report and leave with the exit code it deserves."""
    if as_json:
        import msgspec

        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    if not quiet:
        sys.stderr.write(summary(report))
    if report.quarantine and not exit_zero:
        raise typer.Exit(3)


def _some(examples: list[str], count: int) -> str:
    """Return the first examples in brackets, none of them longer than a line can bear."""
    if not examples:
        return ""
    few = [
        example if len(example) <= _LONGEST else f"…{example[1 - _LONGEST :]}" for example in examples[:_MOST_EXAMPLES]
    ]
    return f" ({', '.join(few)}{', …' if count > len(few) else ''})"


def summary(report: Report) -> str:
    """Return the report as text: the account, the losses, the findings, the first bad items."""
    lines = [f"{report.source_format} -> {report.target_format}: {report.target}", f"{'':<13}images  annotations"]
    for name in ("read", "written", "quarantined", "filtered"):
        counts = getattr(report, name)
        if name in ("read", "written") or counts.images or counts.annotations:
            lines.append(f"{name:<11}{counts.images:>8,}  {counts.annotations:>11,}")
    lines.append(f"checked: {report.verified}")
    lines += [f"lost: {loss.count:,} {loss.what}: {loss.outcome}" for loss in report.losses]
    for finding in report.findings:
        lines.append(f"note: {finding.message}{_some(finding.examples, finding.count)}")
    if report.renamed:
        lines.append(f"note: {report.renamed:,} pictures have a new name; .cvdata/manifest.json has the map")
    for item in report.quarantine[:_MOST_LINES]:
        place = Place(item.file, item.line, item.field)
        lines.append(f"quarantined: {place}: {show(item.found)}; expected {show(item.expected)}")
    if report.quarantine:
        lines.append("all quarantined items are in .cvdata/quarantine.jsonl of the output")
    return "\n".join(lines) + "\n"
