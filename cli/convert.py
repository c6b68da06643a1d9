"""`cvdata convert FROM TO SRC DST`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .app import app, guarded
from .choices import Media, OnBad, Origin, Verify
from .options import parse_classes, parse_set

__all__ = ["convert"]


@app.command(
    epilog="Example: cvdata convert voc yolo ./VOC2012 ./voc-yolo. Exit codes: 0 done; 1 failed, nothing was written; "
    "2 wrong usage; 3 done, but bad items were put aside; 5 the output is being written by another run."
)
@guarded
def convert(
    source_format: Annotated[
        str, typer.Argument(metavar="FROM", help="Format to read, or 'auto'; see cvdata formats.")
    ],
    target_format: Annotated[str, typer.Argument(metavar="TO", help="Format to write.")],
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Dataset to read; it is never changed.")],
    target: Annotated[Path, typer.Argument(metavar="DST", help="Folder to make; it appears whole or not at all.")],
    images: Annotated[
        Path | None, typer.Option("--images", help="Folder of the pictures, where it is not the usual one.")
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option("--classes", metavar="A,B", help="Classes to keep, in this order. May be given several times."),
    ] = None,
    media: Annotated[Media, typer.Option(help="How pictures get into the output.")] = Media.link,
    verify: Annotated[
        Verify, typer.Option(help="Hold labels against picture headers, against every pixel, or trust them.")
    ] = Verify.sizes,
    voc_origin: Annotated[
        Origin | None,
        typer.Option("--voc-origin", help="First pixel of the VOC files read: auto decides from evidence."),
    ] = None,
    voc_float: Annotated[bool, typer.Option("--voc-float", help="Write VOC coordinates with decimals.")] = False,
    category_ids: Annotated[
        str | None, typer.Option("--category-ids", metavar="keep|1|0", help="Class ids of the COCO file written.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of a format: read.KEY=VALUE or write.KEY=VALUE."),
    ] = None,
    on_bad: Annotated[
        OnBad, typer.Option(help="Put bad items aside by name, or stop at the first.")
    ] = OnBad.quarantine,
    strict: Annotated[bool, typer.Option("--strict", help="Stop if TO cannot hold everything.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a DST that cvdata wrote.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes to use.", show_default="one per core")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 although items were put aside.")] = False,
) -> None:
    """Convert a dataset between label formats; nothing is lost in silence."""
    from ..convert import ConvertSettings
    from ..convert import convert as run
    from .progress import progress_for
    from .show import finish

    read: dict[str, Any] = {} if voc_origin is None else {"origin": voc_origin.value}
    write: dict[str, Any] = {"decimals": True} if voc_float else {}
    write |= {} if category_ids is None else {"category_ids": category_ids}
    chosen = parse_set(settings or [], {"read": read, "write": write})
    wanted = ConvertSettings(
        images=None if images is None else str(images),
        classes=parse_classes(classes),
        verify=verify.value,
        media=media.value,
        on_bad=on_bad.value,
        strict=strict,
        overwrite=overwrite,
        workers=workers,
        read=chosen["read"],
        write=chosen["write"],
    )
    with progress_for(quiet=quiet) as progress:
        report = run(
            source,
            target,
            target_format,
            source_format=None if source_format == "auto" else source_format,
            settings=wanted,
            progress=progress,
        )
    finish(report, as_json=as_json, quiet=quiet, exit_zero=exit_zero)
