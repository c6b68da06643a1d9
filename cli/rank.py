"""`cvdata rank SRC`."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import show
from .app import app, examples, guarded
from .options import check_png, names_in
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

if TYPE_CHECKING:
    from ..engine import Progress
    from ..prelabel.ranking.job import Ranking

__all__ = ["rank"]


class By(str, Enum):
    """What makes a picture worth labelling."""

    uncertainty = "uncertainty"
    disagreement = "disagreement"
    novelty = "novelty"
    mix = "mix"


@app.command(
    epilog=examples(
        "cvdata rank pets --predictions first",
        "cvdata rank pets --predictions small --predictions large --embed runs/small",
        "cvdata rank ./photos --embed colour -n 50 --sheet first.png",
        "cvdata rank ./coco --found results.json --all --out first.txt",
        "cvdata filter ./coco ./to-label --names first.txt",
        then="Uncertainty: how near scores are to 0.5; what was found below the least score of cvdata prelabel is not "
        "seen, so give it a low --score, such as 0.05. Disagreement: what one model found and another did not. "
        "Novelty: how far a picture is from all labelled ones and from those above it. A picture in which nothing was "
        "found has the middle place in uncertainty; of near copies one is named, the others come last.",
    )
)
@guarded
def rank(
    source: SourceArgument,
    predictions: Annotated[
        list[str] | None,
        typer.Option(
            "--predictions", metavar="NAME", help="What cvdata prelabel found in SRC; two and more are compared."
        ),
    ] = None,
    found: Annotated[
        list[Path] | None,
        typer.Option(
            "--found", metavar="FILE", help="COCO result list, YOLO predictions or dataset with scores; or several."
        ),
    ] = None,
    found_format: Annotated[
        str | None, typer.Option("--found-format", metavar="FORMAT", help="Format of FILE.", show_default="detected")
    ] = None,
    embed: Annotated[
        str | None,
        typer.Option("--embed", metavar="M", help="What compares pictures: colour, a run folder, or timm:NAME."),
    ] = None,
    weights: Annotated[
        str | None, typer.Option("--weights", metavar="best|last|PATH", help="Weights of what --embed names.")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="PARQUET",
            help="Keep what --embed says of SRC here, so that only new pictures are looked at; or none.",
            show_default="embeddings/ of a cvdata dataset, none beside others",
        ),
    ] = None,
    by: Annotated[By, typer.Option(help="What counts; mix is all of it, each alike.")] = By.mix,
    number: Annotated[int, typer.Option("-n", "--number", metavar="N", min=1, help="Pictures to name.")] = 100,
    everything: Annotated[
        bool, typer.Option("--all", help="Rank all pictures, as if nobody had labelled any; else the unlabelled ones.")
    ] = False,
    splits: Annotated[
        list[str] | None, typer.Option("--split", metavar="A,B", help="Choose from these splits.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write their names (.txt) or the whole table (.csv)."),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="PNG", help="Draw them on a sheet, with what was found.")
    ] = None,
    device: Annotated[str, typer.Option("--device", metavar="D", help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    from_format: FormatOption = None,
    images: ImagesOption = None,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Order pictures by what labelling them would teach, so that people label the right hundred first.

    By what models are unsure of, where they differ, and what is unlike anything labelled.
    """
    from ..files import write_single
    from ..prelabel.ranking.job import rank_pictures
    from ..prelabel.ranking.report import RankSettings
    from .progress import progress_for
    from .rank_inputs import RankInputs
    from .rank_text import lines
    from .similar_job import check_store

    _check_outputs(out, sheet)
    refuse_outputs([out, sheet], source, images, overwrite=overwrite)
    check_store(store, source, images)
    settings = RankSettings(
        by=by.value, number=number, everything=everything, splits=names_in(splits, "--split", "train,val")
    )
    inputs = RankInputs(
        source=source,
        from_format=from_format,
        images=images,
        predictions=tuple(predictions or ()),
        found=tuple(found or ()),
        found_format=found_format,
        embed=embed,
        weights=weights,
        store=store,
        device=device,
        workers=workers,
    )
    inputs.check(settings)
    with progress_for(quiet=quiet) as progress:
        read = inputs.read(progress)
        ranking = rank_pictures(
            read.dataset,
            settings,
            found=read.found,
            vectors=read.vectors,
            source=name_of(source),
            version=read.version,
            findings=read.findings,
        )
        if out is not None:
            write_single(out, _table(out, ranking))
        if sheet is not None:
            write_single(sheet, _sheet(ranking, name_of(source), workers, progress))
    if as_json:
        print_json(ranking.report)
    if not quiet:
        sys.stderr.write("\n".join(lines(ranking.report)) + "\n")
        sys.stderr.writelines(f"written: {show(path)}\n" for path in (out, sheet) if path is not None)


def _check_outputs(out: Path | None, sheet: Path | None) -> None:
    from ..errors import UsageError

    check_png("--sheet", sheet)
    if out is not None and out.suffix.lower() not in (".txt", ".csv"):
        raise UsageError(
            f"--out writes names or a table, and '{show(out)}' does not say which",
            hint="end its name with .txt or .csv",
        )


def _table(out: Path, ranking: Ranking) -> bytes:
    from ..curate.filter import encode_names
    from ..prelabel.ranking.table import rank_csv

    if out.suffix.lower() == ".csv":
        return rank_csv(ranking.report)
    return encode_names([ranking.drawn.images.names[row] for row in ranking.rows.tolist()])


def _sheet(ranking: Ranking, name: str, workers: int | None, progress: Progress) -> bytes:
    """Draw the ranked pictures in their order, each with its reason below."""
    from ..engine import start, worker_count
    from ..reports.sheet import contact_sheet, encode
    from .rank_text import caption, subtitle

    with start(min(worker_count(workers), max(1, len(ranking.rows)))) as engine:
        drawn = contact_sheet(
            ranking.drawn,
            ranking.rows,
            title=f"{name}: what to label first",
            subtitle=subtitle(ranking.report),
            captions=[caption(place, row) for place, row in enumerate(ranking.report.first, start=1)],
            engine=engine,
            progress=progress,
        )
    return encode(drawn)
