"""cvdata datasets that are damaged, a stranger's, or without their pictures."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from cvdata.convert import ConvertSettings, load, read, save
from cvdata.dataset import Annotations, Dataset, Ragged, State
from cvdata.errors import CvdataError, FormatError, IdentityError, UnsafePathError, UsageError
from cvdata.formats.store import Version

from ..compare import identical
from ..tiny import draw_pictures, tiny

PLACES = frozenset({"folder", "folders", "files"})


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def dataset(pictures: Path) -> Dataset:
    return tiny(pictures)


@pytest.fixture
def stored(dataset: Dataset, tmp_path: Path) -> Path:
    save(dataset, tmp_path / "pets", "cvdata")
    return tmp_path / "pets"


# --- what is damaged or a stranger's is refused


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    record = json.loads(path.read_text("utf-8"))
    change(record)
    path.write_text(json.dumps(record), "utf-8")


def only_version(stored: Path) -> Path:
    (folder,) = (stored / "versions").iterdir()
    return folder


@pytest.mark.parametrize("table", ["images.parquet", "annotations.parquet"])
@pytest.mark.parametrize("harm", ["flip", "cut", "gone"])
def test_a_damaged_table_is_named_before_it_is_parsed(stored: Path, table: str, harm: str) -> None:
    path = only_version(stored) / table
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    if harm != "gone":
        path.write_bytes(data if harm == "flip" else data[:-1])

    with pytest.raises(FormatError) as error:
        read(stored)

    assert f"versions/{open_version_id(stored)}/{table}: " in str(error.value)
    found = {
        "flip": "its bytes changed",
        "cut": f"{len(data) - 1:,} bytes, not {len(data):,}",
        "gone": "cannot be read",
    }
    assert found[harm] in str(error.value)
    assert "from a copy" in str(error.value)


def open_version_id(stored: Path) -> str:
    return str(json.loads((stored / "cvdata.json").read_text("utf-8"))["version"])


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff", b'{"schema": "cvdata/dataset/1"}', b"[" * 99])
def test_a_damaged_record_is_refused(stored: Path, text: bytes) -> None:
    (stored / "cvdata.json").write_bytes(text)

    with pytest.raises(FormatError, match=r"cvdata\.json"):
        read(stored, "cvdata")


@pytest.mark.parametrize(
    ("change", "error", "found"),
    [
        ({"schema": "cvdata/dataset/2"}, FormatError, "a newer cvdata wrote it"),
        ({"schema": "other"}, FormatError, "schema"),
        ({"surprise": 1}, FormatError, "surprise"),
        ({"version": "../../etc"}, FormatError, "not the id of a version"),
        ({"version": "0009-00000000"}, FormatError, "versions/0009-00000000/version.json: cannot be read"),
        ({"classes": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}, IdentityError, "two classes"),
        ({"classes": [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}]}, IdentityError, "two classes"),
        ({"next_class_id": 1}, IdentityError, "next_class_id"),
    ],
)
def test_a_wrong_cvdata_json_is_refused(
    stored: Path, change: dict[str, Any], error: type[CvdataError], found: str
) -> None:
    edit(stored / "cvdata.json", lambda record: record.update(change))

    with pytest.raises(error, match=found) as raised:
        read(stored, "cvdata")
    assert raised.value.at is not None


@pytest.mark.parametrize(
    ("change", "error", "found"),
    [
        ({"schema": "cvdata/version/7"}, FormatError, "a newer cvdata wrote it"),
        ({"id": "0002-00000000"}, FormatError, "it is the version 0002-00000000"),
        ({"number": "one"}, FormatError, "number"),
        ({"files": {}}, FormatError, "images.parquet and annotations.parquet"),
        ({"files": {"../a.parquet": {"size": 1, "sha256": ""}}}, FormatError, "images.parquet and annotations"),
        ({"categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}]}, IdentityError, "one name"),
        ({"categories": [{"id": 1, "name": ""}]}, IdentityError, "one has none"),
        ({"categories": [{"id": 1, "name": "a"}]}, FormatError, "does not list"),
    ],
)
def test_a_wrong_version_json_is_refused(
    stored: Path, change: dict[str, Any], error: type[CvdataError], found: str
) -> None:
    edit(only_version(stored) / "version.json", lambda record: record.update(change))

    with pytest.raises(error, match=found):
        read(stored)


def test_a_version_behind_a_link_out_of_the_dataset_is_refused(stored: Path, tmp_path: Path) -> None:
    folder = only_version(stored)
    shutil.move(folder, tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UnsafePathError):
        read(stored)


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/passwd", "C:/x.jpg", "a\0b.jpg"])
def test_a_picture_outside_the_dataset_is_refused(tmp_path: Path, name: str) -> None:
    images = tiny().images
    images = dataclasses.replace(images, names=(name, *images.names[1:]))
    save(dataclasses.replace(tiny(), images=images), tmp_path / "out", "cvdata")

    with pytest.raises(UnsafePathError, match=r"images\.parquet"):
        read(tmp_path / "out")


def test_two_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    images = tiny().images
    images = dataclasses.replace(images, names=("a.jpg", "a.jpg", *images.names[2:]))
    dataset = dataclasses.replace(tiny(), images=images)
    save(dataset, tmp_path / "out", "cvdata")

    with pytest.raises(IdentityError, match=r"two pictures are named 'a\.jpg'"):
        read(tmp_path / "out")


def test_an_annotation_of_a_picture_that_is_not_there_is_refused(tmp_path: Path) -> None:
    save(tiny(), tmp_path / "out", "cvdata")
    short = tiny().images.take(np.arange(5))
    bare = Annotations(image=np.zeros(0, np.int32), category=np.zeros(0, np.int32), box=np.zeros((0, 4)))
    save(dataclasses.replace(tiny(), images=short, annotations=bare), tmp_path / "short", "cvdata")
    shutil.copy(only_version(tmp_path / "short") / "images.parquet", only_version(tmp_path / "out"))
    files = msgspec.json.decode((only_version(tmp_path / "short") / "version.json").read_bytes(), type=Version).files
    entry = {"size": files["images.parquet"].size, "sha256": files["images.parquet"].sha256}
    edit(
        only_version(tmp_path / "out") / "version.json",
        lambda record: record["files"].update({"images.parquet": entry}),
    )

    with pytest.raises(FormatError, match="picture 5 is not among the 5"):
        read(tmp_path / "out")


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"masks": Ragged.of([[5, 5]] + [[]] * 9, np.uint32)}, "a mask that does not cover its picture"),
        ({"score": np.array([np.inf] + [0.5] * 9)}, "score is not finite"),
        ({"area": np.array([-np.inf] + [0.5] * 9)}, "area is not finite"),
        (
            {"rotated": np.array([[1, 2, np.nan, 4, 5, 6, 7, 8]] + [[np.nan] * 8] * 9)},
            "a rotated box that is not finite",
        ),
        (
            {"keypoints": Ragged(np.array([[1, np.nan, 2.0]]), np.array([0] + [1] * 10))},
            "keypoints that are not finite",
        ),
        ({"extra": Ragged.texts([b"[1]"] + [b""] * 9)}, "attributes that are not JSON"),
        ({"extra": Ragged.texts([b'{"a":'] + [b""] * 9)}, "attributes that are not JSON"),
        ({"box": np.array([[1.0, 1, 0, 5]] + [[1, 1, 2, 2]] * 9)}, "a box without area"),
    ],
)
def test_a_bad_annotation_is_put_aside_by_its_row(tmp_path: Path, columns: dict[str, Any], found: str) -> None:
    table = dataclasses.replace(tiny().annotations, **({"polygons": None} | columns))
    dataset = dataclasses.replace(tiny(), annotations=table)
    save(dataset, tmp_path / "out", "cvdata", settings=ConvertSettings(verify="none"))

    reading = read(tmp_path / "out")

    (item,) = reading.intake.quarantine
    assert (item.field, item.image, item.annotations) == ("row 0", "street.jpg", 1)
    assert item.found.startswith(found)
    assert item.file.endswith("annotations.parquet")
    assert len(reading.dataset.annotations) == 9
    assert reading.intake.where is not None
    assert str(reading.intake.where(0)).endswith("annotations.parquet: row 1")


def test_attributes_of_a_picture_that_are_no_json_are_refused(tmp_path: Path) -> None:
    images = dataclasses.replace(tiny().images, extra=Ragged.texts([b"", b"{" * 5000, b"", b"", b"", b""]))
    save(dataclasses.replace(tiny(), images=images), tmp_path / "out", "cvdata")

    with pytest.raises(FormatError, match=r"images\.parquet: row 1: the attributes of a picture are not a JSON object"):
        read(tmp_path / "out")


@pytest.mark.parametrize("options", [{"source": "a" * 300}, {"images": "a" * 300}])
def test_a_path_that_is_too_long_is_one_that_is_not_there(stored: Path, options: dict[str, str]) -> None:
    given: dict[str, Any] = {"source": stored, "format": "cvdata"} | options

    with pytest.raises(UsageError, match="does not exist"):
        read(**given)


# --- the pictures


def test_a_missing_picture_is_put_aside_with_its_annotations(stored: Path) -> None:
    (stored / "images/street.jpg").unlink()

    reading = read(stored)

    (item,) = reading.intake.quarantine
    assert (item.image, item.images, item.annotations) == ("street.jpg", 1, 5)
    assert len(reading.dataset.images) == 5


def test_without_any_picture_the_labels_are_read_alone(stored: Path, dataset: Dataset) -> None:
    shutil.rmtree(stored / "images")

    reading = read(stored)

    assert reading.intake.quarantine == []
    assert reading.intake.verified.startswith("nothing")
    identical(reading.dataset, dataset, but=PLACES)


def test_pictures_may_lie_in_a_folder_that_the_user_names(stored: Path, pictures: Path) -> None:
    shutil.rmtree(stored / "images")

    reading = read(stored, images=pictures)

    assert reading.intake.verified == "sizes in the picture headers, 6 pictures"
    assert reading.dataset.images.folders == (str(pictures),)


def test_a_picture_of_another_size_is_put_aside(stored: Path, pictures: Path) -> None:
    (stored / "images/street.jpg").unlink()
    shutil.copy(pictures / "new.jpg", stored / "images/street.jpg")

    (item,) = read(stored).intake.quarantine

    assert item.found == "the labels say 64x48, the picture 'street.jpg' is 20x20"


@pytest.mark.parametrize("folder", [False, True])
def test_a_picture_behind_a_link_out_of_the_dataset_is_refused(stored: Path, pictures: Path, folder: bool) -> None:
    if folder:
        shutil.rmtree(stored / "images/rooms")
        (stored / "images/rooms").symlink_to(pictures / "rooms")
    else:
        (stored / "images/street.jpg").unlink()
        (stored / "images/street.jpg").symlink_to(pictures / "street.jpg")

    with pytest.raises(UnsafePathError, match="link"):
        read(stored)


def test_a_folder_elsewhere_gives_pictures_and_nothing_else(stored: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/secret").write_text("password", "utf-8")
    images = dataclasses.replace(
        tiny().images,
        names=("secret", "b", "c", "d", "e", "f"),
        folder=np.zeros(6, np.int32),
        folders=(str(tmp_path / "home"),),
    )
    dataset = dataclasses.replace(tiny(), images=images)
    save(dataset, tmp_path / "out", "cvdata", settings=ConvertSettings(media="none"))

    assert load(tmp_path / "out").images.folder.tolist() == [-1] * 6


def test_pictures_of_other_versions_beside_are_no_finding(stored: Path, pictures: Path) -> None:
    shutil.copy(pictures / "new.jpg", stored / "images/of another version.jpg")

    assert read(stored).intake.findings == []


def test_the_state_of_pictures_comes_back(stored: Path) -> None:
    assert load(stored).images.state.tolist() == [State.LABELLED] * 3 + [State.EMPTY, State.UNLABELLED, State.LABELLED]
