"""`cvdata similar SRC`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import show
from .app import app, examples, guarded
from .output import ExitZeroOption
from .similar_text import similar_lines
from .source import (
    FormatOption,
    ImagesOption,
    JsonOption,
    OverwriteOption,
    QuietOption,
    SourceArgument,
    WorkersOption,
    name_of,
    print_json,
    refuse_outputs,
)

__all__ = ["similar"]


@app.command(
    epilog=examples(
        "cvdata similar pets --like images/tabby.jpg -n 12 --sheet tabbies.png",
        "cvdata similar ./photos --like a.jpg --like b.jpg --embed runs/pets --store photos.parquet",
        "cvdata similar pets --unlike -n 100 --out label-next.txt",
        "cvdata similar ./new --unlike --seen pets --embed timm:resnet18.a1_in1k",
        then="colour compares colours and edges: it finds copies, frames of one scene, the same thing on the same "
        "ground, and pictures unlike all others, and does not know what is in them. A run of cvdata train knows the "
        "classes that it learnt, a network of timm those of ImageNet.",
    )
)
@guarded
def similar(
    source: SourceArgument,
    like: Annotated[
        list[str] | None,
        typer.Option("--like", metavar="PICTURE", help="Find pictures like this one: a name in SRC, or a file."),
    ] = None,
    unlike: Annotated[
        bool,
        typer.Option("--unlike", help="Find pictures without labels that are like no labelled one, nor each other."),
    ] = False,
    seen: Annotated[
        Path | None,
        typer.Option("--seen", metavar="DATASET", help="With --unlike: find pictures of SRC like none of this one's."),
    ] = None,
    number: Annotated[int, typer.Option("-n", "--number", metavar="N", min=1, help="Pictures to find.")] = 20,
    embed: Annotated[
        str, typer.Option("--embed", metavar="MODEL", help="Compare by: colour, timm:NAME, or a run folder.")
    ] = "colour",
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="FILE",
            help="Weights of a network; of a run also best or last.",
            show_default="best of a run, published of timm",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="PARQUET",
            help="Keep what the model says of SRC here, so that only new pictures are looked at; or none.",
            show_default="embeddings/ of a cvdata dataset, none beside others",
        ),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="PNG", help="Draw the pictures found, with how alike they are.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="TXT", help="Write the names found, one a line.")
    ] = None,
    device: Annotated[str, typer.Option("--device", metavar="D", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    from_format: FormatOption = None,
    images: ImagesOption = None,
    overwrite: OverwriteOption = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    exit_zero: ExitZeroOption = False,
) -> None:
    """Find pictures that are like one, or like nothing seen.

    SRC may have labels or not. To find what to label next, --unlike spreads over all that is new.
    """
    from ..curate.filter import encode_names
    from ..files import write_single
    from ..prelabel.embeddings.embedder import open_embedder
    from ..prelabel.embeddings.sheet import draw_similar
    from ..prelabel.embeddings.similar import SimilarSettings, check_similar
    from ..reports.sheet import encode
    from .options import check_png
    from .progress import progress_for
    from .similar_job import Job, check_store

    settings = SimilarSettings(
        like=tuple(like or ()),
        unlike=unlike,
        seen=None if seen is None else str(seen),
        number=number,
        embed=embed,
        weights=weights,
    )
    check_similar(settings)
    check_png("--sheet", sheet)
    refuse_outputs([sheet, out], source, images, overwrite=overwrite)
    check_store(store, source, images)
    with progress_for(quiet=quiet) as progress:
        embedder = open_embedder(embed, weights=weights, device=device)
        done = Job(source, from_format, images, store, settings, embedder, workers, progress).run()
    if sheet is not None:
        drawn = draw_similar(done.images, done.outcome, title=name_of(source), model=embedder.name)
        write_single(sheet, encode(drawn))
    if out is not None:
        write_single(out, encode_names([done.images.names[row] for row in done.outcome.rows.tolist()]))
    if as_json:
        print_json(done.report)
    if not quiet:
        written = [f"written: {show(path)}" for path in (sheet, out) if path is not None]
        sys.stderr.write("\n".join([*similar_lines(done.report), *written]) + "\n")
    if done.report.quarantine and not exit_zero:
        raise typer.Exit(3)
