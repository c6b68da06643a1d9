"""What a model found before pictures were dropped from a cvdata dataset, and ids that were used again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.convert import save
from cvdata.dataset import Categories, Dataset
from cvdata.dataset.select import keep_images
from cvdata.errors import FormatError
from cvdata.formats._other_versions import with_namesakes, with_other_versions
from cvdata.formats.results import read_results
from cvdata.formats.store import add_version, open_store
from cvdata.formats.yolo_results import read_yolo_results

from ..tiny import build
from .result_lists import put, row

NAMES = ("1.jpg", "sub/1.jpg", "sub/2.jpg")


def dataset_of(names: tuple[str, ...], ids: Any = None) -> Dataset:
    """Return pictures of 100 x 80 pixels without labels, and with ids also their class."""
    dataset = build(dict.fromkeys(names, (100, 80)), [], Categories(names=("cat",), source_id=ids and (1,)))
    return replace(dataset, images=replace(dataset.images, source_id=ids))


def stored(root: Path, *versions: Dataset) -> Path:
    save(versions[0], root / "pets", "cvdata")
    for dataset in versions[1:]:
        add_version(root / "pets", dataset, command="browse", settings={})
    return root / "pets"


def read(path: Path, results: Path) -> list[tuple[str, float]]:
    """Return the picture and the score of each result, as read onto the dataset at a path."""
    name, _, version = str(path).partition("@")
    found = read_results(results, *with_other_versions(path, open_store(name).load(version or None)))
    table = found.annotations
    assert table.score is not None
    return [(found.images.names[i], score) for i, score in zip(table.image.tolist(), table.score.tolist(), strict=True)]


@pytest.mark.parametrize("ids", [None, (7, 8, 9)])
def test_what_was_found_in_a_picture_that_was_dropped_stays_with_it(ids: Any, tmp_path: Path) -> None:
    whole = dataset_of(NAMES, ids)
    pets = stored(tmp_path, whole, keep_images(whole, np.array([1, 2])))
    keys = NAMES[:2] if ids is None else ids[:2]

    found = read(pets, put(tmp_path, [row(key, 1, score=score) for key, score in zip(keys, (0.5, 0.25), strict=True)]))

    assert sorted(found) == [("1.jpg", 0.5), ("sub/1.jpg", 0.25)]


@pytest.mark.parametrize("key", ["1", 1, "1.jpg"])
def test_a_part_of_a_name_that_two_pictures_had_means_none_when_one_is_gone(key: Any, tmp_path: Path) -> None:
    whole = dataset_of(("x/1.jpg", "sub/1.jpg"))
    pets = stored(tmp_path, whole, keep_images(whole, np.array([1])))

    with pytest.raises(FormatError, match="which is no picture of the truth"):
        read(pets, put(tmp_path, [row(key, 1)]))


def test_yolo_predictions_of_a_picture_that_was_dropped_go_to_no_other(tmp_path: Path) -> None:
    whole = dataset_of(("x/1.jpg", "sub/1.jpg", "2.jpg"))
    pets = stored(tmp_path, whole, keep_images(whole, np.array([1])))
    (tmp_path / "found").mkdir()
    (tmp_path / "found/2.txt").write_text("0 0.5 0.5 0.1 0.1 0.5\n", "utf-8")
    truth = with_other_versions(pets, open_store(pets).load())[0]

    found = read_yolo_results(tmp_path / "found", truth)

    assert [found.images.names[i] for i in found.annotations.image.tolist()] == ["2.jpg"]
    (tmp_path / "found/1.txt").write_text("0 0.5 0.5 0.1 0.1 0.5\n", "utf-8")
    with pytest.raises(FormatError, match="belongs to no picture of the truth, or to several"):
        read_yolo_results(tmp_path / "found", truth)


def test_an_id_that_was_given_again_is_refused_and_the_version_that_the_model_saw_can_be_named(tmp_path: Path) -> None:
    pets = stored(tmp_path, dataset_of(("a.jpg", "b.jpg"), (1, 2)), dataset_of(("a.jpg", "c.jpg"), (1, 2)))
    first = open_store(pets).versions[0].id
    results = put(tmp_path, [row(2, 1)])

    with pytest.raises(FormatError, match=rf"image_id is 2, which is 'c\.jpg' here and 'b\.jpg' in version {first}"):
        read(pets, results)
    with pytest.raises(FormatError, match=r"which is 'b\.jpg' here and 'c\.jpg' in version 0002"):
        read(Path(f"{pets}@1"), results)
    assert read(pets, put(tmp_path, [row(1, 1, score=0.5)])) == [("a.jpg", 0.5)]
    assert read(pets, put(tmp_path, [row("c.jpg", 1, score=0.5)])) == [("c.jpg", 0.5)]


def test_ids_that_came_later_are_none_of_pictures_that_were_dropped_before(tmp_path: Path) -> None:
    pets = stored(tmp_path, dataset_of(("gone.jpg", "a.jpg")), dataset_of(("a.jpg",), (1,)))

    with pytest.raises(FormatError, match="image_id is 2, which is no picture"):
        read(pets, put(tmp_path, [row(2, 1)]))
    assert read(pets, put(tmp_path, [row("gone.jpg", 1, score=0.5)])) == [("gone.jpg", 0.5)]


def test_a_picture_in_another_folder_now_is_the_same(tmp_path: Path) -> None:
    pets = stored(tmp_path, dataset_of(("a.jpg", "b.jpg"), (1, 2)), dataset_of(("x/a.jpg", "b.jpg"), (1, 2)))

    assert read(pets, put(tmp_path, [row(1, 1, score=0.5)])) == [("x/a.jpg", 0.5)]


def test_a_damaged_table_of_another_version_does_no_harm(tmp_path: Path) -> None:
    whole = dataset_of(NAMES)
    pets = stored(tmp_path, whole, keep_images(whole, np.array([1, 2])))
    first = open_store(pets).versions[0].id
    (pets / "versions" / first / "images.parquet").write_bytes(b"")

    assert read(pets, put(tmp_path, [row("sub/1.jpg", 1, score=0.5)])) == [("sub/1.jpg", 0.5)]


def test_what_has_no_versions_is_as_it_is(tmp_path: Path) -> None:
    dataset = dataset_of(NAMES)

    assert with_other_versions(tmp_path, dataset) == (dataset, {})


def test_pictures_called_like_one_that_is_gone_are_listed_with_nothing_in_them(tmp_path: Path) -> None:
    whole = dataset_of(("x/1.jpg", "1.png", "y/1.gif", "2.jpg"))
    found = read_results(put(tmp_path, [row("x/1.jpg", 1), row("1.png", 1)]), whole)
    truth = keep_images(whole, np.array([1, 2, 3]))

    listed = with_namesakes(found, truth)

    assert listed.images.names == ("x/1.jpg", "1.png", "y/1.gif")
    assert listed.annotations is found.annotations
    assert with_namesakes(found, whole) is found
