"""The pictures that are drawn after every epoch."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cvdata.dataset import Annotations, Categories, Dataset
from cvdata.models.columns import Columns
from cvdata.models.spec import ModelSpec
from cvdata.train.data.part import Part, Shown
from cvdata.train.folder import RunFolder
from cvdata.train.judge.painted import paint_classes, unpainted
from cvdata.train.judge.samples import choose_samples, draw_samples, kept_epochs, place_samples

from .epochs import epochs
from .shapes import CLASSES, draw_classes, draw_shapes


def labelled(folder: Path, pairs: list[tuple[int, int]], pictures: int) -> Part:
    """Return a part whose pictures show these classes: (picture, class)."""
    drawn = draw_shapes(folder, pictures, 32, objects=0, val=0)
    table = Annotations(
        image=np.array([image for image, _ in pairs], np.int32),
        category=np.array([category for _, category in pairs], np.int32),
        box=np.tile([1.0, 1, 9, 9], (len(pairs), 1)),
    )
    return Part(dataset=Dataset(images=drawn.images, annotations=table, categories=Categories(names=CLASSES)))


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def has(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == np.array(colour)).all(axis=2).any())


def test_samples_show_every_class_however_rare(tmp_path: Path) -> None:
    common = [(picture, 0) for picture in range(40)]
    part = labelled(tmp_path, sorted([*common, (17, 1), (31, 2)]), 40)

    rows = choose_samples(part, "detector")

    assert len(rows) == 8
    assert {17, 31} <= set(rows.tolist())
    assert rows.tolist() == sorted(rows.tolist())
    assert rows.tolist() == choose_samples(part, "detector").tolist()


def test_of_few_pictures_all_are_samples(tmp_path: Path) -> None:
    assert choose_samples(labelled(tmp_path, [(0, 0)], 3), "detector").tolist() == [0, 1, 2]


def test_samples_of_segmenters_are_chosen_by_their_pixels(tmp_path: Path) -> None:
    part = labelled(tmp_path, [], 30)
    shown = Shown(image=np.array([0, 21]), category=np.array([0, 2]), count=np.array([5, 5]))

    rows = choose_samples(Part(dataset=part.dataset, shown=shown), "segmenter")

    assert {0, 21} <= set(rows.tolist())


def test_detections_stand_beside_the_labels(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 4, 64)
    spec = ModelSpec(task="detector", architecture="nano", classes=CLASSES, size=(64, 64))

    def draw(*scores: float) -> np.ndarray:
        box, none = np.tile([5.0, 5, 20, 20], (len(scores), 1)), np.zeros(len(scores), np.int64)
        found = Columns(images=1, owner=none, box=box, label=none + 2, score=np.array(scores))
        picture = pixels(draw_samples(Part(dataset=dataset), found, np.array([0]), spec, title="run, epoch 1"))
        return picture[-330:-90]  # without title and caption

    sure, unsure, nothing = draw(0.9), draw(0.2), draw()

    assert np.array_equal(unsure, nothing)
    assert not np.array_equal(sure, nothing)
    half = sure.shape[1] // 2 - 4  # without the seam
    assert np.array_equal(sure[:, :half], nothing[:, :half])  # the labels are the same


def test_labels_that_the_network_does_not_look_for_are_not_drawn(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 4, 64)
    plain = replace(dataset, annotations=replace(dataset.annotations, polygons=None, masks=None, keypoints=None))

    def draw(labels: Dataset, **kinds: Any) -> bytes:
        spec = ModelSpec(task="detector", architecture="nano", classes=CLASSES, size=(64, 64), **kinds)
        return draw_samples(Part(dataset=labels), Columns(images=1), np.array([0]), spec, title="epoch 1")

    assert draw(dataset) == draw(plain)
    assert draw(dataset, masks=True) != draw(plain)
    assert draw(dataset, keypoints=("top", "left", "right"), flips=(0, 2, 1)) != draw(plain)


def test_a_class_that_is_right_is_green_and_a_wrong_one_orange(tmp_path: Path) -> None:
    part = Part(dataset=draw_classes(tmp_path, 1, 48, val=0))  # a square
    spec = ModelSpec(task="classifier", architecture="resnet18", classes=CLASSES, size=(48, 48))

    def draw(scores: list[float]) -> np.ndarray:
        columns = Columns(images=1, scores=np.array([scores]))
        return pixels(draw_samples(part, columns, np.array([0]), spec, title="epoch 1"))

    green, orange = (0, 158, 115), (213, 94, 0)
    assert (has(draw([0.8, 0.1, 0.1]), green), has(draw([0.8, 0.1, 0.1]), orange)) == (True, False)
    assert (has(draw([0.1, 0.8, 0.1]), green), has(draw([0.1, 0.8, 0.1]), orange)) == (False, True)


def test_several_labels_of_a_picture_are_right_only_together(tmp_path: Path) -> None:
    part = Part(dataset=draw_classes(tmp_path, 1, 48, val=0))
    spec = ModelSpec(task="classifier", architecture="resnet18", classes=CLASSES, size=(48, 48), several=True)

    columns = Columns(images=1, scores=np.array([[0.8, 0.9, 0.1]]))
    picture = pixels(draw_samples(part, columns, np.array([0]), spec, title="epoch 1"))

    assert has(picture, (0, 158, 115))  # the square
    assert has(picture, (213, 94, 0))  # the disc that is not there


def test_a_map_is_painted_in_the_colours_of_its_classes_and_the_background_is_left() -> None:
    grey = np.full((40, 40, 3), 100, np.uint8)
    values = np.zeros((40, 40), np.uint8)
    values[10:30, 10:30] = 1
    values[:5] = 255

    painted = np.asarray(paint_classes(grey, values, (40, 40), ("background", "cell")))

    assert painted[35, 35].tolist() == [100, 100, 100]
    # 45 % of the picture and 55 % of the second class's #e69f00
    assert painted[20, 20].tolist() == [172, 132, 45]
    assert painted[10, 20].tolist() == [230, 159, 0]  # the edge
    assert painted[2, 20].tolist() == [45, 45, 45]  # no class: dark


def test_the_only_class_is_painted_whatever_its_name() -> None:
    assert unpainted(("background",)) == set()
    assert unpainted(("Background", "cell")) == {0}


def test_pictures_of_the_first_epochs_the_best_and_the_last_three_are_kept() -> None:
    history = epochs([1.0] * 300, ap=[0.5 - abs(at - 136) / 1000 for at in range(300)])

    assert sorted(kept_epochs(history)) == [1, 2, 4, 8, 16, 32, 64, 128, 137, 256, 298, 299, 300]


def test_where_only_some_epochs_are_validated_those_count() -> None:
    history = [
        epoch if epoch.epoch % 5 == 0 else type(epoch)(**{f: getattr(epoch, f) for f in PLAIN})
        for epoch in epochs([1.0] * 30, ap=[0.1] * 30)
    ]

    assert sorted(kept_epochs(history)) == [5, 10, 20, 25, 30]


PLAIN = ("epoch", "step", "seconds", "images_per_s", "rate", "losses")


def test_pictures_that_are_not_kept_are_removed_and_nothing_else_is(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    history = epochs([1.0] * 9, ap=[0.1] * 9)

    for at in range(1, 10):
        place_samples(folder, history[:at], b"png")
        if at == 1:
            (tmp_path / "run" / "samples" / "mine.png").write_bytes(b"")

    names = sorted(path.name for path in (tmp_path / "run" / "samples").iterdir())
    kept = [f"epoch-{epoch:04d}.png" for epoch in (1, 2, 4, 7, 8, 9)]
    assert names == [*kept, "mine.png"]


def test_helper_processes_write_nothing(tmp_path: Path) -> None:
    place_samples(RunFolder(tmp_path / "run", writes=False), epochs([1.0], ap=[0.1]), b"png")

    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_cannot_be_read_any_more_is_grey(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 4, 32)
    (tmp_path / "0000.png").write_bytes(b"broken")
    spec = ModelSpec(task="detector", architecture="nano", classes=CLASSES, size=(32, 32))

    drawn = draw_samples(Part(dataset=dataset), Columns(images=1), np.array([0]), spec, title="epoch 1")

    assert has(pixels(drawn), (227, 229, 232))
