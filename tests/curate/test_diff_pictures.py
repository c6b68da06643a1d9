"""Pictures and classes of two datasets: which are the same, and what differs in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cvdata.curate.diff import DiffSettings, PictureChange, compare, diff
from cvdata.dataset import Categories, Dataset, Facts, State
from cvdata.engine import ProcessPool

from ..tiny import tiny
from .grids import cell, grid, kinds


def test_pictures_that_are_in_one_dataset_alone_are_listed_with_their_annotations() -> None:
    before = grid({"a.jpg": [("cat", cell(0))], "gone.jpg": [("cat", cell(0)), ("dog", cell(1))]})
    after = grid({"a.jpg": [("cat", cell(0))], "new.jpg": [("cat", cell(0))]})

    report = diff(before, after)

    assert [(c.kind, c.image, c.annotations) for c in report.picture_changes] == [
        ("removed", "gone.jpg", 2),
        ("added", "new.jpg", 1),
    ]
    assert kinds(report) == {"equal": 1, "added": 1, "removed": 2}
    assert report.changes == []  # they came and went with their pictures
    assert not report.same


def test_size_split_and_state_are_compared() -> None:
    before = tiny()
    images = before.images
    width, state, split = images.width.copy(), images.state.copy(), images.split.copy()
    width[0], state[4], split[0] = 65, State.EMPTY, 1

    report = diff(before, replace(before, images=replace(images, width=width, state=state, split=split)))

    assert [(c.kind, c.image, c.before, c.after) for c in report.picture_changes] == [
        ("resized", "street.jpg", "64 x 48", "65 x 48"),
        ("split", "street.jpg", "train", "val"),
        ("state", "new.jpg", "unlabelled", "empty"),
    ]


def test_the_numbers_of_splits_mean_nothing() -> None:
    before = tiny()
    swapped = replace(
        before.images,
        splits=("val", "other", "train"),
        split=np.array([2, -1, 0, 2, -1, 0], np.int32),
    )

    assert before.images.splits == ("train", "val")
    assert diff(before, replace(before, images=swapped)).same
    other_names = replace(before, images=replace(before.images, splits=("val", "train")))
    assert [c.after for c in diff(before, other_names).picture_changes] == ["val", "train", "val", "train"]


def test_classes_are_paired_by_name_not_by_number() -> None:
    before = grid({"a.jpg": [("cat", cell(0)), ("dog", cell(1))]}, ["cat", "dog"])
    after = grid({"a.jpg": [("cat", cell(0)), ("dog", cell(1))]}, ["dog", "cat", "bird"])

    report = diff(before, after)

    assert kinds(report) == {"equal": 2}
    assert report.reordered
    assert [(c.kind, c.name) for c in report.class_changes] == [("added", "bird")]


def test_a_class_that_was_renamed_is_called_so_and_its_annotations_are_listed_last() -> None:
    before = grid({"a.jpg": [("cat", cell(0)), ("dog", cell(1))], "b.jpg": [("cat", cell(0)), ("cat", cell(3))]})
    rows = {"a.jpg": [("tiger", cell(0)), ("dog", cell(1))], "b.jpg": [("tiger", cell(0)), ("tiger", cell(3))]}
    after = grid(rows, ["tiger", "dog", "bird"])

    report = diff(before, replace(after, annotations=replace(after.annotations, box=_moved(before, 3))))

    assert [(c.kind, c.before, c.after, c.annotations) for c in report.class_changes] == [
        ("renamed", "cat", "tiger", 3)
    ]
    assert [(c.image, c.moved_px) for c in report.changes] == [("b.jpg", 1.0), ("a.jpg", None), ("b.jpg", None)]
    assert [(r.before, r.after, r.count) for r in report.relabelled] == [("cat", "tiger", 3)]


def _moved(dataset: Dataset, row: int) -> Any:
    box = dataset.annotations.box.copy()
    box[row, 0] += 1
    return box


def test_a_class_of_which_only_some_changed_is_not_renamed() -> None:
    before = grid({"a.jpg": [("cat", cell(0)), ("cat", cell(1))]}, ["cat"])
    after = grid({"a.jpg": [("tiger", cell(0)), ("lion", cell(1))]}, ["tiger", "lion"])

    assert [c.kind for c in diff(before, after).class_changes] == ["removed", "added", "added"]


def test_ids_of_classes_are_compared_where_both_have_them() -> None:
    before = replace(grid({"a.jpg": []}, ["cat", "dog"]), categories=Categories(names=("cat", "dog"), source_id=(1, 2)))
    after = replace(before, categories=Categories(names=("cat", "dog"), source_id=(1, 18)))

    assert [(c.kind, c.name, c.before, c.after) for c in diff(before, after).class_changes] == [
        ("renumbered", "dog", "2", "18")
    ]
    assert diff(before, replace(before, categories=Categories(names=("cat", "dog")))).same


# --- the same picture under another name


def named(*names: str, folder: Path | None = None, sizes: tuple[int, int] = (200, 200)) -> Dataset:
    """Return a dataset with a cat in each picture; each is drawn in a colour of its own, by its stem."""
    dataset = grid({name: [("cat", cell(0))] for name in names})
    images = dataset.images
    if folder is not None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (200, 200), ord(Path(name).stem[0])).save(folder / name, "PNG")
        images = replace(images, folder=np.zeros(len(names), np.int32), folders=(str(folder),))
    width, height = (np.full(len(names), side, np.int32) for side in sizes)
    return replace(dataset, images=replace(images, width=width, height=height))


def renamed(before: Dataset, after: Dataset, **settings: Any) -> list[tuple[str, str | None, str | None]]:
    report = diff(before, after, DiffSettings(**settings))
    return [(c.image, c.after, c.by) for c in report.picture_changes if c.kind == "renamed"]


def test_pictures_in_other_folders_or_with_other_suffixes_are_found_again() -> None:
    before, after = named("train/a.jpg", "b.jpg", "c.jpg"), named("a.jpg", "x/b.png", "c.jpg")

    assert renamed(before, after) == [("train/a.jpg", "a.jpg", "base-name"), ("b.jpg", "x/b.png", "stem")]
    assert kinds(diff(before, after)) == {"equal": 3}
    assert renamed(before, after, match="name") == []
    assert kinds(diff(before, after, DiffSettings(match="name"))) == {"equal": 1, "added": 2, "removed": 2}


def test_a_name_that_is_there_twice_tells_nothing() -> None:
    assert renamed(named("train/a.jpg", "val/a.jpg"), named("a.jpg")) == []
    assert renamed(named("a.jpg"), named("train/a.jpg", "val/a.jpg")) == []


def test_pictures_of_another_size_are_not_taken_for_the_same() -> None:
    assert renamed(named("train/a.jpg"), named("a.jpg", sizes=(100, 200))) == []
    assert renamed(named("train/a.jpg"), named("a.jpg", sizes=(0, 0))) == [("train/a.jpg", "a.jpg", "base-name")]


@pytest.mark.parametrize("workers", [1, 2])
def test_pictures_of_equal_content_are_the_same_whatever_their_names(tmp_path: Path, workers: int) -> None:
    before = named("a1.png", "b1.png", "c.png", folder=tmp_path / "before")
    after = named("c.png", "b2.png", "a2.png", folder=tmp_path / "after")

    with ProcessPool(workers) as engine:
        report = compare(before, after, engine=engine)

    assert report.pictures.after.tolist() == [2, 1, 0]
    assert renamed(before, after) == [("a1.png", "a2.png", "content"), ("b1.png", "b2.png", "content")]


def test_by_content_alone_a_name_says_nothing(tmp_path: Path) -> None:
    before = named("a.png", "b.png", folder=tmp_path / "before")
    after = named("b.png", "a.png", folder=tmp_path / "after")
    (tmp_path / "swap").mkdir()
    for name, other in (("a.png", "b.png"), ("b.png", "a.png")):
        (tmp_path / "swap" / name).write_bytes((tmp_path / "after" / other).read_bytes())
    after = replace(after, images=replace(after.images, folders=(str(tmp_path / "swap"),)))

    assert renamed(before, after) == []
    assert renamed(before, after, match="content") == [("a.png", "b.png", "content"), ("b.png", "a.png", "content")]


def test_hashes_that_are_known_are_not_read_again() -> None:
    facts = Facts.none(2)
    sha256 = np.zeros((2, 32), np.uint8)
    sha256[1] = 7
    facts = replace(facts, size=np.array([10, 10]), sha256=sha256)
    before, after = named("a.jpg", "b.jpg"), named("x.jpg", "y.jpg")
    before = replace(before, images=replace(before.images, facts=facts))
    after = replace(after, images=replace(after.images, facts=facts.take(np.array([1, 0]))))

    assert renamed(before, after) == [("a.jpg", "y.jpg", "content"), ("b.jpg", "x.jpg", "content")]


def test_a_picture_with_another_content_is_replaced() -> None:
    facts = replace(Facts.none(1), size=np.array([10]))
    other = replace(facts, sha256=np.full((1, 32), 255, np.uint8))
    before, after = named("a.jpg"), named("a.jpg")

    report = diff(
        replace(before, images=replace(before.images, facts=facts)),
        replace(after, images=replace(after.images, facts=other)),
    )

    assert report.picture_changes == [PictureChange(kind="replaced", image="a.jpg", before="00" * 32, after="ff" * 32)]
