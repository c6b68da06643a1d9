"""The working half of `cvdata augment`: what is drawn, made and written."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .output import Output

if TYPE_CHECKING:
    from ..augment.parents import Parents
    from ..augment.recipe import Recipe
    from ..augment.settings import AugmentPart, AugmentReport, AugmentSettings
    from ..convert import Reading
    from ..engine import Progress

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """What was asked for, checked."""

    source: Path
    output: Output
    settings: AugmentSettings
    recipe: Recipe

    def preview(self, path: Path, reading: Reading, parents: Parents, progress: Progress) -> None:
        """Write a sheet of a few pictures and their copies."""
        from ..augment.preview import preview
        from ..engine import start, worker_count
        from ..files import write_single
        from ..reports.sheet import encode

        with start(worker_count(self.output.workers)) as engine:
            sheet = preview(reading.dataset, parents.rows, self.settings, self.recipe, engine=engine, progress=progress)
        write_single(path, encode(sheet))

    def write(self, reading: Reading, parents: Parents, progress: Progress) -> AugmentReport:
        """Make the copies and write the dataset with them."""
        import msgspec

        from ..augment.run import make
        from ..augment.settings import AugmentReport
        from ..convert import Edit
        from ..engine import start, worker_count
        from ..formats.store import split_version

        place = self.output.target or split_version(self.source)[0]
        resolved = msgspec.structs.replace(self.settings, recipe=self.recipe.name)
        try:
            with (
                start(worker_count(self.output.workers)) as engine,
                make(
                    reading.dataset,
                    parents.copies,
                    self.settings,
                    recipe=self.recipe,
                    target=place,
                    engine=engine,
                    progress=progress,
                ) as made,
            ):
                reading.intake.quarantine += made.quarantine
                self._note(reading, made.part)
                edit = Edit(
                    command="augment",
                    settings={**msgspec.to_builtins(resolved), "digest": self.recipe.digest},
                    dataset=made.dataset,
                    added=made.added,
                    made=made.made,
                )
                written = self.output.write([reading], edit, progress)
        except KeyboardInterrupt:
            sys.stderr.write("the pictures made so far are kept: the same command goes on from there\n")
            raise
        return AugmentReport(**msgspec.structs.asdict(written), augment=made.part, skipped=parents.skipped)

    def _note(self, reading: Reading, part: AugmentPart) -> None:
        """Take note of what is worth knowing about the recipe, and about when it is applied."""
        for finding in self.recipe.findings:
            reading.intake.note(f"recipe: {finding}", finding)
        joined = part.mosaics + part.mixups
        if joined and not reading.dataset.images.splits:
            message = (
                "{n} copies are put together of several pictures, and the dataset has no splits: no split may part "
                "these pictures any more; split it first"
            )
            reading.intake.note("joined-before-split", message, joined)
