from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.errors import CvdataError, FormatError, IdentityError, UsageError
from cvdata.files import Account, Counts, Manifest, Staging
from cvdata.formats import Intake, Outlet, imagefolder

SHARED = Path(__file__).parents[3] / "shared/data"
NOTHING = Counts()


def save(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), "red").save(path)
    return root


def read(path: Path) -> tuple[Dataset, Intake]:
    intake = Intake()
    return imagefolder.read(path, imagefolder.ReadOptions(), intake), intake


def write(dataset: Dataset, target: Path, media: str = "link") -> Outlet:
    with Staging(target) as staging:
        outlet = Outlet(staging=staging, media=media)  # type: ignore[arg-type]
        imagefolder.write(dataset, outlet, imagefolder.WriteOptions())
        account = Account(NOTHING, NOTHING, NOTHING, NOTHING)
        manifest = Manifest(command="", format="", settings={}, account=account, losses=[], renamed={})
        staging.commit(manifest, [])
    return outlet


def labels(dataset: Dataset) -> list[tuple[str, str | None, str | None]]:
    """Return name, split and class of every picture."""
    images, found = dataset.images, []
    for row, name in enumerate(images.names):
        split = images.splits[images.split[row]] if images.split[row] >= 0 else None
        rows = range(dataset.offsets[row], dataset.offsets[row + 1])
        classes = [dataset.categories.names[dataset.annotations.category[r]] for r in rows] or [None]
        found += [(name, split, at) for at in classes]
    return found


def files(root: Path) -> list[str]:
    names = (str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())
    return sorted(name for name in names if not name.startswith(".cvdata"))


def made(tmp_path: Path, rows: list[tuple[str, int, list[int]]], classes: list[str], splits: list[str]) -> Dataset:
    """Build a dataset from (name, split, classes) of each picture; the pictures lie in a flat folder."""
    folder = tmp_path / "source"
    save(folder, *(f"{i}.png" for i in range(len(rows))))
    pairs = [(row, at) for row, (_, _, chosen) in enumerate(rows) for at in chosen]
    images = Images(
        names=tuple(name for name, _, _ in rows),
        width=np.full(len(rows), 8, np.int32),
        height=np.full(len(rows), 6, np.int32),
        state=np.array([State.LABELLED if chosen else State.UNLABELLED for _, _, chosen in rows], np.uint8),
        split=np.array([split for _, split, _ in rows], np.int32),
        splits=tuple(splits),
        folder=np.zeros(len(rows), np.int32),
        folders=(str(folder),),
        files=tuple(f"{i}.png" for i in range(len(rows))),
    )
    image, category = (np.array([pair[i] for pair in pairs], np.int32) for i in (0, 1))
    annotations = Annotations(image=image, category=category, box=np.full((len(pairs), 4), np.nan))
    return Dataset(images=images, annotations=annotations, categories=Categories(names=tuple(classes)))


def test_each_folder_is_a_class_and_empty_ones_stay(tmp_path: Path) -> None:
    save(tmp_path, "dog/1.png", "cat/1.png", "cat/deep/2.png")
    (tmp_path / "ant").mkdir()

    dataset, intake = read(tmp_path)

    assert dataset.categories.names == ("ant", "cat", "dog")
    assert labels(dataset) == [
        ("cat/1.png", None, "cat"),
        ("cat/deep/2.png", None, "cat"),
        ("dog/1.png", None, "dog"),
    ]
    assert np.isnan(dataset.annotations.box).all()
    assert intake.read == Counts(3, 3)


def test_splits_lie_above_the_classes(tmp_path: Path) -> None:
    save(tmp_path, "valid/cat/2.png", "train/cat/1.png", "train/dog/3.png")

    dataset, _ = read(tmp_path)

    assert dataset.images.splits == ("train", "valid")
    assert dataset.categories.names == ("cat", "dog")
    assert sorted(labels(dataset)) == [
        ("cat/1.png", "train", "cat"),
        ("cat/2.png", "valid", "cat"),
        ("dog/3.png", "train", "dog"),
    ]


