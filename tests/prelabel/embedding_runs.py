"""Embeddings of drawn pictures, made here or in a process that gets killed on the way."""

from __future__ import annotations

import sys
from pathlib import Path

from cvdata import load
from cvdata.engine import Progress
from cvdata.prelabel.embeddings.embedder import open_embedder
from cvdata.prelabel.embeddings.making import Embedded, embeddings_of
from tests.ingestion import draw
from tests.kills import killed_before

__all__ = ["draw_some", "embed"]


def draw_some(folder: Path, count: int = 10) -> Path:
    """Draw pictures of different looks, all with the same time."""
    for number in range(count):
        draw(folder / f"{number:02d}.png", number)
    return folder


def embed(pictures: Path, store: Path | None = None, progress: Progress | None = None) -> Embedded:
    """Let `colour` look at the pictures of a folder, 3 at a time."""
    images = load(pictures, "images").images
    return embeddings_of(images, open_embedder("colour"), store=store, batch=3, workers=1, progress=progress)


if __name__ == "__main__":  # python -m tests.prelabel.embedding_runs N PICTURES STORE
    killed_before(int(sys.argv[1]), lambda: embed(Path(sys.argv[2]), Path(sys.argv[3])))
