"""Runs as lines for people: a list, or a few side by side."""

from __future__ import annotations

import datetime
import os
import shlex
from typing import TYPE_CHECKING, Any

from ..errors import show
from ..train.judge.history import clock
from .table import table_lines

if TYPE_CHECKING:
    from ..train.judge.runs import RunRow, RunsReport
    from ..train.judge.versus import RunsComparison

__all__ = ["comparison_lines", "list_lines"]

_LONGEST_NAME, _LONGEST_DATASET, _LONGEST_VALUE = 28, 18, 24


def list_lines(report: RunsReport) -> list[str]:
    """Return the runs of a folder, a line each, and those that cannot be read."""
    rows = [_row(report.folder, row) for row in report.runs]
    lines = table_lines(["run", "model", "data", "epochs", "best", "", "at", "time", "began", ""], rows, left=3)
    if not rows:
        lines = [f"no runs in '{show(report.folder)}': cvdata train TASK SRC makes one"]
    if any(row.status == "cut off" for row in report.runs):
        lines.append("cut off: cvdata train TASK SRC RUN --resume goes on with it")
    lines += [f"warning: '{show(one.path)}' cannot be read: {one.message}" for one in report.broken]
    return lines


def _row(folder: str, row: RunRow) -> list[str]:
    name = os.path.relpath(row.path, folder)
    best = "" if row.best is None else f"{row.best:.3f}"
    at = "" if row.best_epoch is None else f"{row.best_epoch:,}"
    return [
        _tail(row.name if name == "." else name, _LONGEST_NAME),
        show(row.architecture, 20),
        _data(row),
        _epochs(row),
        row.metric if best else "",
        best,
        at,
        clock(row.seconds) if row.seconds else "",
        _day(row.began),
        row.status,
    ]


def _tail(name: str, longest: int) -> str:
    """Return a name; of a long one its end, which tells it from others of its folder."""
    shown = show(name, 10_000)
    return shown if len(shown) <= longest else "…" + shown[1 - longest :]


def _data(row: RunRow) -> str:
    name = os.path.basename(os.path.normpath(row.dataset)) or row.dataset
    return _tail(name if row.version is None else f"{name}@{row.version}", _LONGEST_DATASET)


def _epochs(row: RunRow) -> str:
    whole = row.epochs_asked is None or row.epochs == row.epochs_asked
    return f"{row.epochs:,}" if whole else f"{row.epochs:,}/{row.epochs_asked:,}"


def _day(began: str) -> str:
    """Return day and minute of a time in UTC, as this machine's clock shows it."""
    try:
        return datetime.datetime.fromisoformat(began.replace("Z", "+00:00")).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return show(began, 16)


def comparison_lines(report: RunsComparison, *, page: bool = False) -> list[str]:
    """Return runs side by side: what they are, their figures, the settings that differ.

    Args:
        page: a page with the curves was written, and need not be recommended.
    """
    heads = ["", *(_tail(name, _LONGEST_VALUE) for name in report.names)]
    lines = table_lines(heads, _facts(report))
    figures = [[row.name, *(_figure(value) for value in row.values)] for row in report.figures]
    lines += ["", *table_lines(["at the best epoch", *heads[1:]], figures)] if figures else []
    settings = [[row.name.replace("_", "-"), *map(_value, row.values)] for row in report.settings]
    lines += ["", *table_lines(["what was set otherwise", *heads[1:]], settings)] if settings else ["", _ALIKE]
    lines += ["", *(f"warning: {warning}" for warning in report.warnings)]
    if not report.warnings:
        named = " ".join(shlex.quote(show(row.path)) for row in report.runs[:2])
        lines.append(f"whether a difference is more than chance: cvdata eval {named}")
    if not page:
        lines.append("--html FILE draws the curves of all in one plot")
    return lines


_ALIKE = "all settings are the same"


def _facts(report: RunsComparison) -> list[list[str]]:
    rows = report.runs
    return [
        ["model", *(f"{row.task} {show(row.architecture, 20)}" for row in rows)],
        ["parameters", *(f"{row.parameters:,}" for row in rows)],
        ["data", *(_data(row) for row in rows)],
        ["", *(["the same"] * len(rows) if report.same_data else [row.sha256[:12] for row in rows])],
        ["epochs", *(_epochs(row) for row in rows)],
        ["best epoch", *("-" if row.best_epoch is None else f"{row.best_epoch:,}" for row in rows)],
        ["time", *(clock(row.seconds) for row in rows)],
        ["status", *(row.status for row in rows)],
    ]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _value(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return " x ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:g}"
    return _tail(str(value), _LONGEST_VALUE)
