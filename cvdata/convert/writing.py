"""Convert a dataset, or write one that is in memory."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from ..dataset import COLUMNS, Dataset
from ..engine import Progress, start, worker_count
from ..errors import Place, show
from ..files import Counts, Staging
from ..formats import Format, Intake, format_of
from ..formats.outlet import Origin
from ..formats.settle import Places, settle
from ..formats.sidecar import has_sidecar
from ..formats.store import origin_of
from .job import Job
from .reading import check_source, keeps, locate, open_intake, options_of, put_back
from .settings import ConvertSettings, Report

__all__ = ["convert", "save"]


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    to: str,
    *,
    source_format: str | None = None,
    settings: ConvertSettings | None = None,
    progress: Progress | None = None,
) -> Report:
    """Convert a dataset.

    Args:
        source: any dataset; its format is detected unless `source_format` names it.
        target: folder to make; it appears whole or not at all.
        to: name of the format to write.

    Raises:
        CvdataError: the source is refused, the target cannot be written, or an option makes no sense.
    """
    settings = settings or ConvertSettings()
    origin, name, settings = locate(source, source_format, settings)
    reader, writer = format_of(name), format_of(to)
    options = options_of(reader.ReadOptions, settings.read, f"reading {name}")
    write_options = options_of(writer.WriteOptions, settings.write, f"writing {to}")
    check_source(origin, settings)
    sources = [origin, *([Path(settings.images)] if settings.images else [])]
    with (
        Staging(target, sources=sources, overwrite=settings.overwrite) as staging,
        start(worker_count(settings.workers)) as engine,
    ):
        intake = open_intake(settings, engine, progress)
        wanted = _wanted(writer, write_options)
        if settings.sidecar == "none" or not (keeps(writer) or has_sidecar(origin)):
            intake.wanted = wanted
        elif not has_sidecar(origin):
            intake.as_text = frozenset(COLUMNS) - wanted
        dataset = put_back(reader, name, reader.read(origin, options, intake), settings, intake)
        made_from = Origin(source=show(origin.name), format=name)
        if getattr(writer, "HISTORY", False):
            made_from = origin_of(origin, name, settings.read.get("version"), engine, intake.progress)
        made_from = dataclasses.replace(made_from, command="convert")
        job = Job(writer, to, write_options, settings, intake, staging, engine, made_from)
        return job.run(dataset, source=show(source), source_format=name, target=show(target))


def save(
    dataset: Dataset,
    target: str | os.PathLike[str],
    format: str,  # noqa: A002 - the word that users look for
    *,
    settings: ConvertSettings | None = None,
    progress: Progress | None = None,
) -> Report:
    """Write a dataset; the same promises as `convert`.

    Boxes and outlines that are not finite, have no area or lie outside their picture are put aside by name, unless
    `settings.verify` is `none`, which writes the dataset as it is.

    Raises:
        CvdataError: the target cannot be written, or an option makes no sense.
    """
    settings = settings or ConvertSettings()
    writer = format_of(format)
    options = options_of(writer.WriteOptions, settings.write, f"writing {format}")
    folders = [Path(folder) for folder in dataset.images.folders]
    with (
        Staging(target, sources=folders, overwrite=settings.overwrite) as staging,
        start(worker_count(settings.workers)) as engine,
    ):
        intake = open_intake(settings, engine, progress)
        intake.read = Counts(len(dataset.images), len(dataset.annotations))
        if settings.verify != "none":
            dataset = _judge(dataset, intake)
        job = Job(writer, format, options, settings, intake, staging, engine, Origin())
        return job.run(dataset, source="memory", source_format="memory", target=show(target))


def _judge(dataset: Dataset, intake: Intake) -> Dataset:
    """Put boxes and outlines aside that no format should hold; a dataset in memory may have been computed."""

    def place(row: int) -> Place:
        name = dataset.images.names[dataset.annotations.image[row]]
        first = int(dataset.offsets[dataset.annotations.image[row]])
        return Place(name, field=f"annotation {row - first + 1}")

    kept = settle(dataset, intake, Places(lambda row: Place(dataset.images.names[row]), place))
    intake.verified = "boxes and outlines, held against the sizes that the dataset gives"
    return kept


def _wanted(writer: Format, options: Any) -> frozenset[str]:
    """Return the columns that the writer will look at; a reader need not make the others, only count them."""
    carried = writer.carries(options) | getattr(writer, "USES", frozenset())
    wanted = set(COLUMNS) & carried
    if carried & {"polygons", "rings"}:
        wanted.add("polygons")
    return frozenset(wanted)