def test_the_same_name_in_two_splits_stays_two_pictures(tmp_path: Path) -> None:
    save(tmp_path / "a", "train/cat/1.png", "val/cat/1.png")

    dataset, _ = read(tmp_path / "a")
    write(dataset, tmp_path / "b")

    assert dataset.images.names == ("train/cat/1.png", "val/cat/1.png")
    assert files(tmp_path / "b") == ["train/cat/1.png", "val/cat/1.png"]


def test_a_picture_outside_every_class_is_not_labelled(tmp_path: Path) -> None:
    save(tmp_path, "cat/1.png", "2.png")

    dataset, intake = read(tmp_path)

    assert labels(dataset) == [("2.png", None, None), ("cat/1.png", None, "cat")]
    assert dataset.images.state.tolist() == [State.UNLABELLED, State.LABELLED]
    assert [f.count for f in intake.findings if f.code == "picture-outside-classes"] == [1]


def test_a_class_may_be_called_test(tmp_path: Path) -> None:
    save(tmp_path, "test/1.png", "cat/1.png")

    dataset, _ = read(tmp_path)

    assert dataset.categories.names == ("cat", "test")
    assert dataset.images.splits == ()


def test_what_is_unclear_is_refused(tmp_path: Path) -> None:
    mixed = save(tmp_path / "mixed", "train/cat/1.png", "more/1.png")
    flat = save(tmp_path / "flat", "1.png")
    pairs = save(tmp_path / "pairs", "train/1.png", "val/1.png")

    with pytest.raises(FormatError, match="'more' lies beside the split folder 'train'"):
        read(mixed)
    for folder in (flat, pairs):
        with pytest.raises(FormatError, match="there is no folder of a class"):
            read(folder)


def test_the_class_of_a_name_is_not_said_twice(tmp_path: Path) -> None:
    rows = [("cat/1.png", 0, [0]), ("2.png", 0, [0]), ("dog/3.png", 0, [0]), ("train/cat/4.png", 0, [0])]

    write(made(tmp_path, rows, ["cat", "dog"], ["train"]), tmp_path / "out")

    assert files(tmp_path / "out") == ["train/cat/1.png", "train/cat/2.png", "train/cat/4.png", "train/cat/dog/3.png"]
    assert (tmp_path / "out/train/dog").is_dir()


def test_two_pictures_that_would_get_one_name_stay_two(tmp_path: Path) -> None:
    dataset = made(
        tmp_path, [("cat/1.png", -1, [0]), ("1.png", -1, [0]), ("a/b.png", -1, []), ("a__b.png", -1, [])], ["cat"], []
    )

    outlet = write(dataset, tmp_path / "out")

    assert len(files(tmp_path / "out")) == 4
    assert sorted(outlet.renamed) == ["1.png", "a__b.png"]
    assert set(outlet.renamed.values()) < set(files(tmp_path / "out"))


def test_several_classes_of_one_picture_are_counted_and_placed_in_each(tmp_path: Path) -> None:
    dataset = made(tmp_path, [("1.png", -1, [0, 1, 1]), ("2.png", -1, [1])], ["cat", "dog"], [])

    outlet = write(dataset, tmp_path / "out")

    assert files(tmp_path / "out") == ["cat/1.png", "dog/1.png", "dog/2.png"]
    assert {what: count for (what, _), count in outlet.notes.items()} == {
        "annotations of a class that the picture has already": 1,
        "pictures of several classes": 1,
    }


def test_plain_classes_need_no_map(tmp_path: Path) -> None:
    dataset = made(tmp_path, [("1.png", 0, [0]), ("2.png", 1, [1])], ["cat", "dog"], ["train", "val"])

    write(dataset, tmp_path / "out")

    assert files(tmp_path / "out") == ["train/cat/1.png", "val/dog/2.png"]


