"""What `cvdata eval` writes: a page, or a folder with the report, the page and the verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, show

if TYPE_CHECKING:
    from ..engine import Progress
    from ..files import Manifest
    from .eval_inputs import Outcome, Sources

__all__ = ["Outputs"]

REPORT, PAGE, VERDICTS = "report.json", "report.html", "verdicts.parquet"


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the page and the folder go; each appears whole or not at all."""

    sources: Sources
    html: Path | None
    folder: Path | None
    overwrite: bool

    @property
    def paths(self) -> list[Path]:
        """What is written."""
        return [path for path in (self.html, self.folder) if path is not None]

    def check(self) -> None:
        """Refuse places before any work is done for them.

        Raises:
            UsageError: one lies inside an input, is there already, or they are in each other's way.
        """
        from ..files import Staging, check_single

        inputs = self._inputs()
        if self.folder is not None:
            Staging(self.folder, sources=inputs, overwrite=self.overwrite)  # refuses; makes nothing until it is entered
        if self.html is None:
            return
        if self.folder is not None and self.html.absolute().is_relative_to(self.folder.absolute()):
            raise UsageError(
                f"the page '{show(self.html)}' lies inside the folder of --out", hint=f"--out writes a {PAGE} by itself"
            )
        check_single(self.html, sources=inputs, overwrite=self.overwrite)

    def write(self, outcome: Outcome, progress: Progress) -> None:
        """Write what was asked for.

        Raises:
            OutputError: the disk refused; what was there is as it was.
        """
        if not self.paths:
            return
        from ..files import write_single

        page = self._page(outcome, progress)
        if self.folder is not None:
            self._write_folder(self.folder, outcome, page)
        if self.html is not None:
            write_single(self.html, page)

    def _page(self, outcome: Outcome, progress: Progress) -> bytes:
        from ..engine import start, worker_count
        from ..evaluate.page import PictureSource, report_page

        made = outcome.evaluation
        if made is None:
            return report_page(outcome.report, pictures=None).encode("utf-8")
        with start(worker_count(self.sources.workers)) as engine:
            pictures = PictureSource(made.pair, made.verdicts, engine, progress)
            return report_page(outcome.report, pictures=pictures).encode("utf-8")

    def _write_folder(self, folder: Path, outcome: Outcome, page: bytes) -> None:
        import msgspec

        from ..files import Staging

        with Staging(folder, sources=self._inputs(), overwrite=self.overwrite) as staging:
            staging.write(REPORT, msgspec.json.format(msgspec.json.encode(outcome.report), indent=2) + b"\n")
            staging.write(PAGE, page)
            table = _verdicts(outcome)
            if table is not None:
                staging.write(VERDICTS, table)
            staging.commit(_manifest(outcome), [] if outcome.reading is None else outcome.reading.intake.quarantine)

    def _inputs(self) -> list[Path]:
        from ..formats.store import split_version

        return [split_version(path)[0] for path in self.sources.paths]


def _verdicts(outcome: Outcome) -> bytes | None:
    """Return the verdict on each object and detection as a Parquet file; None where there are only labels or pixels."""
    made = outcome.evaluation
    if made is None or made.verdicts is None or made.kind is None:
        return None
    from ..evaluate.diagnosis import verdict_table
    from ..formats._store_parquet import to_parquet

    return b"".join(to_parquet(verdict_table(made.pair, made.verdicts, made.kind)))


def _manifest(outcome: Outcome) -> Manifest:
    """Return what the folder says about itself; the account is that of the truth."""
    from ..files import Account, Counts, Manifest

    report, reading = outcome.report, outcome.reading
    if reading is None or outcome.evaluation is None:
        whole = Counts(report.images, report.objects)
        account = Account(whole, whole, Counts(), Counts())
    else:
        intake, truth = reading.intake, outcome.evaluation.pair.truth
        written = Counts(len(truth.images), len(truth.annotations))
        left = Counts(
            intake.read.images - written.images - intake.quarantined.images,
            intake.read.annotations - written.annotations - intake.quarantined.annotations,
        )
        account = Account(intake.read, written, intake.quarantined, left)
    return Manifest(
        command="eval",
        format="eval-report",
        settings=report.settings,
        account=account,
        losses=[],
        renamed={},
    )
