"""Writing Pascal VOC: rounding, layout, attributes that come back, splits, names."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.dataset import Categories, Dataset, Ragged, State
from cvdata.engine import start
from cvdata.files import Account, Counts, Manifest, Staging
from cvdata.formats import Intake, Outlet
from cvdata.formats._voc_files import to_corners
from cvdata.formats._voc_origin import to_boxes
from cvdata.formats.voc import WriteOptions, carries, refuses, write

from ..compare import same, tree
from ..tiny import build
from .test_voc import codes, load

CARRIED = carries(WriteOptions())


def save(dataset: Dataset, target: Path, *, origin: str = "1", decimals: bool = False, workers: int = 1) -> Outlet:
    options = msgspec.convert({"origin": origin, "decimals": decimals}, WriteOptions)
    nothing = Account(Counts(), Counts(), Counts(), Counts())
    manifest = Manifest(command="t", format="voc", settings={}, account=nothing, losses=[], renamed={})
    with Staging(target) as staging, start(workers) as engine:
        outlet = Outlet(staging=staging, engine=engine)
        write(dataset, outlet, options)
        staging.commit(manifest, [])
    return outlet


def one(box: tuple[float, ...] = (4, 5, 20, 11), name: str = "cat", **row: Any) -> Dataset:
    return build(
        {"a.jpg": (64, 48)}, [{"image": "a.jpg", "category": name, "box": box, **row}], Categories(names=(name,))
    )


def test_a_file_has_the_layout_of_the_devkit(tmp_path: Path) -> None:
    save(one(truncated=1), tmp_path / "out")

    assert (tmp_path / "out/Annotations/a.xml").read_text() == (
        "<annotation>\n\t<folder>JPEGImages</folder>\n\t<filename>a.jpg</filename>\n"
        "\t<source>\n\t\t<database>cvdata</database>\n\t</source>\n"
        "\t<size>\n\t\t<width>64</width>\n\t\t<height>48</height>\n\t\t<depth>3</depth>\n\t</size>\n"
        "\t<segmented>0</segmented>\n"
        "\t<object>\n\t\t<name>cat</name>\n\t\t<pose>Unspecified</pose>\n"
        "\t\t<truncated>1</truncated>\n\t\t<difficult>0</difficult>\n"
        "\t\t<bndbox>\n\t\t\t<xmin>5</xmin>\n\t\t\t<ymin>6</ymin>\n\t\t\t<xmax>24</xmax>\n\t\t\t<ymax>16</ymax>\n\t\t</bndbox>\n"
        "\t</object>\n</annotation>\n"
    )


def test_halves_are_rounded_away_from_zero() -> None:
    box = np.array([[0.5, 1.5, 2, 2], [2.49, 3.51, 2, 2]])

    assert to_corners(box, 1, decimals=False).tolist() == [[2, 3, 3, 4], [3, 5, 4, 6]]


@pytest.mark.parametrize("origin", [0, 1])
def test_a_box_smaller_than_a_pixel_stays_one_inside_the_picture(origin: int) -> None:
    boxes = np.array([[99.6, 10.6, 0.4, 0.3], [0, 0, 0.2, 0.2]])
    corners = to_corners(boxes, origin, decimals=False)

    assert to_boxes(corners, origin).tolist() == [[99, 10, 1, 1], [0, 0, 1, 1]]


@pytest.mark.parametrize("origin", ["1", "0"])
@pytest.mark.parametrize("decimals", [False, True])
def test_what_is_written_is_read_without_being_told_the_origin(tmp_path: Path, origin: str, decimals: bool) -> None:
    dataset = one((4.25, 5, 20.5, 11))
    save(dataset, tmp_path / "out", origin=origin, decimals=decimals)

    same(load(tmp_path / "out"), dataset, CARRIED, 0 if decimals else 0.5)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(*[st.floats(0, 500)] * 2, *[st.floats(0.01, 500)] * 2), min_size=1, max_size=5),
    st.sampled_from([0, 1]),
)
def test_rounding_moves_no_edge_by_more_than_half_a_pixel(rows: list[tuple[float, ...]], origin: int) -> None:
    boxes = np.array(rows)
    back = to_boxes(to_corners(boxes, origin, decimals=False), origin)
    edges, read = (np.concatenate([b[:, :2], b[:, :2] + b[:, 2:]], axis=1) for b in (boxes, back))
    wide = np.tile(boxes[:, 2:] >= 1, 2)

    assert (np.abs(edges - read)[wide] <= 0.5 + 1e-9).all()
    assert (np.abs(edges - read) <= 1).all()
    assert (back[:, 2:] >= 1).all()


TEXT = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    [" a ", "\r\n", "&<>", "\x1b", "Unknown", "1"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
TREE = st.recursive(
    TEXT,
    lambda inner: st.dictionaries(st.sampled_from(["x", "y", "name", "size", "database", "b c"]), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(
    ["pose", "parts", "actions", "attributes", "voc", "segmented", "depth", "folder", "source", "owner"]
)
EXTRA = st.dictionaries(KEYS | st.sampled_from(["verified", "colour", " k "]), JSON | TREE, min_size=1, max_size=4)


@settings(max_examples=150)
@given(of_object=EXTRA, of_picture=EXTRA)
def test_any_attribute_comes_back(of_object: dict[str, Any], of_picture: dict[str, Any]) -> None:
    dataset = one(extra=of_object)
    extra = Ragged.texts([msgspec.json.encode(of_picture)])
    dataset = dataclasses.replace(dataset, images=dataclasses.replace(dataset.images, extra=extra))

    with TemporaryDirectory() as folder:
        outlet = save(dataset, Path(folder) / "out")
        back = load(Path(folder) / "out")

    assert outlet.notes == {}
    assert back.annotations.extra is not None
    assert back.images.extra is not None
    assert msgspec.json.decode(back.annotations.extra.to_bytes()[0]) == of_object
    assert msgspec.json.decode(back.images.extra.to_bytes()[0]) == of_picture


def test_parts_poses_and_actions_are_elements_that_other_tools_know(tmp_path: Path) -> None:
    extra = {"pose": "Left", "actions": {"jumping": 1}, "parts": [{"name": "head", "box": [5, 6, 4, 4]}]}
    save(one(extra=extra), tmp_path / "out")
    text = (tmp_path / "out/Annotations/a.xml").read_text()

    assert "<pose>Left</pose>" in text
    assert "<jumping>1</jumping>" in text
    assert "<name>head</name>\n\t\t\t<bndbox>\n\t\t\t\t<xmin>6</xmin>" in text
    assert "attributes" not in text


def test_an_attribute_whose_name_xml_cannot_hold_is_a_counted_loss(tmp_path: Path) -> None:
    outlet = save(one(extra={"a\x1bb": 1, "": 2, "c": 3}), tmp_path / "out")

    assert outlet.notes == {("attributes whose names XML cannot hold", "left out"): 2}


@pytest.mark.parametrize("name", [" cat ", "a <b>&amp;", "臉", "two\nlines", "\r", "]]>", "'\""])
def test_a_class_name_comes_back_letter_for_letter(tmp_path: Path, name: str) -> None:
    save(one(name=name), tmp_path / "out")

    assert load(tmp_path / "out").categories.names == (name,)


def test_class_names_that_xml_cannot_hold_stay_two_and_are_counted(tmp_path: Path) -> None:
    rows = [{"image": "a.jpg", "category": name, "box": [1, 1, 5, 5]} for name in ("a\x1b", "a\x1c")]
    dataset = build({"a.jpg": (64, 48)}, rows, Categories(names=("a\x1b", "a\x1c")))
    outlet = save(dataset, tmp_path / "out")

    assert load(tmp_path / "out").categories.names == ("a\ufffd", "a\ufffd-2")
    assert sum(outlet.notes.values()) == 2


def test_flags_that_are_not_set_stay_so(tmp_path: Path) -> None:
    rows = [{"image": "a.jpg", "category": "cat", "box": [1, 1, 5, 5], "occluded": flag} for flag in (1, 0, -1)]
    save(build({"a.jpg": (64, 48)}, rows, Categories(names=("cat",))), tmp_path / "out")
    table = load(tmp_path / "out").annotations

    assert table.occluded is not None
    assert table.occluded.tolist() == [1, 0, -1]
    assert table.truncated is None


def test_pictures_of_no_split_are_listed_so_that_reading_keeps_them(tmp_path: Path) -> None:
    sizes = dict.fromkeys(("a.jpg", "sub/b c.jpg", "d.jpg"), (64, 48))
    dataset = build(sizes, [], Categories(names=()), splits={"a.jpg": "train", "d.jpg": "val"})
    save(dataset, tmp_path / "out")
    lists = {name: data for name, data in tree(tmp_path / "out").items() if "ImageSets" in name}
    intake = Intake()
    back = load(tmp_path / "out", intake)

    assert lists == {
        "ImageSets/Main/train.txt": b"a\n",
        "ImageSets/Main/val.txt": b"d\n",
        "ImageSets/Main/trainval.txt": b"a\nd\n",
        "ImageSets/Main/unassigned.txt": b"sub/b c\n",
    }
    assert back.images.split.tolist() == [0, 1, -1]
    assert back.images.state.tolist() == [State.EMPTY] * 3
    assert codes(intake) == ["voc-origin"]


def test_no_lists_are_written_without_splits(tmp_path: Path) -> None:
    save(one(), tmp_path / "out")

    assert not (tmp_path / "out/ImageSets").exists()


def test_pictures_of_one_stem_get_files_of_their_own(tmp_path: Path) -> None:
    sizes = {"cat.jpg": (64, 48), "cat.png": (64, 48), "CAT.jpg": (64, 48)}
    outlet = save(build(sizes, [], Categories(names=())), tmp_path / "out")

    files = [path.name.lower() for path in (tmp_path / "out/Annotations").iterdir()]
    assert len(set(files)) == 3
    assert len(outlet.renamed) == 2


def test_a_picture_of_unknown_size_gets_no_size(tmp_path: Path) -> None:
    save(build({"a.jpg": (0, 0)}, [], Categories(names=())), tmp_path / "out")

    assert "<size>" not in (tmp_path / "out/Annotations/a.xml").read_text()
    assert load(tmp_path / "out").images.width.tolist() == [0]


def test_crowds_and_classes_of_whole_pictures_are_refused() -> None:
    rows: list[dict[str, Any]] = [
        {"image": "a.jpg", "category": "cat", "box": [1, 1, 5, 5], "crowd": True},
        {"image": "a.jpg", "category": "cat", "box": [np.nan] * 4},
        {"image": "a.jpg", "category": "cat", "box": [1, 1, 5, 5]},
    ]
    dataset = build({"a.jpg": (64, 48)}, rows, Categories(names=("cat",)))

    assert [refusal.rows.tolist() for refusal in refuses(dataset, WriteOptions())] == [
        [True, False, False],
        [False, True, False],
    ]


def test_two_workers_write_the_bytes_of_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sizes = {f"{at:03}.jpg": (640, 480) for at in range(60)}
    rows: list[dict[str, Any]] = [
        {"image": name, "category": "cat", "box": [*rng.uniform(0, 300, 2), *rng.uniform(2, 100, 2)], "extra": {"n": 1}}
        for name in sizes
    ]
    dataset = build(sizes, rows, Categories(names=("cat",)))
    for folder, workers in (("a", 1), ("b", 1), ("c", 2)):
        save(dataset, tmp_path / folder, workers=workers)

    assert tree(tmp_path / "a") == tree(tmp_path / "b") == tree(tmp_path / "c")
