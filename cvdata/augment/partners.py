"""What chance decides of a copy before any picture is read: its seed, and the pictures that it is put together with."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset, State

__all__ = ["Draw", "Ring"]


class Draw:
    """Draws of one copy: they depend on the seed, its parent's name and its number alone."""

    def __init__(self, seed: int, name: str, number: int) -> None:
        self._text = f"{seed}\0{number}\0{name}\0".encode("utf-8", "surrogateescape")
        self.seed = self.place("seed") >> 16  # 48 bits: every JSON reader takes them for what they are

    def place(self, what: str) -> int:
        """Return 64 random bits."""
        return int.from_bytes(hashlib.sha256(self._text + what.encode()).digest()[:8], "big")

    def share(self, what: str) -> float:
        """Return a number from 0 to 1, without 1."""
        return (self.place(what) >> 11) / 2**53


class Ring:
    """Pictures in a ring, each where the hash of its name says: a draw takes the next one.

    A new picture takes over only the draws between it and the one before it, so that other copies keep their partners.
    Source: Karger et al., Consistent hashing and random trees, STOC 1997.
    """

    def __init__(self, dataset: Dataset) -> None:
        images = dataset.images
        fit = (images.state == State.LABELLED) & (images.folder >= 0)
        self._dataset = dataset
        self._rings: dict[int, tuple[NDArray[np.uint64], NDArray[np.int64]]] = {}
        for split in np.unique(images.split).tolist():
            rows = np.flatnonzero(fit & (images.split == split))
            places = np.array([_hash(images.names[row]) for row in rows.tolist()], np.uint64)
            order = np.argsort(places, kind="stable")
            self._rings[split] = places[order], rows[order]

    def partners(self, parent: int, draws: list[int]) -> tuple[int, ...]:
        """Return a picture for each draw, of the parent's split and not the parent; none where there is no other."""
        places, rows = self._rings[int(self._dataset.images.split[parent])]
        if not len(rows) or (len(rows) == 1 and rows[0] == parent):
            return ()
        found = []
        for draw in draws:
            at = int(np.searchsorted(places, np.uint64(draw))) % len(rows)
            found.append(int(rows[at] if rows[at] != parent else rows[(at + 1) % len(rows)]))
        return tuple(found)


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big")
