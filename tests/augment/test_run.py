from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cvdata.augment.recipe import load_recipe
from cvdata.augment.run import make
from cvdata.augment.settings import AugmentSettings, ClassChange
from cvdata.augment.work import encode_picture
from cvdata.convert import read
from cvdata.dataset import Dataset, Facts, Ragged, State
from cvdata.dataset.copies import Copies, lineage_of
from cvdata.engine import Silent, start
from cvdata.errors import AugmentError, CvdataError, UsageError
from cvdata.images.decode import decode
from tests.augment.runs import NAMES, augment, contents, made, source
from tests.compare import tree
from tests.ingestion import draw


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return read(source(tmp_path / "src", NAMES)).dataset


def test_copies_stand_behind_the_pictures_and_know_their_parents(dataset: Dataset, tmp_path: Path) -> None:
    with made(dataset, tmp_path / "out", copies=2, seed=7) as done:
        images = done.dataset.images

        assert images.names[4:6] == ("a.aug1.jpg", "a.aug2.jpg")
        assert images.names[8:10] == ("c/d é.aug1.png", "c/d é.aug2.png")
        assert images.names[10:] == ("e.aug1.JPG", "e.aug2.JPG")
        assert images.group is not None
        assert images.group.tolist() == [0, 1, 2, 3, 0, 0, 1, 1, 2, 2, 3, 3]
        said = lineage_of(images)[5]
        assert {key: said[key] for key in ("parent", "made", "recipe", "seed")} == {
            "parent": "a.jpg",
            "made": "aug",
            "recipe": "light",
            "seed": 7,
        }
        assert isinstance(said["transforms"], list)
        assert done.made == {str(tmp_path / ".out.cvdata-made")}
        assert (done.added.images, done.part.copies, done.part.parents) == (8, 8, 4)
        assert decode(images.file(5) or "").shape == (32, 48, 3)

    assert [path.name for path in tmp_path.iterdir()] == ["src"]


def test_the_old_pictures_and_annotations_stay_as_they_are(dataset: Dataset, tmp_path: Path) -> None:
    with made(dataset, tmp_path / "out") as done:
        assert done.dataset.images.names[:4] == NAMES
        assert done.dataset.annotations.box[:8].tolist() == dataset.annotations.box.tolist()
        assert done.dataset.annotations.source_id is not None
        assert list(done.dataset.annotations.source_id[:9]) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_makes_the_same_bytes(tmp_path: Path, workers: int) -> None:
    origin = source(tmp_path / "src", [f"{n}.jpg" for n in range(40)])

    augment(origin, tmp_path / "one/out", copies=2, mosaic=0.3, mixup=0.3)
    augment(origin, tmp_path / "more/out", copies=2, mosaic=0.3, mixup=0.3, workers=workers)

    assert len(tree(tmp_path / "one")) > 120
    assert tree(tmp_path / "one") == tree(tmp_path / "more")


def test_another_seed_makes_other_pictures(dataset: Dataset) -> None:
    first, second = contents(dataset, seed=1), contents(dataset, seed=2)

    assert first.keys() == second.keys()
    assert all(first[name] != second[name] for name in first)


def test_copies_of_one_picture_differ(dataset: Dataset) -> None:
    assert len(set(contents(dataset, copies=3).values())) == 12


def test_pictures_that_are_added_change_no_other_copy(tmp_path: Path) -> None:
    names = [f"{n}.jpg" for n in range(20)]
    few = contents(read(source(tmp_path / "src", names)).dataset)
    many = contents(read(source(tmp_path / "src", ["00.jpg", *names, "x.jpg"])).dataset)

    assert many.keys() - few.keys() == {"00.aug1.jpg", "x.aug1.jpg"}
    assert {name: many[name] for name in few} == few


def test_a_picture_that_is_added_changes_the_partners_of_few(tmp_path: Path) -> None:
    names = [f"{n}.jpg" for n in range(60)]
    few = contents(read(source(tmp_path / "src", names)).dataset, mosaic=1.0)
    many = contents(read(source(tmp_path / "src", [*names, "x.jpg"])).dataset, mosaic=1.0)

    changed = [name for name in few if few[name] != many[name]]

    assert 0 < len(changed) <= 12  # each of 180 draws moves to the new picture with a chance of one in 61


