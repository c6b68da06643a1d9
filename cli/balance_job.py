"""The working half of `cvdata balance`: what is read, made and written."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CvdataError, UsageError, show
from .choices import Media, Verify
from .output import Output
from .source import name_of, read_source, refuse_outputs

if TYPE_CHECKING:
    from ..augment.recipe import Recipe
    from ..convert import Edit, Reading
    from ..curate.balance import BalancePlanReport, BalanceReport, BalanceSettings, MadeCounts, Plan
    from ..dataset.copies import MadeWord
    from ..engine import Progress

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """What was asked for.

    Attributes:
        output: where a dataset goes; its target is the file of `--as weights` and `--as list`.
        only_plan: write nothing but `plot_file`.
    """

    source: Path
    output: Output
    settings: BalanceSettings
    only_plan: bool
    plot_file: Path | None

    def check(self) -> None:
        """Refuse what makes no sense before any work is done.

        Raises:
            UsageError: a place or an ending of a file is wrong, or options do not go together.
        """
        from ..curate.balance.files import PLOTS, WEIGHTS
        from ..files.journal import remove_finished

        target, form = self.output.target, self.settings.output
        if self.plot_file is not None and self.plot_file.suffix.lower() not in PLOTS:
            raise UsageError(
                f"the plot '{show(self.plot_file)}' is none of {', '.join(PLOTS)}",
                hint="end its name with one of these",
            )
        files = [self.plot_file]
        if form != "copies" and not self.only_plan:
            if target is None:
                raise UsageError(f"--as {form} writes a file, and none is named", hint="name it: DST")
            if self.output.to is not None:
                raise UsageError(f"--to is the format of a dataset, and --as {form} writes none", hint="leave it out")
            if form == "weights" and target.suffix.lower() not in WEIGHTS:
                raise UsageError(
                    f"the weights '{show(target)}' are none of {', '.join(WEIGHTS)}",
                    hint="end its name with one of these",
                )
            files.append(target)
        refuse_outputs(files, self.source, self.output.images, overwrite=self.output.overwrite)
        if len(files) > 1 and len({file.resolve() for file in files if file is not None}) < sum(map(bool, files)):
            raise UsageError("--plot and DST are the same file", hint="give each a name of its own")
        if form == "copies" and not self.only_plan:
            if target is not None and self._makes():
                remove_finished(target)
            self.output.check(files=self.plot_file is not None)
        self._recipe()

    def _recipe(self) -> Recipe | None:
        if self.settings.recipe is None:
            return None
        from ..augment.recipe import load_recipe

        return load_recipe(self.settings.recipe)

    def read(self, from_format: str | None, progress: Progress) -> Reading:
        """Read the dataset; labels alone, where no picture is going to be written."""
        whole = self.settings.output == "copies" and not self.only_plan
        # A plan needs no outlines: they say which object of a class is pasted first, not how many.
        wanted = None if whole else frozenset({"crowd", "difficult", "truncated"})
        verify = Verify.sizes if whole else Verify.none
        return read_source(self.source, from_format, self.output.images, verify, self.output.workers, progress, wanted)

    def plot(self, plan: Plan) -> None:
        """Write the plot, if one is wanted."""
        if self.plot_file is None:
            return
        from ..curate.balance.files import plot_file
        from ..files import write_single

        write_single(self.plot_file, plot_file(plan.part, name_of(self.source), self.plot_file.suffix.lower()))

    def write_file(self, reading: Reading, plan: Plan) -> BalancePlanReport:
        """Write the weights or the list, unless only the plan is wanted, and say what is planned."""
        import msgspec

        from ..curate.balance import BalancePlanReport
        from ..curate.balance.files import list_file, weights_file
        from ..files import write_single

        target, intake = self.output.target, reading.intake
        written = None
        if target is not None and not self.only_plan:
            if self.settings.output == "weights":
                data = weights_file(reading.dataset, plan, target.suffix.lower())
            else:
                data = list_file(reading.dataset, plan)
            write_single(target, data)
            written = show(target)
        return BalancePlanReport(
            source=show(self.source),
            source_format=reading.format,
            read=intake.read,
            quarantined=intake.quarantined,
            filtered=intake.filtered,
            written=written,
            findings=intake.findings,
            quarantine=intake.quarantine[:20],
            settings=msgspec.to_builtins(plan.settings),
            balance=plan.part,
        )

    def write_dataset(self, reading: Reading, plan: Plan, progress: Progress) -> BalanceReport:
        """Write the dataset with its copies, or without the pictures that are left out.

        Raises:
            CvdataError: pictures to copy were not found, or the output cannot be written.
        """
        import msgspec

        from ..convert import Edit
        from ..curate.balance import apply

        self._check_copies(reading, plan)
        settings = msgspec.to_builtins(plan.settings)
        if self.settings.strategy in ("augment", "copy-paste"):
            return self._make(reading, plan, progress)
        outcome = apply(reading.dataset, plan)
        edit = Edit(
            command="balance",
            settings=settings,
            dataset=outcome.dataset,
            added=outcome.added,
            filtered=outcome.filtered,
        )
        return self._written(reading, plan, edit, None, progress)

    def _check_copies(self, reading: Reading, plan: Plan) -> None:
        import numpy as np

        missing = np.count_nonzero(reading.dataset.images.folder[plan.copies.parent] < 0)
        if missing:
            raise CvdataError(
                f"{missing:,} of the {len(plan.copies):,} pictures to make are copies of pictures that were not found",
                hint=f"say where they are with --images DIR{'' if self._makes() else ', or use --as weights'}",
            )
        to = self.output.to or reading.format
        if len(plan.copies) and self.output.media is Media.none and to != "cvdata" and not self._makes():
            raise UsageError(
                "--media none writes no picture, and copies are pictures of their own",
                hint="leave it out: copies are hard links, which take no room",
            )

    def _makes(self) -> bool:
        return self.settings.strategy in ("augment", "copy-paste")

    def _make(self, reading: Reading, plan: Plan, progress: Progress) -> BalanceReport:
        """Make new pictures of the copies, and write the dataset with them."""
        import msgspec

        from ..augment.run import make
        from ..augment.settings import AugmentSettings
        from ..convert import Edit
        from ..curate.balance import MadeCounts
        from ..engine import start, worker_count
        from ..formats.store import split_version

        recipe = self._recipe()
        augment = AugmentSettings(recipe="none" if recipe is None else recipe.name, seed=self.settings.seed)
        place = self.output.target or split_version(self.source)[0]
        word: MadeWord = "paste" if self.settings.strategy == "copy-paste" else "aug"
        try:
            with (
                start(worker_count(self.output.workers)) as engine,
                make(
                    reading.dataset,
                    plan.copies,
                    augment,
                    recipe=recipe,
                    word=word,
                    target=place,
                    engine=engine,
                    progress=progress,
                ) as made,
            ):
                reading.intake.quarantine += made.quarantine
                edit = Edit(
                    command="balance",
                    settings={
                        **msgspec.to_builtins(plan.settings),
                        "digest": None if recipe is None else recipe.digest,
                    },
                    dataset=made.dataset,
                    added=made.added,
                    made=made.made,
                )
                part = made.part
                counts = MadeCounts(
                    copies=part.copies,
                    failed=part.failed,
                    pasted=part.pasted,
                    unplaced=part.unplaced,
                    dropped=part.dropped,
                )
                return self._written(reading, plan, edit, counts, progress)
        except KeyboardInterrupt:
            sys.stderr.write("the pictures made so far are kept: the same command goes on from there\n")
            raise

    def _written(
        self, reading: Reading, plan: Plan, edit: Edit, made: MadeCounts | None, progress: Progress
    ) -> BalanceReport:
        import msgspec

        from ..curate.balance import BalanceReport, objects_in

        written = self.output.write([reading], edit, progress)
        objects = objects_in(edit.dataset, plan.part.splits)
        return BalanceReport(**msgspec.structs.asdict(written), balance=plan.part, objects=objects, made=made)
