"""Embeddings of the pictures as a map of points, for FiftyOne's Embeddings panel."""

from __future__ import annotations

import hashlib
import importlib
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ..subject import Subject
from .places import rows_of_samples

__all__ = ["EMBEDDINGS", "flat_map", "put_embeddings"]

EMBEDDINGS = "embeddings"
"""Field of a sample with the embedding of its picture, and key of the map in FiftyOne."""

_DIGEST = "cvdata_embeddings"
"""Where the `info` of FiftyOne's dataset tells which embeddings the map was made of."""


def put_embeddings(fiftyone: Any, samples: Any, subject: Subject) -> None:
    """Put the embeddings on the samples and draw their map, unless the same are there; without any, take them away.

    FiftyOne's brain is imported where there are embeddings alone: it takes seconds.
    """
    if subject.vectors is None:
        _take_away(samples)
        return
    ids, pictures = rows_of_samples(samples, subject.dataset)
    vectors = subject.vectors
    has_one = np.append(~np.isnan(vectors).any(axis=1), False)  # the last for a sample of no picture, row -1
    there = has_one[pictures]
    digest = _digest(ids, subject.dataset, pictures[there], vectors[pictures[there]])
    held = samples.info.get(_DIGEST) if samples.info else None
    if held == digest and EMBEDDINGS in samples.list_brain_runs():
        return
    _take_away(samples)
    chosen = [one for one, has in zip(ids, there.tolist(), strict=True) if has]
    if chosen:
        _put(fiftyone, samples, chosen, vectors[pictures[there]])
    samples.info = {**(samples.info or {}), _DIGEST: digest}
    samples.save()


def _take_away(samples: Any) -> None:
    if EMBEDDINGS in samples.list_brain_runs():
        samples.delete_brain_run(EMBEDDINGS)
    if samples.has_sample_field(EMBEDDINGS):
        samples.delete_sample_field(EMBEDDINGS)
    if samples.info and _DIGEST in samples.info:
        samples.info = {key: value for key, value in samples.info.items() if key != _DIGEST}
        samples.save()


def _digest(ids: list[str], dataset: Dataset, pictures: NDArray[np.int64], vectors: NDArray[np.float32]) -> str:
    """Return a digest of which sample has which embedding."""
    digest = hashlib.blake2b(repr((ids, [dataset.images.names[row] for row in pictures.tolist()])).encode())
    digest.update(np.ascontiguousarray(vectors).tobytes())
    return digest.hexdigest()[:32]


def _put(fiftyone: Any, samples: Any, ids: list[str], vectors: NDArray[np.float32]) -> None:
    with warnings.catch_warnings():
        # What FiftyOne's brain and the packages that it brings warn of at their own imports.
        warnings.simplefilter("ignore")
        brain = importlib.import_module("fiftyone.brain")
    samples.add_sample_field(EMBEDDINGS, fiftyone.VectorField)
    samples.set_values(EMBEDDINGS, dict(zip(ids, vectors, strict=True)), key_field="id")
    every = len(ids) == len(samples)
    shown = samples if every else samples.select(ids, ordered=True)
    brain.compute_visualization(shown, points=flat_map(vectors), brain_key=EMBEDDINGS, verbose=False, progress=False)


def flat_map(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return a place in the plane for each embedding: its first two principal components, shape (n, 2).

    The same embeddings give the same places: the sign of each axis, which is free, is chosen so that the dimension with
    the greatest weight counts upwards.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    values, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, np.argsort(-values, kind="stable")[:2]]
    if axes.shape[1] < 2:  # embeddings of one number
        axes = np.pad(axes, ((0, 0), (0, 2 - axes.shape[1])))
    greatest = axes[np.argmax(np.abs(axes), axis=0), np.arange(2)]
    return np.asarray(centred @ (axes * np.where(greatest < 0, -1.0, 1.0)))