def test_a_mosaic_names_its_other_parents_and_joins_their_groups(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"])).dataset
    with made(dataset, tmp_path / "out", mosaic=1.0, only_classes=("a",)) as done:
        said = lineage_of(done.dataset.images)[5]
        group = done.dataset.images.group
        assert group is not None
        partners = [done.dataset.images.names.index(name) for name in said["others"]]

        assert "mosaic" in said
        assert done.part.mosaics == 5
        assert 0 not in partners
        assert {int(group[row]) for row in partners} == {int(group[0])} == {int(group[5])}


def test_partners_are_of_the_same_split(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", [f"{n}.jpg" for n in range(12)])).dataset
    split = np.array([0, 1] * 6, np.int32)
    dataset = replace(dataset, images=replace(dataset.images, split=split, splits=("train", "val")))

    with made(dataset, tmp_path / "out", mixup=1.0, copies=4) as done:
        others = {name for said in lineage_of(done.dataset.images).values() for name in said["others"]}

    assert done.part.mixups == 24
    assert others <= {"0.jpg", "2.jpg", "4.jpg", "6.jpg", "8.jpg", "10.jpg"}


def test_a_picture_alone_has_no_partners(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", ["a.jpg"])).dataset

    with made(dataset, tmp_path / "out", mosaic=1.0, mixup=1.0) as done:
        assert (done.part.copies, done.part.mosaics, done.part.mixups) == (1, 0, 0)


def test_a_picture_that_cannot_be_read_is_put_aside_and_the_run_goes_on(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "src/images/b.jpg"
    path.write_bytes(path.read_bytes()[:-200])

    with made(dataset, tmp_path / "out") as done:
        assert [(item.file, item.images) for item in done.quarantine] == [("b.aug1.jpg", 0)]
        assert done.quarantine[0].found == "it could not be made of 'b.jpg': the picture is cut off"
        assert done.dataset.images.names[4:] == ("a.aug1.jpg", "c/d é.aug1.png", "e.aug1.JPG")
        assert (done.part.copies, done.part.failed) == (3, 1)


def test_a_partner_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", ["a.jpg", "b.jpg"])).dataset
    (tmp_path / "src/images/b.jpg").write_bytes(b"no picture")

    with made(dataset, tmp_path / "out", mixup=1.0) as done:
        assert done.quarantine[0].found.startswith("it could not be made of 'a.jpg': 'b.jpg': the picture is not a")


def test_a_picture_of_another_size_than_its_labels_say_is_put_aside(dataset: Dataset, tmp_path: Path) -> None:
    draw(tmp_path / "src/images/a.jpg", 1, (24, 16))

    with made(dataset, tmp_path / "out") as done:
        assert done.quarantine[0].found == (
            "it could not be made of 'a.jpg': the picture is 24x16, and its labels are of one of 48x32"
        )


def test_a_turned_photo_becomes_an_upright_copy(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    draw(tmp_path / "src/images/a.jpg", 1, (32, 48), exif=exif)  # 48x32 as shown
    dataset = read(source(tmp_path / "src", ["a.jpg"])).dataset

    with made(dataset, tmp_path / "out") as done:
        with Image.open(done.dataset.images.file(1) or "") as image:
            assert (image.size, dict(image.getexif())) == ((48, 32), {})
        assert done.dataset.images.width.tolist() == [48, 48]


@pytest.mark.parametrize(
    ("name", "options", "new", "kind"),
    [
        ("a.jpg", {}, "a.aug1.jpg", "JPEG"),
        ("a.png", {}, "a.aug1.png", "PNG"),
        ("a.bmp", {}, "a.aug1.png", "PNG"),
        ("a.tif", {}, "a.aug1.png", "PNG"),
        ("a.webp", {"lossless": True}, "a.aug1.webp", "WEBP"),
        ("a.webp", {"quality": 80}, "a.aug1.webp", "WEBP"),
    ],
)
def test_a_file_without_loss_stays_one(tmp_path: Path, name: str, options: Any, new: str, kind: str) -> None:
    draw(tmp_path / "src/images" / name, 1, **options)
    dataset = read(source(tmp_path / "src", [name])).dataset

    with made(dataset, tmp_path / "out") as done:
        data = Path(done.dataset.images.file(1) or "").read_bytes()
        assert done.dataset.images.names[1] == new
        assert Image.open(io.BytesIO(data)).format == kind
        assert (b"VP8L" in data) == ("lossless" in options)


def test_two_pictures_whose_copies_would_have_one_name_keep_both(tmp_path: Path) -> None:
    dataset = read(source(tmp_path / "src", ["a.bmp", "a.png"])).dataset

    with made(dataset, tmp_path / "out") as done:
        assert done.dataset.images.names[2:] == ("a.aug1.png", "a.aug2.png")


def test_quality_is_of_the_new_files(dataset: Dataset) -> None:
    fine, coarse = contents(dataset, quality=100)["a.aug1.jpg"], contents(dataset, quality=20)["a.aug1.jpg"]

    assert len(coarse) < len(fine)


def test_remnants_get_no_label_and_are_counted(tmp_path: Path) -> None:
    origin = source(tmp_path / "src", [f"{n}.jpg" for n in range(30)], boxes=[[0, 0, 3, 30], [20, 10, 10, 10]])

    with made(read(origin).dataset, tmp_path / "out", recipe=str(tmp_path / "src/recipe.yaml")) as done:
        objects = Counter(done.dataset.annotations.category.tolist())
        assert done.part.dropped == 120 - sum(objects.values())
        assert 0 < done.part.dropped < 20
        assert done.part.classes == [
            ClassChange("a", 30, objects[0], 30, objects[0]),
            ClassChange("b", 30, objects[1], 30, objects[1]),
        ]
        assert not np.isnan(done.dataset.annotations.box).any()


def test_a_copy_that_shows_no_object_any_more_is_a_background(tmp_path: Path) -> None:
    origin = source(tmp_path / "src", ["a.jpg"], boxes=[[0, 0, 1, 1]])
    recipe = tmp_path / "away.yaml"
    recipe.write_text("transform: [{__class_fullname__: Crop, x_min: 20, y_min: 8, x_max: 40, y_max: 24, p: 1.0}]")

    with made(read(origin).dataset, tmp_path / "out", recipe=str(recipe)) as done:
        assert done.dataset.images.state.tolist() == [State.LABELLED, State.EMPTY]
        assert (int(done.dataset.images.width[1]), int(done.dataset.images.height[1])) == (20, 16)


def test_facts_of_copies_are_not_those_of_their_parents(dataset: Dataset, tmp_path: Path) -> None:
    facts = replace(Facts.none(4), size=np.array([5, 6, 7, 8]))
    dataset = replace(dataset, images=replace(dataset.images, facts=facts))

    with made(dataset, tmp_path / "out") as done:
        assert done.dataset.images.facts is not None
        assert done.dataset.images.facts.size.tolist() == [5, 6, 7, 8, -1, -1, -1, -1]


def test_nothing_to_make_leaves_the_dataset_and_the_disk_alone(dataset: Dataset, tmp_path: Path) -> None:
    none = Copies.times(np.zeros(4, np.int64))
    with (
        start(1) as engine,
        make(
            dataset, none, AugmentSettings(), recipe=None, target=tmp_path / "out", engine=engine, progress=Silent()
        ) as done,
    ):
        assert done.dataset is dataset
        assert (done.made, done.added.images) == (frozenset(), 0)
        assert [path.name for path in tmp_path.iterdir()] == ["src"]


def test_pictures_labelled_as_a_whole_take_no_mosaic(dataset: Dataset, tmp_path: Path) -> None:
    whole = replace(dataset, annotations=replace(dataset.annotations, box=np.full((8, 4), np.nan)))

    with (
        pytest.raises(UsageError, match="mosaic puts pictures with boxes together"),
        made(whole, tmp_path / "o", mosaic=0.5),
    ):
        pass
    with made(whole, tmp_path / "out") as done:
        assert done.added.annotations == 8


def test_objects_are_pasted_without_a_recipe(dataset: Dataset, tmp_path: Path) -> None:
    copies = Copies(np.array([0, 1]), np.array([1, 1]), Ragged.of([[2, 5], [0]], np.int64))
    with (
        start(1) as engine,
        make(
            dataset,
            copies,
            AugmentSettings(),
            recipe=None,
            word="paste",
            target=tmp_path / "out",
            engine=engine,
            progress=Silent(),
        ) as done,
    ):
        said = lineage_of(done.dataset.images)
        assert done.dataset.images.names[4:] == ("a.paste1.jpg", "b.paste1.jpg")
        assert [said[row]["others"] for row in (4, 5)] == [["b.jpg", "c/d é.png"], ["a.jpg"]]
        assert done.part.pasted + done.part.unplaced == 3
        assert done.added.annotations == 4 + done.part.pasted
        assert done.part.recipe is None


def test_a_transform_that_fails_on_a_picture_is_named(dataset: Dataset, tmp_path: Path) -> None:
    recipe = tmp_path / "crop.yaml"
    recipe.write_text("transform: [{__class_fullname__: RandomCrop, height: 40, width: 40, p: 1.0}]")

    with made(dataset, tmp_path / "out", recipe=str(recipe)) as done:
        assert done.part.failed == 4
        assert "RandomCrop" in done.quarantine[0].found


def test_a_recipe_that_tears_objects_apart_is_refused_before_anything_is_made(dataset: Dataset, tmp_path: Path) -> None:
    recipe = tmp_path / "tear.yaml"
    recipe.write_text("transform: [{__class_fullname__: RandomGridShuffle, p: 1.0}]")

    with pytest.raises(CvdataError), made(dataset, tmp_path / "out", recipe=str(recipe)):
        pass
    assert not (tmp_path / ".out.cvdata-journal").exists()


@pytest.mark.parametrize(("suffix", "kind"), [(".jpg", "JPEG"), (".webp", "WEBP")])
def test_a_picture_too_large_for_its_kind_of_file_is_refused_with_its_size(suffix: str, kind: str) -> None:
    with pytest.raises(AugmentError, match=f"a picture of 70,000x1 cannot be written as {kind}"):
        encode_picture(np.zeros((1, 70_000, 3), np.uint8), suffix, 95)


def test_a_picture_that_nobody_has_labelled_has_copies_of_its_kind(dataset: Dataset, tmp_path: Path) -> None:
    bare = replace(
        dataset,
        images=replace(dataset.images, state=np.array([State.UNLABELLED, State.EMPTY, 0, 0], np.uint8)),
        annotations=dataset.annotations.take(np.arange(0)),
    )
    with (
        start(1) as engine,
        make(
            bare,
            Copies(np.array([0, 1]), np.array([1, 1])),
            AugmentSettings(),
            recipe=load_recipe("light"),
            target=tmp_path / "out",
            engine=engine,
            progress=Silent(),
        ) as done,
    ):
        assert done.dataset.images.state[4:].tolist() == [State.UNLABELLED, State.EMPTY]
