"""Where an annotation comes from: `extra.origin` of those that were accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from ...dataset import Annotations, Ragged
from ...formats.predictions import Stored, short_hash
from .candidates import OUTCOMES, Candidates
from .offers import Offer

__all__ = ["Known", "Origin", "known_rows", "origin_texts"]

Ints = NDArray[np.int64]


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an accepted annotation says of itself.

    Attributes:
        prediction: name; `row`: number of the proposal in it, not there where a person drew it.
        model: beginning of the hash of its weights.
        score: of the proposal; `threshold`: that it had to reach, not there where a person decided.
        reviewed: what the person decided: `kept`, `moved`, `relabelled` or `drawn`.
    """

    prediction: str
    row: int | UnsetType = UNSET
    model: str | UnsetType = UNSET
    score: float | UnsetType = UNSET
    threshold: float | UnsetType = UNSET
    reviewed: str | UnsetType = UNSET


class _WithOrigin(msgspec.Struct, frozen=True):
    origin: Origin | UnsetType = UNSET


_DECODER = msgspec.json.Decoder(_WithOrigin)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Which annotations of the truth were accepted from which proposals.

    Attributes:
        source: int64, shape (annotations,), place of the prediction among the offers, -1 for none of them.
        row: int64, number of the proposal; -1 where a person drew it, or there is none.
        accepted: bool, it was accepted from some prediction, of these or others: no person labelled it by hand.
    """

    source: Ints
    row: Ints
    accepted: NDArray[np.bool_]


def known_rows(table: Annotations, offers: Sequence[Offer]) -> Known:
    """Return where the annotations of the truth come from.

    A proposal is known by its number, model and score: another prediction may have had the name before.
    """
    count = len(table)
    source, row, accepted = np.full(count, -1), np.full(count, -1), np.zeros(count, np.bool_)
    places = {offer.stored.about.name: at for at, offer in enumerate(offers)}
    texts = [] if table.extra is None else table.extra.to_bytes()
    for at, text in enumerate(texts):
        origin = _origin(text)
        if origin is None:
            continue
        accepted[at] = True
        place = places.get(origin.prediction)
        if place is not None and _fits(origin, offers[place].stored):
            source[at] = place
            row[at] = origin.row if isinstance(origin.row, int) else -1
    return Known(source, row, accepted)


def _origin(text: bytes) -> Origin | None:
    if b'"origin"' not in text:
        return None
    try:
        origin = _DECODER.decode(text).origin
    except (msgspec.MsgspecError, UnicodeDecodeError):  # another program's attribute of that name
        return None
    return origin if isinstance(origin, Origin) else None


def _fits(origin: Origin, stored: Stored) -> bool:
    """Tell whether the proposal that an origin speaks of is among these."""
    if not isinstance(origin.row, int):
        return True
    table = stored.dataset.annotations
    if not 0 <= origin.row < len(table) or origin.model != short_hash(stored.about.sha256):
        return False
    score = np.nan if table.score is None else float(table.score[origin.row])
    return bool(np.isnan(score)) if origin.score is UNSET else score == origin.score


def origin_texts(candidates: Candidates, chosen: Ints, offers: Sequence[Offer]) -> Ragged:
    """Return the attributes of accepted objects: those that the model gave, and the origin."""
    given = [_attributes(offer.stored) for offer in offers]
    columns = (candidates.source, candidates.row, candidates.score, candidates.threshold, candidates.outcome)
    texts = []
    for source, row, score, threshold, outcome in zip(*(column[chosen].tolist() for column in columns), strict=True):
        about = offers[source].stored.about
        origin = Origin(
            prediction=about.name,
            row=row if row >= 0 else UNSET,
            model=short_hash(about.sha256) if row >= 0 else UNSET,
            score=score if score == score else UNSET,  # not NaN
            threshold=threshold if threshold == threshold and not outcome else UNSET,
            reviewed=OUTCOMES[outcome] if outcome else UNSET,
        )
        own = given[source][row] if row >= 0 and given[source] else {}
        texts.append(msgspec.json.encode({**own, "origin": origin}))
    return Ragged.texts(texts)


def _attributes(stored: Stored) -> list[dict[str, Any]]:
    """Return the attributes of each proposal without those that are a part of the origin."""
    extra = stored.dataset.annotations.extra
    decoded: dict[bytes, dict[str, Any]] = {b"": {}}  # thousands have the same
    rows = []
    for text in extra.to_bytes() if extra is not None else ():
        if text not in decoded:
            said = msgspec.json.decode(text, type=dict[str, Any])
            decoded[text] = {key: value for key, value in said.items() if key not in ("model", "threshold")}
        rows.append(decoded[text])
    return rows
