"""Some runs side by side: what was done differently, what came of it, and whether that can be compared at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from ...errors import UsageError
from ...models.run_folder import Epoch, RunInfo, read_epochs, read_run
from ...reports.scales import plural
from .history import best_epoch, metric_names
from .runs import RunRow, row_of

__all__ = ["MOST_RUNS", "Compared", "FigureRow", "RunsComparison", "SettingRow", "compare_runs", "short_names"]

MOST_RUNS = 7
"""So many lines can be told apart in one plot."""


class SettingRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A setting in which runs differ, with its value in each of them."""

    name: str
    values: list[Any]


class FigureRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure of the best epoch of each run; None where a run does not have it."""

    name: str
    values: list[float | None]


class RunsComparison(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `cvdata runs A B --json` prints.

    Attributes:
        names: of the runs, each only once.
        same_data: whether all saw the same pictures, labels and splits.
        warnings: why figures cannot, or not yet, be compared.
        figures: of the best epoch of each run, that by which epochs are compared first.
        settings: those that differ; of the network, too.
    """

    schema: Literal["cvdata/runs-comparison/1"] = "cvdata/runs-comparison/1"
    runs: list[RunRow]
    names: list[str]
    same_data: bool
    warnings: list[str]
    figures: list[FigureRow]
    settings: list[SettingRow]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A comparison, and the epochs of each run for its curves."""

    report: RunsComparison
    histories: list[list[Epoch]]


def compare_runs(paths: Sequence[str | os.PathLike[str]]) -> Compared:
    """Hold runs against each other.

    Raises:
        UsageError: one is no run, or there are fewer than two or more than `MOST_RUNS`.
        ModelError: one is broken.
    """
    if not 2 <= len(paths) <= MOST_RUNS:
        raise UsageError(f"{plural(len(paths), 'run')} to compare, expected 2 to {MOST_RUNS}")
    infos = [read_run(path) for path in paths]
    histories = [read_epochs(path) for path in paths]
    rows = [row_of(*each) for each in zip(paths, infos, histories, strict=True)]
    same = _alike(infos, _data)
    report = RunsComparison(
        runs=rows,
        names=short_names([row.path for row in rows]),
        same_data=same,
        warnings=_warnings(rows, infos, same),
        figures=_figures(infos, histories),
        settings=_settings(infos),
    )
    return Compared(report, histories)


def short_names(paths: Sequence[str]) -> list[str]:
    """Return names that tell runs apart: of each path the fewest last parts that differ from all others."""
    whole = [os.path.abspath(path).split(os.sep) for path in paths]
    deepest = max(map(len, whole), default=1)
    for kept in range(1, deepest + 1):
        names = ["/".join(parts[-kept:]) for parts in whole]
        if len(set(names)) == len(names):
            return names
    return list(paths)


def _alike(infos: Sequence[RunInfo], key: Callable[[RunInfo], object]) -> bool:
    return all(key(info) == key(infos[0]) for info in infos)


def _data(info: RunInfo) -> tuple[object, ...]:
    """Return what decides which pictures and labels a run saw, and which of them it was validated with."""
    dataset, settings = info.dataset, info.settings
    drawn = (dataset.held_out, settings.get("seed")) if dataset.held_out is not None else None
    return dataset.sha256, settings.get("train"), settings.get("val"), drawn, tuple(sorted(dataset.images.items()))


def _judged_by(info: RunInfo) -> tuple[object, ...]:
    """Return what decides what a figure means: an AP of masks is another one than that of boxes."""
    return info.spec.task, info.metric, info.spec.masks, bool(info.spec.keypoints)


def _warnings(rows: Sequence[RunRow], infos: Sequence[RunInfo], same: bool) -> list[str]:
    warnings = []
    if not _alike(infos, _judged_by):
        warnings.append("the runs do different things: their figures cannot be compared")
    elif not same:
        what = "other data" if not _alike(infos, lambda info: info.dataset.sha256) else "another split of the data"
        warnings.append(
            f"the runs saw {what}: their figures cannot be compared; evaluate both on the same pictures, "
            "cvdata predict and cvdata eval"
        )
    open_ones = [row for row in rows if row.status in ("running", "cut off")]
    for row, name in zip(rows, short_names([row.path for row in rows]), strict=True):
        if row in open_ones:
            warnings.append(f"'{name}' {_UNFINISHED[row.status]}: its figures are those of {row.epochs:,} epochs")
    return warnings


_UNFINISHED = {"running": "still runs", "cut off": "was cut off"}


def _figures(infos: Sequence[RunInfo], histories: Sequence[Sequence[Epoch]]) -> list[FigureRow]:
    """Return the figures of the best epochs, in the order of the first run's."""
    best = [best_epoch(history) for history in histories]
    every = [epoch for history in histories for epoch in history]
    rows = []
    for name in metric_names(every, infos[0].metric):
        values = [None if epoch is None else epoch.metrics.get(name) for epoch in best]
        if any(value is not None for value in values):
            rows.append(FigureRow(name=name, values=values))
    losses = [None if epoch is None else epoch.val_losses.get("loss") for epoch in best]
    if any(loss is not None for loss in losses):
        rows.append(FigureRow(name="validation loss", values=losses))
    return rows


def _settings(infos: Sequence[RunInfo]) -> list[SettingRow]:
    flat = [_flat(info) for info in infos]
    names = dict.fromkeys(name for one in flat for name in one)
    return [
        SettingRow(name=name, values=[one.get(name) for one in flat])
        for name in names
        if any(one.get(name) != flat[0].get(name) for one in flat)
    ]


_OF_THE_NETWORK = ("task", "architecture", "size", "several", "masks")


def _flat(info: RunInfo) -> dict[str, Any]:
    """Return the settings, those of the network first; the options of a family each by its own name."""
    spec = msgspec.to_builtins(info.spec)
    flat: dict[str, Any] = {name: spec[name] for name in _OF_THE_NETWORK}
    flat |= {"classes": len(info.spec.classes), "keypoints": len(info.spec.keypoints)}
    flat |= {f"option {name}": value for name, value in spec["options"].items()}
    return flat | {name: value for name, value in info.settings.items() if name not in (*flat, "options")}
