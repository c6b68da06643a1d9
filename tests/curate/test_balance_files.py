"""Weights, lists of files and plots."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from cvdata.curate.balance.files import list_file, plot_file, weights_file
from cvdata.dataset import Dataset
from cvdata.errors import CvdataError

from .balanced import CLASSES, of_words, planned

REPO = Path(__file__).resolve().parents[2]


def renamed(dataset: Dataset, *names: str) -> Dataset:
    return replace(dataset, images=replace(dataset.images, names=names))


def test_weights_are_a_row_per_training_picture_and_keep_the_fraction() -> None:
    dataset = of_words(["a", "a", "a", "b", "a"], ["train", "train", "train", "train", "val"])
    chosen = planned(dataset, "repeat-factor", threshold=0.5, output="weights")

    table = weights_file(dataset, chosen, ".csv").decode()

    assert table == ("image,weight\r\n000.png,1.0\r\n001.png,1.0\r\n002.png,1.0\r\n003.png,1.4142135623730951\r\n")


def test_weights_as_json_are_what_their_schema_says() -> None:
    dataset = of_words(["a", "a", "b"])

    report = json.loads(weights_file(dataset, planned(dataset, "oversample", output="weights"), ".json"))

    schema = json.loads((REPO / "schemas/sampling-weights.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    assert report["weights"] == {"000.png": 1.0, "001.png": 1.0, "002.png": 2.0}


def test_a_name_that_starts_a_formula_is_no_formula_in_the_table() -> None:
    dataset = renamed(of_words(["a", "b"]), "=1+1.png", "ü.png")

    data = weights_file(dataset, planned(dataset, "oversample", output="weights"), ".csv")

    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [row["image"] for row in rows] == ["'=1+1.png", "ü.png"]


def test_pictures_that_are_left_out_have_no_weight_and_are_on_no_list(tmp_path: Path) -> None:
    dataset = of_words(["a"] * 4 + ["b"], folder=tmp_path)
    chosen = planned(dataset, "undersample", target=1, output="weights")

    rows = weights_file(dataset, chosen, ".csv").decode().splitlines()[1:]

    assert sorted(row.partition(",")[2] for row in rows) == ["0.0", "0.0", "0.0", "1.0", "1.0"]
    assert len(list_file(dataset, chosen).splitlines()) == 2


def test_a_list_has_the_path_of_each_picture_as_often_as_it_is_drawn(tmp_path: Path) -> None:
    dataset = of_words(["a", "a", "b", "b"], ["train", "train", "train", "val"], folder=tmp_path)

    lines = list_file(dataset, planned(dataset, "oversample", output="list")).decode().splitlines()

    assert lines == [f"{tmp_path}/{name}" for name in ("000.png", "001.png", "002.png", "002.png")]


@pytest.mark.parametrize("name", ["a\nb.png", "a\x85b.png", "a.png "])
def test_a_path_that_a_list_cannot_hold_is_refused(name: str, tmp_path: Path) -> None:
    dataset = renamed(of_words(["a"], folder=tmp_path), name)

    with pytest.raises(CvdataError, match="a list of files cannot hold it"):
        list_file(dataset, planned(dataset, "oversample", output="list"))


def test_a_picture_that_was_not_found_is_on_no_list() -> None:
    dataset = of_words(["a"])

    with pytest.raises(CvdataError, match=r"the picture '000\.png' was not found"):
        list_file(dataset, planned(dataset, "oversample", output="list"))


# --- plots


def test_the_page_names_every_class_and_can_do_no_harm() -> None:
    dataset = of_words(["a"] * 5 + ["b", "<script>"[0]], classes=("ant", "bee", "<script>alert(1)</script>"))

    page = plot_file(planned(dataset, "oversample", limit=3).part, "pets", ".html").decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "1 object in 1 picture, each used up to 3 times" in page
    assert "goal 5" in page


def test_the_drawing_says_the_numbers_and_stands_alone() -> None:
    drawing = plot_file(planned(of_words(["a"] * 12 + ["b"]), "oversample").part, "pets", ".svg").decode()

    assert drawing.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert ">1 → 10</text>" in drawing
    assert "style" not in drawing


def test_what_is_reachable_is_in_the_key_only_where_it_is_drawn() -> None:
    beyond, within = of_words(["a", "a", "b"]), of_words(["a"] * 12 + ["ab"])

    drawings = [plot_file(planned(one, "oversample").part, "pets", ".svg").decode() for one in (beyond, within)]

    assert [">reachable<" in drawing for drawing in drawings] == [False, True]


def test_the_picture_is_as_large_as_its_classes_need() -> None:
    few, many = (planned(of_words(["a", "b"], classes=CLASSES[:n]), "oversample").part for n in (2, 4))

    sizes = [Image.open(io.BytesIO(plot_file(part, "pets", ".png"))).size for part in (few, many)]

    assert sizes[0][0] == sizes[1][0]
    assert sizes[1][1] - sizes[0][1] == 2 * 68


def test_a_long_tail_is_drawn_by_logarithm_and_its_middle_left_out() -> None:
    names = tuple(f"{chr(0x4E00 + n)}" for n in range(60))
    words = [names[0] * 5] * 60 + list(names[1:])

    drawing = plot_file(planned(of_words(words, classes=names), "repeat-factor").part, "pets", ".svg").decode()

    assert "objects, logarithmic" in drawing
    assert "10 classes between the largest and the rarest, or without objects, are not drawn" in drawing


def test_of_very_many_classes_those_that_are_absent_are_not_drawn() -> None:
    classes = [*CLASSES, *(f"none {number}" for number in range(60))]
    chosen = planned(of_words(["aab", "c", "d"], classes=classes), "oversample")

    drawing = plot_file(chosen.part, "pets", ".svg").decode()

    assert [name for name in classes if f">{name}<" in drawing] == list(CLASSES)
    assert "60 classes between the largest and the rarest, or without objects, are not drawn" in drawing


def test_the_same_plan_makes_the_same_bytes() -> None:
    dataset = of_words(["a"] * 5 + ["b"])

    for suffix in (".png", ".svg", ".html"):
        first, second = (plot_file(planned(dataset, "oversample").part, "pets", suffix) for _ in range(2))
        assert first == second


def test_a_dataset_of_no_object_can_be_drawn() -> None:
    part = planned(of_words(["", ""]), "oversample").part

    assert np.asarray(Image.open(io.BytesIO(plot_file(part, "pets", ".png")))).size
