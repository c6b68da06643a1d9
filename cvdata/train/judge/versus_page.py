"""Runs side by side as one HTML page, their curves in one plot."""

from __future__ import annotations

import json
import os
from typing import Any

from ...errors import show
from ...reports.page import Cell, Page, Shown
from ...reports.scales import plural
from .history import clock
from .plots import runs_plot
from .versus import Compared, RunsComparison

__all__ = ["versus_page"]

_LONGEST = 60


def versus_page(compared: Compared) -> str:
    """Return the page."""
    report = compared.report
    names = [show(name, _LONGEST) for name in report.names]
    page = Page(" and ".join(names) if len(names) == 2 else plural(len(names), "run"), _subtitle(report))
    for warning in report.warnings:
        with page.panel(warning[:1].upper() + warning[1:] + ".", tone="warning"):
            pass
    _curves(page, compared, names)
    _figures(page, report, names)
    _runs(page, report, names)
    _settings(page, report, names)
    return page.render().decode("utf-8")


def _subtitle(report: RunsComparison) -> str:
    data = sorted({os.path.basename(os.path.normpath(row.dataset)) for row in report.runs})
    same = "the same data" if report.same_data else "not the same data"
    return f"{same}: {', '.join(show(name, _LONGEST) for name in data)}"


def _curves(page: Page, compared: Compared, names: list[str]) -> None:
    page.section("Curves", "Every run over its epochs.")
    metric = compared.report.runs[0].metric
    titles = {
        metric: f"{metric} on the validation pictures",
        "validation loss": "Loss on the validation pictures",
        "loss": "Loss on the training pictures",
    }
    with page.columns():
        for what, title in titles.items():
            drawing = runs_plot(compared.histories, names, what, title)
            if drawing is not None:
                page.figure(drawing)


def _figures(page: Page, report: RunsComparison, names: list[str]) -> None:
    if not report.figures:
        return
    intro = "Of the best epoch of each run. Small differences may be chance: cvdata eval RUN RUN2 says which are."
    page.section("Figures", intro)
    rows: list[list[Cell]] = [[row.name, *map(_number, row.values)] for row in report.figures]
    page.table(["figure", *names], rows, align="l" + "r" * len(names))


def _number(value: float | None) -> Cell:
    return None if value is None else Shown(f"{value:.3f}", value)


def _runs(page: Page, report: RunsComparison, names: list[str]) -> None:
    page.section("Runs")
    heads = ["run", "model", "parameters", "data", "epochs", "best epoch", "time", "status"]
    rows: list[list[Cell]] = []
    for name, row in zip(names, report.runs, strict=True):
        asked = "" if row.epochs_asked in (None, row.epochs) else f" of {row.epochs_asked:,}"
        data = os.path.basename(os.path.normpath(row.dataset)) + ("" if row.version is None else f"@{row.version}")
        epochs = Shown(f"{row.epochs:,}{asked}", row.epochs)
        model = f"{row.task} {show(row.architecture, _LONGEST)}"
        time = Shown(clock(row.seconds), row.seconds)
        rows.append([name, model, row.parameters, show(data, _LONGEST), epochs, row.best_epoch, time, row.status])
    page.table(heads, rows, align="llrlrrrl")


def _settings(page: Page, report: RunsComparison, names: list[str]) -> None:
    page.section("Settings that differ")
    if not report.settings:
        page.text("None: all settings are the same.")
        return
    rows: list[list[Cell]] = [[show(row.name, _LONGEST), *map(_value, row.values)] for row in report.settings]
    page.table(["setting", *names], rows, align="l" * (1 + len(names)))


def _value(value: Any) -> Cell:
    return None if value is None else show(value if isinstance(value, str) else json.dumps(value), _LONGEST)
