"""A check report as text: coloured on a terminal, plain in a pipe."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import show
from .pen import Pen

if TYPE_CHECKING:
    from ..curate.check.findings import CheckReport, Finding, FixReport

__all__ = ["check_text"]

_FEW = 3
_MARGIN = 9  # columns that a severity takes, a blank included


def check_text(report: CheckReport, *, verbose: bool, colours: bool | None = None) -> str:
    """Return the report as lines for people, with a final newline.

    Args:
        verbose: all places of each finding instead of the first three, and why each matters.
        colours: whether to colour; where not given, if stdout is a terminal that does not ask for none (NO_COLOR).
    """
    terminal = sys.stdout.isatty()
    pen = Pen(colours)
    width = max(60, shutil.get_terminal_size().columns) if terminal else None
    lines = [*_head(report, pen), ""]
    for finding in report.findings:
        lines += [*_finding(finding, pen, width, verbose), ""]
    if report.fix is not None:
        lines += [*_fixed(report.fix, pen), ""]
    return "\n".join([*lines, _end(report, pen)]) + "\n"


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _head(report: CheckReport, pen: Pen) -> list[str]:
    parts = [
        _number(report.images, "picture", "pictures"),
        _number(report.annotations, "annotation", "annotations"),
        _number(report.classes, "class", "classes"),
    ]
    lines = [f"{pen('bold', report.source)}: {report.source_format}, {', '.join(parts)}"]
    left = report.left_out
    if left.images or left.annotations:
        lines.append(
            f"cannot be used: {_number(left.images, 'picture', 'pictures')}, "
            f"{_number(left.annotations, 'annotation', 'annotations')}; named below"
        )
    if report.settings.labels_only:
        lines.append("no picture was opened (--labels-only)")
    return lines


def _finding(finding: Finding, pen: Pen, width: int | None, verbose: bool) -> list[str]:
    label = pen(finding.severity, f"{finding.severity:<{_MARGIN}}")
    code = pen("dim", f"[{finding.code}]")
    title = _wrapped(finding.title, width, 0)
    lines = [f"{label}{pen('bold', title[0])}{f'  {code}' if len(title) == 1 else ''}"]
    lines += [f"{'':{_MARGIN}}{pen('bold', line)}" for line in title[1:]]
    if len(title) > 1:
        lines.append(f"{'':{_MARGIN}}{code}")
    if verbose:
        lines += _wrapped(finding.why, width, _MARGIN)
    shown = finding.places if verbose else finding.places[:_FEW]
    for place in shown:
        where, what = place.at, show(place.what)
        lines.append(f"{'':{_MARGIN}}- {f'{where}: {what}' if where and what else where or what}")
    from ..curate.check.findings import MOST_PLACES

    whole = len(finding.places) < MOST_PLACES  # a place may stand for several things, but then all are named
    rest = (len(finding.places) if whole else finding.count) - len(shown)
    if rest > 0:
        lines.append(f"{'':{_MARGIN}}- and {rest:,} more{'' if verbose else ' (--verbose)'}")
    if finding.cure:
        lines += _wrapped(f"cure: {finding.cure}", width, _MARGIN)
    return lines


def _wrapped(text: str, width: int | None, indent: int) -> list[str]:
    """Break text to the width of the terminal; in a pipe a line stays a line."""
    if width is None:
        return [" " * indent + text]
    room = width - (indent or _MARGIN)
    return [" " * indent + line for line in textwrap.wrap(text, room, break_on_hyphens=False)] or [""]


def _fixed(fix: FixReport, pen: Pen) -> list[str]:
    written = fix.written
    lines = [
        f"{pen('good', 'repaired')} {show(fix.target)}: {fix.target_format}, "
        f"{_number(written.images, 'picture', 'pictures')} of {fix.read.images:,}, "
        f"{_number(written.annotations, 'annotation', 'annotations')} of {fix.read.annotations:,}",
        f"{'':{_MARGIN}}before   after",
    ]
    for row in fix.findings:
        done = row.done or ("left as it is" if row.severity == "info" else "left as it is; a person has to decide")
        lines.append(f"{'':{_MARGIN}}{row.before:>6,}  {row.after:>6,}  {row.code}: {done}")
    lines += [f"{'':{_MARGIN}}lost: {loss.count:,} {loss.what}: {loss.outcome}" for loss in fix.losses]
    return lines


def _end(report: CheckReport, pen: Pen) -> str:
    if report.fix is None:
        counts = _counts([finding.severity for finding in report.findings], pen, "nothing found")
        return counts + _of_trainer(report)
    left = [row.severity for row in report.fix.findings if row.after]
    return f"left after the repair: {_counts(left, pen, 'nothing')}"


def _of_trainer(report: CheckReport) -> str:
    """Say so where a trainer has nothing against the dataset."""
    trainer, settings = report.settings.trainer, report.settings
    if trainer is None or settings.only or settings.ignore:
        return ""
    if any(f.severity == "error" or f.code.startswith((f"{trainer}-", "trainer-")) for f in report.findings):
        return ""
    return f"; {trainer} takes all of it as it is"


def _counts(severities: Sequence[str], pen: Pen, none: str) -> str:
    words = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("note", "notes")}
    found = [(name, severities.count(name)) for name in words]
    return ", ".join(pen(name, _number(count, *words[name])) for name, count in found if count) or pen("good", none)
