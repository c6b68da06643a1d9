"""Datasets to divide, with groups planted in them, and what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cvdata.dataset import Annotations, Categories, Dataset, Facts, Images, Ragged, State

__all__ = ["dataset_of_names", "facts_of_content", "splits_of"]


def dataset_of_names(
    names: Sequence[str],
    objects: Sequence[Sequence[int]],
    classes: int = 3,
    *,
    splits: Mapping[str, str] | None = None,
    lineage: Mapping[str, str] | None = None,
    states: Mapping[str, State] | None = None,
    **columns: Any,
) -> Dataset:
    """Return a dataset of pictures of no content.

    Args:
        objects: of each picture, how many objects of each class it has.
        lineage: of pictures that were made, the name of their parent.
    """
    counts = np.array(objects, np.int64).reshape(len(names), classes)
    image, category = (np.repeat(rows, counts.ravel()) for rows in np.divmod(np.arange(counts.size), classes))
    kinds = tuple(dict.fromkeys((splits or {}).values()))
    usual = [State.LABELLED if some else State.EMPTY for some in counts.sum(axis=1).tolist()]
    state = [(states or {}).get(name, known) for name, known in zip(names, usual, strict=True)]
    said = [
        b'{"lineage": {"parent": "%s"}}' % (lineage or {})[n].encode() if n in (lineage or {}) else b"" for n in names
    ]
    images = Images(
        names=tuple(names),
        width=np.full(len(names), 64, np.int32),
        height=np.full(len(names), 48, np.int32),
        state=np.array(state, np.uint8),
        split=np.array([kinds.index(splits[n]) if splits and n in splits else -1 for n in names], np.int32),
        splits=kinds,
        folder=np.full(len(names), -1, np.int32),
        extra=Ragged.texts(said) if lineage else None,
        **columns,
    )
    table = Annotations(
        image=image.astype(np.int32),
        category=category.astype(np.int32),
        box=np.tile([1.0, 1.0, 9.0, 9.0], (len(image), 1)),
    )
    return Dataset(
        images=images, annotations=table, categories=Categories(names=tuple(chr(97 + n) for n in range(classes)))
    )


def facts_of_content(content: Sequence[str], phash: Sequence[int]) -> Facts:
    """Return facts of pictures with the given content: equal texts are equal files."""
    rows = len(content)
    digests = b"".join(hashlib.sha256(text.encode()).digest() for text in content)
    return Facts(
        **{
            **{name: getattr(Facts.none(rows), name) for name in ("modified", "taken", "brightness", "sharpness")},
            "size": np.full(rows, 100, np.int64),
            "sha256": np.frombuffer(digests, np.uint8).reshape(rows, 32),
            "phash": np.array(phash, np.uint64),
            "contrast": np.full(rows, 50, np.float32),
        }
    )


def splits_of(dataset: Dataset) -> dict[str, str]:
    """Return the split of each picture by its name."""
    images = dataset.images
    return {name: images.splits[split] for name, split in zip(images.names, images.split.tolist(), strict=True)}
