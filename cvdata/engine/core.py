"""What every backend promises, and the backend that needs no other process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, TypeVar

__all__ = ["Engine", "InProcess", "Lost", "Progress", "Silent", "Sized", "batch_size", "worker_count"]

R = TypeVar("R")
B = TypeVar("B", bound="Sized")


class Sized(Protocol):
    """A batch: it knows its length, and a slice of it is a smaller batch of the same kind."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Any: ...


class Progress(Protocol):
    """Shows a person how far long work is."""

    def start(self, task: str, total: int) -> None:
        """Begin a task of so many items."""

    def advance(self, items: int) -> None:
        """Say that so many more items are done."""


class Silent:
    """A `Progress` that shows nothing."""

    def start(self, task: str, total: int) -> None:
        """Show nothing."""

    def advance(self, items: int) -> None:
        """Show nothing."""


class Lost(Exception):  # noqa: N818 - a verdict on an item, not an error of the engine
    """An item killed two workers; it is passed to the `lost` function of `map`."""


class Engine(Protocol):
    """Maps functions over batches."""

    workers: int

    def map(
        self,
        function: Callable[[B], R],
        batches: Iterable[B],
        *,
        lost: Callable[[B], R] | None = None,
        progress: Progress | None = None,
    ) -> Iterator[R]:
        """Yield `function(batch)` for each batch, in order.

        Args:
            function: a function of a module, since other processes import it by name.
            batches: taken as they are needed; a batch that has to be split after a crash yields a result per part.
            lost: makes the result for a batch of one item that killed its worker twice.
            progress: told of the items of each batch that is done.

        Raises:
            Lost: an item killed two workers and there is no `lost`.
            Exception: whatever `function` raises, with the `WorkerTraceback` as its cause; an error that cannot travel
                between processes comes as a RuntimeError with its name and message.
        """
        ...

    def __enter__(self) -> Engine: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class InProcess:
    """Runs every batch here and now; an item that kills its process kills this one."""

    workers = 1

    def map(
        self,
        function: Callable[[B], R],
        batches: Iterable[B],
        *,
        lost: Callable[[B], R] | None = None,  # noqa: ARG002 - nothing can be lost in one's own process
        progress: Progress | None = None,
    ) -> Iterator[R]:
        """Yield `function(batch)` for each batch, in order."""
        for batch in batches:
            result = function(batch)
            if progress is not None:
                progress.advance(len(batch))
            yield result

    def __enter__(self) -> InProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


def batch_size(items: int, workers: int, most: int, least: int = 1) -> int:
    """Return how many items to put in a batch: four batches a worker, so that none waits long for another's last.

    Args:
        most: items that are enough work for one trip to a worker; `least`: fewer are not worth it.
    """
    return max(least, min(most, -(-items // (4 * workers))), 1)


def worker_count(wanted: int | None) -> int:
    """Return how many processes to use: as asked, or one per core that this process may run on."""
    if wanted is not None:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
