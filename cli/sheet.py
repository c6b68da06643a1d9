"""`cvdata show SRC`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from .app import app, examples, guarded
from .choices import Verify
from .source import (
    FormatOption,
    ImagesOption,
    OverwriteOption,
    QuietOption,
    SourceArgument,
    VerifyOption,
    WorkersOption,
    name_of,
    read_source,
    refuse_outputs,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from ..convert import Reading
    from ..dataset import Dataset
    from ..engine import Progress

__all__ = ["show"]


@app.command(
    epilog=examples(
        "cvdata show ./VOC2012",
        "cvdata show ./VOC2012 --classes cat,dog --split val --open",
        "cvdata show ./VOC2012 --picture '2007_*' --out sheet.png --limit 60",
        "cvdata show ./VOC2012 --finding duplicate-box",
        then="Without a choice of pictures the sheet spreads over all classes and splits; another --seed shows others.",
    )
)
@guarded
def show(
    source: SourceArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="PNG", help="File to write.", show_default="SRC-sheet.png, here"),
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open it with the viewer of this machine.")] = False,
    classes: Annotated[
        list[str] | None, typer.Option("--classes", metavar="A,B", help="Pictures with these classes; draw no others.")
    ] = None,
    split: Annotated[list[str] | None, typer.Option("--split", metavar="NAME", help="Pictures of this split.")] = None,
    picture: Annotated[
        list[str] | None, typer.Option("--picture", metavar="NAME", help="These pictures; * and ? stand for letters.")
    ] = None,
    finding: Annotated[
        list[str] | None,
        typer.Option("--finding", metavar="CODE", help="Pictures that cvdata check names under this code."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="Pictures at most.")] = 24,
    columns: Annotated[
        int | None,
        typer.Option("--columns", metavar="N", min=1, max=50, help="Pictures side by side.", show_default="by number"),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(
            "--tile", metavar="PIXELS", min=64, max=4000, help="Width of a picture in pixels.", show_default="by number"
        ),
    ] = None,
    names: Annotated[bool, typer.Option("--names/--no-names", help="Write the class at each object.")] = True,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Another choice of pictures.")] = 0,
    from_format: FormatOption = None,
    images: ImagesOption = None,
    verify: VerifyOption = Verify.none,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Draw pictures with their labels on one sheet, a PNG.

    Boxes, outlines, masks, keypoints and names, each class in a colour of its own.
    """
    from ..files import write_single
    from ..reports.sheet import encode
    from .options import check_png, names_in
    from .progress import progress_for

    target = out if out is not None else Path(f"{name_of(source)}-sheet.png")
    wanted = names_in(classes, "--classes", "cat,dog")
    check_png("--out", target)
    refuse_outputs([target], source, images, overwrite=overwrite)
    with progress_for(quiet=quiet) as progress:
        reading = read_source(source, from_format, images, verify, workers, progress)
        rows = _chosen(reading.dataset, wanted, split or [], picture or [])
        if finding:
            rows = _with_finding(rows, reading, source, finding, workers, progress)
        look = _Look(name_of(source), wanted, limit, None if finding else seed, columns, tile, names, finding or [])
        sheet = _draw(reading.dataset, rows, look, workers, progress)
    write_single(target, encode(sheet))
    sys.stdout.write(f"{target}\n")
    if open_it:
        typer.launch(str(target.absolute()))


class _Look(NamedTuple):
    """How the sheet is to look; without a seed the first pictures are on it, in the order they came."""

    title: str
    classes: Sequence[str]
    limit: int
    seed: int | None
    columns: int | None
    tile: int | None
    names: bool
    findings: Sequence[str]


def _chosen(
    dataset: Dataset, classes: Sequence[str], splits: Sequence[str], pictures: Sequence[str]
) -> NDArray[np.int64]:
    """Return the rows of the pictures asked for.

    Raises:
        UsageError: there is none.
    """
    from ..errors import UsageError
    from ..reports.choice import choose

    if not len(dataset.images):
        raise UsageError("the dataset has no picture", hint="cvdata stats SRC shows what there is")
    rows = choose(dataset, classes=classes, splits=splits, pictures=pictures)
    if not len(rows):
        raise UsageError("no picture fits all that was asked for", hint="ask for less, such as one split or class")
    return rows


def _draw(dataset: Dataset, rows: NDArray[np.int64], look: _Look, workers: int | None, progress: Progress) -> Image:
    import numpy as np

    from ..engine import start, worker_count
    from ..reports.choice import class_rows
    from ..reports.sheet import contact_sheet
    from ..reports.spread import spread

    drawn = class_rows(dataset, look.classes) if look.classes else None
    if look.seed is None:
        shown = rows[: look.limit]
    else:
        shown = spread(dataset, look.limit, np.random.default_rng(look.seed), among=rows, classes=drawn)
    with start(min(worker_count(workers), len(shown))) as engine:
        return contact_sheet(
            dataset,
            shown,
            title=look.title,
            subtitle=_subtitle(dataset, look.findings, len(rows), len(shown)),
            columns=look.columns,
            tile=look.tile,
            classes=drawn,
            names=look.names,
            engine=engine,
            progress=progress,
        )


def _with_finding(
    rows: NDArray[np.int64], reading: Reading, source: Path, codes: list[str], workers: int | None, progress: Progress
) -> NDArray[np.int64]:
    """Return those of the rows whose pictures a check names under these codes, copies side by side as it names them.

    Raises:
        UsageError: there is no such code, or the check finds nothing of it in a picture that is still there.
    """
    import numpy as np

    from ..curate.check import check
    from ..curate.check.findings import CheckSettings
    from ..engine import start, worker_count
    from ..errors import UsageError

    names: dict[str, None] = {}
    with start(worker_count(workers)) as engine:
        for labels_only in (True, False):  # pictures are read only for what labels alone do not tell
            report = check(
                reading.dataset,
                reading.intake,
                CheckSettings(labels_only=labels_only, only=tuple(codes)),
                source_format=reading.format,
                source=source,
                engine=engine,
                progress=progress,
            )
            names.update(dict.fromkeys(name for found in report.findings for name in found.images))
            if {found.code for found in report.findings} >= set(codes):
                break
    row_of = {reading.dataset.images.names[row]: row for row in rows.tolist()}
    found = [row_of[name] for name in names if name in row_of]
    if not found:
        why = "cvdata check finds none"
        if report.findings:
            why = "the pictures were left out as bad, or do not fit" if names else "it names no picture"
        raise UsageError(
            f"no picture to show for {', '.join(codes)}: {why}", hint="cvdata check SRC lists what there is"
        )
    return np.array(found, np.int64)


def _subtitle(dataset: Dataset, findings: Sequence[str], fitting: int, shown: int) -> str:
    """Say how much there is, and how much of it is on the sheet."""
    from ..reports.scales import plural

    images, labels, classes = len(dataset.images), len(dataset.annotations), len(dataset.categories)
    kinds = f"{plural(images, 'picture')}, {plural(labels, 'label')}, {plural(classes, 'class')}"
    chosen = "" if fitting == images else f"; {fitting:,} fit what was asked for"
    if findings:
        chosen = f"; {', '.join(findings)}: {plural(fitting, 'picture')}"
    return f"{kinds}{chosen}" if shown == fitting else f"{kinds}{chosen}; {shown:,} shown"
