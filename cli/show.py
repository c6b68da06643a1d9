"""Reports for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from ..errors import Place, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..convert import Report
    from ..files import Counts, DatasetReport, Finding, QuarantineItem
    from ..ingest import IngestReport

__all__ = ["account_lines", "account_of", "finding_lines", "finish", "quarantine_lines", "summary"]

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
    lines = [f"{report.source_format} -> {report.target_format}: {report.target}", *account_lines(report)]
    lines.append(f"checked: {report.verified}")
    lines += [f"lost: {loss.count:,} {loss.what}: {loss.outcome}" for loss in report.losses]
    lines += finding_lines(report.findings)
    lines += quarantine_lines(report.quarantine)
    return "\n".join(lines) + "\n"


def account_lines(report: Report | IngestReport | DatasetReport) -> list[str]:
    """Return what was read and where it went, as a small table."""
    lines = [f"{'':<13}images  annotations"]
    for name, counts in account_of(report).items():
        if name in ("read", "written") or counts.images or counts.annotations:
            lines.append(f"{name:<11}{counts.images:>8,}  {counts.annotations:>11,}")
    return lines


def account_of(report: Report | IngestReport | DatasetReport) -> dict[str, Counts]:
    """Return the numbers of an account by their names, in the order in which people read them."""
    from ..files import DatasetReport

    added = {"added": report.added} if isinstance(report, DatasetReport) else {}
    rest = {name: getattr(report, name) for name in ("written", "quarantined", "filtered")}
    return {"read": report.read, **added, **rest}


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Return a line per finding, with the first examples."""
    return [f"note: {finding.message}{_some(finding.examples, finding.count)}" for finding in findings]


def quarantine_lines(items: Sequence[QuarantineItem], most: int = _MOST_LINES) -> list[str]:
    """Return a line for each of the first bad items, and where all of them are."""
    lines = []
    for item in items[:most]:
        place = Place(item.file, item.line, item.field)
        lines.append(f"quarantined: {place}: {show(item.found)}; expected {show(item.expected)}")
    if items:
        lines.append("all quarantined items are in .cvdata/quarantine.jsonl of the output")
    return lines
