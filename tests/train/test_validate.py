"""The figures of each epoch are those that `cvdata.evaluate` gives for the same pictures from files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from cvdata.dataset import Annotations, Dataset, Images
from cvdata.dataset.rle import compress, from_mask
from cvdata.dataset.select import keep_annotations
from cvdata.evaluate.pixels import evaluate_pixels
from cvdata.evaluate.run import evaluate
from cvdata.evaluate.settings import EvalSettings
from cvdata.formats.results import read_results
from cvdata.formats.score_table import read_scores
from cvdata.models.batch import Found
from cvdata.models.spec import ModelSpec
from cvdata.train.data.part import Part
from cvdata.train.judge.validate import Validation
from cvdata.train.source import PixelMaps

from .shapes import CLASSES, draw_classes, draw_maps, draw_shapes

SIDE, SMALL = 96, 64  # pictures are 96 pixels wide, networks see 64


def spec(**more: Any) -> ModelSpec:
    return ModelSpec(**{"task": "detector", "architecture": "any", "classes": CLASSES, "size": (SMALL, SMALL)} | more)


def truth(folder: Path, images: int = 10) -> Dataset:
    return draw_shapes(folder, images, SIDE, val=0)


class Guesses:
    """Detections that are nearly right: moved, sometimes of another class, sometimes missing; some are nowhere."""

    def __init__(self, dataset: Dataset, *, seed: int = 1) -> None:
        rng, table = np.random.default_rng(seed), dataset.annotations
        rows = np.sort(np.flatnonzero(np.append(rng.random(len(table)) < 0.9, [True] * 3)))
        image = np.append(table.image, [0, 4, 4])[rows].astype(np.int64)
        box = np.concatenate([table.box, [[5, 5, 20, 20]] * 3])[rows] + rng.normal(0, 1.5, (len(rows), 4))
        label = np.append(table.category, [0, 1, 2])[rows].astype(np.int64)
        label = np.where(rng.random(len(rows)) < 0.2, (label + 1) % 3, label)
        order = np.argsort(image, kind="stable")
        self.image, self.label = image[order], label[order]
        self.box = np.clip(box, 1, 90)[order]  # x, y, width, height in pixels of the picture, inside it
        self.box[:, 2:] = np.minimum(self.box[:, 2:], SIDE - self.box[:, :2])
        self.score = rng.permutation(len(rows)) / len(rows) * 0.9 + 0.05

    def found(self, first: int, last: int, scale: float, **more: NDArray[np.float64]) -> Found:
        rows = (self.image >= first) & (self.image < last)
        corners = np.concatenate([self.box[:, :2], self.box[:, :2] + self.box[:, 2:]], axis=1) * scale
        return Found(
            owner=torch.tensor(self.image[rows] - first),
            box=torch.tensor(corners[rows], dtype=torch.float32),
            label=torch.tensor(self.label[rows]),
            score=torch.tensor(self.score[rows], dtype=torch.float32),
            **{name: torch.tensor(column[rows], dtype=torch.float32) for name, column in more.items()},
        )

    def results(self, dataset: Dataset, *more: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"image_id": dataset.images.names[i], "category_id": label + 1, "bbox": box, "score": float(np.float32(s))}
            | (more[row] if more else {})
            for row, (i, label, box, s) in enumerate(
                zip(self.image.tolist(), self.label.tolist(), self.box.tolist(), self.score.tolist(), strict=True)
            )
        ]


def feed(validation: Validation, found: Callable[[int, int], Found], images: int, batch: int = 4) -> None:
    validation.start()
    for first in range(0, images, batch):
        last = min(first + batch, images)
        validation.add(found(first, last), torch.arange(first, last))


def figures_from(rows: list[dict[str, Any]], dataset: Dataset, path: Path, kind: Any) -> dict[str, float | None]:
    path.write_text(json.dumps(rows), "utf-8")
    report = evaluate(dataset, read_results(path, dataset), EvalSettings(kind=kind, details=False)).report
    return {name: number.value for name, number in report.metrics.items()}


def close(figures: dict[str, float | None], expected: dict[str, float | None], names: list[str]) -> None:
    for name in names:
        assert figures[name] == (None if expected[name] is None else pytest.approx(expected[name], abs=1e-6)), name


def test_a_detector_has_the_figures_of_its_results_in_a_file(tmp_path: Path) -> None:
    dataset = truth(tmp_path / "pictures")
    guesses, validation = Guesses(dataset), Validation(Part(dataset), spec())

    feed(validation, lambda a, b: guesses.found(a, b, SMALL / SIDE), 10)
    figures = validation.metrics([validation.parts()])

    expected = figures_from(guesses.results(dataset), dataset, tmp_path / "found.json", "boxes")
    assert validation.metric == "AP"
    assert list(figures) == ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"]
    close(figures, expected, list(figures))
    assert 0.1 < (figures["AP"] or 0) < 0.9  # neither all right nor all wrong, which says little
    assert figures["APl"] is None


def test_masks_have_the_figures_of_masks_and_of_their_boxes(tmp_path: Path) -> None:
    dataset = truth(tmp_path / "pictures")
    guesses = Guesses(dataset)
    masks = np.zeros((len(guesses.image), SIDE, SIDE), np.bool_)
    for mask, (x, y, w, h) in zip(masks, guesses.box.round().astype(int).tolist(), strict=True):
        mask[y : y + h, x : x + w] = True
    codes = [compress_one(mask) for mask in masks]
    rows = guesses.results(dataset, *({"segmentation": {"size": [SIDE, SIDE], "counts": code}} for code in codes))
    validation = Validation(Part(dataset), spec(masks=True, size=(SIDE, SIDE)))

    feed(validation, lambda a, b: guesses.found(a, b, 1.0, mask=masks.astype(np.float64)), 10)
    figures = validation.metrics([validation.parts()])

    close(figures, figures_from(rows, dataset, tmp_path / "m.json", "masks"), ["AP", "AP50", "AP75", "AR100"])
    boxes = figures_from(rows, dataset, tmp_path / "b.json", "boxes")
    assert figures["box_AP"] == pytest.approx(boxes["AP"], abs=1e-6)
    assert figures["box_AP50"] == pytest.approx(boxes["AP50"], abs=1e-6)
    assert figures["AP"] != figures["box_AP"]


def compress_one(mask: NDArray[np.bool_]) -> str:
    from cvdata.dataset import Ragged

    return compress(Ragged.of([from_mask(mask).tolist()], np.uint32))[0].decode("ascii")


def test_keypoints_have_the_figures_of_keypoints(tmp_path: Path) -> None:
    dataset = truth(tmp_path / "pictures")
    guesses = Guesses(dataset)
    x, y, w, h = guesses.box.T
    points = np.stack([x + w / 2, y, x, y + h, x + w, y + h], axis=1).reshape(-1, 3, 2)
    flat = np.concatenate([points, np.full((len(points), 3, 1), 2.0)], axis=2)
    rows = guesses.results(dataset, *({"keypoints": row.ravel().tolist()} for row in flat))
    scaled = np.concatenate([points * SMALL / SIDE, np.full((len(points), 3, 1), 0.9)], axis=2)
    validation = Validation(Part(dataset), spec(keypoints=("top", "left", "right"), flips=(0, 2, 1)))

    feed(validation, lambda a, b: guesses.found(a, b, SMALL / SIDE, keypoint=scaled), 10)
    figures = validation.metrics([validation.parts()])

    close(figures, figures_from(rows, dataset, tmp_path / "k.json", "keypoints"), ["AP", "AP50", "AP75", "AR"])
    assert list(figures)[-2:] == ["box_AP", "box_AP50"]


def scores_of(rows: int, classes: int, seed: int = 0) -> NDArray[np.float64]:
    values = np.random.default_rng(seed).random((rows, classes)).astype(np.float32).astype(np.float64)
    values[3] = values[3, 0]  # all equally sure: the first class counts
    return values


def write_scores(path: Path, dataset: Dataset, scores: NDArray[np.float64]) -> Path:
    lines = ["image,label,score"]
    for name, row in zip(dataset.images.names, scores.tolist(), strict=True):
        lines += [f"{name},{label},{score!r}" for label, score in zip(dataset.categories.names, row, strict=True)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def figures_of_scores(dataset: Dataset, path: Path) -> dict[str, float | None]:
    report = evaluate(dataset, read_scores(path), EvalSettings(details=False)).report
    return {name: number.value for name, number in report.metrics.items()}


def test_a_classifier_has_the_figures_of_its_scores_in_a_file(tmp_path: Path) -> None:
    dataset = draw_classes(tmp_path / "pictures", 12, 48, val=0)
    scores = scores_of(12, 3)
    validation = Validation(Part(dataset), spec(task="classifier"))

    feed(validation, lambda a, b: Found(scores=torch.tensor(scores[a:b])), 12)
    figures = validation.metrics([validation.parts()])

    expected = figures_of_scores(dataset, write_scores(tmp_path / "scores.csv", dataset, scores))
    assert validation.metric == "accuracy"
    assert list(figures) == ["accuracy", "balanced_accuracy", "macro_F1", "weighted_F1"]
    assert figures["accuracy"] == expected["top1"]
    close(figures, expected, ["balanced_accuracy", "macro_F1", "weighted_F1"])


def test_of_more_than_five_classes_the_five_surest_count_too(tmp_path: Path) -> None:
    names = tuple(f"class {row}" for row in range(8))
    drawn = draw_classes(tmp_path / "pictures", 24, 48, val=0)
    table = replace(drawn.annotations, category=(np.arange(24) % 8).astype(np.int32))
    dataset = replace(drawn, annotations=table, categories=replace(drawn.categories, names=names))
    scores = scores_of(24, 8)
    validation = Validation(Part(dataset), spec(task="classifier", classes=names))

    feed(validation, lambda a, b: Found(scores=torch.tensor(scores[a:b])), 24)
    figures = validation.metrics([validation.parts()])

    expected = figures_of_scores(dataset, write_scores(tmp_path / "scores.csv", dataset, scores))
    assert (figures["accuracy"], figures["top5"]) == (expected["top1"], expected["top5"])
    close(figures, expected, ["balanced_accuracy", "macro_F1", "weighted_F1"])


def labelled_twice(folder: Path) -> Dataset:
    drawn = draw_classes(folder, 12, 48, val=0)
    image = np.sort(np.append(np.arange(12), [0, 5, 5])).astype(np.int32)
    category = np.array([0, 1, 1, 2, 0, 1, 0, 1, 2, 0, 1, 2, 0, 1, 2], np.int32)
    table = Annotations(image=image, category=category, box=np.full((15, 4), np.nan))
    return replace(drawn, annotations=table)


def test_several_labels_have_the_figures_of_each_class(tmp_path: Path) -> None:
    dataset, scores = labelled_twice(tmp_path / "pictures"), scores_of(12, 3)
    validation = Validation(Part(dataset), spec(task="classifier", several=True))

    feed(validation, lambda a, b: Found(scores=torch.tensor(scores[a:b])), 12)
    figures = validation.metrics([validation.parts()])

    expected = figures_of_scores(dataset, write_scores(tmp_path / "scores.csv", dataset, scores))
    assert validation.metric == "mAP"
    assert list(figures) == ["mAP", "macro_F1", "micro_F1", "weighted_F1"]
    close(figures, expected, list(figures))


def test_validation_pictures_of_one_label_are_judged_like_the_training_pictures_of_several(tmp_path: Path) -> None:
    dataset = draw_classes(tmp_path / "pictures", 12, 48, val=0)
    validation = Validation(Part(dataset), spec(task="classifier", several=True))
    right = np.eye(3)[dataset.annotations.category]

    feed(validation, lambda a, b: Found(scores=torch.tensor(right[a:b])), 12)

    assert validation.metrics([validation.parts()])["mAP"] == 1.0


def maps_part(folder: Path, images: int = 6) -> Part:
    pictures, labels = draw_maps(folder, images, SIDE)
    names = tuple(sorted(path.name for path in pictures.iterdir()))
    table = Images(
        names=names,
        width=np.full(images, SIDE, np.int32),
        height=np.full(images, SIDE, np.int32),
        state=np.full(images, 2, np.uint8),
        split=np.full(images, -1, np.int32),
        folder=np.zeros(images, np.int32),
        folders=(str(pictures),),
    )
    drawn = draw_classes(folder / "unused", 1)
    nothing = keep_annotations(drawn, np.zeros(0, np.int64)).annotations
    maps = PixelMaps(files=tuple(str(labels / name) for name in names), values={row: row for row in range(4)})
    return Part(Dataset(images=table, annotations=nothing, categories=drawn.categories), maps)


def test_a_segmenter_has_the_figures_of_its_maps_in_files(tmp_path: Path) -> None:
    part, rng = maps_part(tmp_path), np.random.default_rng(0)
    classes = ("background", *CLASSES)
    found = rng.integers(0, 4, (6, SIDE, SIDE))
    for row, name in enumerate(part.dataset.images.names):
        own = np.asarray(Image.open(tmp_path / "label" / name))
        found[row] = np.where(rng.random(own.shape) < 0.8, own, found[row])
        (tmp_path / "found").mkdir(exist_ok=True)
        Image.fromarray(found[row].astype(np.uint8)).save(tmp_path / "found" / name)
    sure = np.moveaxis(np.eye(4)[found], 3, 1)
    validation = Validation(part, spec(task="segmenter", classes=classes, size=(SIDE, SIDE)))

    feed(validation, lambda a, b: Found(pixels=torch.tensor(sure[a:b], dtype=torch.float32)), 6)
    figures = validation.metrics([validation.parts()])

    report = evaluate_pixels(
        tmp_path / "label", tmp_path / "found", EvalSettings(details=False), task="segmentation", classes=classes
    )
    assert validation.metric == "mIoU"
    assert figures == {name: number.value for name, number in report.metrics.items()}
    assert 0.5 < (figures["pixel_accuracy"] or 0) < 0.95
