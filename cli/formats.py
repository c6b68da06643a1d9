"""`cvdata formats`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .app import app, examples, guarded

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..formats import Format

__all__ = ["formats"]


@app.command(epilog=examples("cvdata formats", "cvdata formats --json"))
@guarded
def formats(
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON on stdout.")] = False,
) -> None:
    """Show what each format is and what it can carry."""
    from ..formats import format_names, format_of

    known = {name: format_of(name) for name in format_names()}
    if as_json:
        import msgspec

        table = {name: _facts(module) for name, module in known.items()}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(table), indent=2).decode() + "\n")
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(_summaries(known))
    console.print("What each carries when it is written; the rest is counted as a loss:\n")
    console.print(_table(known, console))
    console.print("\nOptions of each format, for --set: cvdata formats --json")
    if console.width < _WIDE:
        console.print(f"What each line means: a terminal of {_WIDE} columns")


def _facts(module: Format) -> dict[str, Any]:
    from ..formats import FEATURES

    carried = module.carries(module.WriteOptions())
    return {
        "summary": module.SUMMARY,
        "precision_px": module.PRECISION,
        "carries": [feature for feature in FEATURES if feature in carried],
        "read_options": list(module.ReadOptions.__struct_fields__),
        "write_options": list(module.WriteOptions.__struct_fields__),
    }


def _summaries(known: Mapping[str, Format]) -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for name, module in known.items():
        table.add_row(name, module.SUMMARY)
    table.add_row("", "")
    return table


_WIDE = 118  # columns from which on there is room to say what each line means


def _table(known: Mapping[str, Format], console: Console) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from ..formats import FEATURES

    wide = console.width >= _WIDE
    yes, no = ("+", "") if console.options.ascii_only else ("✓", "·")
    carried = {name: module.carries(module.WriteOptions()) for name, module in known.items()}
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for name in known:
        table.add_column(_head(name), justify="center", no_wrap=True)
    if wide:
        table.add_column("", style="dim", min_width=24)
    for feature, words in FEATURES.items():
        marks = [Text(yes, "green") if feature in carried[name] else Text(no, "dim") for name in known]
        table.add_row(feature, *marks, *([words] if wide else []))
    return table


def _head(name: str) -> str:
    """Return a column head of two short lines: `yolo-` over `pose`, `image` over `folder`, and `voc` below nothing."""
    front, hyphen, back = name.partition("-")
    if hyphen:
        return f"{front}-\n{back}"
    half = len(name) // 2 if len(name) > 8 else 0
    return f"{name[:half]}\n{name[half:]}"
