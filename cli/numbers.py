"""The numbers of a dataset as tables: handsome on a terminal, plain and aligned elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import show
from ..reports.scales import plural

if TYPE_CHECKING:
    from ..reports.stats import ClassStats, Distribution, Stats, StatsReport

__all__ = ["print_numbers"]

_MOST_CLASSES = 40
_MOST_SPLITS = 5
_LONGEST_NAME, _SHORTEST_NAME = 40, 14
_LONGEST_BAR, _SHORTEST_BAR = 24, 8
_PLAIN_WIDTH = 160  # columns where there is no terminal to ask


def print_numbers(report: StatsReport) -> None:
    """Print the report on stdout."""
    plain = not sys.stdout.isatty()
    console = Console(highlight=False, markup=False, emoji=False, width=_PLAIN_WIDTH if plain else None)
    with console.capture() as captured:
        _print_all(report, console)
    sys.stdout.write("\n".join(line.rstrip() for line in captured.get().split("\n")))


def _print_all(report: StatsReport, console: Console) -> None:
    numbers = report.stats
    console.print(Text(f"{report.source} ({report.source_format})", "bold"))
    console.print(
        f"{plural(numbers.images, 'picture')}, {plural(numbers.annotations, 'label')}, "
        f"{plural(len(numbers.categories), 'class')}"
    )
    bad = report.quarantined
    if bad.images or bad.annotations:
        console.print(f"left out as bad: {plural(bad.images, 'picture')}, {plural(bad.annotations, 'label')}")
    console.print()
    console.print(_splits(numbers))
    console.print()
    if numbers.categories:
        console.print(_classes(numbers, console))
        hidden = len(numbers.categories) - _MOST_CLASSES
        if hidden > 0:
            console.print(f"and {hidden:,} more classes; --html and --json have them all")
        console.print()
    console.print(_distributions(numbers))
    sizes = ", ".join(f"{s.width} x {s.height} ({s.images:,})" for s in numbers.picture_sizes[:4])
    if sizes:
        console.print(f"\npicture sizes: {sizes}{', …' if numbers.sizes > 4 else ''}")
    if numbers.groups is not None:
        groups = numbers.groups
        console.print(f"groups: {groups.groups:,}, with {groups.images:,} pictures; the largest has {groups.largest:,}")


def _grid(*headers: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, header in enumerate(headers):
        table.add_column(header, justify="right" if number else "left", no_wrap=True)
    return table


def _splits(numbers: Stats) -> Table:
    table = _grid("split", "pictures", "labels", "per picture", "labelled", "empty", "not labelled")
    for split in numbers.splits:
        alone = "all" if len(numbers.splits) == 1 else "in no split"
        table.add_row(
            Text(alone if split.name is None else show(split.name, 30)),
            f"{split.images:,}",
            f"{split.annotations:,}",
            _number(split.annotations / split.images if split.images else None),
            f"{split.labelled:,}",
            f"{split.empty:,}",
            f"{split.unlabelled:,}",
        )
    return table


def _classes(numbers: Stats, console: Console) -> Table:
    """Return the classes, most labels first; what finds no room beside names and numbers is left out."""
    ranked = sorted(numbers.categories, key=lambda c: -c.annotations)[:_MOST_CLASSES]
    columns = _class_columns(ranked, numbers)
    names = [show(c.name, _LONGEST_NAME) for c in ranked]
    longest = max(len("class"), *(cell_len(name) for name in names))
    while columns and _widths(columns) + min(longest, _SHORTEST_NAME) > console.width:
        columns.pop(
            next((n for n in ("share", *_SPLIT_COLUMNS, "pictures", "side") if n in columns), list(columns)[-1])
        )
    room = console.width - _widths(columns)
    table = _grid("class", *(header for header, _ in columns.values()))
    table.columns[0].max_width = max(room, _SHORTEST_NAME)
    length = min(room - longest - 2, _LONGEST_BAR)
    bars: list[tuple[str, ...]] = [()] * len(ranked)
    if console.is_terminal and length >= _SHORTEST_BAR:
        table.add_column("", no_wrap=True, style="cyan")
        most = max(c.annotations for c in ranked) or 1
        bars = [(_bar(c.annotations / most, length),) for c in ranked]
    for row, name in enumerate(names):
        table.add_row(Text(name), *(cells[row] for _, cells in columns.values()), *bars[row])
    return table


_SPLIT_COLUMNS = tuple(f"split {number}" for number in range(_MOST_SPLITS))


def _class_columns(ranked: list[ClassStats], numbers: Stats) -> dict[str, tuple[str, list[str]]]:
    """Return the columns of numbers: by key, the header and a cell per class."""
    total = numbers.annotations
    columns = {
        "labels": ("labels", [f"{c.annotations:,}" for c in ranked]),
        "share": ("share", [f"{100 * c.annotations / total:.1f} %" if total else "–" for c in ranked]),
        "pictures": ("pictures", [f"{c.images:,}" for c in ranked]),
    }
    if 1 < len(numbers.splits) <= _MOST_SPLITS:
        for number, split in enumerate(numbers.splits):
            header = "no split" if split.name is None else show(split.name, 12)
            columns[_SPLIT_COLUMNS[number]] = (header, [f"{c.split_annotations[number]:,}" for c in ranked])
    if numbers.side.count:
        for size in ("small", "medium", "large"):
            columns[size] = (size, [f"{getattr(c, size):,}" for c in ranked])
        columns["side"] = ("side", [_number(c.side) for c in ranked])
    return columns


def _widths(columns: Mapping[str, tuple[str, list[str]]]) -> int:
    """Return how much room columns take, with the gaps before them."""
    return sum(2 + max(map(cell_len, [header, *cells])) for header, cells in columns.values())


def _bar(share: float, width: int) -> str:
    """Return a bar of block letters, exact to an eighth of a letter."""
    eighths = round(share * width * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _distributions(numbers: Stats) -> Table:
    table = _grid("", "least", "5 %", "median", "95 %", "most", "mean")
    rows = [("labels per picture", numbers.per_image, 1.0)]
    if numbers.side.count:
        rows += [
            ("box side, pixels", numbers.side, 1.0),
            ("box, % of picture", numbers.share, 100.0),
            ("box width : height", numbers.aspect, 1.0),
        ]
    if numbers.picture_side.count:
        rows += [
            ("picture side, pixels", numbers.picture_side, 1.0),
            ("picture width : height", numbers.picture_aspect, 1.0),
        ]
    for name, values, factor in rows:
        table.add_row(name, *_quantiles(values, factor))
    return table


def _quantiles(values: Distribution, factor: float) -> list[str]:
    points = (values.least, values.p5, values.median, values.p95, values.most, values.mean)
    return [_number(None if point is None else point * factor) for point in points]


def _number(value: float | None) -> str:
    from ..reports.page import decimal

    shown = decimal(value)
    return "–" if shown is None else shown.text
