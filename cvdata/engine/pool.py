"""Worker processes on this machine, that may die without taking the run along.

A worker is forked where that is safe (Linux, no other thread) and costs 2 ms; elsewhere a fresh interpreter imports the
function's module by name. Never `multiprocessing` itself: its spawn runs the caller's script again, so a script without
a `__main__` guard would start itself for ever.
"""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Connection, Listener, Pipe, wait
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

from .core import Engine, InProcess, Lost, Progress, Sized

__all__ = ["ProcessPool", "serve_address", "start"]

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
    parts: list[_Task] | None = None


@dataclass(eq=False)
class _Worker:
    connection: Any
    pid: int
    process: subprocess.Popen[bytes] | None = None
    held: deque[_Task] = field(default_factory=deque)

    def stop(self) -> None:
        """End the process and leave no zombie."""
        with contextlib.suppress(OSError):
            self.connection.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


class ProcessPool:
    """Runs batches in worker processes, started at the first need and kept for the next `map`.

    A batch whose worker died is tried once more; if it kills again it is halved until the guilty item is alone.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: list[_Worker] = []

    def __enter__(self) -> ProcessPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
        first = list(_first_two(source))
        if len(first) < 2:  # not worth a process
            yield from InProcess().map(function, first, progress=progress)
            return
        order: deque[_Task] = deque()  # tasks whose results are still to be yielded
        waiting: deque[_Task] = deque(_Task(batch) for batch in first)
        order.extend(waiting)
        window = self.workers * (_AHEAD + 2)  # bounds the memory that finished results take
        more = True
        try:
            while order:
                while more and len(order) < window:
                    batch = next(source, None)
                    if batch is None:
                        more = False
                        break
                    order.append(_Task(batch))
                    waiting.append(order[-1])
                self._hand_out(function, waiting)
                self._collect(waiting, lost)
                while order and order[0].done:
                    task = order.popleft()
                    if task.parts is not None:
                        order.extendleft(reversed(task.parts))
                        continue
                    if progress is not None:
                        progress.advance(len(task.batch))
                    yield task.result
        finally:
            if order:  # left early: what workers still compute is nobody's
                while self._pool:
                    self._pool.pop().stop()

    def _hand_out(self, function: Callable[..., Any], waiting: deque[_Task]) -> None:
        while len(self._pool) < self.workers and len(self._pool) < sum(len(w.held) for w in self._pool) + len(waiting):
            self._pool.append(_start_worker(self._pool))
        for depth in range(_AHEAD):
            for worker in list(self._pool):
                if not waiting:
                    return
                if len(worker.held) != depth:
                    continue
                task = waiting.popleft()
                if task.deaths and depth:  # a suspect runs alone, so that no one else dies with it
                    waiting.appendleft(task)
                    return
                worker.held.append(task)
                try:
                    worker.connection.send((function, task.batch))
                except (BrokenPipeError, ConnectionResetError):
                    self._bury(worker, waiting)

    def _collect(self, waiting: deque[_Task], lost: Callable[..., Any] | None) -> None:
        busy = {worker.connection: worker for worker in self._pool if worker.held}
        for connection in wait(list(busy)) if busy else ():
            worker = busy[connection]  # type: ignore[index]
            try:
                failed, result = worker.connection.recv()
            except (EOFError, ConnectionResetError, BrokenPipeError):
                self._bury(worker, waiting, lost)
                continue
            task = worker.held.popleft()
            if failed:
                raise result
            task.done, task.result = True, result

    def _bury(self, worker: _Worker, waiting: deque[_Task], lost: Callable[..., Any] | None = None) -> None:
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


def _first_two(source: Iterator[B]) -> Iterator[B]:
    for _ in range(2):
        batch = next(source, None)
        if batch is None:
            return
        yield batch


def _start_worker(siblings: list[_Worker]) -> _Worker:
    if sys.platform == "linux" and _threads() == 1:
        return _fork_worker(siblings)
    return _launch_worker()


def _threads() -> int:
    """Return how many threads this process has, those of C libraries included."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 2  # unknown: do not fork


def _fork_worker(siblings: list[_Worker]) -> _Worker:
    ours, theirs = Pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            # Ends that stay open here would keep a sibling from seeing that the parent is gone.
            ours.close()
            for sibling in siblings:
                sibling.connection.close()
            _serve(theirs)
        finally:
            os._exit(0)
    theirs.close()
    return _Worker(ours, pid)


def _launch_worker() -> _Worker:
    key = secrets.token_bytes(32)
    with Listener(authkey=key) as listener:
        code = "import sys; from cvdata.engine.pool import serve_address; serve_address()"
        process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
        if process.stdin is None:
            raise RuntimeError("no pipe to the worker")
        address = listener.address
        process.stdin.write(repr((address, key.hex(), sys.path)).encode() + b"\n")
        process.stdin.flush()
        connection = listener.accept()
    return _Worker(connection, process.pid, process)


def serve_address() -> None:
    """Entry of a worker that was launched, not forked: connect to the address given on stdin, and serve."""
    import ast

    address, key, path = ast.literal_eval(sys.stdin.readline())
    sys.path[:] = path
    _serve(Client(address, authkey=bytes.fromhex(key)))


def _serve(connection: Connection[Any, Any]) -> None:
    """Answer (function, batch) with (failed, result) until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; Ctrl-C reaches the whole process group
    gc.disable()  # batches are built of millions of small objects without cycles
    tasks: SimpleQueue[Any] = SimpleQueue()
    # A thread takes tasks in, or parent and worker could both wait for the other to empty a full pipe.
    threading.Thread(target=_receive, args=(connection, tasks), daemon=True).start()
    while True:
        task = tasks.get()
        if task is None:
            return
        function, batch = task
        try:
            answer = (False, function(batch))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the parent
            answer = (True, error)
        try:
            connection.send(answer)
        except OSError:
            return
        except Exception as error:  # noqa: BLE001 - a result that cannot be sent must not look like a crash
            connection.send((True, RuntimeError(f"a worker's result cannot be sent: {error}")))


def _receive(connection: Connection[Any, Any], tasks: SimpleQueue[Any]) -> None:
    """Queue what the parent sends; None when it is gone."""
    while True:
        try:
            tasks.put(connection.recv())
        except (EOFError, OSError):
            tasks.put(None)
            return
