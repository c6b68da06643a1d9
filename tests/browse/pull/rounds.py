"""A dataset that was opened in FiftyOne, and people who work there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cvdata.browse.pull import BrowsePullReport
from cvdata.browse.session import opened
from cvdata.browse.store import put_subject
from cvdata.browse.subject import Found, Subject
from cvdata.cli.browse_pull import run_pull
from cvdata.cli.choices import Media
from cvdata.convert import read, save
from cvdata.dataset import Annotations, Dataset
from cvdata.formats.store import open_store

from ...train.shapes import draw_shapes

__all__ = ["found_in", "objects_of", "opened_shapes", "pulled_with", "put", "sample_of", "shapes_in"]


def shapes_in(folder: Path, *columns: str) -> Path:
    """Write a cvdata dataset of five pictures with drawn shapes, boxes and the named columns; the last is empty."""
    drawn = draw_shapes(folder / "photos", 5)
    table = drawn.annotations.without(frozenset({"polygons", "keypoints", "masks"} - set(columns)))
    save(replace(drawn, annotations=table), folder / "shapes", "cvdata")
    return folder / "shapes"


def found_in(dataset: Dataset) -> Found:
    """Return what a model found: each object, 2 pixels to the right, ever surer; and a disc in the last picture."""
    table = dataset.annotations.without(frozenset({"polygons", "keypoints", "masks", "extra"}))
    last = len(dataset.images) - 1
    found = Annotations(
        image=np.append(table.image, last).astype(np.int32),
        category=np.append(table.category, 1).astype(np.int32),
        box=np.concatenate([table.box + np.array([2, 0, 0, 0]), [[10, 20, 30, 40]]]),
        score=np.linspace(0.3, 0.9, len(table) + 1),
    )
    return Found(name="first", dataset=replace(dataset, annotations=found))


def put(source: Path, found: Sequence[Found] = ()) -> Any:
    """Put a dataset into FiftyOne as it is now; return its dataset there."""
    dataset = read(source).dataset
    version = open_store(source).current.id
    subject = Subject(dataset=dataset, found=tuple(found))
    return opened(put_subject(subject, source, format="cvdata", version=version, views=()).name)


def opened_shapes(folder: Path, *columns: str) -> tuple[Path, Any]:
    """Write shapes, put them into FiftyOne with what a model found; return both."""
    source = shapes_in(folder, *columns)
    return source, put(source, [found_in(read(source).dataset)])


def sample_of(samples: Any, name: str) -> Any:
    """Return the sample of a picture."""
    sample = samples.match({"name": name}).first()
    sample.reload()
    return samples[sample.id]


def objects_of(source: Path) -> dict[str, list[tuple[str, list[float]]]]:
    """Return class and box of all objects of the current version, picture by picture."""
    dataset = read(source).dataset
    table, names = dataset.annotations, dataset.categories.names
    objects: dict[str, list[tuple[str, list[float]]]] = {name: [] for name in dataset.images.names}
    for image, category, box in zip(table.image.tolist(), table.category.tolist(), table.box.tolist(), strict=True):
        objects[dataset.images.names[image]].append((names[category], [round(value, 6) for value in box]))
    return objects


def pulled_with(source: Path, capsys: Any, target: Path | None = None, *, dry_run: bool = False) -> BrowsePullReport:
    """Run `cvdata browse SRC --pull --json` in this process; return its report."""
    capsys.readouterr()
    run_pull(
        source,
        target,
        from_format=None,
        images=None,
        to=None,
        media=Media.link,
        overwrite=False,
        workers=1,
        dry_run=dry_run,
        limit=20,
        as_json=True,
        quiet=True,
        exit_zero=False,
    )
    return msgspec.json.decode(capsys.readouterr().out, type=BrowsePullReport)
