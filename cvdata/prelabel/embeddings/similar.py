"""Pictures that are like some, or like nothing that was seen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Images, State
from ...errors import FormatError, UsageError, nearest_of, show
from ...files import QuarantineItem
from ...images.decode import decode
from .embedder import DEFAULT, Embedder
from .making import Embedded
from .search import closest, farthest_first, nearest

__all__ = [
    "Asked",
    "EmbedderPart",
    "SimilarImage",
    "SimilarOutcome",
    "SimilarReport",
    "SimilarSettings",
    "asked_for",
    "check_labelled",
    "check_similar",
    "find_like",
    "find_unlike",
    "part_of",
]


class SimilarSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to look for.

    Attributes:
        like: names of pictures of the dataset, or files elsewhere; any of them will do.
        unlike: pictures that are like nothing that was seen.
        seen: dataset of what was seen; None for the pictures of the dataset itself that are labelled.
        number: pictures to find.
        embed, weights: how pictures are compared; see `open_embedder`.
    """

    like: tuple[str, ...] = ()
    unlike: bool = False
    seen: str | None = None
    number: int = 20
    embed: str = DEFAULT
    weights: str | None = None


class EmbedderPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What pictures were compared by.

    Attributes:
        name: of the embedder; `sha256`: of what decides its numbers.
        length: numbers a picture.
        computed: pictures that it looked at now; `stored`: those that it had looked at before.
        store: file that keeps its numbers; None where nothing is kept.
    """

    name: str
    sha256: str
    length: int
    computed: int
    stored: int
    store: str | None = None


class SimilarImage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture that was found.

    Attributes:
        image: its name.
        similarity: cosine with the picture `nearest`, 1 for the same; `distance`: 1 less that.
        nearest: of those that it was to be like, or unlike, the one that it is most alike to.
        state: whether it is labelled; `split`: that it is in.
    """

    image: str
    similarity: float
    distance: float
    nearest: str
    state: Literal["unlabelled", "empty", "labelled"]
    split: str | None = None


class SimilarReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `cvdata similar --json` prints.

    Attributes:
        source: what was searched; `source_format`: its format.
        model: what pictures were compared by.
        searched: pictures that could have been found; `compared`: those that they were held against.
        found: most alike first; where nothing alike was asked for, each as far as can be from what was seen and from
            those before it.
        quarantine: what was left out.
        settings: as resolved.
    """

    schema: Literal["cvdata/similar-report/1"] = "cvdata/similar-report/1"
    source: str
    source_format: str
    model: EmbedderPart
    searched: int
    compared: int
    found: list[SimilarImage]
    quarantine: list[QuarantineItem]
    settings: SimilarSettings


@dataclass(frozen=True, slots=True, eq=False)
class SimilarOutcome:
    """What a search found.

    Attributes:
        rows: int64, rows of the pictures found, in order.
        found: the same for people.
        searched, compared: see `SimilarReport`.
        asked: files of the pictures that were asked for, by what they are called; none where `unlike`.
    """

    rows: NDArray[np.int64]
    found: list[SimilarImage]
    searched: int
    compared: int
    asked: dict[str, str]


def check_similar(settings: SimilarSettings) -> None:
    """Refuse what makes no sense, before anything is read.

    Raises:
        UsageError: neither or both of `like` and `unlike` are asked for, or an option is for the other one.
    """
    if bool(settings.like) == settings.unlike:
        found = "both --like and --unlike" if settings.unlike else "neither --like nor --unlike"
        raise UsageError(f"{found} were given", hint="give one: --like PICTURE, or --unlike for what was never seen")
    if settings.seen is not None and not settings.unlike:
        raise UsageError("--seen is for --unlike", hint="leave it out")
    if settings.number < 1:
        raise UsageError(f"-n is {settings.number}, expected 1 or more")


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture that others shall be like: its row in the dataset, or None for a file elsewhere."""

    name: str
    file: str
    row: int | None


def asked_for(images: Images, texts: Sequence[str]) -> tuple[Asked, ...]:
    """Return the pictures that are meant by names of the dataset or paths, each once.

    Raises:
        UsageError: one is neither.
    """
    wanted = set(texts) | {os.path.abspath(text) for text in texts}
    found: dict[str, Asked] = {}
    for row, name in enumerate(images.names):
        file = images.file(row)
        if file is not None and (name in wanted or file in wanted):
            found[name] = found[file] = Asked(name, file, row)
    asked: dict[str, Asked] = {}
    for text in texts:
        one = found.get(text) or found.get(os.path.abspath(text)) or _elsewhere(images, text)
        if any(one.name == other.name and one.file != other.file for other in asked.values()):
            one = replace(one, name=text)  # of one name and another place
        asked.setdefault(one.file, one)
    return tuple(asked.values())


