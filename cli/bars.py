"""Progress bars; apart, because importing Rich takes longer than many a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from .pace import rate

__all__ = ["Bars", "bars"]


class Bars:
    """One bar, for the task at work; done tasks leave no trace."""

    def __init__(self, rich: RichProgress) -> None:
        self._rich = rich
        self._task: TaskID | None = None

    def start(self, task: str, total: int) -> None:
        """Begin a task."""
        if self._task is not None:
            self._rich.remove_task(self._task)
        # Text, not str: a file name is no markup.
        self._task = self._rich.add_task(Text(task).plain.replace("[", "\\["), total=total)

    def advance(self, items: int) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._rich.advance(self._task, items)


class _Rate(ProgressColumn):
    """Items a second, of the last half minute."""

    def render(self, task: Task) -> Text:
        """Return the rate, or nothing while it is not known."""
        return Text(rate(task.speed) if task.speed else "", style="progress.data.speed")


@contextmanager
def bars() -> Iterator[Bars]:
    """Show bars on stderr while the context lasts."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("left", style="dim"),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as rich:
        yield Bars(rich)
