"""Versions of a cvdata dataset: what was done is listed, and any state can be had again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cvdata
from cvdata.curate.diff import diff
from cvdata.curate.history import log, restore
from cvdata.dataset import Dataset
from cvdata.dataset.select import keep_annotations
from cvdata.errors import FormatError, LockedError, UsageError
from cvdata.files.lock import OutputLock
from cvdata.formats.store import add_version, open_store

from ..compare import tree
from ..tiny import draw_pictures, tiny


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a cvdata dataset of two versions; the second has an annotation less and another class."""
    draw_pictures(tmp_path / "pictures")
    dataset = tiny(tmp_path / "pictures")
    cvdata.save(dataset, tmp_path / "pets", "cvdata")
    stored = open_store(tmp_path / "pets").load()
    add_version(tmp_path / "pets", fewer(stored), command="review", settings={"by": "Anna"})
    return tmp_path / "pets"


def fewer(dataset: Dataset) -> Dataset:
    names = ("cat", "dog <b>&amp;", "person", "new")
    rows = np.array([0, 1, 3, 1])
    columns = dataset.categories.take(rows.tolist())
    categories = replace(columns, names=names)
    moved = np.array([0, 1, -1, 2], np.int32)[dataset.annotations.category]
    kept = replace(dataset, categories=categories, annotations=replace(dataset.annotations, category=moved))
    return keep_annotations(kept, np.arange(1, len(moved)))


def test_versions_are_listed_newest_first_with_what_they_changed(pets: Path) -> None:
    report = log(pets)

    first, second = tiny(), report.versions[0]
    assert [(v.number, v.command, v.current) for v in report.versions] == [(2, "review", True), (1, "save", False)]
    assert (second.annotations, second.annotations_more) == (len(first.annotations) - 1, -1)
    assert (second.images, second.images_more) == (6, 0)
    assert (second.classes, second.classes_added, second.classes_removed) == (4, ["new"], ["unused"])
    assert second.parent == report.versions[1].id
    assert (report.versions[1].parent, report.versions[1].classes_added) == (None, [])


def test_only_the_last_versions_can_be_asked_for(pets: Path) -> None:
    report = log(pets, 1)

    assert [v.number for v in report.versions] == [2]
    assert report.total == 2


@pytest.mark.parametrize("name", ["1", "0001", "id", "prefix"])
def test_going_back_adds_a_version_with_the_old_content(pets: Path, name: str) -> None:
    store = open_store(pets)
    first = store.versions[0].id
    before = tree(pets)

    report = restore(pets, {"id": first, "prefix": first[:9]}.get(name, name))

    after = open_store(pets)
    assert [v.command for v in after.versions] == ["save", "review", "restore"]
    assert (report.restored, report.version, report.changed) == (first, after.current.id, True)
    assert (report.counts.added, report.counts.removed) == (1, 0)
    assert diff(after.load(), store.load(first)).same
    assert after.current.settings == {"version": first}
    assert after.current.source.version == first
    new = tree(pets)
    del before["cvdata.json"]
    assert all(new[name] == data for name, data in before.items())  # nothing was taken away or changed


def test_going_back_twice_is_going_forward(pets: Path) -> None:
    second = open_store(pets).current.id
    restore(pets, "1")

    restore(pets, second)

    store = open_store(pets)
    assert diff(store.load(), store.load(second)).same
    assert len(store.versions) == 4


@pytest.mark.parametrize("restored", ["5", "1"])  # the current version, and one of the same content
def test_where_nothing_would_change_no_version_is_added(pets: Path, restored: str) -> None:
    first = open_store(pets).versions[0]
    restore(pets, "1")
    restore(pets, "2")
    restore(pets, "1")
    before = tree(pets)

    report = restore(pets, restored)

    assert not report.changed
    assert report.version == open_store(pets).current.id
    assert report.counts.equal == first.counts.annotations
    assert tree(pets) == before


def test_class_ids_survive_going_back_and_forth(pets: Path) -> None:
    ids = {locked.name: locked.id for locked in open_store(pets).file.classes}

    restore(pets, "1")

    assert {locked.name: locked.id for locked in open_store(pets).file.classes} == ids
    assert ids == {"cat": 1, "dog <b>&amp;": 2, "unused": 3, "person": 4, "new": 5}


def test_a_version_that_is_not_there_is_refused_with_those_that_are(pets: Path) -> None:
    before = tree(pets)

    with pytest.raises(UsageError, match="'9' is not a version of 'pets'") as caught:
        restore(pets, "9")

    assert caught.value.hint is not None
    assert open_store(pets).current.id in caught.value.hint
    assert tree(pets) == before


def test_what_is_no_cvdata_dataset_has_no_versions(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is not a cvdata dataset"):
        log(tmp_path)
    with pytest.raises(FormatError, match="is not a cvdata dataset"):
        restore(tmp_path, "1")


def test_a_dataset_that_another_run_writes_is_left_alone(pets: Path) -> None:
    before = tree(pets)

    lock = OutputLock(str(pets.resolve()))
    lock.acquire()
    try:
        with pytest.raises(LockedError):
            restore(pets, "1")
    finally:
        lock.release()

    assert tree(pets) == before
