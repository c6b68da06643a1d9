"""Order pictures by what labelling them would teach: `cvdata rank`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Categories, Dataset, State
from ...errors import UsageError
from ...files import Finding
from ..embeddings.search import novelty as novelty_of
from .choice import Pool, count_behind, pool_of
from .disagreement import Differences, disagreement
from .notes import notes_on
from .opinions import Found
from .order import Ordered, in_order, mean_of_ranks
from .report import Part, RankedPicture, RankReport, RankSettings, Source
from .uncertainty import uncertainty
from .vectors import Vectors
from .words import Reasons

__all__ = ["Ranking", "check_rank", "rank_pictures"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ranking:
    """What came of it.

    Attributes:
        report: as it is shown.
        drawn: the pictures that were to choose from, with what the first model found in them.
        rows: int64, of those of them that the report names, in its order.
    """

    report: RankReport
    drawn: Dataset
    rows: NDArray[np.int64]


def check_rank(settings: RankSettings, *, models: int, vectors: bool) -> tuple[Part, ...]:
    """Refuse what cannot be ranked before anything is read; return what is gone by.

    Args:
        models: how many have said what they found; vectors: there are embeddings.

    Raises:
        UsageError: there is nothing to go by, or something that it does not go by.
    """
    if settings.number < 1:
        raise UsageError(f"{settings.number:,} pictures are to be named, expected 1 or more")
    there: dict[Part, bool] = {"uncertainty": models > 0, "disagreement": models > 1, "novelty": vectors}
    if settings.by == "mix":
        if not any(there.values()):
            raise UsageError("there is nothing to rank by", hint=_CURES["uncertainty"] + "; or " + _CURES["novelty"])
        return tuple(part for part, given in there.items() if given)
    if not there[settings.by]:
        raise UsageError(f"there is nothing to rank by {settings.by}", hint=_CURES[settings.by])
    if vectors and settings.by != "novelty":
        raise UsageError(f"embeddings say nothing of {settings.by}", hint="leave out --embed, or rank --by mix")
    if models and settings.by == "novelty":
        raise UsageError("what models found says nothing of novelty", hint="leave it out, or rank --by mix")
    return (settings.by,)


_CURES: dict[Part, str] = {
    "uncertainty": "let a model look first (cvdata prelabel) and name what it found with --predictions",
    "disagreement": "name what two models found: --predictions twice",
    "novelty": "say with --embed what compares pictures, such as --embed colour",
}


def rank_pictures(
    dataset: Dataset,
    settings: RankSettings,
    *,
    found: Sequence[Found] = (),
    vectors: Vectors | None = None,
    source: str = "",
    version: str | None = None,
    findings: Sequence[Finding] = (),
) -> Ranking:
    """Order pictures by what labelling them would teach, and say why.

    Args:
        found: what models found in them.
        source, version: of the dataset, for the report; `findings`: what was noted as it was read.

    Raises:
        UsageError: there is no picture to choose from, or nothing to go by.
        EvaluationError: what was found has no usable scores, or is about other pictures.
    """
    by = check_rank(settings, models=len(found), vectors=vectors is not None)
    pool = pool_of(dataset, settings, found, vectors)
    measured = _measure(by, pool)
    ordered = in_order(
        measured.score, settings.number, copies=pool.copies, vectors=pool.vectors, nearest=measured.novelty
    )
    state = dataset.images.state
    report = RankReport(
        dataset=source,
        version=version,
        settings=settings,
        by=by,
        sources=_sources(found, vectors),
        pictures=len(state),
        labelled=int((state != State.UNLABELLED).sum()),
        ranked=len(pool.images),
        copies=0 if pool.copies is None else count_behind(pool.copies),
        first=_first(pool, ordered, measured),
        findings=(*findings, *pool.findings, *notes_on(pool, found)),
    )
    return Ranking(report=report, drawn=_drawn(pool), rows=ordered.rows)


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """What was measured of each ranked picture, None for what is not gone by; `score`: all but novelty in one."""

    score: NDArray[np.float64]
    uncertainty: NDArray[np.float64] | None
    differences: Differences | None
    novelty: NDArray[np.float64] | None


def _measure(by: Sequence[Part], pool: Pool) -> _Measured:
    unsure = uncertainty(pool.opinions) if "uncertainty" in by else None
    differences = disagreement(pool.opinions) if "disagreement" in by else None
    parts = [part for part in (unsure, None if differences is None else differences.value) if part is not None]
    score = mean_of_ranks(parts) if parts else np.ones(len(pool.images))
    novelty = None
    if pool.vectors is not None and pool.known is not None and len(pool.known):
        novelty = novelty_of(pool.vectors, pool.known)
    return _Measured(score, unsure, differences, novelty)


def _sources(found: Sequence[Found], vectors: Vectors | None) -> tuple[Source, ...]:
    models = [Source(kind="found", name=one.name, sha256=one.sha256) for one in found]
    if vectors is not None:
        models.append(Source(kind="embeddings", name=vectors.name, sha256=vectors.sha256))
    return tuple(models)


def _first(pool: Pool, ordered: Ordered, measured: _Measured) -> tuple[RankedPicture, ...]:
    images, opinions = pool.images, pool.opinions
    reasons = Reasons(opinions, measured.differences, measured.novelty, pool.copies).of(ordered.rows)
    counts = np.max([np.diff(opinion.found.offsets) for opinion in opinions], axis=0) if opinions else None
    differ = None if measured.differences is None else measured.differences.value
    return tuple(
        RankedPicture(
            image=images.names[row].encode("utf-8", "backslashreplace").decode(),  # as JSON can hold it
            split=None if images.split[row] < 0 else images.splits[images.split[row]],
            score=float(ordered.score[place]),
            uncertainty=_number(measured.uncertainty, row),
            disagreement=_number(differ, row),
            novelty=_number(measured.novelty, row),
            apart=_number(ordered.distance, place),
            found=None if counts is None else int(counts[row]),
            reason=reasons[place],
        )
        for place, row in enumerate(ordered.rows.tolist())
    )


def _number(values: NDArray[np.float64] | None, row: int) -> float | None:
    return None if values is None or np.isnan(values[row]) else float(values[row])


def _drawn(pool: Pool) -> Dataset:
    """Return the pictures with what the first model found in them, or with nothing."""
    if pool.opinions:
        return pool.opinions[0].found
    nothing = Annotations(image=np.zeros(0, np.int32), category=np.zeros(0, np.int32), box=np.zeros((0, 4)))
    return Dataset(images=pool.images, annotations=nothing, categories=Categories(names=()))
