"""Two detectors on the same pictures, each with errors of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvdata.evaluate.pair import Pair, align
from tests.evaluate.drawn import dataset_of

__all__ = ["rivals"]


def rivals(
    seed: int, *, images: int = 60, classes: int = 4, objects: int = 240, blur: tuple[float, float] = (3.0, 3.0)
) -> tuple[Pair, Pair]:
    """Draw a truth and two detectors; the larger the blur of one, in pixels, the worse it places its boxes."""
    rng = np.random.default_rng(seed)
    image = np.sort(rng.integers(0, images, objects)).astype(np.int32)
    category = rng.integers(0, classes, objects).astype(np.int32)
    box = np.concatenate([rng.uniform(0, 60, (objects, 2)), rng.uniform(15, 40, (objects, 2))], axis=1)
    hard = rng.normal(0, 0.7, images)[image]  # what one finds hard the other does too
    truth = dataset_of(images, classes, {"image": image, "category": category, "box": box})
    pairs = []
    for pixels in blur:
        found = _found(rng, image, category, box, hard, pixels)
        pairs.append(align(truth, dataset_of(images, classes, found)))
    return pairs[0], pairs[1]


def _found(
    rng: np.random.Generator,
    image: NDArray[np.int32],
    category: NDArray[np.int32],
    box: NDArray[np.float64],
    hard: NDArray[np.float64],
    pixels: float,
) -> dict[str, NDArray[np.generic]]:
    seen = np.flatnonzero(rng.normal(0, 1, len(box)) - hard > -1)
    ghosts = rng.integers(0, len(box), len(box) // 2)
    rows = np.concatenate([seen, ghosts])
    place = box[rows] + rng.normal(0, pixels, (len(rows), 4)) * np.exp(0.3 * hard[rows])[:, None]
    place[len(seen) :, :2] = rng.uniform(0, 60, (len(ghosts), 2))
    place[:, 2:] = np.maximum(place[:, 2:], 1)
    score = np.concatenate([rng.normal(1, 1, len(seen)) - hard[seen], rng.normal(-0.5, 1, len(ghosts))])
    order = np.argsort(image[rows], kind="stable")
    columns = {"image": image[rows], "category": category[rows], "box": place, "score": 1 / (1 + np.exp(-score))}
    return {name: column[order] for name, column in columns.items()}
