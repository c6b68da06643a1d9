"""Where a command writes the dataset that it makes, typed once for every command that makes one of another."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .choices import Media
from .show import account_lines, finding_lines, quarantine_lines

if TYPE_CHECKING:
    from ..convert import ConvertSettings, Edit, Reading
    from ..dataset import Dataset
    from ..engine import Progress
    from ..files import DatasetReport

__all__ = [
    "ExitZeroOption",
    "MediaOption",
    "Output",
    "ReplaceOption",
    "SeedOption",
    "TargetArgument",
    "ToOption",
    "finish",
    "written_lines",
]

TargetArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[DST]",
        help="Folder to make; it appears whole or not at all. Without it SRC, a cvdata dataset, gets a new version.",
        show_default=False,
    ),
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="FORMAT", help="Format of DST.", show_default="that of SRC")
]
MediaOption = Annotated[
    Media, typer.Option(help="Pictures in DST: hard links (or copies), copies, symbolic links, none.")
]
ReplaceOption = Annotated[bool, typer.Option("--overwrite", help="Replace a DST that cvdata wrote before.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Of every random choice: the same seed, the same output.")]
ExitZeroOption = Annotated[bool, typer.Option("--exit-zero", help="Exit 0, not 3, when bad items were put aside.")]


@dataclass(kw_only=True)
class Output:
    """Where a dataset goes, and how.

    Attributes:
        sources: what is read; the first one gets a new version where there is no target.
        target: folder to make, or None; `to`: its format, None for that of the first source.
        joins: without a target, pictures of other sources get into the first one, or with `--media none` stay outside.
    """

    sources: Sequence[Path]
    target: Path | None
    to: str | None = None
    images: Path | None = None
    media: Media = Media.link
    overwrite: bool = False
    workers: int | None = None
    joins: bool = False
    _follows: str | None = field(default=None, init=False)

    def check(self, *, files: bool = False) -> None:
        """Refuse a place for the output before any work is done for it.

        Args:
            files: the command writes files beside the dataset, so that `--overwrite` may be about these.

        Raises:
            UsageError: it lies in the source, holds it, or is not empty; or there is none, and SRC has no versions or
                an option is about DST.
        """
        from ..convert import check_target

        if self.target is None and self.overwrite and not files:
            raise UsageError("--overwrite replaces a DST, and there is none", hint="name DST, or leave it out")
        said = self.media is not Media.link and not (self.joins and self.media is Media.none)
        if self.target is None and said:
            hint = "name DST, or leave it out"
            raise UsageError("--media says how pictures get into DST, and there is none", hint=hint)
        self._follows = check_target(self.sources, self.target, self.to, self._settings())

    @property
    def keeps_format(self) -> bool:
        """Whether a folder is made in the format of the source: what nobody looks at can stay as it is."""
        return self.target is not None and self.to in (None, "coco")

    def write(self, readings: Sequence[Reading], edit: Edit, progress: Progress) -> DatasetReport:
        """Write what the command made.

        Raises:
            CvdataError: the output cannot be written.
        """
        from ..convert import write_edit

        return write_edit(
            readings,
            self.sources,
            edit,
            self.target,
            to=self.to,
            settings=self._settings(),
            follows=self._follows,
            progress=progress,
        )

    def write_part(
        self, reading: Reading, command: str, settings: object, dataset: Dataset, progress: Progress
    ) -> DatasetReport:
        """Write what a command left of the one dataset that it read.

        Args:
            settings: of the command, a struct.

        Raises:
            CvdataError: the output cannot be written.
        """
        import msgspec

        from ..convert import Edit
        from ..curate.class_counts import left_out

        edit = Edit(
            command=command,
            settings=msgspec.to_builtins(settings),
            dataset=dataset,
            filtered=left_out(reading.dataset, dataset),
        )
        return self.write([reading], edit, progress)

    def _settings(self) -> ConvertSettings:
        from ..convert import ConvertSettings

        return ConvertSettings(
            images=None if self.images is None else str(self.images),
            media=self.media.value,
            overwrite=self.overwrite,
            workers=self.workers,
        )


def written_lines(report: DatasetReport) -> list[str]:
    """Return what was written where, and the account, as lines for people."""
    where = f"version {report.version}" if report.version and not report.losses else report.target_format
    lines = [f"{', '.join(report.sources)} -> {report.target} ({where})", *account_lines(report)]
    lines += [f"lost: {loss.count:,} {loss.what}: {loss.outcome}" for loss in report.losses]
    return [*lines, *finding_lines(report.findings), *quarantine_lines(report.quarantine)]


def finish(report: DatasetReport, lines: Sequence[str], *, as_json: bool, quiet: bool, exit_zero: bool) -> None:
    """Print a report, with the command's own lines above the account, and leave with the exit code it deserves."""
    if as_json:
        from .source import print_json

        print_json(report)
    if not quiet:
        own = "\n".join(lines).rstrip("\n")
        sys.stderr.write("\n".join([own, "", *written_lines(report)] if own else written_lines(report)) + "\n")
    if report.quarantine and not exit_zero:
        raise typer.Exit(3)
