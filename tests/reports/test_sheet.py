"""Contact sheets: every picture on it, also those that are not there, at any number of workers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvdata.dataset import Categories, Dataset
from cvdata.engine import start
from cvdata.errors import UsageError
from cvdata.reports.choice import choose
from cvdata.reports.palette import class_colour, rgb
from cvdata.reports.sheet import assemble, contact_sheet, encode
from cvdata.reports.spread import spread

from ..tiny import build, draw_pictures, tiny


@pytest.fixture
def pets(tmp_path: Path) -> Dataset:
    """Return the tiny dataset with its pictures."""
    return tiny(draw_pictures(tmp_path / "pictures"))


def has(sheet: Image.Image, colour: str, least: int = 50) -> bool:
    return int((np.asarray(sheet) == rgb(colour)).all(axis=2).sum()) >= least


def test_a_sheet_is_the_same_at_any_number_of_workers(pets: Dataset) -> None:
    rows = np.arange(6)

    alone = encode(contact_sheet(pets, rows, title="pets"))
    with start(3) as engine:
        together = encode(contact_sheet(pets, rows, title="pets", engine=engine))

    assert alone == together


def test_the_order_of_the_rows_is_the_order_of_the_sheet(pets: Dataset) -> None:
    forward = np.asarray(contact_sheet(pets, np.array([0, 4]), title="t", columns=2, tile=100))
    backward = np.asarray(contact_sheet(pets, np.array([4, 0]), title="t", columns=2, tile=100))

    first, second = slice(24, 124), slice(140, 240)
    top = slice(120, 160)
    assert (forward[top, first] == backward[top, second]).mean() > 0.9
    assert not (forward[top, first] == forward[top, second]).all()


def test_captions_of_others_stand_below_the_pictures_in_their_order(pets: Dataset) -> None:
    rows = np.array([1, 0])
    usual = contact_sheet(pets, rows, title="Pets", columns=1, tile=120)
    counts = ["2 labels", "train · 5 labels"]

    same = contact_sheet(pets, rows, title="Pets", columns=1, tile=120, captions=counts)
    turned = contact_sheet(pets, rows, title="Pets", columns=1, tile=120, captions=counts[::-1])

    assert same.tobytes() == usual.tobytes()
    assert turned.tobytes() != usual.tobytes()


def test_a_sheet_of_no_picture_is_its_title() -> None:
    sheet = contact_sheet(build({}, [], Categories(names=())), np.arange(0), title="nothing")

    assert sheet.height < 150


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_a_sheet_of_any_number_of_pictures_is_about_as_wide_as_a_screen(tmp_path: Path, count: int) -> None:
    sizes = {f"{n}.png": (40 + n, 30) for n in range(count)}
    dataset = build(sizes, [], Categories(names=()), folder=tmp_path)
    draw_pictures(tmp_path, dataset)

    assert 500 < contact_sheet(dataset, np.arange(count), title="t").width < 2300


def test_the_legend_has_the_classes_that_are_drawn_and_no_others(pets: Dataset) -> None:
    everything = contact_sheet(pets, np.arange(6), title="t", names=False)
    dogs = contact_sheet(pets, np.arange(6), title="t", names=False, classes=[1])

    legend = (0, 0, 1000, 110)
    assert has(everything.crop(legend), class_colour(0))
    assert has(dogs.crop(legend), class_colour(1))
    assert not has(dogs.crop(legend), class_colour(0))


def test_a_missing_and_a_broken_picture_are_grey_tiles_with_their_labels(pets: Dataset, tmp_path: Path) -> None:
    broken = tmp_path / "pictures/street.jpg"
    broken.write_bytes(broken.read_bytes()[:300])
    (tmp_path / "pictures/turned.jpg").unlink()

    sheet = contact_sheet(pets, np.array([0, 2]), title="t", tile=300)

    assert has(sheet, "#e3e5e8", 10_000)
    assert has(sheet, class_colour(1), 20)


def test_a_picture_whose_place_is_unknown_is_a_grey_tile() -> None:
    assert has(contact_sheet(tiny(), np.array([0]), title="t"), "#e3e5e8", 10_000)


def test_a_picture_turned_by_its_exif_is_shown_upright(pets: Dataset) -> None:
    sheet = contact_sheet(pets, np.array([2]), title="t", tile=100)

    tile = np.asarray(sheet.crop((24, 100, 124, 230)))
    tall, wide = np.nonzero((tile != 255).any(axis=2))
    assert np.ptp(tall) > np.ptp(wide)


def test_names_on_the_sheet_are_harmless(tmp_path: Path) -> None:
    dataset = build({"a.png": (40, 30)}, [], Categories(names=()), folder=tmp_path)
    draw_pictures(tmp_path, dataset)

    assert contact_sheet(dataset, np.arange(1), title="\x1b[31m\u202e\x00").width > 0


def test_tiles_of_other_makers_are_put_on_a_sheet() -> None:
    tiles = [Image.new("RGB", (100, 50), (255, 0, 0)), Image.new("RGB", (50, 80), (0, 0, 255))]

    sheet = assemble(tiles, [("a", "1"), ("b", "2")], title="t", legend=[("removed", "#00ff00")], columns=2, tile=100)

    assert has(sheet, "#ff0000", 5000)
    assert has(sheet, "#0000ff", 4000)
    assert has(sheet, "#00ff00", 100)


def test_a_long_legend_ends_with_the_number_of_the_rest() -> None:
    many = [(f"class {n}", class_colour(n)) for n in range(1200)]

    sheet = assemble([], [], title="t", legend=many, columns=4, tile=300)

    assert sheet.height < 400


def test_a_sheet_is_encoded_as_png_and_jpeg(pets: Dataset) -> None:
    sheet = contact_sheet(pets, np.array([0]), title="t", tile=100)

    assert Image.open(io.BytesIO(encode(sheet))).format == "PNG"
    assert Image.open(io.BytesIO(encode(sheet, "jpeg"))).format == "JPEG"


def many_pictures() -> Dataset:
    """Return 60 pictures: 50 cats and 5 dogs in train, 3 cats and a bird in val, an empty one."""
    classes = ["cat"] * 50 + ["dog"] * 5 + ["cat"] * 3 + ["bird"]
    names = [f"{n:02}.png" for n in range(60)]
    rows = [{"image": name, "category": c, "box": [1, 1, 5, 5]} for name, c in zip(names, classes, strict=False)]
    splits = {name: "train" if n < 55 else "val" for n, name in enumerate(names)}
    return build(dict.fromkeys(names, (10, 10)), rows, Categories(names=("cat", "dog", "bird")), splits=splits)


def test_a_spread_sees_every_class_and_split_first() -> None:
    dataset = many_pictures()

    rows = spread(dataset, 5, np.random.default_rng(0))

    held = dataset.annotations.category[np.isin(dataset.annotations.image, rows)]
    assert sorted(set(held.tolist())) == [0, 1, 2]
    assert sorted(set(dataset.images.split[rows].tolist())) == [0, 1]
    assert 59 in rows


def test_another_seed_shows_other_pictures_and_the_same_seed_the_same() -> None:
    dataset = many_pictures()
    chosen = [spread(dataset, 10, np.random.default_rng(seed)).tolist() for seed in (0, 0, 1)]

    assert chosen[0] == chosen[1]
    assert chosen[0] != chosen[2]


@pytest.mark.parametrize("limit", [1, 7, 59, 60, 100])
def test_a_spread_has_as_many_pictures_as_asked_for_each_once(limit: int) -> None:
    rows = spread(many_pictures(), limit, np.random.default_rng(0)).tolist()

    assert len(rows) == min(limit, 60)
    assert rows == sorted(set(rows))


def test_a_spread_stays_among_the_pictures_given() -> None:
    among = np.array([3, 4, 50, 51, 58])

    assert set(spread(many_pictures(), 3, np.random.default_rng(0), among=among).tolist()) <= set(among.tolist())


def test_pictures_are_chosen_by_class_split_and_name() -> None:
    dataset = many_pictures()

    assert choose(dataset, classes=["dog"]).tolist() == [50, 51, 52, 53, 54]
    assert choose(dataset, classes=["cat"], splits=["val"]).tolist() == [55, 56, 57]
    assert choose(dataset, pictures=["1?.png", "05.png"]).tolist() == [5, *range(10, 20)]
    assert len(choose(dataset)) == 60


def test_a_picture_is_found_without_its_folder_and_with_brackets_in_its_name() -> None:
    dataset = build({"a/b/x.png": (9, 9), "x[1].png": (9, 9)}, [], Categories(names=()))

    assert choose(dataset, pictures=["x.png"]).tolist() == [0]
    assert choose(dataset, pictures=["b/*"]).tolist() == [0]
    assert choose(dataset, pictures=["x[1].png"]).tolist() == [1]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"classes": ["cst"]}, "there is no class 'cst'\n  hint: did you mean 'cat'?"),
        ({"classes": ["CAT"]}, "there is no class 'CAT'\n  hint: did you mean 'cat'?"),
        ({"splits": ["test"]}, "there is no split 'test'\n  hint: there are: train, val"),
        ({"pictures": ["007.png"]}, "there is no picture '007.png'\n  hint: names are such as 00.png, 01.png, 02.png"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(asked: dict[str, list[str]], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose(many_pictures(), **asked)

    assert str(caught.value) == message
