"""The commands and what happens to their errors."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from ..errors import CvdataError

__all__ = ["app", "examples", "guarded"]

F = TypeVar("F", bound=Callable[..., Any])

_BUG, _INTERRUPTED = 70, 130


def examples(*lines: str, then: str = "") -> str:
    """Return the end of a help screen: examples, each on a line of its own, and a paragraph."""
    # The mark tells click to leave the lines that follow, up to the next blank one, as they are.
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines) + (f"\n\n{then}" if then else "")


app = typer.Typer(
    name="cvdata",
    help="From folders of pictures to a dataset that can be trusted. Nothing is lost in silence, and what is bad is "
    "put aside by name.",
    epilog=examples(
        "cvdata ingest ./photos ./pets",
        "cvdata check ./VOC2012 --trainer ultralytics",
        "cvdata convert voc yolo ./VOC2012 ./voc-yolo",
        "cvdata demo",
        then="Each command has a help screen of its own: cvdata convert --help.",
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def guarded(command: F) -> F:
    """Turn every error of a command into one message and an exit code; no traceback reaches a user."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except CvdataError as error:
            _say(f"error: {error}")
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            _say("interrupted; nothing was written")
            raise typer.Exit(_INTERRUPTED) from error
        except BrokenPipeError as error:
            raise typer.Exit(1) from error
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                # That of a redirection: for files of its own a command says which.
                _say("error: cannot write the output: no space is left\n  hint: free some space, or write elsewhere")
                raise typer.Exit(1) from error
            if os.environ.get("CVDATA_DEBUG"):
                raise
            _say(
                f"internal error: {type(error).__name__} (a bug in cvdata, not in your data)\n"
                "  hint: please report it, with what the same command prints when CVDATA_DEBUG=1 is set"
            )
            raise typer.Exit(_BUG) from error

    return run  # type: ignore[return-value]


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _version(wanted: bool) -> None:
    if wanted:
        from .._version import __version__

        sys.stdout.write(f"cvdata {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Hold the options that come before a command."""
