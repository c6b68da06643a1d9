"""`cvdata formats`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .app import app, guarded

__all__ = ["formats"]


@app.command(epilog="Example: cvdata formats")
@guarded
def formats(
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON on stdout.")] = False,
) -> None:
    """Show what each format can read, write and carry."""
    import msgspec

    from ..formats import FEATURES, format_names, format_of

    known = {name: format_of(name) for name in format_names()}
    carried = {name: module.carries(module.WriteOptions()) for name, module in known.items()}
    if as_json:
        table = {
            name: {
                "summary": module.SUMMARY,
                "precision_px": module.PRECISION,
                "carries": [feature for feature in FEATURES if feature in carried[name]],
                "read_options": list(module.ReadOptions.__struct_fields__),
                "write_options": list(module.WriteOptions.__struct_fields__),
            }
            for name, module in known.items()
        }
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(table), indent=2).decode() + "\n")
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for name, module in known.items():
        console.print(f"[bold]{name:<12}[/bold] {module.SUMMARY}", highlight=False)
    table_ = Table(title="What each format carries", title_justify="left", show_lines=False)
    table_.add_column("")
    for name in known:
        table_.add_column(name, justify="center")
    for feature, words in FEATURES.items():
        table_.add_row(words, *("[green]✓[/green]" if feature in carried[name] else "" for name in known))
    console.print(table_)
