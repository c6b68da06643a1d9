"""Weights from a publisher's server: at once where they are on the disk, and a clear error where they are nowhere."""

from __future__ import annotations

import io
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pickle import UnpicklingError
from typing import Any, TypeVar

import torch
from torch import Tensor

from ...errors import ModelError
from ..weights.published import unavailable

__all__ = ["from_hub", "from_server", "from_torchvision"]

T = TypeVar("T")

_PATIENCE_S = 20.0


def from_torchvision(weights: Any, architecture: str) -> dict[str, Tensor]:
    """Return the tensors of weights that torchvision publishes, from torch's folder of downloads or the server.

    Args:
        weights: a member of one of torchvision's enumerations of weights.

    Raises:
        ModelError: they cannot be had.
    """

    def load() -> dict[str, Tensor]:
        state: dict[str, Tensor] = weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
        return state

    folder = os.path.join(torch.hub.get_dir(), "checkpoints")
    return from_server(load, architecture, url=weights.url, folder=folder)


def from_server(load: Callable[[], T], architecture: str, *, url: str = "", folder: str = "") -> T:
    """Return what `load` gets from a server; in silence: torch says on stdout what it downloads, others on stderr.

    Args:
        url, folder: see `unavailable`.

    Raises:
        ModelError: it cannot be had.
    """
    try:
        with _patience(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return load()
    except (OSError, RuntimeError, LookupError, EOFError, UnpicklingError) as error:
        raise unavailable(architecture, error, url=url, folder=folder) from error


def from_hub(load: Callable[[], T], architecture: str) -> T:
    """Return what `load` gets from the Hugging Face hub, or from what was downloaded from it before.

    Without a network the hub's client tries again and again, for most of a minute: whether there is one is asked first.

    Raises:
        ModelError: it cannot be had.
    """
    from huggingface_hub.errors import LocalEntryNotFoundError

    before = torch.get_rng_state()
    with _disk_only():
        try:
            return from_server(load, architecture)
        except ModelError as error:
            if not isinstance(error.__cause__, LocalEntryNotFoundError):
                raise
    torch.set_rng_state(before)  # what is random in the network does not hang on where its weights were
    try:
        return from_server(lambda: _after_knocking(load), architecture)
    except Exception as error:
        if not _is_of_http(error):
            raise
        raise unavailable(architecture, error) from error


def _is_of_http(error: Exception) -> bool:
    """Tell whether a connection broke: the hub's client passes on the errors of its HTTP library, whichever it has.

    httpx, and what came of it, derives them all from its `HTTPError`, which is no OSError.
    """
    return any(kind.__name__ == "HTTPError" for kind in type(error).__mro__)


def _after_knocking(load: Callable[[], T]) -> T:
    from huggingface_hub import constants

    request = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    # Where the server answers, whatever it says, there is a network.
    with suppress(urllib.error.HTTPError), urllib.request.urlopen(request):
        pass
    return load()


@contextmanager
def _patience() -> Iterator[None]:
    """Give up on a server that does not answer; torch's own download would wait for it for minutes."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextmanager
def _disk_only() -> Iterator[None]:
    """Keep the hub's client off the network."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
