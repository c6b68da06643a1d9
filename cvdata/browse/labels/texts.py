"""Texts as MongoDB can hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...dataset import Dataset

if TYPE_CHECKING:
    from ..subject import Subject

__all__ = ["safe_text", "with_safe_texts"]


def safe_text(text: str) -> str:
    """Return a text that MongoDB can hold: what is no letter in UTF-8, as names of files may have, is spelled out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def with_safe_texts(subject: Subject) -> Subject:
    """Return a subject whose names of pictures, classes, splits and models MongoDB can hold; most are so already."""
    dataset = _safe(subject.dataset)
    found = tuple(
        one
        if (own := _safe(one.dataset)) is one.dataset and _is_safe([one.name])
        else replace(one, name=safe_text(one.name), dataset=own)
        for one in subject.found
    )
    if dataset is subject.dataset and all(map(_is_same, found, subject.found)):
        return subject
    return replace(subject, dataset=dataset, found=found)


def _is_same(one: object, other: object) -> bool:
    return one is other


def _safe(dataset: Dataset) -> Dataset:
    images, categories = dataset.images, dataset.categories
    if _is_safe(images.names) and _is_safe(images.splits) and _is_safe(categories.names):
        return dataset
    return replace(
        dataset,
        images=replace(
            images,
            names=tuple(map(safe_text, images.names)),
            splits=tuple(map(safe_text, images.splits)),
            files=images.names if images.files is None else images.files,  # where they really lie
        ),
        categories=replace(categories, names=tuple(map(safe_text, categories.names))),
    )


def _is_safe(texts: Sequence[str]) -> bool:
    try:
        "\n".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True
