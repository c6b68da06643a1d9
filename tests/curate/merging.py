"""Small datasets to merge, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cvdata.curate.merge import MergeOutcome, MergeSettings, Part, merge
from cvdata.dataset import Categories, Dataset

from ..tiny import build

__all__ = ["BOX", "CAT", "boxes", "codes", "joined", "one", "pictures", "twin_folders"]

CAT = Categories(names=("cat",))
BOX = {"image": "1.jpg", "category": "cat", "box": [10, 10, 30, 20]}


def pictures(folder: Path, contents: Mapping[str, str]) -> Path:
    """Write a file for each name; merging looks at bytes, not at pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    return folder


def one(
    rows: list[dict[str, Any]], folder: Path | None = None, *, names: tuple[str, ...] = ("1.jpg",), **more: Any
) -> Dataset:
    """Make a dataset of pictures of 100x80 with boxes of cats, unless other classes are given."""
    categories = more.pop("categories", CAT)
    return build(dict.fromkeys(names, (100, 80)), rows, categories, folder=folder, **more)


def joined(*datasets: Dataset, **chosen: Any) -> MergeOutcome:
    return merge([Part(name, data) for name, data in zip("abcd", datasets, strict=False)], MergeSettings(**chosen))


def boxes(outcome: MergeOutcome) -> list[tuple[str, str, tuple[float, ...]]]:
    return [(row.image, row.category, row.box) for row in outcome.dataset.rows()]


def codes(outcome: MergeOutcome) -> dict[str, int]:
    return {finding.code: finding.count for finding in outcome.findings}


def twin_folders(folder: Path) -> tuple[Path, Path]:
    """Make two folders with the same picture under two names."""
    return pictures(folder / "x", {"1.jpg": "same"}), pictures(folder / "y", {"other.jpg": "same"})
