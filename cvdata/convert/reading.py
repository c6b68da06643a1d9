"""Read a dataset, and keep the account."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..dataset import Dataset
from ..engine import Engine, Progress, Silent, start, worker_count
from ..errors import Place, UsageError, show
from ..formats import Format, Intake, Verify, detect, format_of
from ..formats.sidecar import has_sidecar, restore
from ..formats.store import split_version
from .settings import ConvertSettings, Keep, OnBad

__all__ = [
    "Reading",
    "check_source",
    "keeps",
    "load",
    "locate",
    "open_intake",
    "options_of",
    "place_in",
    "put_back",
    "read",
]

_log = logging.getLogger("cvdata")


@dataclass(frozen=True)
class Reading:
    """A dataset and what became of everything in its source."""

    dataset: Dataset
    format: str
    intake: Intake


def read(
    source: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the word that users look for
    *,
    images: str | os.PathLike[str] | None = None,
    verify: Verify = "sizes",
    on_bad: OnBad = "quarantine",
    workers: int | None = None,
    progress: Progress | None = None,
    sidecar: Keep = "auto",
    wanted: frozenset[str] | None = None,
    outlines_as_text: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Reading:
    """Read a dataset and keep the account: `reading.intake` has the quarantine and the findings.

    Args:
        format: name of the format; detected where not given.
        wanted: optional columns that anyone will look at, None for all; see `Intake.wanted`.
        sidecar: put back what `.cvdata/sidecar` kept for label files that are unchanged (`auto`), or do not (`none`).
        outlines_as_text: nobody will look at outlines, and they will be written in the format that they are read in:
            where that can be, and labels are trusted (`verify="none"`), they stay the text that they are.
        options: read options of the format, such as `{"origin": "1"}` for voc.

    Raises:
        CvdataError: the source is refused.
    """
    settings = ConvertSettings(
        images=None if images is None else os.fspath(images),
        verify=verify,
        on_bad=on_bad,
        sidecar=sidecar,
        workers=workers,
        read=dict(options or {}),
    )
    origin, name, settings = locate(source, format, settings)
    reader = format_of(name)
    check_source(origin, settings)
    with start(worker_count(workers)) as engine:
        intake = open_intake(settings, engine, progress)
        restored = settings.sidecar != "none" and has_sidecar(origin)
        intake.wanted = None if restored else wanted
        if outlines_as_text and verify == "none" and not restored and getattr(reader, "TEXT_OUTLINES", False):
            intake.as_text = frozenset({"polygons"})
        dataset = reader.read(origin, options_of(reader.ReadOptions, settings.read, f"reading {name}"), intake)
        dataset = put_back(reader, name, dataset, settings, intake)
    outlines = dataset.annotations.outlines
    if outlines is not None and (count := int((outlines.lengths > 0).sum())):
        message = "{n} outlines are written as they came; nobody looked whether they lie in their pictures"
        intake.note("outlines-as-they-came", f"{message} (--verify sizes does)", count)
    return Reading(dataset, name, intake)


def load(
    source: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the word that users look for
    *,
    images: str | os.PathLike[str] | None = None,
    verify: Verify = "sizes",
    on_bad: OnBad = "quarantine",
    workers: int | None = None,
    sidecar: Keep = "auto",
    options: Mapping[str, Any] | None = None,
) -> Dataset:
    """Read a dataset; bad items are left out and their number is logged. `read` returns them by name.

    Raises:
        CvdataError: the source is refused.
    """
    reading = read(
        source, format, images=images, verify=verify, on_bad=on_bad, workers=workers, sidecar=sidecar, options=options
    )
    left_out = reading.intake.quarantined
    if reading.intake.quarantine:
        first = reading.intake.quarantine[0]
        _log.warning(
            "%s: %d images and %d annotations are bad and were left out; the first: %s: %s",
            show(source),
            left_out.images,
            left_out.annotations,
            Place(first.file, first.line, first.field),
            show(first.found),
        )
    return reading.dataset


def locate(
    source: str | os.PathLike[str], name: str | None, settings: ConvertSettings
) -> tuple[Path, str, ConvertSettings]:
    """Return the path of a source, its format, and the settings with the version that `SRC@VERSION` names.

    Raises:
        DetectionError: no format, or more than one, fits.
        UsageError: a version is named twice, or of something that is not a cvdata dataset.
    """
    origin, version = split_version(source)
    if version is None:
        return origin, name or detect(origin), settings
    if name not in (None, "cvdata"):
        raise UsageError(f"'{show(source)}' is a version of a cvdata dataset", hint=f"leave out the format {name}")
    if settings.read.get("version") not in (None, version):
        raise UsageError("two versions are named", hint=f"leave out '@{show(version)}' or the option version")
    return origin, "cvdata", msgspec.structs.replace(settings, read=settings.read | {"version": version})


def place_in(source: str | os.PathLike[str], file: str | os.PathLike[str]) -> str:
    """Return the path of a file that a reader names relative to its source; where several are read, it says which."""
    root = os.fspath(split_version(source)[0])
    named = os.fspath(file)
    if named == root or named.startswith(os.path.join(root, "")):
        return named
    return os.path.join(os.path.dirname(root) if os.path.isfile(root) else root, named)


def options_of(kind: type[Any], values: Mapping[str, Any], what: str) -> Any:
    """Return the options of a format.

    Raises:
        UsageError: one is not known, or has a value that makes no sense.
    """
    try:
        return msgspec.convert(dict(values), kind)
    except msgspec.ValidationError as error:
        known = ", ".join(kind.__struct_fields__) or "none"
        raise UsageError(f"an option for {what} is wrong: {error}", hint=f"options: {known}") from error


def check_source(source: Path, settings: ConvertSettings) -> None:
    """Refuse what can be seen to be wrong before anything is read.

    Raises:
        UsageError: the source or the folder of pictures is not there, or the number of workers makes no sense.
    """
    if not os.path.exists(source):  # Path.exists raises where a name is too long
        raise UsageError(f"'{show(source)}' does not exist", hint="check the path")
    if settings.images is not None and not os.path.isdir(settings.images):
        raise UsageError(f"the picture folder '{show(settings.images)}' does not exist", hint="correct --images")
    if settings.workers is not None and settings.workers < 1:
        raise UsageError(f"{settings.workers} workers", hint="give 1 or more")


def open_intake(settings: ConvertSettings, engine: Engine, progress: Progress | None) -> Intake:
    """Return the desk for a reader to work at."""
    return Intake(
        images=None if settings.images is None else Path(settings.images),
        verify=settings.verify,
        engine=engine,
        progress=progress or Silent(),
        strict=settings.on_bad == "fail",
    )


def keeps(writer: Format) -> bool:
    """Tell whether the label files of a format get a sidecar where they cannot hold everything."""
    return bool(getattr(writer, "SIDECAR", False))


def put_back(reader: Format, name: str, dataset: Dataset, settings: ConvertSettings, intake: Intake) -> Dataset:
    """Return what was read with what its sidecar kept, unless nobody wants that."""
    if settings.sidecar == "none" or not keeps(reader):
        return dataset
    return restore(dataset, name, reader.carries(reader.WriteOptions()), intake)