def test_the_order_of_the_classes_survives(tmp_path: Path) -> None:
    write(made(tmp_path, [("1.png", -1, [0])], ["zebra", "ant"], []), tmp_path / "out")

    assert read(tmp_path / "out")[0].categories.names == ("zebra", "ant")
    assert json.loads((tmp_path / "out/classes.json").read_text())["classes"] == {"zebra": "zebra", "ant": "ant"}


NASTY = [
    "../../x",
    "CON",
    "a/b",
    "a\\b",
    "a_b",
    "end.",
    "Cat",
    "cat",
    "test",
    ".hidden",
    "classes.json",
    "ü\n",
    "x" * 400,
    " ",
]


def test_class_names_that_no_folder_can_have_come_back(tmp_path: Path) -> None:
    rows = [(f"{i}.png", i % 3 - 1, [i]) for i in range(len(NASTY))] + [("b/loose.png", -1, []), ("c.png", 1, [])]
    dataset = made(tmp_path, rows, NASTY, ["train", "fold/2"])

    write(dataset, tmp_path / "out")
    again, _ = read(tmp_path / "out")

    assert again.categories.names == dataset.categories.names
    assert again.images.splits == ("train", "fold/2")
    found = {(Path(name).name, split, at) for name, split, at in labels(again)}
    assert found == {(name.replace("/", "__"), split, at) for name, split, at in labels(dataset)}
    assert all(p.resolve().is_relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*"))


names = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8), min_size=1, max_size=4, unique=True
)


@given(classes=names, splits=st.one_of(st.just([]), names), data=st.data())
@settings(max_examples=40)
def test_a_second_reading_equals_the_first(classes: list[str], splits: list[str], data: st.DataObject) -> None:
    split = st.integers(-1, len(splits) - 1)
    chosen = st.lists(st.integers(0, len(classes) - 1), max_size=1)
    kinds = data.draw(st.lists(st.tuples(split, chosen), min_size=1, max_size=4))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = made(folder, [(f"{i}.png", s, c) for i, (s, c) in enumerate(kinds)], classes, splits)

        write(dataset, folder / "a")
        first, _ = read(folder / "a")
        outlet = write(first, folder / "b")
        second, _ = read(folder / "b")

        assert {(Path(n).name, s, c) for n, s, c in labels(first)} == set(labels(dataset))
        assert first.categories.names == tuple(classes)
        assert labels(second) == labels(first)
        assert second.categories.names == first.categories.names and second.images.splits == first.images.splits
        assert files(folder / "a") == files(folder / "b")
        assert outlet.notes == {} and outlet.renamed == {}


@pytest.mark.parametrize(
    "text",
    [
        '{"schema": "cvdata/imagefolder/1"',
        '{"schema": "cvdata/imagefolder/1", "classes": {"cat": 1}, "splits": {}}',
        '{"schema": "cvdata/imagefolder/1", "classes": {"cat": "x", "dog": "x"}, "splits": {}}',
        '{"schema": "cvdata/imagefolder/1", "classes": {"../cat": "x"}, "splits": {}}',
        '{"schema": "cvdata/imagefolder/1", "classes": {}, "splits": {}, "more": 1}',
        '{"schema": "cvdata/imagefolder/1", "classes": {"a/b": "x"}, "splits": {}}',
        "[" * 100_000,
    ],
)
def test_a_map_that_makes_no_sense_is_an_error(text: str, tmp_path: Path) -> None:
    save(tmp_path, "cat/1.png", "dog/1.png")
    (tmp_path / "classes.json").write_text(text)

    with pytest.raises(CvdataError, match=r"classes\.json"):
        read(tmp_path)
    assert imagefolder.looks_like(tmp_path).score == 0


