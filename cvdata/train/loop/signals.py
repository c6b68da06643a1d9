"""The handlers of signals that were there before Lightning put its own in their place."""

from __future__ import annotations

import signal
import threading
from typing import Any

from lightning.pytorch import Callback

__all__ = ["OwnSignals"]

_KINDS = [kind for kind in (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGUSR1")) if kind]


class OwnSignals(Callback):
    """Puts the handlers back as soon as the training begins, and at its end.

    Lightning's own for SIGTERM waits for the other ranks in the middle of whatever they do, and hangs; after Ctrl-C it
    leaves SIGINT ignored.
    """

    def __init__(self) -> None:
        self._before = [signal.getsignal(kind) for kind in _KINDS]

    def on_train_start(self, *_: Any) -> None:
        """Put them back."""
        self.put_back()

    def put_back(self) -> None:
        """Put them back; only the main thread may, and only it was ever without."""
        if threading.current_thread() is threading.main_thread():
            for kind, handler in zip(_KINDS, self._before, strict=True):
                signal.signal(kind, handler)
