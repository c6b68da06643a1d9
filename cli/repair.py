"""The repairing half of `cvdata check`: a repaired dataset, and what is left to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CvdataError, UsageError, show
from .choices import Media, Verify
from .source import read_source

if TYPE_CHECKING:
    from ..convert import Reading
    from ..curate.check import Pictures
    from ..curate.check.findings import CheckReport, CheckSettings
    from ..dataset import Images
    from ..engine import Progress

__all__ = ["Repair"]


@dataclass(frozen=True)
class Repair:
    """Where a repaired dataset goes, and how.

    Attributes:
        target: folder to make; `to`: its format, None for that of the source.
        sources: folders and files that are never written.
    """

    target: Path
    to: str | None
    media: Media
    overwrite: bool
    workers: int | None
    sources: list[Path]

    def refuse(self) -> None:
        """Refuse a place for the output before any work is done for it.

        Raises:
            UsageError: it lies in the source, holds it, or is not empty.
        """
        if self.media == Media.symlink:
            raise UsageError(
                "a repaired dataset is read again, and links that leave a dataset are refused",
                hint="use --media link or copy",
            )
        from ..files import Staging
        from ..formats import format_of

        if self.to is not None:
            format_of(self.to)
        Staging(self.target, sources=self.sources, overwrite=self.overwrite)  # looks at the place; makes nothing yet

    def holds(self, file: Path) -> bool:
        """Tell whether a file would lie in the repaired dataset, or in its place."""
        target = self.target.resolve()
        return target in (file.resolve(), *file.resolve().parents)

    def run(
        self,
        reading: Reading,
        pictures: Pictures | None,
        report: CheckReport,
        settings: CheckSettings,
        progress: Progress,
    ) -> CheckReport:
        """Write the repaired dataset, check it, and return the report with what became of each finding.

        Raises:
            CvdataError: the output cannot be written.
        """
        import msgspec

        from ..convert import ConvertSettings, save
        from ..curate.check.findings import FixReport
        from ..curate.check.fix import fix, fixed_rows
        from ..files import Scratch
        from ..formats import format_again

        to = self.to or format_again(reading.dataset, reading.format)
        wanted = ConvertSettings(media=self.media.value, overwrite=self.overwrite, workers=self.workers)
        with Scratch(self.target) as scratch:
            repaired = fix(reading.dataset, pictures, to, settings.trainer, scratch)
            if self.media is Media.symlink and scratch.path in repaired.images.folders:
                raise UsageError(
                    "--media symlink cannot hold pictures that are written anew",
                    hint="leave it out: pictures are linked where that is possible",
                )
            if reading.intake.read.images and not len(repaired.images):
                raise CvdataError(
                    f"no picture is left to write to '{show(self.target)}'",
                    hint="check without --fix: it names what is wrong with each of them",
                )
            saved = save(repaired, self.target, to, settings=wanted, progress=progress)
        after = self._check_again(to, settings, progress, reading.dataset.images)
        made = FixReport(
            target=show(self.target),
            target_format=to,
            read=reading.intake.read,
            written=saved.written,
            findings=fixed_rows(report, after),
            losses=saved.losses,
        )
        return msgspec.structs.replace(report, fix=made)

    def _check_again(self, to: str, settings: CheckSettings, progress: Progress, pictures: Images) -> CheckReport:
        """Read and check what was written, as anybody would."""
        from ..curate.check import check
        from ..engine import start, worker_count

        images = None
        if self.media is Media.none:  # the folder that names of pictures count from, if there is one
            files = ((pictures.file(row), name) for row, name in enumerate(pictures.names))
            folders = {file.removesuffix(name) for file, name in files if file is not None}
            images = Path(folders.pop()) if len(folders) == 1 else self.sources[-1]
        verify = Verify.none if settings.labels_only else Verify.sizes
        again = read_source(self.target, to, images, verify, self.workers, progress)
        with start(worker_count(self.workers)) as engine:
            return check(
                again.dataset,
                again.intake,
                settings,
                source_format=to,
                source=self.target,
                engine=engine,
                progress=progress,
            )