def test_a_folder_beside_the_map_is_a_new_class_and_a_foreign_map_is_passed_over(tmp_path: Path) -> None:
    save(tmp_path, "cat/1.png", "dog/1.png")
    (tmp_path / "classes.json").write_text('["cat", "dog"]')
    assert read(tmp_path)[0].categories.names == ("cat", "dog")

    (tmp_path / "classes.json").write_text(
        '{"schema": "cvdata/imagefolder/1", "classes": {"dog": "a dog"}, "splits": {}}'
    )
    assert read(tmp_path)[0].categories.names == ("a dog", "cat")

    (tmp_path / "classes.json").write_text(
        '{"schema": "cvdata/imagefolder/1", "classes": {"dog": "cat"}, "splits": {}}'
    )
    with pytest.raises(IdentityError, match="gives to another"):
        read(tmp_path)


def test_a_dataset_without_its_pictures_cannot_be_written(tmp_path: Path) -> None:
    dataset = made(tmp_path, [("1.png", -1, [0])], ["cat"], [])
    images = dataclasses.replace(dataset.images, folder=np.full(1, -1, np.int32))

    with pytest.raises(UsageError, match=r"1 of 1 are not there, such as '1\.png'"):
        write(dataclasses.replace(dataset, images=images), tmp_path / "a")
    with pytest.raises(UsageError, match="--media none"):
        write(dataset, tmp_path / "b", media="none")


def test_only_folders_of_classes_look_like_it(tmp_path: Path) -> None:
    def score(name: str, *pictures: str) -> int:
        return imagefolder.looks_like(save(tmp_path / name, *pictures)).score

    assert score("flat", "cat/1.png", "dog/1.png") == 30
    assert score("splits", "train/cat/1.png", "train/dog/1.png", "test/cat/1.png") == 30
    assert score("loose", "cat/1.png", "dog/1.png", "2.png") == 20
    assert score("one", "cat/1.png") == 0
    assert score("plain", "1.png") == 0
    assert score("yolo", "images/train/1.png", "labels/train/1.png") == 0
    assert score("roboflow", "train/images/1.png", "train/labels/1.png", "valid/images/1.png") == 0
    assert score("voc", "JPEGImages/1.png", "SegmentationClass/1.png", "Other/1.png") == 0
    assert score("masks", "train/1.png", "val/1.png") == 0
    assert score("unet", "image/1.png", "label/1.png") == 0
    (save(tmp_path / "labelled", "a/1.png", "b/1.png") / "a/1.xml").write_text("<annotation/>")
    assert score("labelled") == 0
    assert imagefolder.looks_like(tmp_path / "missing").score == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is missing")
@pytest.mark.parametrize(
    ("name", "classes", "splits", "count", "labelled"),
    [
        ("clothing_cls", 10, ("train", "test"), 392, 392),
        ("datumaro_assets/tests/assets/imagenet_dataset", 2, (), 4, 3),
        ("datumaro_assets/tests/assets/imagenet_subsets_dataset", 2, ("train", "val", "test"), 12, 9),
    ],
)
def test_real_folders_are_read_and_written_back_as_they_were(
    name: str, classes: int, splits: tuple[str, ...], count: int, labelled: int, tmp_path: Path
) -> None:
    dataset, intake = read(SHARED / name)

    outlet = write(dataset, tmp_path / "out")
    again, _ = read(tmp_path / "out")

    assert (len(dataset.categories), dataset.images.splits) == (classes, splits)
    assert (intake.read, intake.quarantine) == (Counts(count, labelled), [])
    assert labels(again) == labels(dataset)
    assert outlet.notes == {} and outlet.renamed == {}
    pictures = [file for file in files(SHARED / name) if not file.endswith("LICENSE")]
    assert files(tmp_path / "out") == pictures
    assert imagefolder.looks_like(SHARED / name).score >= 20


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is missing")
def test_real_datasets_of_other_formats_are_not_taken_for_it() -> None:
    others = ["bccd_voc", "bolt_yolo_seg", "dali_coco", "dhcn_semseg", "unet_membrane", "rice_pest_yolo"]
    others.append("datumaro_assets/tests/assets/image_dir_dataset")

    assert {name: imagefolder.looks_like(SHARED / name).score for name in others} == dict.fromkeys(others, 0)
