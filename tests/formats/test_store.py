from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.convert import load, read, save
from cvdata.dataset import Dataset, Images
from cvdata.dataset.select import keep_annotations, keep_classes
from cvdata.errors import FormatError, LockedError, OutputError, UsageError
from cvdata.files.update import Update
from cvdata.formats.outlet import Origin
from cvdata.formats.store import Source, Version, add_version, find_version, open_store, split_version

from ..compare import identical, tree
from ..files.outputs import before_each_change, disk_full_at
from ..tiny import draw_pictures, tiny

REPO = Path(__file__).resolve().parents[2]
PLACES = frozenset({"folder", "folders", "files"})


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A dataset of one version in a folder of its own; the pictures that it was made from lie elsewhere."""
    draw_pictures(tmp_path / "pictures")
    save(tiny(tmp_path / "pictures"), tmp_path / "area/pets", "cvdata")
    return tmp_path / "area/pets"


def add(root: Path, dataset: Dataset, **more: Any) -> Version:
    return add_version(root, dataset, **({"command": "edit", "settings": {"by": 1}} | more))


def fewer(root: Path, annotations: int = 3) -> Dataset:
    """Return the current version with its first annotations alone."""
    return keep_annotations(open_store(root).load(), np.arange(annotations))


def with_picture(root: Path, source: Path) -> Dataset:
    """Return the current version with one picture more, which lies elsewhere."""
    dataset = open_store(root).load()
    images = dataset.images
    rows = np.append(np.arange(len(images)), 0)
    more = dataclasses.replace(
        images.take(rows),
        names=(*images.names, "new/one.jpg"),
        files=(*(images.files or images.names), source.name),
        state=np.append(images.state, np.uint8(0)),
        folder=np.append(images.folder, np.int32(1)).astype(np.int32),
        folders=(*images.folders, str(source.parent)),
    )
    return dataclasses.replace(dataset, images=more)


# --- versions


def test_a_version_is_added_in_place_and_the_old_one_stays(stored: Path) -> None:
    before = open_store(stored).load()

    version = add(stored, fewer(stored))

    store = open_store(stored)
    assert (version.number, version.parent) == (2, store.versions[0].id)
    assert [v.id for v in store.versions] == [store.versions[0].id, version.id]
    assert store.current == version
    assert (version.command, version.settings, version.counts.annotations) == ("edit", {"by": 1}, 3)
    assert (version.source.name, version.source.version) == ("pets", store.versions[0].id)
    identical(load(f"{stored}@1"), before)
    identical(load(stored), keep_annotations(before, np.arange(3)))
    assert os.listdir(stored.parent) == ["pets"]


def test_the_same_content_makes_no_version(stored: Path) -> None:
    before = tree(stored)

    version = add(stored, open_store(stored).load(), command="again")

    assert version == open_store(stored).current
    assert tree(stored) == before


def test_going_back_makes_a_version_with_the_tables_of_the_old_one(stored: Path) -> None:
    add(stored, fewer(stored))

    version = add(stored, open_store(stored).load("1"), command="restore")

    first, _, third = open_store(stored).versions
    assert third == version
    assert third.files == first.files
    assert third.id != first.id
    identical(load(stored), load(f"{stored}@1"))


def test_a_class_keeps_its_id_for_ever_and_new_ones_get_new_ids(stored: Path) -> None:
    dataset = open_store(stored).load()
    ids = {c.name: c.id for c in open_store(stored).current.categories}
    assert ids == {"cat": 1, "dog <b>&amp;": 2, "unused": 3, "person": 4}

    without = keep_classes(dataset, [0, 3])
    add(stored, without)
    renamed = dataclasses.replace(without.categories, names=("zebra", "person"))
    add(stored, dataclasses.replace(without, categories=renamed))
    add(stored, dataset)

    store = open_store(stored)
    found = [[(c.name, c.id) for c in version.categories] for version in store.versions]
    assert found[1] == [("cat", 1), ("person", 4)]
    assert found[2] == [("zebra", 5), ("person", 4)]
    assert found[3] == list(ids.items())
    assert store.file.next_class_id == 6
    assert [c.id for c in store.file.classes] == [1, 2, 3, 4, 5]


def test_versions_are_found_by_number_id_and_beginning(stored: Path) -> None:
    second = add(stored, fewer(stored))
    store = open_store(stored)

    for text in ("2", "0002", second.id, second.id[:7]):
        assert find_version(store, text) == second
    for text, found in (
        ("3", "not a version"),
        ("0002-zz", "not a version"),
        ("9" * 5000, "not a version"),
        ("", "not a version"),
    ):
        with pytest.raises(UsageError, match=found):
            find_version(store, text)


def test_a_beginning_that_fits_two_versions_is_refused_and_they_are_listed(stored: Path) -> None:
    store = open_store(stored)
    twin = dataclasses.replace(store, versions=(store.current, store.current))

    with pytest.raises(UsageError, match="is more than one version of 'pets'"):
        find_version(twin, store.current.id[:7])


def test_a_path_with_a_version_is_split_only_where_it_is_a_dataset(stored: Path, tmp_path: Path) -> None:
    assert split_version(f"{stored}@3") == (stored, "3")
    assert split_version(f"{stored}@a@b") == (Path(f"{stored}@a@b"), None)
    assert split_version(stored) == (stored, None)
    assert split_version(f"{tmp_path}@3") == (Path(f"{tmp_path}@3"), None)
    assert split_version(f"{stored}@") == (Path(f"{stored}@"), None)


def test_the_name_is_the_folders_unless_it_has_one(stored: Path) -> None:
    store = open_store(stored)
    named = dataclasses.replace(store, file=type(store.file)(name="My pets", version=store.current.id))

    assert (store.name, named.name) == ("pets", "My pets")


def test_a_folder_of_predictions_that_is_not_finished_is_not_listed(stored: Path) -> None:
    for name in ("half", ".yolo.cvdata-0a1b2c3d"):
        (stored / "predictions" / name).mkdir(parents=True)
    (stored / "predictions/.yolo.cvdata-0a1b2c3d/prediction.json").touch()
    assert open_store(stored).predictions == ()

    for name in ("yolo11", "Auge"):
        (stored / "predictions" / name).mkdir()
        (stored / "predictions" / name / "prediction.json").touch()

    assert open_store(stored).predictions == ("Auge", "yolo11")


# --- pictures and sources


def test_new_pictures_are_put_beside_the_old_ones(stored: Path, tmp_path: Path) -> None:
    source = tmp_path / "more/picture.jpg"
    source.parent.mkdir()
    shutil.copy(stored / "images/street.jpg", source)

    add(stored, with_picture(stored, source), pictures=[("new/one~1.jpg", str(source))])

    reading = read(stored)
    images: Images = reading.dataset.images
    assert reading.intake.quarantine == []
    assert reading.intake.checked == 7
    assert images.names[6] == "new/one.jpg"
    assert images.file(6) == str(stored.resolve() / "images/new/one~1.jpg")
    assert images.file(0) == str(stored.resolve() / "images/street.jpg")
    assert os.path.samefile(stored / "images/new/one~1.jpg", source)
    assert len(load(f"{stored}@1").images) == 6


def test_new_pictures_may_stay_where_they_are(stored: Path, tmp_path: Path) -> None:
    source = tmp_path / "more/picture.jpg"
    source.parent.mkdir()
    shutil.copy(stored / "images/street.jpg", source)

    version = add(stored, with_picture(stored, source), pictures=[("x.jpg", str(source))], media="none")

    assert version.folders == ("images", "../../more")
    assert load(stored).images.file(6) == str(source)
    assert not (stored / "images/x.jpg").exists()


def test_a_picture_is_never_replaced(stored: Path, tmp_path: Path) -> None:
    source = tmp_path / "picture.jpg"
    shutil.copy(stored / "images/new.jpg", source)
    before = tree(stored)

    with pytest.raises(OutputError, match="File exists"):
        add(stored, with_picture(stored, source), pictures=[("street.jpg", str(source))])

    assert tree(stored) == before


def test_sources_are_kept_until_others_are_given_also_without_a_new_version(stored: Path) -> None:
    sources = [Source(path="../photos", prefix="a/")]
    add(stored, open_store(stored).load(), sources=sources)
    add(stored, fewer(stored))

    store = open_store(stored)

    assert store.file.sources == (Source(path="../photos", prefix="a/"),)
    assert len(store.versions) == 2


def test_a_version_says_what_it_was_made_from(stored: Path) -> None:
    origin = Origin(source="photos", format="images", sha256="ab")

    version = add(stored, fewer(stored), origin=origin)

    assert (version.source.name, version.source.format, version.source.sha256) == ("photos", "images", "ab")


# --- all or nothing


def how_many_changes(root: Path, tmp_path: Path) -> int:
    kinds: list[str] = []
    shutil.copytree(root, tmp_path / "copy/pets")
    with before_each_change(lambda _, kind: kinds.append(kind)):
        grow(tmp_path / "copy/pets", tmp_path)
    return kinds.index("rename", kinds.index("rename") + 1) + 1  # the second renaming is the commit


def grow(root: Path, tmp_path: Path) -> None:
    """Add a version with a picture more."""
    source = tmp_path / "more.jpg"
    add(root, with_picture(root, source), pictures=[("new/one.jpg", str(source))], media="copy")


def readable(root: Path, pictures: int) -> None:
    reading = read(root)
    assert (len(reading.dataset.images), reading.intake.quarantine) == (pictures, [])


def test_a_full_disk_at_any_change_leaves_the_old_version(stored: Path, tmp_path: Path) -> None:
    shutil.copy(stored / "images/street.jpg", tmp_path / "more.jpg")
    changes = how_many_changes(stored, tmp_path)
    assert changes > 8

    for number in range(1, changes + 1):
        with pytest.raises(OutputError, match="No space left"), before_each_change(disk_full_at(number)):
            grow(stored, tmp_path)
        readable(stored, 6)
        assert len(open_store(stored).versions) == 1

    grow(stored, tmp_path)
    readable(stored, 7)
    assert len(list((stored / "versions").iterdir())) == 2


@pytest.mark.slow
def test_a_kill_at_any_change_leaves_the_old_version_and_the_next_run_goes_on(stored: Path, tmp_path: Path) -> None:
    shutil.copy(stored / "images/street.jpg", tmp_path / "more.jpg")

    for number in range(1, how_many_changes(stored, tmp_path) + 1):
        command = [sys.executable, "-m", "tests.formats.test_store", str(stored), str(tmp_path), str(number)]
        assert subprocess.run(command, cwd=REPO, check=False).returncode == 9
        readable(stored, 6)

    grow(stored, tmp_path)
    readable(stored, 7)
    assert len(list((stored / "versions").iterdir())) == 2
    assert sorted(os.listdir(stored)) == [".cvdata", "cvdata.json", "images", "versions"]


def test_a_second_writer_is_refused_with_exit_code_5(stored: Path) -> None:
    with Update(stored, "versions", "cvdata.json"), pytest.raises(LockedError) as error:
        add(stored, fewer(stored))

    assert error.value.exit_code == 5


def test_a_failure_on_the_way_leaves_nothing(stored: Path) -> None:
    before = tree(stored)

    def fail(count: int, kind: str) -> None:
        if kind == "flush":
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(OutputError, match="the dataset is as it was"), before_each_change(fail):
        add(stored, fewer(stored))

    assert tree(stored) == before
    assert os.listdir(stored.parent) == ["pets"]


# --- what is not a dataset


def test_a_folder_that_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is not a cvdata dataset"):
        open_store(tmp_path)
    with pytest.raises(FormatError, match="is not a cvdata dataset"):
        add_version(tmp_path, tiny(), command="x", settings={})
    assert list(tmp_path.iterdir()) == []


def test_a_parent_that_is_not_the_version_before_is_refused(stored: Path) -> None:
    version = add(stored, fewer(stored))
    path = stored / "versions" / version.id / "version.json"
    record = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(record | {"parent": version.id}), "utf-8")

    with pytest.raises(FormatError, match="version 2 is before version 2"):
        open_store(stored)


def _die_at(number: int) -> Callable[[int, str], None]:
    def hook(count: int, kind: str) -> None:
        if count == number:
            os._exit(9)

    return hook


if __name__ == "__main__":  # python -m tests.formats.test_store ROOT FOLDER N
    with before_each_change(_die_at(int(sys.argv[3]))):
        grow(Path(sys.argv[1]), Path(sys.argv[2]))