def _elsewhere(images: Images, text: str) -> Asked:
    if os.path.isfile(text):
        return Asked(os.path.basename(text), os.path.abspath(text), None)
    raise UsageError(
        f"'{show(text)}' is neither a file nor the name of a picture of the dataset",
        hint=nearest_of(text, images.names),
    )


def find_like(
    images: Images, embedded: Embedded, embedder: Embedder, asked: Sequence[Asked], number: int
) -> SimilarOutcome:
    """Return the pictures that are most like one of some; these themselves are not among them.

    Raises:
        UsageError: one that is asked for cannot be read.
    """
    queries = np.concatenate([_vector(embedded, embedder, one) for one in asked])
    own = [one.row for one in asked if one.row is not None]
    among = np.flatnonzero(~np.isin(embedded.rows, own))
    chosen, _ = nearest(embedded.vectors[among] if own else embedded.vectors, queries, number)
    at = among[chosen]
    found = _found(images, embedded, at, queries, [one.name for one in asked])
    files = {one.name: one.file for one in asked}
    return SimilarOutcome(embedded.rows[at], found, len(among), len(asked), files)


def _vector(embedded: Embedded, embedder: Embedder, asked: Asked) -> NDArray[np.float32]:
    """Return what is known of a picture, shape (1, numbers)."""
    if asked.row is not None and asked.row not in embedded.bad:
        at = int(np.searchsorted(embedded.rows, asked.row))
        return embedded.vectors[at : at + 1]
    try:
        return embedder.embed([decode(asked.file)])
    except FormatError as error:
        raise UsageError(f"'{show(asked.name)}' cannot be looked at: {error.message}", hint=error.hint) from error


def check_labelled(images: Images) -> None:
    """Refuse to tell what is new where labels do not say it.

    Raises:
        UsageError: all pictures are labelled, or none is.
    """
    new = images.state == State.UNLABELLED
    if new.all() or not new.any():
        raise UsageError(
            f"{'no' if new.all() else 'every'} picture is labelled, so that labels do not tell what was seen",
            hint="name with --seen the dataset that was seen, such as the one that a model learnt from",
        )


def find_unlike(
    images: Images, embedded: Embedded, number: int, seen: tuple[Images, Embedded] | None = None
) -> SimilarOutcome:
    """Return the pictures that are like nothing seen, and unlike each other.

    Args:
        seen: pictures of another dataset; without them those that nobody labelled are held against the others.

    Raises:
        UsageError: nothing of what was seen, or of what is new, can be read.
    """
    if seen is None:
        new = images.state[embedded.rows] == State.UNLABELLED
        among, others = np.flatnonzero(new), np.flatnonzero(~new)
        known, names = embedded.vectors[others], [images.names[row] for row in embedded.rows[others].tolist()]
    else:
        among = np.arange(len(embedded.rows))
        known, names = seen[1].vectors, [seen[0].names[row] for row in seen[1].rows.tolist()]
    if not len(among) or not len(known):
        kind = "new" if len(known) else "that was seen"
        raise UsageError(f"no picture {kind} can be read", hint="cvdata check SRC names what is wrong with each")
    at = among[farthest_first(embedded.vectors[among], known, number)]
    found = _found(images, embedded, at, known, names)
    return SimilarOutcome(embedded.rows[at], found, len(among), len(known), {})


def _found(
    images: Images,
    embedded: Embedded,
    at: NDArray[np.int64],
    others: NDArray[np.float32],
    names: Sequence[str],
) -> list[SimilarImage]:
    which, cosine = closest(embedded.vectors[at], others)
    found = []
    for row, other, alike in zip(embedded.rows[at].tolist(), which.tolist(), cosine.tolist(), strict=True):
        split = images.split[row]
        found.append(
            SimilarImage(
                image=_text(images.names[row]),
                similarity=min(max(alike, -1.0), 1.0),
                distance=min(max(1 - alike, 0.0), 2.0),
                nearest=_text(names[other]),
                state=_STATES[State(images.state[row])],
                split=None if split < 0 else images.splits[split],
            )
        )
    return found


_STATES: dict[State, Literal["unlabelled", "empty", "labelled"]] = {
    State.UNLABELLED: "unlabelled",
    State.EMPTY: "empty",
    State.LABELLED: "labelled",
}


def _text(name: str) -> str:
    """Return a name as JSON can hold it."""
    return name.encode("utf-8", "backslashreplace").decode()


def part_of(embedder: Embedder, embedded: Embedded, store: Path | None) -> EmbedderPart:
    """Say what pictures were compared by."""
    return EmbedderPart(
        name=embedder.name,
        sha256=embedder.sha256,
        length=embedder.length,
        computed=embedded.computed,
        stored=len(embedded.rows) - embedded.computed,
        store=None if store is None else show(store),
    )
