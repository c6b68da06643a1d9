"""Batches in worker processes on this machine, that may die without taking the run along."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, TypeVar

from .core import Engine, InProcess, Lost, Progress, Sized
from .worker import Worker, start_worker

__all__ = ["ProcessPool", "start"]

R = TypeVar("R")
B = TypeVar("B", bound=Sized)

_AHEAD = 2  # tasks a worker holds: one at work, one waiting, so that it never idles for the next


def start(workers: int) -> Engine:
    """Return an engine with so many workers; one worker means this process."""
    return InProcess() if workers <= 1 else ProcessPool(workers)


@dataclass(eq=False)
class _Task:
    """A batch on its way: which result it makes, and how often it was lost with a worker."""

    batch: Any
    deaths: int = 0
    done: bool = False
    result: Any = None
    error: BaseException | None = None
    parts: list[_Task] | None = None


class ProcessPool:
    """Runs batches in worker processes, started at the first need and kept for the next `map`.

    A batch whose worker died is tried once more; if it kills again it is halved until the guilty item is alone.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: list[Worker] = []

    def __enter__(self) -> ProcessPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        for worker in self._pool:  # all first: they end side by side
            worker.kill()
        while self._pool:
            self._pool.pop().stop()

    def map(
        self,
        function: Callable[[B], R],
        batches: Iterable[B],
        *,
        lost: Callable[[B], R] | None = None,
        progress: Progress | None = None,
    ) -> Iterator[R]:
        """Yield `function(batch)` for each batch, in order; see `Engine.map`."""
        source = iter(batches)
        first = list(islice(source, 2))
        if len(first) < 2 and lost is None:  # not worth a process, and nothing here is expected to kill one
            yield from InProcess().map(function, first, progress=progress)
            return
        waiting: deque[_Task] = deque(_Task(batch) for batch in first)
        order = deque(waiting)  # tasks whose results are still to be yielded
        window = self.workers * (_AHEAD + 2)  # bounds the memory that finished results take
        try:
            while True:
                fresh = [_Task(batch) for batch in islice(source, max(0, window - len(order)))]
                order.extend(fresh)
                waiting.extend(fresh)
                if not order:  # only now: all that was sent may be done while the source has more
                    return
                self._hand_out(function, waiting)
                self._collect(waiting, lost)
                for task in _take_done(order):
                    if task.error is not None:  # in its turn, so that it is the same at any number of workers
                        raise task.error
                    if progress is not None:
                        progress.advance(len(task.batch))
                    yield task.result
        finally:
            if any(worker.held for worker in self._pool):  # left early: what workers still compute is nobody's
                self._stop()

    def _hand_out(self, function: Callable[..., Any], waiting: deque[_Task]) -> None:
        while len(self._pool) < min(self.workers, sum(len(w.held) for w in self._pool) + len(waiting)):
            self._pool.append(start_worker(self._pool))
        for depth in range(_AHEAD):
            for worker in self._pool:
                if not waiting:
                    return
                if len(worker.held) != depth:
                    continue
                if waiting[0].deaths and depth:  # a suspect never queues behind a task that it could take along
                    return
                task = waiting.popleft()
                worker.held.append(task)
                worker.send(function, task.batch)

    def _collect(self, waiting: deque[_Task], lost: Callable[..., Any] | None) -> None:
        busy: dict[Any, Worker] = {worker.connection: worker for worker in self._pool if worker.held}
        for connection in wait(list(busy)):
            worker = busy[connection]
            try:
                result, error = worker.receive()
            except EOFError:
                self._bury(worker, waiting, lost)
                continue
            task = worker.held.popleft()
            task.done, task.result, task.error = True, result, error

    def _bury(self, worker: Worker, waiting: deque[_Task], lost: Callable[..., Any] | None) -> None:
        """Take a dead worker's tasks back: the one it was at is the suspect."""
        self._pool.remove(worker)
        worker.stop()
        suspect, *others = worker.held
        waiting.extendleft(reversed(others))
        suspect.deaths += 1
        if suspect.deaths < 2:
            waiting.appendleft(suspect)
        elif len(suspect.batch) > 1:
            middle = len(suspect.batch) // 2
            suspect.parts = [_Task(suspect.batch[:middle], 1), _Task(suspect.batch[middle:], 1)]
            suspect.done = True
            waiting.extendleft(reversed(suspect.parts))
        elif lost is None:
            raise Lost("an item ended two worker processes")
        else:
            suspect.done, suspect.result = True, lost(suspect.batch)


def _take_done(order: deque[_Task]) -> Iterator[_Task]:
    """Take the tasks off the front that are done; one that was halved gives way to its parts."""
    while order and order[0].done:
        task = order.popleft()
        if task.parts is None:
            yield task
        else:
            order.extendleft(reversed(task.parts))
