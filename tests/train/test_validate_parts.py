"""Validation where the pictures come from several processes, or where there is little to judge."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cvdata.dataset import Annotations, Categories, Dataset, Images
from cvdata.models.batch import Found
from cvdata.models.spec import ModelSpec
from cvdata.train.data.part import Part
from cvdata.train.judge.validate import Validation

from .colour_finder import ColourFinder
from .shapes import CLASSES, draw_classes, draw_shapes

SIDE = 96


def spec(**more: Any) -> ModelSpec:
    return ModelSpec(**{"task": "detector", "architecture": "any", "classes": CLASSES, "size": (SIDE, SIDE)} | more)


def boxes(*rows: tuple[int, int, tuple[float, float, float, float]]) -> Dataset:
    """Return pictures 0 to 3 with boxes: picture, class, box."""
    table = Annotations(
        image=np.array([row[0] for row in rows], np.int32),
        category=np.array([row[1] for row in rows], np.int32),
        box=np.array([row[2] for row in rows], np.float64).reshape(-1, 4),
    )
    images = Images(
        names=("a.png", "b.png", "c.png", "d.png"),
        width=np.full(4, SIDE, np.int32),
        height=np.full(4, SIDE, np.int32),
        state=np.where(np.bincount(table.image, minlength=4) > 0, 2, 1).astype(np.uint8),
        split=np.full(4, -1, np.int32),
        folder=np.full(4, -1, np.int32),
    )
    return Dataset(images=images, annotations=table, categories=Categories(names=CLASSES))


def said(*rows: tuple[int, int, tuple[float, float, float, float], float]) -> Found:
    """Return detections in a batch: picture, class, box, score."""
    corners = [(x, y, x + w, y + h) for _, _, (x, y, w, h), _ in rows]
    return Found(
        owner=torch.tensor([row[0] for row in rows], dtype=torch.int64),
        box=torch.tensor(corners, dtype=torch.float32).reshape(-1, 4),
        label=torch.tensor([row[1] for row in rows], dtype=torch.int64),
        score=torch.tensor([row[3] for row in rows], dtype=torch.float32),
    )


def looked(part: Part, of: ModelSpec, rows: Sequence[int], batch: int = 3) -> Validation:
    """Return the validation of a process that saw these pictures, in this order."""
    from cvdata.models.letterbox import letterbox
    from cvdata.train.data.reading import read_picture

    validation, network = Validation(part, of), ColourFinder(of)
    validation.start()
    for first in range(0, len(rows), batch):
        chosen = list(rows[first : first + batch])
        pictures = np.stack([letterbox(read_picture(part, row), of.size) for row in chosen])
        with torch.inference_mode():
            found = network.found(torch.from_numpy(pictures).permute(0, 3, 1, 2))
        validation.add(found, torch.tensor(chosen))
    return validation


@pytest.mark.parametrize("task", ["detector", "masks", "classifier", "segmenter"])
def test_two_processes_together_see_what_one_sees(tmp_path: Path, task: str) -> None:
    draw = draw_classes if task == "classifier" else draw_shapes
    part = Part(draw(tmp_path, 10, SIDE, val=0))
    of = spec(task="detector", masks=True) if task == "masks" else spec(task=task)
    if task == "segmenter":
        of = spec(task=task, classes=("background", *CLASSES))
    whole = looked(part, of, range(10))
    even, odd = looked(part, of, [8, 0, 2, 4, 6]), looked(part, of, [1, 3, 5, 7, 9, 2])  # picture 2 came twice

    parts = [pickle.loads(pickle.dumps(one.parts())) for one in (odd, even)]

    expected = whole.metrics([whole.parts()])
    assert whole.metrics(parts) == expected
    assert 0 < (expected[whole.metric] or 0) <= 1


def test_a_new_epoch_forgets_the_one_before() -> None:
    validation = Validation(Part(boxes((0, 0, (10, 10, 40, 40)))), spec())
    validation.start()
    validation.add(said((0, 0, (10, 10, 40, 40), 0.9)), torch.arange(4))
    before = validation.metrics([validation.parts()])

    validation.start()
    validation.add(said(), torch.arange(4))

    assert before["AP"] == pytest.approx(1)
    assert validation.metrics([validation.parts()])["AP"] == 0.0


def test_a_network_that_finds_nothing_has_an_ap_of_0() -> None:
    validation = Validation(Part(boxes((0, 0, (10, 10, 40, 40)))), spec())

    validation.start()
    validation.add(said(), torch.arange(4))

    figures = validation.metrics([validation.parts()])
    assert (figures["AP"], figures["AP50"], figures["APs"]) == (0.0, 0.0, None)


@pytest.mark.parametrize("more", [{"masks": True}, {"keypoints": ("a", "b"), "flips": (0, 1)}])
def test_where_all_validation_pictures_have_boxes_alone_only_these_are_judged(more: dict[str, Any]) -> None:
    validation = Validation(Part(boxes((0, 0, (10, 10, 40, 40)))), spec(**more))

    validation.start()
    validation.add(said(), torch.arange(4))

    assert validation.metrics([validation.parts()]) == {"AP": None, "box_AP": 0.0, "box_AP50": 0.0}


def test_a_mask_without_a_pixel_is_wrong_where_its_box_is_right(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 4, SIDE, val=0)
    table = dataset.annotations
    x, y, w, h = table.box.T
    found = Found(
        owner=torch.from_numpy(table.image.astype(np.int64)),
        box=torch.from_numpy(np.stack([x, y, x + w, y + h], axis=1)),
        label=torch.from_numpy(table.category.astype(np.int64)),
        score=torch.full((len(table),), 0.9),
        mask=torch.full((len(table), SIDE, SIDE), 0.1),
    )
    validation = Validation(Part(dataset), spec(masks=True))

    validation.start()
    validation.add(found, torch.arange(4))

    figures = validation.metrics([validation.parts()])
    assert figures["AP"] == 0.0
    assert figures["box_AP"] == pytest.approx(1)


def test_pictures_without_objects_have_no_ap() -> None:
    validation = Validation(Part(boxes()), spec())

    validation.start()
    validation.add(said((1, 0, (10, 10, 40, 40), 0.9)), torch.arange(4))

    assert set(validation.metrics([validation.parts()]).values()) == {None}


def test_a_class_that_is_never_found_counts_as_missed() -> None:
    """A class only in validation is one that no network can find: here one of two."""
    dataset = boxes((0, 0, (10, 10, 40, 40)), (1, 1, (20, 20, 40, 40)))
    validation = Validation(Part(dataset), spec())

    validation.start()
    validation.add(said((0, 0, (10, 10, 40, 40), 0.9)), torch.arange(4))

    assert validation.metrics([validation.parts()])["AP"] == pytest.approx(0.5)


def test_detections_on_a_crowd_count_neither_way() -> None:
    dataset = boxes((0, 0, (10, 10, 30, 30)), (1, 0, (10, 10, 80, 80)))
    table = replace(dataset.annotations, crowd=np.array([False, True]))
    validation = Validation(Part(replace(dataset, annotations=table)), spec())

    validation.start()
    surer = (1, 0, (20.0, 20.0, 30.0, 30.0), 0.99)
    validation.add(said((0, 0, (10, 10, 30, 30), 0.9), surer), torch.arange(4))

    assert validation.metrics([validation.parts()])["AP"] == pytest.approx(1)


def test_a_classifier_without_a_labelled_picture_has_no_accuracy(tmp_path: Path) -> None:
    drawn = draw_classes(tmp_path, 4, 48, val=0)
    dataset = replace(drawn, annotations=drawn.annotations.take(np.zeros(0, np.int64)))
    validation = Validation(Part(dataset), spec(task="classifier"))

    validation.start()
    validation.add(Found(scores=torch.full((4, 3), 1 / 3)), torch.arange(4))

    assert validation.metrics([validation.parts()]) == {"accuracy": None}


def test_maps_of_void_alone_have_no_figures(tmp_path: Path) -> None:
    from PIL import Image

    from cvdata.train.source import PixelMaps

    Image.new("L", (SIDE, SIDE), 200).save(tmp_path / "void.png")  # 200 is the value of no class
    dataset = boxes()
    maps = PixelMaps(files=(str(tmp_path / "void.png"),) * 3 + (None,), values={0: 0, 1: 1, 2: 2})
    validation = Validation(Part(dataset, maps), spec(task="segmenter"))

    validation.start()
    validation.add(Found(pixels=torch.full((4, 3, SIDE, SIDE), 1 / 3)), torch.arange(4))

    figures = validation.metrics([validation.parts()])
    assert list(figures) == ["mIoU", "Dice", "pixel_accuracy", "mean_accuracy", "fwIoU"]
    assert set(figures.values()) == {None}
