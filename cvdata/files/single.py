"""One file for a person, such as a page or a sheet: it appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import OutputError, UsageError, show
from . import disk

__all__ = ["check_single", "write_single"]


def check_single(path: str | os.PathLike[str], *, sources: Sequence[Path] = (), overwrite: bool = False) -> None:
    """Refuse a place for a file before any work is done for it.

    Args:
        sources: folders or files that are never written.

    Raises:
        UsageError: it is a folder, a link or a device, lies inside a source, or is there already; or its folder is
            missing.
    """
    target = os.path.abspath(path)
    shown = show(path)
    if os.path.islink(target):
        raise UsageError(f"the output '{shown}' is a link", hint="give the file itself")
    if os.path.isdir(target):
        raise UsageError(f"the output '{shown}' is a folder", hint="give the name of a file")
    if os.path.exists(target) and not os.path.isfile(target):  # a device or a pipe would be replaced by a file
        raise UsageError(f"the output '{shown}' is not a regular file", hint="give the name of a file")
    if not os.path.isdir(os.path.dirname(target)):
        raise UsageError(f"the folder of '{shown}' does not exist", hint="make it first, or give another place")
    real = os.path.realpath(target)
    for source in sources:
        origin = os.path.realpath(source)
        if real == origin or real.startswith(origin.rstrip(os.sep) + os.sep):
            raise UsageError(f"the output '{shown}' lies inside the input", hint="give a file outside the input")
    if os.path.exists(target) and not overwrite:
        raise UsageError(f"the output '{shown}' is there already", hint="give another name, or --overwrite")


def write_single(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file that `check_single` allowed.

    Raises:
        OutputError: the disk refused; the file is as it was.
    """
    folder, name = os.path.split(os.path.abspath(path))
    try:
        disk.replace_file(folder, name, data)
    except OSError as error:
        raise OutputError(
            f"cannot write '{show(path)}': {error.strerror or type(error).__name__}",
            hint="free some space or choose another folder",
        ) from error
