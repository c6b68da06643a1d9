"""`cvdata convert FROM TO SRC DST`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .app import app, examples, guarded
from .choices import Media, OnBad, Origin, Sidecar, Verify
from .options import names_in, only_for, parse_set

__all__ = ["convert"]


@app.command(
    epilog=examples(
        "cvdata convert voc yolo ./VOC2012 ./voc-yolo",
        "cvdata convert auto coco ./dataset ./out --strict",
        "cvdata convert coco voc labels.json ./out --images ./photos",
        "cvdata convert coco yolo ./coco ./two --classes cat,dog --json",
        then="Exit codes: 0 done; 1 failed, nothing was written; 2 wrong usage; 3 done, but bad items were put aside; "
        "5 another run is writing DST; 130 interrupted, nothing was written.",
    )
)
@guarded
def convert(
    source_format: Annotated[
        str, typer.Argument(metavar="FROM", help="Format of SRC, or auto to detect it; `cvdata formats` lists them.")
    ],
    target_format: Annotated[str, typer.Argument(metavar="TO", help="Format of DST.")],
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Folder or file to read; never changed.")],
    target: Annotated[Path, typer.Argument(metavar="DST", help="Folder to make; it appears whole or not at all.")],
    images: Annotated[
        Path | None, typer.Option("--images", help="Folder of the pictures, if they are not beside the labels.")
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option("--classes", metavar="A,B", help="Keep these classes, in this order."),
    ] = None,
    media: Annotated[
        Media, typer.Option(help="Pictures in DST: hard links (or copies), copies, symbolic links, none.")
    ] = Media.link,
    verify: Annotated[
        Verify,
        typer.Option(
            help="Hold labels against sizes in the picture headers, decode every picture, or trust the labels."
        ),
    ] = Verify.sizes,
    voc_origin: Annotated[
        Origin | None,
        typer.Option(
            "--voc-origin",
            help="VOC read: the first pixel is 1 (the rule) or 0 (many tools); auto decides by the files and says so.",
        ),
    ] = None,
    voc_float: Annotated[
        bool, typer.Option("--voc-float", help="VOC written: keep decimals; many readers of VOC do not take them.")
    ] = False,
    category_ids: Annotated[
        str | None,
        typer.Option(
            "--category-ids", metavar="keep|1|0", help="COCO written: keep class ids, or count them from 1 or 0."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any option of a format: read.KEY=VALUE or write.KEY=VALUE."),
    ] = None,
    on_bad: Annotated[
        OnBad, typer.Option(help="Put bad items aside by name and go on, or fail at the first.")
    ] = OnBad.quarantine,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail, before writing, if TO cannot hold everything.")
    ] = False,
    sidecar: Annotated[
        Sidecar,
        typer.Option(
            help="Keep what TO cannot hold in .cvdata/sidecar of DST, and put back what SRC keeps there; or do neither."
        ),
    ] = Sidecar.auto,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a DST that cvdata wrote before.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes to use.", show_default="one per core")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON on stdout.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no summary and no progress, only errors.")
    ] = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit 0, not 3, when bad items were put aside.")
    ] = False,
) -> None:
    """Convert a dataset to another label format.

    What the new format cannot hold is counted and shown, what is bad is put aside by name, and SRC stays as it is.
    """
    from ..convert import ConvertSettings
    from ..convert import convert as run
    from .progress import progress_for
    from .show import finish

    only_for("--voc-origin", voc_origin is not None, source_format, ("voc", "auto"))
    only_for("--voc-float", voc_float, target_format, ("voc",))
    only_for("--category-ids", category_ids is not None, target_format, ("coco",))
    read: dict[str, Any] = {} if voc_origin is None else {"origin": voc_origin.value}
    write: dict[str, Any] = {"decimals": True} if voc_float else {}
    write |= {} if category_ids is None else {"category_ids": category_ids}
    chosen = parse_set(settings or [], {"read": read, "write": write})
    wanted = ConvertSettings(
        images=None if images is None else str(images),
        classes=names_in(classes, "--classes", "cat,dog") or None,
        verify=verify.value,
        media=media.value,
        on_bad=on_bad.value,
        strict=strict,
        sidecar=sidecar.value,
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
