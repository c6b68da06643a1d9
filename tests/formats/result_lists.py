"""COCO result lists made by code, and the truth that they are about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.dataset.ragged import Ragged
from cvdata.dataset.rle import compress, from_mask

__all__ = ["CODE", "MASK", "RUNS", "put", "row", "truth"]

NAMES = ("000000000139.jpg", "val/a b.jpg", "val/c.png")


def truth(
    ids: tuple[int | str, ...] | None = (139, 7, 8),
    class_ids: tuple[int | str, ...] | None = (3, 9),
    keypoints: tuple[tuple[str, ...], ...] | None = None,
    labels: bool = False,
) -> Dataset:
    """Return three pictures of 8 x 4 pixels with the classes cat and dog."""
    return Dataset(
        images=Images(
            names=NAMES,
            width=np.full(3, 8, np.int32),
            height=np.full(3, 4, np.int32),
            state=np.full(3, State.LABELLED, np.uint8),
            split=np.full(3, -1, np.int32),
            folder=np.full(3, -1, np.int32),
            source_id=ids,
        ),
        annotations=Annotations(
            image=np.zeros(1, np.int32),
            category=np.zeros(1, np.int32),
            box=np.full((1, 4), np.nan) if labels else np.array([[1.0, 1, 2, 2]]),
        ),
        categories=Categories(names=("cat", "dog"), source_id=class_ids, keypoints=keypoints),
    )


def put(folder: Path, content: Any) -> Path:
    path = folder / "results.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def row(image: Any = 139, category: Any = 3, bbox: Any = (1, 1, 4, 2), score: Any = 0.5, **more: Any) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": bbox, "score": score, **more}


MASK = np.zeros((4, 8), np.bool_)
MASK[1:3, 2:7] = True
RUNS = from_mask(MASK).tolist()
CODE = compress(Ragged.of([RUNS], np.int64))[0].decode()
