"""Which pictures there are to choose from, and which of them are copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, Images, State
from ...errors import UsageError, nearest_of, show
from ...files import Finding
from ...images.quality import BLANK
from ...images.series import union
from ...images.similar import exact_copies, near_copies
from ...reports.scales import plural
from .opinions import Found, Opinion, opinions_of
from .report import RankSettings
from .vectors import Vectors

__all__ = ["OF_LABELLED", "Pool", "count_behind", "pool_of"]

OF_LABELLED = -2
"""Stands for the number of a set of copies where one of them is labelled."""

_EXAMPLES = 3


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pool:
    """The pictures that there are to choose from, and what is known of them.

    Attributes:
        images: these pictures; `opinions`: what models found in them.
        copies: as `order.in_order` takes them; None where nobody measured pictures.
        vectors: float32, shape (pictures, d); `known`: float32, shape (labelled, d), those of labelled pictures. None
            without embeddings.
        findings: what was left out.
    """

    images: Images
    opinions: list[Opinion]
    copies: NDArray[np.int64] | None
    vectors: NDArray[np.float32] | None
    known: NDArray[np.float32] | None
    findings: list[Finding]


def pool_of(dataset: Dataset, settings: RankSettings, found: Sequence[Found], vectors: Vectors | None) -> Pool:
    """Return the pictures to choose from.

    Raises:
        UsageError: there is none, or none that can be read.
        EvaluationError: what was found has no usable scores, or is about other pictures.
    """
    images = dataset.images
    rows = _to_choose_from(images, settings)
    known = np.zeros(0, np.int64) if settings.everything else np.flatnonzero(images.state != State.UNLABELLED)
    findings: list[Finding] = []
    place = None
    if vectors is not None:
        rows, place = _readable(images, rows, vectors, findings)
    return Pool(
        images=images.take(rows),
        opinions=opinions_of(images, rows, found),
        copies=_copies(images, rows, known),
        vectors=None if vectors is None else vectors.vectors[place],
        known=None if vectors is None else vectors.vectors[np.isin(vectors.rows, known)],
        findings=findings,
    )


def _to_choose_from(images: Images, settings: RankSettings) -> NDArray[np.int64]:
    """Return the rows of the pictures that are ranked, ascending."""
    chosen = np.ones(len(images), np.bool_) if settings.everything else images.state == State.UNLABELLED
    for name in settings.splits:
        if name not in images.splits:
            raise UsageError(f"there is no split '{show(name)}'", hint=nearest_of(name, images.splits))
    if settings.splits:
        chosen &= np.isin(images.split, [images.splits.index(name) for name in settings.splits])
    rows = np.flatnonzero(chosen)
    if not len(rows):
        among = f" of {', '.join(map(show, settings.splits))}" * bool(settings.splits)
        empty = int((images.state == State.EMPTY).sum())
        seen = f"; {empty:,} of them count as empty" if empty else ""
        message = f"there is no picture{among}" if settings.everything else f"all pictures{among} are labelled{seen}"
        raise UsageError(message, hint="--all ranks them as if nobody had labelled any")
    return rows


def _readable(
    images: Images, rows: NDArray[np.int64], vectors: Vectors, findings: list[Finding]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ranked pictures that have a vector, and the place of each among the vectors."""
    where = np.full(len(images), -1, np.int64)
    where[vectors.rows] = np.arange(len(vectors.rows))
    bad = rows[where[rows] < 0]
    if len(bad):
        names = [show(images.names[row]) for row in bad[:_EXAMPLES].tolist()]
        reason = vectors.bad.get(int(bad[0]), "there is no such file")
        message = f"{plural(len(bad), 'picture')} cannot be read and {'is' if len(bad) == 1 else 'are'} not ranked"
        findings.append(
            Finding(code="unreadable", message=f"{message}; the first: {reason}", count=len(bad), examples=names)
        )
    rows = rows[where[rows] >= 0]
    if not len(rows):
        raise UsageError("no picture can be read", hint="say with --images where the pictures lie")
    return rows, where[rows]


def _copies(images: Images, rows: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the number of the set of copies of each ranked picture; None where nobody measured pictures."""
    facts = images.facts
    if facts is None or not (facts.size >= 0).any():
        return None
    # Hashes of blank pictures say nothing: they would all be copies of each other.
    usable = (facts.size >= 0) & (facts.contrast >= BLANK)
    alike = near_copies(facts.phash, turned=True, usable=usable)
    _, number = union(images.names, exact_copies(facts.sha256), alike)
    copies = number.astype(np.int64)
    of_known = np.isin(copies[rows], copies[known]) & (copies[rows] >= 0)
    return np.where(of_known, OF_LABELLED, copies[rows])


def count_behind(copies: NDArray[np.int64]) -> int:
    """Count the pictures that are copies of labelled ones, or of one that stands for them."""
    sets = copies[copies >= 0]
    return int((copies == OF_LABELLED).sum()) + len(sets) - len(np.unique(sets))
