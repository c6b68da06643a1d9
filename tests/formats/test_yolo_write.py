"""What the YOLO family writes, read again by cvdata and by the rules of the trainer that reads it."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cvdata.dataset import Categories
from cvdata.engine import start
from cvdata.files import Staging
from cvdata.formats import Intake, Outlet, format_of
from cvdata.formats._yolo_text import format_rows, yaml_value
from cvdata.formats._yolo_yaml import parse_yaml

from .yolo_folders import YAML, files, make, one_picture, read, trainer_reads, write

BOX = "0 0.500000 0.500000 0.250000 0.500000\n"
SET: dict[str, str | bytes | None] = {"train/a": BOX, "train/b": "", "val/c": "1 0.100000 0.200000 0.050000 0.100000\n"}


def test_a_second_export_writes_the_same_bytes(tmp_path: Path) -> None:
    dataset = read(make(tmp_path / "set", SET))

    write(dataset, tmp_path / "a")
    write(read(tmp_path / "a"), tmp_path / "b")

    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert files(tmp_path / "a")["labels/train/a.txt"] == BOX.encode()


def test_splits_states_and_rows_come_back(tmp_path: Path) -> None:
    labels = {**SET, "train/d": None, "night/e": BOX}
    dataset = read(make(tmp_path / "set", labels, YAML + "night: images/night\n"))

    write(dataset, tmp_path / "out")
    again = read(tmp_path / "out")

    assert again.images.names == dataset.images.names
    assert again.images.splits == dataset.images.splits == ("train", "val", "night")
    assert again.images.split.tolist() == dataset.images.split.tolist()
    assert again.images.state.tolist() == dataset.images.state.tolist()
    assert (tmp_path / "out/labels/train/d.txt").read_bytes() == b""
    assert (tmp_path / "out/unlabelled.txt").read_text() == "./images/train/d.jpg\n"
    assert (tmp_path / "out/labels/train/b.txt").read_bytes() == b""


def test_where_everybody_looked_there_is_no_list_of_unlabelled_pictures(tmp_path: Path) -> None:
    write(read(make(tmp_path / "set", SET)), tmp_path / "out")

    assert not (tmp_path / "out/unlabelled.txt").exists()


def test_a_split_called_valid_beside_val_is_read_back(tmp_path: Path) -> None:
    dataset = read(make(tmp_path / "set", {"train/a": BOX, "val/b": BOX}))
    odd = dataclasses.replace(dataset, images=dataclasses.replace(dataset.images, splits=("valid", "val")))

    write(odd, tmp_path / "out")

    again = read(tmp_path / "out").images
    assert sorted(again.splits[row] for row in again.split.tolist()) == ["val", "valid-split"]


def test_the_trainer_finds_every_picture_and_row(tmp_path: Path) -> None:
    write(read(make(tmp_path / "set", SET)), tmp_path / "out")

    assert trainer_reads(tmp_path / "out") == {
        "train": {"a.jpg": [[0, 0.5, 0.5, 0.25, 0.5]], "b.jpg": []},
        "val": {"c.jpg": [[1, 0.1, 0.2, 0.05, 0.1]]},
    }


def test_without_splits_train_and_val_are_the_same_and_it_says_so(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX}, "train: images/train\nval: images/train\nnames: [cat]\n")

    write(read(root), tmp_path / "out")

    text = (tmp_path / "out/data.yaml").read_text()
    assert text.startswith("# No split was made: train and val are the same pictures. `cvdata split` makes one.\n")
    assert set(trainer_reads(tmp_path / "out")) == {"train", "val"}
    assert read(tmp_path / "out").images.split.tolist() == [-1]
    assert (tmp_path / "out/images/a.jpg").is_file()


@pytest.mark.parametrize("splits", [("train",), ("val",), ("train", "test"), ("test",), ("day", "night")])
def test_a_split_that_trainers_ask_for_is_stood_in_for_and_does_not_come_back(
    splits: tuple[str, ...], tmp_path: Path
) -> None:
    yaml_text = "".join(f"{split}: images/{split}\n" for split in splits)
    root = make(tmp_path / "set", {f"{split}/{split}": BOX for split in splits}, yaml_text + "names: [cat]\n")

    write(read(root), tmp_path / "out")

    assert {"train", "val"} <= set(trainer_reads(tmp_path / "out"))
    intake = Intake()
    again = read(tmp_path / "out", intake)
    assert again.images.splits == splits
    assert intake.findings == []


def test_pictures_in_no_split_come_back_as_such(tmp_path: Path) -> None:
    dataset = read(make(tmp_path / "set", SET))
    images = dataclasses.replace(dataset.images, split=np.array([0, -1, 1], np.int32))

    write(dataclasses.replace(dataset, images=images), tmp_path / "out")
    again = read(tmp_path / "out")

    split = dict(zip(again.images.names, again.images.split.tolist(), strict=True))
    assert split == {"a.jpg": 0, "b.jpg": -1, "c.jpg": 1}
    assert (tmp_path / "out/images/unassigned/b.jpg").is_file()


def test_a_split_in_front_of_a_name_is_not_written_twice(tmp_path: Path) -> None:
    dataset = read(make(tmp_path / "set", {"train/a": BOX, "val/a": BOX}))
    assert dataset.images.names == ("train/a.jpg", "val/a.jpg")

    outlet = write(dataset, tmp_path / "out")

    assert (tmp_path / "out/images/train/a.jpg").is_file()
    assert read(tmp_path / "out").images.names == dataset.images.names
    assert outlet.renamed == {}


def test_two_pictures_of_one_stem_get_a_label_file_each(tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": BOX, "val/b": BOX})
    (root / "images/train/a.jpeg").write_bytes((root / "images/train/a.jpg").read_bytes())

    outlet = write(read(root), tmp_path / "out")

    assert list(outlet.renamed) == ["a.jpg"]
    intake = Intake()
    assert len(read(tmp_path / "out", intake).annotations) == 3
    assert intake.findings == []


def test_a_name_with_an_images_folder_in_it_keeps_its_labels(tmp_path: Path) -> None:
    dataset = read(make(tmp_path / "set", {"train/a": BOX, "val/b": BOX}))
    images = dataclasses.replace(
        dataset.images, names=("x/images/a.jpg", "b.jpg"), files=("images/train/a.jpg", "images/val/b.jpg")
    )

    write(dataclasses.replace(dataset, images=images), tmp_path / "out")

    assert len(trainer_reads(tmp_path / "out")["train"]["x/images/a.jpg"]) == 1
    assert len(read(tmp_path / "out").annotations) == 2


NASTY = [
    "<script>alert(1)</script>", "=cmd|'/c calc'!A0", "a\x1b[2Jb", "line\nbreak", "yes", "no", "null", "012", "1e3",
    "- x", "a: b", "#c", "{x}", "'q\"", " lead", "trail ", "[/bold]", "\u202egpj.exe", "%s%n", "$(id)", "../../x",
    "CON", "\u732b", "\U0001f431", "\x85\u2028\ufeff\u00a0", "back\\slash", "~", "true", "0x1F", "1_000", "12:30:45",
]  # fmt: skip


def test_nasty_class_names_come_back_exactly_here_and_in_yaml_1_1(tmp_path: Path) -> None:
    dataset = read(make(tmp_path / "set", SET))
    dataset = dataclasses.replace(dataset, categories=Categories(names=tuple(NASTY)))

    write(dataset, tmp_path / "out")

    text = (tmp_path / "out/data.yaml").read_text(encoding="utf-8")
    assert list(read(tmp_path / "out").categories.names) == NASTY
    assert yaml.safe_load(text)["names"] == dict(enumerate(NASTY))
    assert all(char.isprintable() or char == "\n" for char in text)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_quoted_so_that_every_yaml_reader_gives_it_back(text: str) -> None:
    assert yaml.safe_load(f"x: {yaml_value(text)}\n") == {"x": text}
    assert parse_yaml(f"x: {yaml_value(text)}\n", "x") == {"x": text}


def test_other_keys_are_written_again(tmp_path: Path) -> None:
    extra = "license: CC BY 4.0\nroboflow: {version: 3, url: 'https://x', tags: [a, yes]}\ndownload: 'import os'\n"

    write(read(make(tmp_path / "set", SET, YAML + extra)), tmp_path / "out")

    data = yaml.safe_load((tmp_path / "out/data.yaml").read_text())
    assert data["license"] == "CC BY 4.0"
    assert data["roboflow"] == {"version": 3, "url": "https://x", "tags": ["a", "yes"]}
    assert "download" not in data


def test_media_none_writes_labels_alone(tmp_path: Path) -> None:
    dataset = read(make(tmp_path / "set", SET))
    with Staging(tmp_path / "out") as staging:
        chosen = format_of("yolo")
        chosen.write(dataset, Outlet(staging=staging, media="none"), chosen.WriteOptions())
        written = sorted(files(Path(staging.path)))

    assert written == ["data.yaml", "labels/train/a.txt", "labels/train/b.txt", "labels/val/c.txt"]


def test_the_number_of_workers_changes_no_byte(tmp_path: Path) -> None:
    labels: dict[str, str | bytes | None] = {f"train/{row:03d}": BOX * (row % 5) for row in range(60)}
    dataset = read(make(tmp_path / "set", {**labels, "val/z": BOX}))
    chosen = format_of("yolo")
    written = []
    for workers in (1, 2):
        with start(workers) as engine, Staging(tmp_path / f"out{workers}") as staging:
            chosen.write(dataset, Outlet(staging=staging, engine=engine, media="copy"), chosen.WriteOptions())
            written.append(files(Path(staging.path)))

    assert written[0] == written[1]
    assert len(written[0]) == 61 + 61 + 1


@given(
    st.lists(st.tuples(st.integers(0, 1234), st.lists(st.integers(0, 1_000_000), min_size=4, max_size=4)), max_size=20)
)
def test_rows_of_six_decimals_are_formatted_as_python_would(rows: list[tuple[int, list[int]]]) -> None:
    category = np.array([label for label, _ in rows], np.int32)
    values = np.array([value / 1e6 for _, four in rows for value in four], np.float64)

    text, offsets = format_rows(category, values, np.full(len(rows), 4), 6)

    expected = ["".join([str(c), *(f" {v / 1e6:.6f}" for v in four), "\n"]) for c, four in rows]
    assert text.decode() == "".join(expected)
    assert [text[a:b].decode() for a, b in pairwise(offsets)] == expected


@given(st.floats(-0.99, 2), st.integers(6, 12))
def test_any_number_of_decimals_is_the_nearest(value: float, decimals: int) -> None:
    text, _ = format_rows(np.zeros(1, np.int32), np.array([value]), np.array([1]), decimals)

    assert len(text) == 1 + 3 + decimals + 1
    assert abs(float(text.split()[1]) - value) <= 0.5000001 * 10.0**-decimals


def test_a_box_a_hair_outside_prints_no_minus_sign(tmp_path: Path) -> None:
    dataset = one_picture(tmp_path / "in", category=[0, 0], box=[[-1e-5, -1e-5, 1e-5, 1e-5], [0, 0, 64.0001, 48.0001]])

    write(dataset, tmp_path / "out")

    assert (tmp_path / "out/labels/a.txt").read_text() == (
        "0 0.000000 0.000000 0.000000 0.000000\n0 0.500001 0.500001 1.000000 1.000000\n"
    )


@given(st.lists(st.tuples(*[st.integers(1, 499_999)] * 4), min_size=1, max_size=8), st.integers(1, 5000))
def test_rows_survive_the_way_to_pixels_and_back(rows: list[tuple[int, ...]], side: int) -> None:
    from cvdata.formats._yolo_batch import box_fractions
    from cvdata.formats._yolo_pixels import boxes_in_pixels

    fractions = np.array(rows, np.float64) / 1e6
    size = np.full((len(rows), 2), float(side))

    back = box_fractions(boxes_in_pixels(fractions, size), size)

    assert np.rint(back * 1e6).astype(int).tolist() == [list(row) for row in rows]
