"""What is asked of a ranking, and what it says."""

from __future__ import annotations

from typing import Literal

import msgspec

from ...files import Finding

__all__ = ["By", "Part", "RankReport", "RankSettings", "RankedPicture", "Source"]

Part = Literal["uncertainty", "disagreement", "novelty"]
By = Literal["uncertainty", "disagreement", "novelty", "mix"]


class RankSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How pictures are ranked.

    Attributes:
        by: what makes a picture worth labelling; `mix` is all that there is to go by.
        number: pictures to name.
        everything: rank all pictures as if nobody had labelled any, not only those that nobody has.
        splits: names of the splits to choose from; empty for all pictures.
    """

    by: By = "mix"
    number: int = 100
    everything: bool = False
    splits: tuple[str, ...] = ()


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What pictures are ranked by.

    Attributes:
        kind: what models found, or vectors of what pictures look like.
        name: of the predictions or of the model; `sha256`: of the model, where it is known.
    """

    kind: Literal["found", "embeddings"]
    name: str
    sha256: str | None = None


class RankedPicture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture and its place.

    Attributes:
        score: by which it was chosen: the mean of the ranks (0 to 1) of uncertainty and disagreement, as far as they
            are asked for, times the distance to the nearest picture that is labelled or stands above it, with novelty.
        uncertainty, disagreement: 0 to 1; None where not asked for, or where no model says anything.
        novelty: distance (1 - cosine) to the nearest labelled picture, 0 to 2; `apart`: also to those that stand
            above it.
        found: annotations that the models found, of the one that found most.
        reason: why it is here, in words.
    """

    image: str
    split: str | None
    score: float
    uncertainty: float | None
    disagreement: float | None
    novelty: float | None
    apart: float | None
    found: int | None
    reason: str


class RankReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `cvdata rank --json` prints.

    Attributes:
        dataset: as it was given; `version`: of a cvdata dataset.
        by: what pictures were ranked by, in effect; `sources`: what that rests on.
        pictures: in the dataset; `labelled`: by somebody, also those with nothing in them; `ranked`: that were to
            choose from.
        copies: near copies among those, of labelled pictures or of each other, which stand behind all the rest.
        first: the first of the ranked pictures.
    """

    schema: Literal["cvdata/rank-report/1"] = "cvdata/rank-report/1"
    dataset: str
    version: str | None
    settings: RankSettings
    by: tuple[Part, ...]
    sources: tuple[Source, ...]
    pictures: int
    labelled: int
    ranked: int
    copies: int
    first: tuple[RankedPicture, ...]
    findings: tuple[Finding, ...] = ()
