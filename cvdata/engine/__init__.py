"""Map a function over batches, in this process or in worker processes: the one seam for scale.

Callers see `Engine.map` alone. Results come in the order of the batches and are the same at any number of workers, so a
backend for a cluster is one more class with this method.
"""

from .core import Engine, InProcess, Lost, Progress, Silent, Sized, batch_size, worker_count
from .pool import ProcessPool, start
from .worker import WorkerTraceback

__all__ = [
    "Engine",
    "InProcess",
    "Lost",
    "ProcessPool",
    "Progress",
    "Silent",
    "Sized",
    "WorkerTraceback",
    "batch_size",
    "start",
    "worker_count",
]
