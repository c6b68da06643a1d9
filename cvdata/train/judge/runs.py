"""The runs of a folder, and what differs between some of them: read from the run folders alone, without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from ...errors import CvdataError, UsageError, show
from ...files.lock import is_busy
from ...models.run_folder import Epoch, RunInfo, is_run, read_epochs, read_run
from .history import best_epoch

__all__ = ["SORTS", "BrokenRun", "RunRow", "RunsReport", "Sort", "list_runs", "row_of"]

Status: TypeAlias = Literal["done", "stopped", "running", "cut off"]
Sort: TypeAlias = Literal["began", "name", "best", "epochs", "time"]

SORTS: tuple[Sort, ...] = ("began", "name", "best", "epochs", "time")

_DEEPEST = 5
"""Folders of folders of runs are looked into so far: beyond them lie datasets, not runs."""


class RunRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run in a few words.

    Attributes:
        path: of its folder.
        dataset: path as it was given; `version`, `sha256`: what was there at that time.
        epochs: done, of `epochs_asked`.
        metric: by which epochs are compared; `best`: its greatest value, at `best_epoch`; None before any.
        seconds: of all epochs.
        status: `cut off` where it neither ended nor runs any more: `cvdata train ... --resume` goes on with it.
        began: UTC, ISO 8601; `resumed`: how often it went on after it was cut off.
    """

    path: str
    name: str
    task: str
    architecture: str
    parameters: int
    dataset: str
    version: str | None
    sha256: str
    epochs: int
    epochs_asked: int | None
    metric: str
    best: float | None
    best_epoch: int | None
    seconds: float
    status: Status
    began: str
    resumed: int


class BrokenRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run folder that cannot be read, and why."""

    path: str
    message: str


class RunsReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `cvdata runs --json` prints.

    Attributes:
        folder: that was looked into; `runs`: in the order asked for; `broken`: those that cannot be read.
    """

    schema: Literal["cvdata/runs-report/1"] = "cvdata/runs-report/1"
    folder: str
    runs: list[RunRow]
    broken: list[BrokenRun]


def list_runs(folder: str | os.PathLike[str], sort: Sort = "began") -> RunsReport:
    """List the runs in a folder and in those below it; the newest, or the greatest, comes last.

    Raises:
        UsageError: there is no such folder.
    """
    if not os.path.isdir(folder):
        what = "is no folder" if os.path.lexists(folder) else "does not exist"
        raise UsageError(
            f"'{show(folder)}' {what}",
            hint="name the folder that holds the runs; cvdata train makes 'runs' where it is",
        )
    rows, broken = [], []
    for path in _run_folders(Path(folder)):
        try:
            info = read_run(path)
            rows.append(row_of(path, info, read_epochs(path)))
        except CvdataError as error:
            message = error.message if error.at is None else f"{os.path.basename(error.at.file)}: {error.message}"
            broken.append(BrokenRun(path=str(path), message=message))
    return RunsReport(folder=str(folder), runs=_sorted(rows, sort), broken=broken)


def _run_folders(folder: Path) -> Iterator[Path]:
    """Yield run folders by name; nothing below a run is looked at, and no link is followed."""
    if is_run(folder):
        yield folder
        return
    start = len(folder.parts)
    for root, folders, _ in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found = [name for name in folders if is_run(here / name)]
        yield from (here / name for name in found)
        deep = len(here.parts) - start >= _DEEPEST - 1
        folders[:] = [] if deep else [name for name in folders if name not in found]


def row_of(path: str | os.PathLike[str], info: RunInfo, history: Sequence[Epoch]) -> RunRow:
    """Return a run in a few words.

    Args:
        history: its epochs; they know more than run.json where the process was killed.
    """
    best = best_epoch(history)
    asked = info.settings.get("epochs")
    return RunRow(
        path=str(path),
        name=info.name,
        task=info.spec.task,
        architecture=info.spec.architecture,
        parameters=info.parameters,
        dataset=info.dataset.path,
        version=info.dataset.version,
        sha256=info.dataset.sha256,
        epochs=len(history) or info.epochs,
        epochs_asked=asked if isinstance(asked, int) else None,
        metric=info.metric,
        best=info.best if best is None else best.metrics.get(info.metric),
        best_epoch=info.best_epoch if best is None else best.epoch,
        seconds=sum(epoch.seconds for epoch in history) or info.seconds,
        status=_status(path, info),
        began=info.began,
        resumed=info.resumed,
    )


def _status(path: str | os.PathLike[str], info: RunInfo) -> Status:
    if info.status != "running":
        return info.status
    # A killed process cannot say that it ended, but the system lets go of its lock.
    return "running" if is_busy(os.path.abspath(path)) else "cut off"


def _sorted(rows: list[RunRow], sort: Sort) -> list[RunRow]:
    keys = {
        "began": lambda row: row.began,
        "name": lambda row: row.path,
        "best": lambda row: (row.metric, -1.0 if row.best is None else row.best),
        "epochs": lambda row: row.epochs,
        "time": lambda row: row.seconds,
    }
    return sorted(rows, key=keys[sort])
