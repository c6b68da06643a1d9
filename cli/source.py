"""The options that say how a dataset is read, typed once for every command that takes `SRC`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .choices import Verify

if TYPE_CHECKING:
    from ..convert import Reading
    from ..engine import Progress

__all__ = [
    "FormatOption",
    "ImagesOption",
    "JsonOption",
    "OverwriteOption",
    "QuietOption",
    "SourceArgument",
    "VerifyOption",
    "WorkersOption",
    "name_of",
    "print_json",
    "read_source",
    "refuse_outputs",
]

SourceArgument = Annotated[
    Path, typer.Argument(metavar="SRC", help="Any dataset; never changed. Its format is detected, or see --from.")
]
FormatOption = Annotated[
    str | None, typer.Option("--from", metavar="FORMAT", help="Format of SRC.", show_default="detected")
]
ImagesOption = Annotated[
    Path | None, typer.Option("--images", help="Folder of the pictures, if they are not beside the labels.")
]
VerifyOption = Annotated[
    Verify,
    typer.Option(help="Hold labels against sizes in the picture headers, decode every picture, or trust the labels."),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes to use.", show_default="one per core")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the report as JSON on stdout.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there already.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no summary and no progress, only errors.")]


def read_source(
    source: Path,
    from_format: str | None = None,
    images: Path | None = None,
    verify: Verify = Verify.sizes,
    workers: int | None = None,
    progress: Progress | None = None,
    wanted: frozenset[str] | None = None,
    sidecar: Literal["auto", "none"] = "auto",
    *,
    outlines_as_text: bool = False,
) -> Reading:
    """Read the dataset that a command is for.

    Args:
        wanted: optional columns that the command looks at, None for all.
        sidecar: `none` to see what the label files alone say, as a trainer does.
        outlines_as_text: see `convert.read`.

    Raises:
        CvdataError: the source is refused.
    """
    from ..convert import read

    return read(
        source,
        from_format,
        images=images,
        verify=verify.value,
        workers=workers,
        progress=progress,
        wanted=wanted,
        sidecar=sidecar,
        outlines_as_text=outlines_as_text,
    )


def refuse_outputs(outputs: Sequence[Path | None], source: Path, images: Path | None, *, overwrite: bool) -> None:
    """Refuse places for reports before any work is done for them.

    Raises:
        UsageError: one lies inside the input, is a folder, or is there already.
    """
    from ..files import check_single
    from ..formats.store import split_version

    sources = [split_version(source)[0], *([images] if images is not None else [])]
    for output in outputs:
        if output is not None:
            check_single(output, sources=sources, overwrite=overwrite)


def print_json(report: object) -> None:
    """Print a report as one JSON document on stdout."""
    import sys

    import msgspec

    try:
        text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
    except UnicodeEncodeError:  # a name that is no UTF-8: in JSON an escape stands for each part that is none
        import json

        text = json.dumps(msgspec.to_builtins(report), indent=2)
    sys.stdout.write(text + "\n")


def name_of(source: Path) -> str:
    """Return what to call a dataset: the name of its folder or file, without the suffix."""
    whole = source.absolute()  # not resolved: a link that goes round has a name, too
    return whole.stem if whole.is_file() else whole.name or "dataset"
