"""Read a dataset in one format, write it in another, and account for everything in between."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from .dataset import COLUMNS, Dataset
from .dataset.select import keep_annotations, keep_classes
from .engine import Engine, Progress, Silent, start, worker_count
from .errors import LossError, Place, UsageError, show
from .files import Account, Counts, Finding, Loss, Manifest, QuarantineItem, Staging
from .formats import Format, Intake, Outlet, Verify, detect, format_of
from .formats.losses import losses_of
from .formats.outlet import Media
from .formats.settle import Places, settle

__all__ = ["ConvertSettings", "Reading", "Report", "convert", "load", "read", "save"]

_log = logging.getLogger("cvdata")

OnBad = Literal["quarantine", "fail"]


class ConvertSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to convert.

    Attributes:
        images: folder of the pictures, where it is not the usual one.
        classes: names to keep, in the order of the output; None keeps all in the order of the source.
        verify: hold labels against picture headers (`sizes`), against every pixel (`decode`), or trust them (`none`).
        media: how pictures get into the output.
        on_bad: put bad items aside by name, or stop at the first.
        strict: stop, before anything is written, if the target cannot hold everything.
        overwrite: replace an output that cvdata wrote.
        workers: processes to use; None for one per core.
        read, write: options of the two formats.
    """

    images: str | None = None
    classes: tuple[str, ...] | None = None
    verify: Verify = "sizes"
    media: Media = "link"
    on_bad: OnBad = "quarantine"
    strict: bool = False
    overwrite: bool = False
    workers: int | None = None
    read: dict[str, Any] = msgspec.field(default_factory=dict)
    write: dict[str, Any] = msgspec.field(default_factory=dict)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a conversion did: `cvdata convert --json` prints it.

    Attributes:
        read, written, quarantined, filtered: the account; what was read is the sum of the other three.
        losses: what the target could not hold.
        findings: what is worth knowing about the source.
        quarantine: the first items that were left out; all of them are in `.cvdata/quarantine.jsonl` of the output.
        renamed: number of pictures whose name had to change; the map is in `.cvdata/manifest.json`.
        verified: what the labels were held against.
        settings: as resolved.
    """

    schema: Literal["cvdata/convert-report/1"] = "cvdata/convert-report/1"
    source: str
    source_format: str
    target: str
    target_format: str
    read: Counts
    written: Counts
    quarantined: Counts
    filtered: Counts
    losses: list[Loss]
    findings: list[Finding]
    quarantine: list[QuarantineItem]
    renamed: int
    verified: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """A dataset and what became of everything in its source."""

    dataset: Dataset
    format: str
    intake: Intake


_SHOWN_ITEMS = 20


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
    origin = Path(source)
    name = source_format or detect(origin)
    reader, writer = format_of(name), format_of(to)
    options = _options(reader.ReadOptions, settings.read, f"reading {name}")
    write_options = _options(writer.WriteOptions, settings.write, f"writing {to}")
    _check_source(origin, settings)
    sources = [origin, *([Path(settings.images)] if settings.images else [])]
    with (
        Staging(target, sources=sources, overwrite=settings.overwrite) as staging,
        start(worker_count(settings.workers)) as engine,
    ):
        intake = _intake(settings, engine, progress)
        intake.wanted = _wanted(writer, write_options)
        dataset = reader.read(origin, options, intake)
        job = _Job(writer, to, write_options, settings, intake, staging, engine)
        return job.run(dataset, source=show(origin), source_format=name, target=show(target))


def read(
    source: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the word that users look for
    *,
    images: str | os.PathLike[str] | None = None,
    verify: Verify = "sizes",
    on_bad: OnBad = "quarantine",
    workers: int | None = None,
    progress: Progress | None = None,
    options: Mapping[str, Any] | None = None,
) -> Reading:
    """Read a dataset and keep the account: `reading.intake` has the quarantine and the findings.

    Args:
        format: name of the format; detected where not given.
        options: read options of the format, such as `{"origin": "1"}` for voc.

    Raises:
        CvdataError: the source is refused.
    """
    origin = Path(source)
    name = format or detect(origin)
    reader = format_of(name)
    settings = ConvertSettings(
        images=None if images is None else os.fspath(images), verify=verify, on_bad=on_bad, workers=workers
    )
    _check_source(origin, settings)
    with start(worker_count(workers)) as engine:
        intake = _intake(settings, engine, progress)
        dataset = reader.read(origin, _options(reader.ReadOptions, options or {}, f"reading {name}"), intake)
    return Reading(dataset, name, intake)


def load(
    source: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - the word that users look for
    *,
    images: str | os.PathLike[str] | None = None,
    verify: Verify = "sizes",
    on_bad: OnBad = "quarantine",
    workers: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> Dataset:
    """Read a dataset; bad items are left out and their number is logged. `read` returns them by name.

    Raises:
        CvdataError: the source is refused.
    """
    reading = read(source, format, images=images, verify=verify, on_bad=on_bad, workers=workers, options=options)
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
    options = _options(writer.WriteOptions, settings.write, f"writing {format}")
    folders = [Path(folder) for folder in dataset.images.folders]
    with (
        Staging(target, sources=folders, overwrite=settings.overwrite) as staging,
        start(worker_count(settings.workers)) as engine,
    ):
        intake = _intake(settings, engine, progress)
        intake.read = Counts(len(dataset.images), len(dataset.annotations))
        if settings.verify != "none":
            dataset = _judge(dataset, intake)
        job = _Job(writer, format, options, settings, intake, staging, engine)
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


def _options(kind: type[Any], values: Mapping[str, Any], what: str) -> Any:
    try:
        return msgspec.convert(dict(values), kind)
    except msgspec.ValidationError as error:
        known = ", ".join(kind.__struct_fields__) or "none"
        raise UsageError(f"an option for {what} is wrong: {error}", hint=f"options: {known}") from error


def _check_source(source: Path, settings: ConvertSettings) -> None:
    if not source.exists():
        raise UsageError(f"'{show(source)}' does not exist", hint="check the path")
    if settings.images is not None and not Path(settings.images).is_dir():
        raise UsageError(f"the picture folder '{show(settings.images)}' does not exist", hint="correct --images")
    if settings.workers is not None and settings.workers < 1:
        raise UsageError(f"{settings.workers} workers", hint="give 1 or more")


def _intake(settings: ConvertSettings, engine: Engine, progress: Progress | None) -> Intake:
    return Intake(
        images=None if settings.images is None else Path(settings.images),
        verify=settings.verify,
        engine=engine,
        progress=progress or Silent(),
        strict=settings.on_bad == "fail",
    )


def _wanted(writer: Format, options: Any) -> frozenset[str]:
    """Return the columns that the writer will look at; a reader need not make the others, only count them."""
    carried = writer.carries(options) | getattr(writer, "USES", frozenset())
    wanted = set(COLUMNS) & carried
    if carried & {"polygons", "rings"}:
        wanted.add("polygons")
    return frozenset(wanted)


@dataclass(frozen=True)
class _Job:
    """The writing half of a conversion."""

    writer: Format
    format: str
    options: Any
    settings: ConvertSettings
    intake: Intake
    staging: Staging
    engine: Engine

    def run(self, dataset: Dataset, *, source: str, source_format: str, target: str) -> Report:
        """Select, write and commit; return the report."""
        dataset, filtered = _select_classes(dataset, self.settings.classes)
        kept, losses = self._refuse(dataset)
        losses += losses_of(kept, self.writer.carries(self.options), self.intake.unread)
        if losses and self.settings.strict:
            raise LossError(
                f"{self.format} cannot hold everything: " + "; ".join(f"{x.count:,} {x.what}" for x in losses),
                hint="leave out --strict to convert all the same, or choose another format",
            )
        outlet = Outlet(
            staging=self.staging, engine=self.engine, progress=self.intake.progress, media=self.settings.media
        )
        self.writer.write(kept, outlet, self.options)
        noted = {what for what, _ in outlet.notes}  # the writer knows better than the ledger what became of it
        losses = [loss for loss in losses if loss.what not in noted]
        losses += [Loss(what=what, count=n, outcome=outcome) for (what, outcome), n in outlet.notes.items()]
        account = Account(
            read=self.intake.read,
            written=Counts(len(kept.images), len(kept.annotations)),
            quarantined=self.intake.quarantined,
            filtered=self.intake.filtered + filtered,
        )
        if not account.balances:
            raise RuntimeError(f"something was lost between reading and writing: {account}")
        settings = self._resolved(source_format)
        self.staging.commit(
            Manifest(
                command="convert",
                format=self.format,
                settings=settings,
                account=account,
                losses=losses,
                renamed=outlet.renamed,
            ),
            self.intake.quarantine,
        )
        return Report(
            source=source,
            source_format=source_format,
            target=target,
            target_format=self.format,
            read=account.read,
            written=account.written,
            quarantined=account.quarantined,
            filtered=account.filtered,
            losses=losses,
            findings=self.intake.findings,
            quarantine=self.intake.quarantine[:_SHOWN_ITEMS],
            renamed=len(outlet.renamed),
            verified=self.intake.verified,
            settings=settings,
        )

    def _refuse(self, dataset: Dataset) -> tuple[Dataset, list[Loss]]:
        """Put annotations that the target cannot hold at all aside, by name."""
        left = np.ones(len(dataset.annotations), np.bool_)
        losses = []
        for refusal in self.writer.refuses(dataset, self.options):
            rows = np.flatnonzero(refusal.rows & left)
            left[rows] = False
            for row in rows.tolist():
                name = dataset.images.names[dataset.annotations.image[row]]
                place = self.intake.where(row) if self.intake.where is not None else Place(name, field=f"row {row}")
                self.intake.bad_annotation(place, refusal.found, refusal.expected, name)
            if len(rows):
                losses.append(
                    Loss(
                        what=f"annotations: {refusal.found}",
                        count=len(rows),
                        outcome="left out and named in quarantine",
                    )
                )
        return (dataset if left.all() else keep_annotations(dataset, np.flatnonzero(left))), losses

    def _resolved(self, source_format: str) -> dict[str, Any]:
        """Return the settings that decide the output's bytes: neither paths nor the number of workers do."""
        settings = self.settings
        return {
            "from": source_format,
            "to": self.format,
            "classes": settings.classes,
            "verify": settings.verify,
            "media": settings.media,
            "on_bad": settings.on_bad,
            "strict": settings.strict,
            "read": settings.read,
            "write": msgspec.to_builtins(self.options),
        }


def _select_classes(dataset: Dataset, names: tuple[str, ...] | None) -> tuple[Dataset, Counts]:
    """Keep the named classes, in that order; pictures stay. Return also what was filtered out."""
    if names is None:
        return dataset, Counts()
    known = list(dataset.categories.names)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean '{show(near[0])}'?" if near else f"classes: {', '.join(map(show, known[:20]))}"
            raise UsageError(f"there is no class '{show(name)}'", hint=hint)
    if len(set(names)) < len(names):
        raise UsageError("a class is named twice in --classes", hint="name each once")
    kept = keep_classes(dataset, [known.index(name) for name in names])
    return kept, Counts(0, len(dataset.annotations) - len(kept.annotations))
