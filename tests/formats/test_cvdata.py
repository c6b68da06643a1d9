from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from cvdata.convert import ConvertSettings, convert, load, read, save
from cvdata.dataset import Annotations, Categories, Dataset, Ragged
from cvdata.errors import CvdataError, UsageError
from cvdata.formats import FEATURES, detect
from cvdata.formats.store import open_store

from ..compare import identical, tree
from ..strategies import datasets
from ..test_schemas import validate
from ..tiny import draw_pictures, tiny
from .test_store_tables import EVERY_KIND, facts

PLACES = frozenset({"folder", "folders", "files"})
"""Columns that say where the pictures are."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def dataset(pictures: Path) -> Dataset:
    whole = tiny(pictures)
    images = dataclasses.replace(
        whole.images,
        facts=facts(),
        group=np.array([0, 1, -1, 1, 0, 0], np.int32),
        groups=("g", "h", "unused"),
        source_id=(1, "two", 3, 4, 5, 2**70),
        extra=Ragged.texts([b"", b'{"camera":"left"}', b"", b"", b"", b""]),
    )
    return dataclasses.replace(whole, images=images)


@pytest.fixture
def stored(dataset: Dataset, tmp_path: Path) -> Path:
    save(dataset, tmp_path / "pets", "cvdata")
    return tmp_path / "pets"


# --- everything comes back


def test_every_column_comes_back_bit_for_bit(dataset: Dataset, stored: Path) -> None:
    reading = read(stored)

    assert (reading.format, reading.intake.quarantine) == ("cvdata", [])
    assert reading.intake.verified == "sizes in the picture headers, 6 pictures"
    identical(reading.dataset, dataset, but=PLACES)
    assert reading.dataset.images.folders == (f"{stored.resolve()}/images",)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dataset=datasets(EVERY_KIND))
def test_any_labels_without_pictures_come_back_bit_for_bit(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", "cvdata", settings=ConvertSettings(overwrite=True))

    reading = read(tmp_path / "out")

    assert reading.intake.quarantine == []
    assert reading.intake.verified.startswith("nothing")
    identical(reading.dataset, dataset)


def test_nothing_is_a_loss(dataset: Dataset, stored: Path, tmp_path: Path) -> None:
    report = convert(stored, tmp_path / "again", "cvdata", settings=ConvertSettings(strict=True))

    assert (report.losses, report.read, report.quarantined.images) == ([], report.written, 0)
    identical(load(tmp_path / "again"), dataset, but=PLACES)


@pytest.mark.parametrize(
    "categories",
    [
        Categories(names=()),
        Categories(names=(), source_id=(), supercategory=()),
        Categories(names=("a\udcff", "é", " "), source_id=(2**70, "x", -1)),
        Categories(names=("a",), supercategory=(None,), keypoints=((),), skeleton=((),), extra=({},)),
        Categories(names=("a",), extra=({"colour": [1, None, {"b": 1.5}]},)),
    ],
)
def test_classes_come_back_with_what_was_set_and_what_was_not(categories: Categories, tmp_path: Path) -> None:
    bare = Annotations(image=np.zeros(0, np.int32), category=np.zeros(0, np.int32), box=np.zeros((0, 4)))
    dataset = dataclasses.replace(tiny(), annotations=bare, categories=categories)

    save(dataset, tmp_path / "out", "cvdata")

    identical(load(tmp_path / "out").categories, categories)


def test_pictures_keep_names_that_no_system_can_hold(tmp_path: Path) -> None:
    draw_pictures(tmp_path / "in")
    images = tiny().images
    names = ("con.jpg", "a:b.jpg", "A.jpg", "a.jpg", "x?.jpg", "f.jpg")
    images = dataclasses.replace(
        images, names=names, files=images.names, folder=np.zeros(6, np.int32), folders=(str(tmp_path / "in"),)
    )

    report = save(dataclasses.replace(tiny(), images=images), tmp_path / "out", "cvdata")

    back = load(tmp_path / "out").images
    assert back.names == names
    assert back.files is not None
    assert len({file.lower() for file in back.files}) == 6
    assert not any(set(file) & set(':?"') for file in back.files)
    for row, name in enumerate(tiny().images.names):
        assert Path(str(back.file(row))).read_bytes() == (tmp_path / "in" / name).read_bytes()
    assert report.renamed == 4


def test_pictures_that_are_nowhere_come_back_as_that(pictures: Path, tmp_path: Path) -> None:
    whole = tiny(pictures)
    images = dataclasses.replace(whole.images, folder=np.array([0, -1, 0, -1, 0, 0], np.int32))

    save(dataclasses.replace(whole, images=images), tmp_path / "out", "cvdata")
    reading = read(tmp_path / "out")

    assert reading.intake.quarantine == []
    assert reading.intake.verified == "sizes in the picture headers, 4 pictures"
    assert reading.dataset.images.folder.tolist() == [0, -1, 0, -1, 0, 0]


@pytest.mark.parametrize("beside", [False, True])
def test_pictures_may_stay_where_they_are(dataset: Dataset, pictures: Path, tmp_path: Path, beside: bool) -> None:
    if beside:
        shutil.copytree(pictures, tmp_path / "photos")
        dataset = dataclasses.replace(
            dataset, images=dataclasses.replace(dataset.images, folders=(str(tmp_path / "photos"),))
        )
    save(dataset, tmp_path / "out", "cvdata", settings=ConvertSettings(media="none"))

    reading = read(tmp_path / "out")

    assert not (tmp_path / "out/images").exists()
    assert reading.intake.verified == "sizes in the picture headers, 6 pictures"
    assert [reading.dataset.images.file(row) for row in range(6)] == [dataset.images.file(row) for row in range(6)]
    (version,) = open_store(tmp_path / "out").versions
    assert not os.path.isabs(version.folders[0])
    if beside:
        assert version.folders == ("../photos",)


def test_what_carries_names_every_feature() -> None:
    from cvdata.formats import cvdata

    assert cvdata.carries(cvdata.WriteOptions()) == set(FEATURES)


def test_outlines_that_the_target_cannot_hold_are_counted_without_being_read(stored: Path, tmp_path: Path) -> None:
    report = convert(stored, tmp_path / "out", "yolo", settings=ConvertSettings(sidecar="none"))

    assert [loss.count for loss in report.losses if loss.what == "outlines (polygons)"] == [2]


# --- where it came from


def test_a_version_says_what_it_was_made_from(pictures: Path, tmp_path: Path) -> None:
    save(tiny(pictures), tmp_path / "coco", "coco")
    convert(tmp_path / "coco", tmp_path / "pets", "cvdata")
    convert(tmp_path / "pets", tmp_path / "more", "cvdata")

    (version,) = open_store(tmp_path / "pets").versions
    (next_one,) = open_store(tmp_path / "more").versions

    assert (version.number, version.parent, version.command) == (1, None, "convert")
    assert version.time == "2026-01-01T00:00:00Z"
    assert (version.counts.images, version.counts.annotations) == (6, 10)
    assert (version.source.name, version.source.format, version.source.version) == ("coco", "coco", None)
    assert version.settings["from"] == "coco"
    assert (next_one.source.format, next_one.source.sha256, next_one.source.version) == ("cvdata", None, version.id)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_digest_of_a_source_changes_with_any_label_file(pictures: Path, tmp_path: Path, workers: int) -> None:
    save(tiny(pictures), tmp_path / "voc", "voc")
    digests: list[str | None] = []
    for change in (None, b"\n", None):
        if change:
            with (tmp_path / "voc/Annotations/street.xml").open("ab") as file:
                file.write(change)
        out = tmp_path / f"{len(digests)}"
        convert(tmp_path / "voc", out, "cvdata", settings=ConvertSettings(workers=workers))
        digests.append(open_store(out).current.source.sha256)

    assert digests[0] != digests[1]
    assert digests[1] == digests[2]
    assert len(str(digests[0])) == 64


def test_the_id_of_a_version_follows_from_its_content_alone(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    save(dataset, tmp_path / "a", "cvdata")
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    save(dataset, tmp_path / "b", "cvdata")
    save(dataclasses.replace(dataset, meta={"info": {"year": 2027}}), tmp_path / "c", "cvdata")

    a, b, c = (open_store(tmp_path / name).current for name in "abc")

    assert a.time == "1970-01-01T00:00:00Z"
    assert b.time > "2026"
    assert a.id == b.id
    assert a.files == c.files
    assert a.id != c.id
    manifests = [tree(tmp_path / name)[".cvdata/manifest.json"] for name in "ab"]
    assert manifests[0] == manifests[1]


def test_a_wrong_time_to_pretend_is_an_error(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")

    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        save(dataset, tmp_path / "out", "cvdata")
    assert not (tmp_path / "out").exists()


def test_the_records_are_what_their_schemas_say(stored: Path) -> None:
    version = open_store(stored).current

    validate(json.loads((stored / "cvdata.json").read_text("utf-8")), "dataset.json")
    validate(json.loads((stored / f"versions/{version.id}/version.json").read_text("utf-8")), "version.json")


# --- SRC@VERSION


@pytest.mark.parametrize("text", ["1", "0001", "01"])
def test_a_version_is_read_by_its_number(stored: Path, dataset: Dataset, text: str) -> None:
    identical(load(f"{stored}@{text}"), dataset, but=PLACES)


def test_a_version_is_read_by_its_id_its_beginning_or_an_option(stored: Path, dataset: Dataset, tmp_path: Path) -> None:
    identity = open_store(stored).current.id

    for source, options in ((f"{stored}@{identity}", {}), (f"{stored}@{identity[:6]}", {}), (stored, {"version": "1"})):
        identical(load(source, options=options), dataset, but=PLACES)
    convert(f"{stored}@{identity}", tmp_path / "coco", "coco", settings=ConvertSettings(media="none"))
    assert detect(tmp_path / "coco") == "coco"


def test_a_version_that_is_not_there_is_wrong_usage_and_says_which_are(stored: Path) -> None:
    with pytest.raises(UsageError, match=r"'2' is not a version of 'pets'\n  hint: versions: 0001-"):
        read(f"{stored}@2")


def test_a_version_of_something_else_is_wrong_usage(stored: Path) -> None:
    with pytest.raises(UsageError, match="leave out the format coco"):
        read(f"{stored}@1", "coco")
    with pytest.raises(UsageError, match="two versions are named"):
        read(f"{stored}@1", options={"version": "2"})


def test_a_folder_with_an_at_sign_in_its_name_is_that_folder(stored: Path, tmp_path: Path, dataset: Dataset) -> None:
    save(dataclasses.replace(dataset, meta={"this": "one"}), tmp_path / "pets@1", "cvdata")

    assert load(tmp_path / "pets@1").meta == {"this": "one"}
    with pytest.raises(CvdataError, match="does not exist"):
        read(tmp_path / "nothing@1")
