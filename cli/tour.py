"""How the steps of the demo look: with colours on a terminal, plain elsewhere."""

from __future__ import annotations

import shlex
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Place, show
from .show import account_of

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from ..convert import Report
    from ..demo import Kept, Round, Step
    from ..files import DatasetReport
    from ..ingest import IngestReport

__all__ = ["show_tour"]

_INDENT = 3
_WIDEST = 100


def show_tour(steps: Iterable[Step], folder: Path, *, as_json: bool) -> None:
    """Print the steps as they are done, and what to look at and to try in the end."""
    if as_json:
        import msgspec

        sys.stdout.write(msgspec.json.format(msgspec.json.encode(list(steps)), indent=2).decode() + "\n")
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    done = []
    for number, step in enumerate(steps, 1):
        console.print(f"\n{number}  {step.title}", style="bold")
        _show_step(console, step)
        done.append(step)
    _show_end(console, done, folder)


def _say(console: Console, text: str, style: str = "", indent: int = _INDENT) -> None:
    console.print(f"{'':<{indent}}{text}", style=style)


def _show_step(console: Console, step: Step) -> None:
    for command in step.commands:
        _say(console, f"$ {command}", "cyan")
    for line in step.lines:
        _say(console, line)
    if step.report is not None:
        _show_account(console, step.report)
    if step.rounds:
        console.print(_table_of(step.rounds))
        _say(console, "Said before anything was lost on the way there (--strict refuses instead):")
        for line in _losses(step.rounds, min(console.width, _WIDEST)):
            _say(console, line, "dim")
        whole = [round_.through for round_ in step.rounds if round_.restored]
        if whole:
            _say(console, f"With what is kept in .cvdata/sidecar, all of it came back, equal: {', '.join(whole)}.")


def _show_account(console: Console, report: Report | IngestReport | DatasetReport) -> None:
    _say(console, f"{'':<11}{'images':>8}{'annotations':>13}", "dim")
    for name, counts in account_of(report).items():
        if name in ("read", "written", "quarantined") or counts.images:
            _say(console, f"{name:<11}{counts.images:>8,}{counts.annotations:>13,}")
    for item in report.quarantine:
        _say(console, f"put aside: {Place(item.file, item.line, item.field)}", "yellow")
        _say(console, f"found {show(item.found)}", indent=_INDENT + 11)
        _say(console, f"expected {show(item.expected)}", indent=_INDENT + 11)


def _table_of(rounds: list[Round]) -> RenderableType:
    from rich import box
    from rich.padding import Padding
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("through", style="bold", no_wrap=True)
    for name in ("moved", *rounds[0].kept):
        table.add_column(name, justify="right", no_wrap=True)
    for round_ in rounds:
        moved = "-" if round_.moved_px is None else f"{round_.moved_px:.4f} px"
        table.add_row(round_.through, moved, *map(_kept, round_.kept.values()))
    return Padding(table, (1, 0, 1, _INDENT))


def _kept(kept: Kept) -> Text:
    from rich.text import Text

    return Text(f"{kept.after}/{kept.before}", style="green" if kept.after == kept.before else "red")


def _losses(rounds: list[Round], width: int) -> Iterator[str]:
    for round_ in (one for one in rounds if one.losses):
        lost = ", ".join(f"{loss.count:,} {loss.what}" for loss in round_.losses)
        yield from textwrap.wrap(
            lost, width - _INDENT, initial_indent=f"{round_.through:<10}", subsequent_indent=" " * 10
        )


def _show_end(console: Console, steps: list[Step], folder: Path) -> None:
    looks = [look for step in steps for look in step.looks]
    width = max(len(look.path) for look in looks)
    console.print("\nLook at", style="bold")
    for look in looks:
        _say(console, f"{show(look.path):<{width}}  {look.why}")
    console.print("\nTry next", style="bold")
    for command in (
        ["cvdata", "convert", "voc", "yolo", str(folder / "voc"), str(folder / "voc-yolo")],
        ["cvdata", "check", "YOUR_DATASET"],
        ["cvdata", "ingest", "YOUR_PICTURES", "OUTPUT"],
    ):
        _say(console, shlex.join(command), "cyan")
