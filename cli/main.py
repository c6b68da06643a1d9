"""The entry: what happens around every command."""

from __future__ import annotations

import codecs
import contextlib
import importlib
import io
import os
import sys

from .app import app
from .interrupts import catch_interrupts

__all__ = ["COMMANDS", "load_commands", "main"]

COMMANDS = {
    "accept": "accept",
    "augment": "augment",
    "balance": "balance",
    "browse": "browse",
    "check": "check",
    "convert": "convert",
    "demo": "demo",
    "diff": "diff",
    "eval": "eval",
    "explain": "explain",
    "export": "export",
    "filter": "filter",
    "formats": "formats",
    "ingest": "ingest",
    "log": "log",
    "merge": "merge",
    "predict": "predict",
    "prelabel": "prelabel",
    "rank": "rank",
    "remap": "remap",
    "restore": "restore",
    "review": "review",
    "runs": "runs",
    "sample": "sample",
    "show": "sheet",
    "similar": "similar",
    "split": "split",
    "stats": "stats",
    "train": "train",
}
"""File of each command, in the order of the help; loading it adds the command to `app`."""


def main() -> None:
    """Run the command line."""
    _print_anything()
    catch_interrupts()
    load_commands(sys.argv[1:2])
    try:
        app()
    except SystemExit as end:
        _leave(end.code)


def load_commands(words: list[str]) -> None:
    """Load the file of the command that is called, or of all where that is not the first word.

    Typer makes the options of every command that it knows before it looks at which one is meant: 80 ms for all.
    """
    for name, file in COMMANDS.items():
        if not COMMANDS.keys() & words or name in words:
            importlib.import_module(f".{file}", __package__)


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
