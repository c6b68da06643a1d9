"""The entry: what happens around every command."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys

from . import (  # noqa: F401 - each adds its command to `app`
    augment,
    balance,
    check,
    convert,
    demo,
    diff,
    eval,  # noqa: A004 - the file is named after the command
    filter,  # noqa: A004 - the file is named after the command
    formats,
    ingest,
    log,
    merge,
    remap,
    restore,
    sample,
    sheet,
    split,
    stats,
)
from .app import app
from .interrupts import catch_interrupts

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    _print_anything()
    catch_interrupts()
    try:
        app()
    except SystemExit as end:
        _leave(end.code)


def _print_anything() -> None:
    """Escape what the terminal has no letters for, as JSON does, so that a report stays one that programs can read."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error("cvdata", _escaped)
        sys.stdout.reconfigure(errors="cvdata")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2)), error.end


def _leave(code: int | str | None) -> None:
    """End the process at once: taking millions of objects apart takes longer than many a conversion."""
    with contextlib.suppress(OSError):  # the reader of a pipe may be gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))
