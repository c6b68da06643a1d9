"""The command line: one file a command, each of them thin."""

from __future__ import annotations

import gc
import os

# A command is over before a cycle of garbage would matter, and the collector would walk millions of objects in vain.
gc.disable()

# Before anything imports NumPy: its BLAS would start threads that cvdata has no use for, which costs 60 ms at the start
# and forbids to fork workers.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")  # the same for pyarrow's memory

from .main import main  # noqa: E402 - after what must come first

__all__ = ["main"]
