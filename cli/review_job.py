"""The working half of `cvdata review`: draw a sample for a person, or judge what came back."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UsageError, show
from ..reports.scales import plural
from .choices import Verify
from .review_text import drawn_lines
from .source import read_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..browse.review import Put
    from ..convert import Reading
    from ..dataset import Dataset
    from ..engine import Progress
    from ..files import Finding
    from ..formats.predictions import Stored
    from ..prelabel.review import ReviewReport, ReviewSample, ReviewSampleReport, ReviewSettings
    from .output import Output

__all__ = ["Drawing", "Judging", "Proposals"]


@dataclass(frozen=True)
class Proposals:
    """The proposals that a review is about.

    Attributes:
        source: the dataset as it was named; `root`: its folder.
    """

    source: Path
    root: Path
    stored: Stored

    @staticmethod
    def of(source: Path, name: str) -> Proposals:
        """Read the proposals of that name.

        Raises:
            UsageError: the source is no cvdata dataset, or has no such proposals.
            CvdataError: they are damaged.
        """
        from ..formats.predictions import prediction_names, read_prediction
        from ..formats.store import is_store, split_version

        root, _ = split_version(source)
        if not is_store(root):
            hint = "only a cvdata dataset keeps proposals: cvdata ingest makes one, cvdata prelabel fills it"
            raise UsageError(f"'{show(source)}' is no cvdata dataset", hint=hint)
        if not name:
            known = ", ".join(prediction_names(root)) or "none; make some first: cvdata prelabel"
            raise UsageError(
                "which proposals are to be reviewed?", hint=f"name them with --predictions; there are: {known}"
            )
        return Proposals(source, root, read_prediction(root, name))

    @property
    def command(self) -> str:
        """How a next `cvdata review` begins."""
        return f"cvdata review {shlex.quote(show(self.source))} --predictions {self.stored.about.name}"

    @property
    def review_name(self) -> str:
        """Name of the review in FiftyOne."""
        from ..browse.review import review_name
        from ..formats.store import open_store

        return review_name(open_store(self.root).name, self.stored.about.name)


# --- drawing


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A sample that is to be drawn; bands and seed are those of the first sample where they are not given."""

    proposals: Proposals
    per_class: int
    bands: int | None
    seed: int | None
    classes: tuple[str, ...]
    again: bool
    workers: int | None
    progress: Progress

    def for_tools(self, output: Output) -> tuple[ReviewSampleReport, list[str]]:
        """Write the sample as a dataset to correct; return the report, and what to tell people."""
        import msgspec

        from ..convert import Edit
        from ..curate.class_counts import left_out
        from ..files import Counts
        from ..prelabel.review import ReviewSampleReport, sample_dataset, without_scores

        output.check()
        reading = self._read()
        sample = self._draw()
        dataset = without_scores(sample_dataset(self.proposals.stored, sample, reading.dataset))
        output.to = output.to or _format_for(dataset)
        known = set(reading.dataset.images.names)
        new = Counts(sum(name not in known for name in dataset.images.names), len(dataset.annotations))
        edit = Edit(
            command="review",
            settings={"predictions": sample.prediction, **msgspec.to_builtins(sample.settings)},
            dataset=dataset,
            filtered=left_out(reading.dataset, dataset) + new,
            added=new,
        )
        written = output.write([reading], edit, self.progress)
        then = f"{self.proposals.command} --corrected {shlex.quote(written.target)}"
        lines = drawn_lines(sample, place=f"{written.target} ({written.target_format})", then=then)
        return ReviewSampleReport(**msgspec.structs.asdict(written), sample=sample), lines

    def for_app(self) -> _InApp:
        """Put the sample into FiftyOne."""
        from ..browse.review import put_review
        from ..browse.session import require_fiftyone
        from ..prelabel.review import sample_dataset
        from ..prelabel.review.draw import band_words

        require_fiftyone()
        sample = self._draw()
        dataset = sample_dataset(self.proposals.stored, sample, self._read().dataset)
        put = put_review(
            dataset,
            np.array(sample.rows, np.int64),
            self.proposals.review_name,
            identity=sample.sha256,
            bands=band_words(dataset, sample),
            progress=self.progress,
        )
        return _InApp(self.proposals, sample, put)

    def _draw(self) -> ReviewSample:
        from ..prelabel.review import SampleSettings, next_sample, read_review

        before = read_review(self.proposals.root, self.proposals.stored)
        first = before.settings if before else SampleSettings()
        settings = SampleSettings(
            per_class=self.per_class,
            bands=first.bands if self.bands is None else self.bands,
            seed=first.seed if self.seed is None else self.seed,
            classes=self.classes,
        )
        return next_sample(self.proposals.root, self.proposals.stored, settings, again=self.again)

    def _read(self) -> Reading:
        return read_source(
            self.proposals.source, "cvdata", None, Verify.none, self.workers, self.progress, wanted=frozenset()
        )


