"""What every format keeps, unasked: a new file in `cvdata/formats` is tested here without a line of its own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cvdata.convert import ConvertSettings, convert, read, save
from cvdata.dataset import Annotations, Categories, Dataset
from cvdata.errors import CvdataError
from cvdata.formats import FEATURES, detect, format_names, format_of

from ..compare import expected_of, same, tree
from ..tiny import draw_pictures, tiny

pytestmark = pytest.mark.parametrize("name", format_names())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def dataset(pictures: Path) -> Dataset:
    """The tiny dataset, with a class for each picture where nothing else fits the format."""
    return tiny(pictures)


def fitting(dataset: Dataset, name: str) -> Dataset:
    """Return the dataset as the format can hold it; in class folders a labelled picture gets its class in its name."""
    module = format_of(name)
    kept = expected_of(dataset, module, module.WriteOptions())
    if name != "imagefolder":
        return kept
    labels = dict(zip(kept.annotations.image.tolist(), kept.annotations.category.tolist(), strict=True))
    names = [
        f"{kept.categories.names[labels[row]]}/{old}" if row in labels else old
        for row, old in enumerate(kept.images.names)
    ]
    return dataclasses.replace(kept, images=dataclasses.replace(kept.images, names=tuple(names)))


def test_a_summary_a_precision_and_known_features(name: str) -> None:
    module = format_of(name)

    assert module.SUMMARY
    assert module.PRECISION >= 0
    assert module.carries(module.WriteOptions()) <= set(FEATURES)


def test_unknown_options_are_refused(name: str) -> None:
    module = format_of(name)

    for kind in (module.ReadOptions, module.WriteOptions):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"no such option": 1}, kind)


def test_what_is_carried_comes_back(name: str, dataset: Dataset, tmp_path: Path) -> None:
    module = format_of(name)
    if name == "imagefolder":
        dataset = image_labels(dataset)

    report = save(dataset, tmp_path / "out", name)
    back = read(tmp_path / "out", name, sidecar="none")

    assert back.intake.quarantine == []
    assert report.written.annotations == len(expected_of(dataset, module, module.WriteOptions()).annotations)
    same(back.dataset, fitting(dataset, name), module.carries(module.WriteOptions()), module.PRECISION)


def test_a_second_round_trip_changes_nothing(name: str, dataset: Dataset, tmp_path: Path) -> None:
    if name == "imagefolder":
        dataset = image_labels(dataset)
    save(dataset, tmp_path / "a", name)

    convert(tmp_path / "a", tmp_path / "b", name, source_format=name)
    convert(tmp_path / "b", tmp_path / "c", name, source_format=name)

    assert labels(tmp_path / "b") == labels(tmp_path / "c")


def test_writing_twice_gives_the_same_bytes_at_any_number_of_workers(
    name: str, dataset: Dataset, tmp_path: Path
) -> None:
    for folder, workers in (("a", 1), ("b", 1), ("c", 2)):
        save(dataset, tmp_path / folder, name, settings=ConvertSettings(workers=workers))

    assert tree(tmp_path / "a") == tree(tmp_path / "b") == tree(tmp_path / "c")


def test_reading_gives_the_same_dataset_at_any_number_of_workers(name: str, dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", name)

    one, two = (read(tmp_path / "out", name, workers=workers).dataset for workers in (1, 2))

    assert one.images.names == two.images.names
    np.testing.assert_array_equal(one.annotations.box, two.annotations.box)


def test_the_format_of_an_output_is_detected(name: str, dataset: Dataset, tmp_path: Path) -> None:
    save(image_labels(dataset) if name == "imagefolder" else dataset, tmp_path / "out", name)

    assert detect(tmp_path / "out") == name


def test_reading_changes_nothing(name: str, dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", name)
    before = tree(tmp_path / "out")

    read(tmp_path / "out", name)

    assert tree(tmp_path / "out") == before


def test_a_dataset_without_annotations_is_written(name: str, dataset: Dataset, tmp_path: Path) -> None:
    bare = dataclasses.replace(
        dataset,
        annotations=Annotations(image=np.zeros(0, np.int32), category=np.zeros(0, np.int32), box=np.zeros((0, 4))),
        categories=Categories(names=("cat",)),
    )

    report = save(bare, tmp_path / "out", name)

    assert report.written.images == len(dataset.images)


@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"{", b"<annotation>", b"\xff\xfe", b"- a\n- b\n"])
@pytest.mark.parametrize("file", ["data.yaml", "a.xml", "a.json", "obj.data"])
def test_rubbish_gets_a_message(name: str, tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / file).write_bytes(content)

    try:
        reading = read(tmp_path / "in", name)
    except CvdataError as error:
        assert str(error)
    else:
        assert reading.intake.quarantine


def image_labels(dataset: Dataset) -> Dataset:
    """Return the dataset with one class for each labelled picture and no boxes."""
    rows = dataset.offsets[:-1][np.diff(dataset.offsets) > 0]
    box = np.full((len(rows), 4), np.nan)
    table = dataset.annotations
    plain = Categories(names=("cat", "dog", "unused", "person"))  # names that a folder can have
    annotations = Annotations(image=table.image[rows], category=table.category[rows], box=box)
    return dataclasses.replace(dataset, annotations=annotations, categories=plain)


def labels(folder: Path) -> dict[str, bytes]:
    """Return the files of an output without those that say what it was made from."""
    files = tree(folder)
    return {n: data for n, data in files.items() if not n.startswith(".cvdata/") and not n.endswith("/version.json")}
