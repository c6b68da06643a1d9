"""What `cvdata rank` reads: the dataset, what models found in it, and what its pictures look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, show
from .choices import Verify
from .source import read_source

if TYPE_CHECKING:
    from ..convert import Reading
    from ..dataset import Dataset
    from ..engine import Progress
    from ..files import Finding
    from ..prelabel.ranking.opinions import Found
    from ..prelabel.ranking.report import RankSettings
    from ..prelabel.ranking.vectors import Vectors

__all__ = ["RankInputs", "RankRead"]


@dataclass(frozen=True, slots=True)
class RankRead:
    """Everything that was read; `version`: id of that of a cvdata dataset; `findings`: what was left out."""

    dataset: Dataset
    version: str | None
    found: list[Found]
    vectors: Vectors | None
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankInputs:
    """Where everything is read from, as the options of the command name it."""

    source: Path
    from_format: str | None
    images: Path | None
    predictions: tuple[str, ...]
    found: tuple[Path, ...]
    found_format: str | None
    embed: str | None
    weights: str | None
    store: str | None
    device: str
    workers: int | None

    def check(self, settings: RankSettings) -> None:
        """Refuse what can be seen to be wrong before anything is read.

        Raises:
            UsageError: there is nothing to rank by, or an option has nothing to act on.
        """
        from ..formats.store import is_store, split_version
        from ..prelabel.ranking.job import check_rank

        for option, given in (("--weights", self.weights), ("--store", self.store)):
            if given is not None and self.embed is None:
                raise UsageError(f"{option} is for embeddings, and there are none", hint="give --embed")
        if self.found_format is not None and not self.found:
            raise UsageError("--found-format is for --found, which is not given", hint="leave it out")
        if self.predictions and not is_store(split_version(self.source)[0]):
            hint = "name the file that the model wrote with --found"
            raise UsageError(f"'{show(self.source)}' is no cvdata dataset, which alone keeps predictions", hint=hint)
        names = [*self.predictions, *map(str, self.found)]
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"'{show(name)}' is named twice", hint="name what each model found once")
        if not names and self.embed is None and settings.by == "mix":
            self._name_predictions()
        check_rank(settings, models=len(names), vectors=self.embed is not None)

    def _name_predictions(self) -> None:
        """Where nothing is said, but predictions are there, name them rather than how to make some.

        Raises:
            UsageError: there are some.
        """
        from ..formats.predictions import prediction_names
        from ..formats.store import split_version

        names = prediction_names(split_version(self.source)[0])
        if names:
            shown = ", ".join(show(name) for name in names)
            hint = f"add --predictions {show(names[0])}; or --embed colour"
            raise UsageError(f"there is nothing to rank by; SRC has predictions: {shown}", hint=hint)

    def read(self, progress: Progress) -> RankRead:
        """Read the dataset, what was found, and what compares pictures.

        Raises:
            CvdataError: an input is refused.
        """
        reading = read_source(
            self.source, self.from_format, self.images, Verify.none, self.workers, progress, wanted=frozenset()
        )
        return RankRead(
            reading.dataset,
            self._version(),
            [*map(self._stored, self.predictions), *(self._found_in(path, reading, progress) for path in self.found)],
            None if self.embed is None else self._vectors(self.embed, reading.dataset, progress),
            _left_out(reading),
        )

    def _version(self) -> str | None:
        from ..formats.store import find_version, is_store, open_store, split_version

        folder, version = split_version(self.source)
        if not is_store(folder):
            return None
        opened = open_store(folder)
        return (opened.current if version is None else find_version(opened, version)).id

    def _stored(self, name: str) -> Found:
        from ..formats.predictions import read_prediction
        from ..formats.store import split_version
        from ..prelabel.ranking.opinions import Found

        stored = read_prediction(split_version(self.source)[0], name)
        least = min(stored.about.thresholds.values(), default=0.0)
        return Found(name=name, dataset=stored.dataset, sha256=stored.about.sha256, least=least)

    def _found_in(self, path: Path, reading: Reading, progress: Progress) -> Found:
        from ..prelabel.ranking.opinions import Found
        from .eval_inputs import Sources, read_found

        sources = Sources(truth=self.source, found=path, found_format=self.found_format, workers=self.workers)
        one = read_found(path, sources, reading.dataset, progress)
        return Found(name=show(path), dataset=one.dataset, complete=not one.lists_hits)

    def _vectors(self, embed: str, dataset: Dataset, progress: Progress) -> Vectors:
        from ..formats.store import is_store, split_version
        from ..prelabel.embeddings.embedder import open_embedder
        from ..prelabel.embeddings.making import embeddings_of, store_in
        from ..prelabel.ranking.vectors import Vectors

        embedder = open_embedder(embed, weights=self.weights, device=self.device)
        root = split_version(self.source)[0]
        if self.store is not None:
            store = None if self.store == "none" else Path(self.store)
        else:
            store = store_in(root, embedder) if is_store(root) else None
        made = embeddings_of(dataset.images, embedder, store=store, workers=self.workers, progress=progress)
        return Vectors(name=embedder.name, sha256=embedder.sha256, rows=made.rows, vectors=made.vectors, bad=made.bad)


def _left_out(reading: Reading) -> Sequence[Finding]:
    """Say what of the dataset could not be read."""
    from ..files import Finding
    from ..reports.scales import plural

    bad = reading.intake.quarantine
    if not bad:
        return ()
    message = f"{plural(len(bad), 'bad item')} of SRC {'was' if len(bad) == 1 else 'were'} left out"
    some = [f"{show(item.file)}: {show(item.found)}" for item in bad[:3]]
    return (Finding(code="bad-items", message=message, count=len(bad), examples=some),)
