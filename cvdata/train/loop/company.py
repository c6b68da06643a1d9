"""Several processes that train one network together: what they tell each other, and how they end together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch.distributed as dist
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.strategies.launchers.subprocess_script import _SubprocessScriptLauncher
from torch import nn
from torch.distributed.distributed_c10d import _get_default_store

from ...errors import CvdataError, TrainingError

__all__ = ["Helpers", "Several", "alone", "end_together", "follow_the_first", "from_first", "gather", "share_buffers"]

T = TypeVar("T")

_FIRST = "CVDATA_FIRST_PROCESS"
_LAST_WORDS = "cvdata/last-words"
_PATIENCE_S = 2.0  # for other processes that are about to end, or to speak
_GRACE_S = 15.0  # for this one, to find out by itself that another one is gone


class _Launcher(_SubprocessScriptLauncher):
    """Lightning's, but that the processes it starts know who started them, and leave Ctrl-C to that one."""

    def _call_children_scripts(self) -> None:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # they inherit it, from their first moment on
        os.environ[_FIRST] = str(os.getpid())
        try:
            super()._call_children_scripts()
        finally:
            os.environ.pop(_FIRST, None)
            signal.signal(signal.SIGINT, before)


class Several(DDPStrategy):
    """Lightning's DDP, but that ranks may have unequal shares of the validation pictures."""

    def _configure_launcher(self) -> None:
        super()._configure_launcher()
        if isinstance(self._launcher, _SubprocessScriptLauncher) and self.cluster_environment is not None:
            self._launcher = _Launcher(self.cluster_environment, self.num_processes, self.num_nodes)

    def validation_step(self, *args: Any, **kwargs: Any) -> Any:
        """Call the module itself: the wrapper would exchange buffers at each batch, also at one that others lack."""
        with self.precision_plugin.val_step_context():
            return None if self.lightning_module is None else self.lightning_module.validation_step(*args, **kwargs)


def alone() -> bool:
    """Tell whether this process trains by itself."""
    return not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1)


def gather(value: T) -> list[T]:
    """Return what each rank has, by rank, on the first one, [] on the others; every rank calls it."""
    if alone():
        return [value]
    found: list[Any] | None = [None] * dist.get_world_size() if dist.get_rank() == 0 else None
    dist.gather_object(value, found)
    return found or []


def from_first(value: T) -> T:
    """Return what the first rank has; every rank calls it."""
    if alone():
        return value
    held = [value]
    dist.broadcast_object_list(held, src=0)
    return held[0]


def share_buffers(network: nn.Module) -> None:
    """Give every rank the first one's buffers, such as the statistics of norms: those are what will be kept."""
    if not alone():
        for buffer in network.buffers():
            dist.broadcast(buffer, src=0)


def follow_the_first() -> None:
    """End this process when the one that started it is gone: a rank that waits for a dead one waits for ever."""
    parent = int(os.environ.get(_FIRST, os.getppid()))  # it may be gone already, and this a child of nobody

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)  # nothing here is worth a clean end: the first rank writes all there is

    threading.Thread(target=watch, name="cvdata-follow-the-first", daemon=True).start()


class Helpers(Callback):
    """The processes that Lightning started for the other ranks, on the first one."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []
        self._over = threading.Event()

    def on_fit_start(self, trainer: Trainer, *_: Any) -> None:
        """Watch them in Lightning's stead, whose watch kills this process before it can say why another one ended."""
        started: list[subprocess.Popen[bytes]] = getattr(trainer.strategy.launcher, "procs", [])
        self._started = list(started)
        started.clear()
        if self._started:
            threading.Thread(target=self._watch, name="cvdata-helpers", daemon=True).start()

    def any_ended(self) -> bool:
        """Tell whether one of them is gone."""
        return any(helper.poll() is not None for helper in self._started)

    def end(self, trainer: Trainer, patience_s: float = _PATIENCE_S) -> None:
        """End them; those that end by themselves have a moment."""
        self._over.set()
        end = time.monotonic() + patience_s
        for helper in [*self._started, *getattr(trainer.strategy.launcher, "procs", [])]:
            try:
                helper.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                helper.kill()
                helper.wait()

    def leave(self) -> None:
        """Watch them no longer: they are done, too."""
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            # Over gloo this process fails by itself soon. Over NCCL it may wait on the device for ever.
            if any(helper.poll() for helper in self._started) and not self._over.wait(_GRACE_S):
                for helper in self._started:
                    helper.kill()
                os._exit(1)


@contextmanager
def end_together(trainer: Trainer, helpers: Helpers) -> Iterator[None]:
    """Let the error of one rank end all of them, and be told once, by the first.

    Raises:
        TrainingError: another rank failed; says why.
        SystemExit: this is another rank than the first, which knows.
    """
    try:
        yield
    except BaseException as error:
        # Lightning makes an exit of Ctrl-C.
        interrupted = isinstance(error, SystemExit) and isinstance(error.__context__, KeyboardInterrupt)
        cause = KeyboardInterrupt() if interrupted else error
        if trainer.global_rank > 0 and (isinstance(cause, KeyboardInterrupt) or _leave_last_words(cause)):
            raise SystemExit(0) from error
        if trainer.global_rank == 0:
            _end_first(trainer, helpers, cause)
        if cause is not error:
            raise cause from None
        raise
    helpers.leave()


def _end_first(trainer: Trainer, helpers: Helpers, error: BaseException) -> None:
    words = None
    if not alone() and not isinstance(error, (CvdataError, KeyboardInterrupt)):
        words = _last_words()
        if words is None and helpers.any_ended():
            words = "it said nothing: it was killed, or the memory was not enough"
    helpers.end(trainer, 0.0 if isinstance(error, KeyboardInterrupt) else _PATIENCE_S)
    if words is not None:
        raise TrainingError(
            f"another process of the training ended: {words}", hint="--resume goes on with the last whole epoch"
        ) from error


def _leave_last_words(error: BaseException) -> bool:
    """Tell the first rank why this one ends; return whether it will hear of it.

    Over gloo the first rank fails as soon as this process is gone, and then finds the words. Over NCCL it would wait on
    the device, so this process has to speak for itself.
    """
    if alone() or dist.get_backend() != "gloo":
        return False
    text = error.message if isinstance(error, CvdataError) else f"{type(error).__name__}: {error}"
    with contextlib.suppress(Exception):  # the first rank is gone already; torch has no class of its own for that
        _get_default_store().set(_LAST_WORDS, text)
    return True


def _last_words() -> str | None:
    """Return why another rank ended, once this one failed; None where it said nothing."""
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            if _get_default_store().check([_LAST_WORDS]):
                return _get_default_store().get(_LAST_WORDS).decode("utf-8")
        time.sleep(0.05)
    return None