def _format_for(dataset: Dataset) -> str:
    """Return the format in which a sample is easiest to correct.

    Raises:
        UsageError: no tool would know what to do: pictures with several labels of the whole.
    """
    table = dataset.annotations
    whole = np.isnan(table.box[:, 0])
    if not whole.any():
        return "coco"
    if whole.all() and (np.diff(dataset.offsets) <= 1).all():
        return "imagefolder"
    raise UsageError(
        "pictures with several labels of the whole fit no format that tools correct",
        hint="leave out DST and correct them in FiftyOne, or say with --to what to write",
    )


@dataclass(frozen=True)
class _InApp:
    """A sample that is in FiftyOne."""

    proposals: Proposals
    sample: ReviewSample
    put: Put

    def print(self, *, as_json: bool, quiet: bool) -> None:
        """Say what was drawn, and what to do with it."""
        import sys

        from .source import print_json

        if as_json:
            print_json(self.sample)
        if quiet:
            return
        place = f"FiftyOne, dataset {self.put.name}"
        lines = drawn_lines(self.sample, place=place, then=f"{self.proposals.command} --pull")
        if self.put.missing:
            lines.append(f"note: not found, and not to be shown: {plural(self.put.missing, 'picture')}")
        sys.stderr.write("\n".join(lines) + "\n")

    def open(self, port: int, *, quiet: bool) -> None:
        """Open FiftyOne's App, until the person is done."""
        import sys

        from ..browse.app import open_app

        def ready(address: str) -> None:
            sys.stderr.write(f"FiftyOne's App: {address}\nCtrl-C ends it; what was changed is kept\n")

        open_app(self.put.name, port=port, ready=None if quiet else ready)


# --- judging


@dataclass(frozen=True, kw_only=True)
class Judging:
    """A sample that came back.

    Attributes:
        corrected: dataset with what a person left; None to look in FiftyOne.
    """

    proposals: Proposals
    corrected: Path | None
    from_format: str | None
    settings: ReviewSettings
    workers: int | None
    progress: Progress

    def run(self) -> ReviewReport:
        """Judge it, and note what follows beside the proposals."""
        from ..prelabel.review import ReviewReport, check_review, review

        check_review(self.settings)
        findings: list[Finding] = []
        numbers = None
        if self.corrected is None:
            place, fmt = self.proposals.review_name, "fiftyone"
            dataset, numbers = self._pulled(findings)
        else:
            reading = read_source(
                self.corrected, self.from_format, None, Verify.none, self.workers, self.progress, wanted=frozenset()
            )
            place, fmt, dataset = show(self.corrected), reading.format, reading.dataset
            findings += _left_out(reading)
        found, judged = review(self.proposals.root, self.proposals.stored, dataset, self.settings, numbers=numbers)
        outcomes = dict.fromkeys(("kept", "moved", "relabelled", "removed"), 0)
        for decision in judged.decisions:
            outcomes[decision.outcome] += 1
        return ReviewReport(
            source=show(self.proposals.source),
            corrected=place,
            corrected_format=fmt,
            settings=self.settings,
            outcomes=outcomes,
            drawn=len(judged.drawn),
            findings=(*findings, *judged.findings),
            review=found,
        )

    def _pulled(self, findings: list[Finding]) -> tuple[Dataset, NDArray[np.int64]]:
        """Return what is in FiftyOne; what a person tagged `reject` counts as removed."""
        from ..browse.review import read_review
        from ..dataset.select import keep_annotations
        from ..files import Finding
        from ..prelabel.review.draw import proposals_hash

        pulled = read_review(self.proposals.review_name, identity=proposals_hash(self.proposals.stored))
        if pulled.problems:
            message = f"{plural(len(pulled.problems), 'label')} in FiftyOne cannot be taken"
            some = list(pulled.problems[:3])
            findings.append(Finding(code="bad-labels", message=message, count=len(pulled.problems), examples=some))
        rows = np.array([row for row, tags in enumerate(pulled.tags) if "reject" not in tags], np.int64)
        return keep_annotations(pulled.dataset, rows), pulled.rows[rows]


def _left_out(reading: Reading) -> Sequence[Finding]:
    """Say what could not be read of a corrected dataset, and what it counts as."""
    from ..files import Finding

    bad = reading.intake.quarantine
    if not bad:
        return ()
    what = "labels among them count as removed, pictures as if they had not come back"
    message = f"{plural(len(bad), 'item')} of the corrected dataset cannot be read: {what}"
    some = [f"{show(item.file)}: {show(item.found)}" for item in bad[:3]]
    return (Finding(code="bad-items", message=message, count=len(bad), examples=some),)
