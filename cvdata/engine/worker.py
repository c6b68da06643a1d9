"""One worker process: how it starts, what it answers, and how it ends when its parent does.

A worker is forked where that is safe (Linux, no other thread, not even one of a C library) and costs 2 ms; elsewhere a
fresh interpreter imports the function's module by name. Never `multiprocessing` itself: its spawn runs the caller's
script again, so a script without a `__main__` guard would start itself for ever.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Connection, Listener, Pipe
from queue import SimpleQueue
from typing import Any

__all__ = ["Worker", "WorkerTraceback", "die_with", "serve_address", "serve_descriptor", "start_worker"]


class WorkerTraceback(Exception):  # noqa: N818 - the cause of an error, never raised itself
    """Where in the worker an error came from: the `__cause__` of the error in the parent."""

    def __str__(self) -> str:
        return f"in a worker process\n\n{self.args[0]}"


@dataclass(eq=False)
class Worker:
    """A running worker process, and the tasks it was sent and has not answered, oldest first."""

    connection: Connection[Any, Any]
    pid: int
    process: subprocess.Popen[bytes] | None = None
    held: deque[Any] = field(default_factory=deque)

    def send(self, function: Any, batch: Any) -> None:
        """Send a task; a dead worker takes it in silence, since `receive` tells of the death after its last answer."""
        packed = pickle.dumps((function, batch), pickle.HIGHEST_PROTOCOL)
        with contextlib.suppress(OSError):
            self.connection.send_bytes(packed)

    def receive(self) -> tuple[Any, BaseException | None]:
        """Return the next result, and the error that came in its place.

        Raises:
            EOFError: the worker died.
        """
        try:
            packed = self.connection.recv_bytes()
        except OSError:  # it died in the middle of an answer
            raise EOFError from None
        failed, result, trace = pickle.loads(packed)  # noqa: S301 - our own process wrote it
        if not failed:
            return result, None
        result.__cause__ = WorkerTraceback(trace)
        return None, result

    def stop(self) -> None:
        """End the process and leave no zombie."""
        self.kill()
        if self.process is not None:
            self.process.wait()
            return
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def kill(self) -> None:
        """End the process, without waiting for it."""
        with contextlib.suppress(OSError):
            self.connection.close()
        if self.process is not None:
            self.process.kill()
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def start_worker(siblings: Sequence[Worker]) -> Worker:
    """Start a worker in the cheapest way that is safe here."""
    if sys.platform == "linux" and _threads() == 1:
        return _fork(siblings)
    return _launch()


def _threads() -> int:
    """Return how many threads this process has, those of C libraries included."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 2  # unknown: do not fork


def _fork(siblings: Sequence[Worker]) -> Worker:
    ours, theirs = Pipe()
    for stream in (sys.stdout, sys.stderr):  # or the child could write the parent's text again
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    parent = os.getpid()
    # Ctrl-C in the middle of a fork would be raised, and swallowed, in what some module registered to run after forks.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            die_with(parent)
            # Ends that stay open here would keep a sibling from seeing that the parent is gone.
            ours.close()
            for sibling in siblings:
                sibling.connection.close()
            _serve(theirs)
        finally:
            os._exit(0)
    theirs.close()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)  # a Ctrl-C that waited is raised here
    return Worker(ours, pid)


_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, so that a busy worker does not hold the parent's lock."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _launch() -> Worker:
    return _launch_by_address() if os.name == "nt" else _launch_by_descriptor()


# The path first: the package itself may have been found through it.
_PRELUDE = "import ast, sys; given, sys.path[:] = ast.literal_eval({source}); from cvdata.engine import worker; "


def _launch_by_descriptor() -> Worker:
    ours, theirs = Pipe()
    code = _PRELUDE.format(source="sys.argv[1]") + "worker.serve_descriptor(given)"
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", code, repr((theirs.fileno(), sys.path))],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C goes to the parent alone, also while the interpreter starts
        )
    return Worker(ours, process.pid, process)


def _launch_by_address() -> Worker:
    key = os.urandom(32)
    with Listener(authkey=key) as listener:
        code = _PRELUDE.format(source="sys.stdin.readline()") + "worker.serve_address(given)"
        process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
        with contextlib.ExitStack() as stack:
            if process.stdin is not None:
                stdin = stack.enter_context(process.stdin)
                stdin.write(repr(((listener.address, key.hex()), sys.path)).encode() + b"\n")
        connection = listener.accept()
    return Worker(connection, process.pid, process)


def serve_descriptor(descriptor: int) -> None:
    """Entry of a worker that was launched with one end of a pipe."""
    os.set_inheritable(descriptor, False)
    _serve(Connection(descriptor))


def serve_address(given: tuple[Any, str]) -> None:
    """Entry of a worker that was launched where pipes cannot be inherited: connect to an address."""
    address, key = given
    _serve(Client(address, authkey=bytes.fromhex(key)))


def _serve(connection: Connection[Any, Any]) -> None:
    """Answer (function, batch) with (failed, result, traceback) until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; Ctrl-C reaches the whole process group
    sys.setswitchinterval(0.0005)  # the thread that takes tasks in must not wait long, for the parent waits for it
    gc.disable()  # batches are built of millions of small objects without cycles
    tasks: SimpleQueue[bytes] = SimpleQueue()
    # A thread takes tasks in, or parent and worker could both wait for the other to empty a full pipe.
    threading.Thread(target=_receive, args=(connection, tasks), daemon=True).start()
    while True:
        answer = _answer(tasks.get())
        try:
            connection.send_bytes(answer)
        except OSError:
            return


def _receive(connection: Connection[Any, Any], tasks: SimpleQueue[bytes]) -> None:
    """Queue what the parent sends; when it is gone, end at once: nobody waits for the task at hand."""
    try:
        while True:
            tasks.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(0)


def _answer(packed: bytes) -> bytes:
    try:
        # Unpacked here and not in the thread: a function that cannot be imported is an answer, not a crash.
        function, batch = pickle.loads(packed)  # noqa: S301 - our own parent wrote it
        return pickle.dumps((False, function(batch), ""), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # noqa: BLE001 - it is raised again in the parent
        return _pack_error(error, traceback.format_exc())


def _pack_error(error: BaseException, trace: str) -> bytes:
    try:
        packed = pickle.dumps((True, error, trace))
        pickle.loads(packed)  # noqa: S301 - some errors can be packed but not made again
    except Exception:  # noqa: BLE001 - any class may define its own pickling
        return pickle.dumps((True, RuntimeError(f"{type(error).__name__}: {error}"), trace))
    return packed
