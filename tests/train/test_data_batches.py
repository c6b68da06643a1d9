"""Batches: pictures in the size of the network, and labels that lie where things are on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cvdata.dataset import Annotations
from cvdata.errors import AugmentError, UsageError
from cvdata.train.data.loading import train_loader, val_loader
from cvdata.train.data.prepare import prepare
from cvdata.train.source import Source

from .batching import FLIP, FOUR, MOVES, box_around, coloured, recipe, settings, shapes, spec, whole
from .shapes import draw_classes, draw_shapes


def test_boxes_lie_around_the_shapes_of_a_letterboxed_picture(tmp_path: Path) -> None:
    prepared = shapes(tmp_path, objects=1)

    [batch, _] = whole(val_loader(prepared.train, spec(prepared, (96, 160)), settings()))

    assert batch.images.shape == (4, 3, 96, 160)
    assert batch.images.dtype == torch.uint8
    assert np.unique(batch.images[:, :, :, 96:]).tolist() == [114]  # 64x64 became 96x96, the rest is grey
    assert batch.owner is not None
    assert batch.box is not None
    assert batch.label is not None
    assert batch.box.dtype == torch.float32
    for owner, box, label in zip(batch.owner, batch.box, batch.label, strict=True):
        there = box_around(coloured(batch.images[owner], int(label)))
        assert np.abs(np.array(box.tolist()) - there).max() <= 2.5


@pytest.mark.parametrize("name", MOVES)
def test_boxes_masks_and_points_follow_the_pixels_of_a_recipe(tmp_path: Path, name: str) -> None:
    prepared = shapes(tmp_path / "a", 12, 64, objects=1, val=0.2)
    chosen = spec(prepared, keypoints=prepared.keypoints, flips=prepared.flips, masks=True)
    seen = 0

    for batch in train_loader(prepared.train, chosen, settings(recipe=recipe(tmp_path, MOVES[name]))):
        for owner, box, label, mask, points in zip(
            batch.owner, batch.box, batch.label, batch.mask, batch.keypoint, strict=True
        ):
            left, top, right, bottom = (round(edge) for edge in box.tolist())
            pixels = coloured(batch.images[owner], int(label))
            inside = np.zeros_like(pixels)
            inside[top:bottom, left:right] = True
            if pixels[inside].mean() < 0.3:  # a thin rest of a triangle at the edge
                continue
            seen += 1
            assert (pixels & inside).sum() >= 0.75 * (mask.numpy() & inside).sum()
            assert (mask.numpy() & pixels).sum() >= 0.75 * (pixels & inside).sum()
            visible = points[points[:, 2] > 0]
            if int(label) == 2 and len(visible) == 3 and name != "turn":
                assert points[1, 0] < points[2, 0]  # `left` is left of `right`, whatever way round it is

    assert seen >= 4


def test_a_flip_changes_sides_exactly(tmp_path: Path) -> None:
    prepared = shapes(tmp_path)
    chosen = spec(prepared)

    plain = {int(b.rows[i]): (b, i) for b in val_loader(prepared.train, chosen, settings()) for i in range(len(b.rows))}
    flipped = train_loader(prepared.train, chosen, settings(recipe=recipe(tmp_path, FLIP)))

    for batch in flipped:
        for place, row in enumerate(batch.rows.tolist()):
            before, at = plain[row]
            assert torch.equal(batch.images[place], before.images[at].flip(-1))
            box, old = batch.box[batch.owner == place], before.box[before.owner == at]
            assert torch.equal(box, torch.stack([64 - old[:, 2], old[:, 1], 64 - old[:, 0], old[:, 3]], dim=1))


def test_empty_pictures_have_no_box(tmp_path: Path) -> None:
    prepared = shapes(tmp_path)

    batches = whole(val_loader(prepared.train, spec(prepared), settings(batch=1)))

    row = prepared.train.dataset.images.names.index("0004.png")
    box, label = batches[row].box, batches[row].label
    assert box is not None
    assert label is not None
    assert box.shape == (0, 4)
    assert label.dtype == torch.int64


def test_batches_of_several_scales_bring_their_boxes(tmp_path: Path) -> None:
    prepared = shapes(tmp_path, 40, objects=1, val=0.1)
    loader = train_loader(prepared.train, spec(prepared), settings(multi_scale=0.5, batch=2))

    sizes = set()
    for batch in loader:
        side = batch.images.shape[2]
        sizes.add(side)
        for owner, box, label in zip(batch.owner, batch.box, batch.label, strict=True):
            there = box_around(coloured(batch.images[owner], int(label)))
            assert np.abs(np.array(box.tolist()) - there).max() <= 3.5 * side / 64

    assert sizes == {32, 64, 96}


def test_crowds_are_not_learnt(tmp_path: Path) -> None:
    prepared = shapes(tmp_path)
    dataset = prepared.train.dataset
    crowd = np.zeros(len(dataset.annotations), np.bool_)
    crowd[0] = True
    part = replace(prepared.train, dataset=replace(dataset, annotations=replace(dataset.annotations, crowd=crowd)))

    batches = whole(val_loader(part, spec(prepared), settings()))

    assert sum(len(batch.label) for batch in batches if batch.label is not None) == len(crowd) - 1


def test_classifiers_get_a_class_or_several(tmp_path: Path) -> None:
    dataset = draw_classes(tmp_path, 8)
    prepared = prepare(Source(dataset=dataset), settings("classifier"))

    [one] = whole(val_loader(prepared.train, spec(prepared, task="classifier"), settings("classifier", batch=8)))

    assert one.target is not None
    assert one.target.tolist() == [0, 1, 2, 0, 1, 2]
    assert one.box is None

    table = dataset.annotations
    more = Annotations(
        image=np.append(table.image[:1], table.image),
        category=np.append(np.int32(2), table.category),
        box=np.full((9, 4), np.nan),
    )
    prepared = prepare(Source(dataset=replace(dataset, annotations=more)), settings("classifier"))
    [several] = whole(val_loader(prepared.train, spec(prepared, task="classifier"), settings("classifier", batch=8)))

    assert several.target is not None
    assert several.target.dtype == torch.float32
    assert several.target[:2].tolist() == [[1, 0, 1], [0, 1, 0]]


def test_crops_are_the_boxes_with_a_margin(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 8, 64)
    how = settings("classifier", crops=True, crop_margin=0.0)
    prepared = prepare(Source(dataset=dataset), how)

    batches = whole(val_loader(prepared.train, spec(prepared, (32, 32), "classifier"), how))

    names = prepared.train.dataset.images.names
    assert names[0] == "0000.png#1"
    assert len(set(names)) == len(names) == int((dataset.annotations.image < 6).sum())
    for batch in batches:
        assert batch.target is not None
        for image, target in zip(batch.images, batch.target, strict=True):
            assert coloured(image, int(target)).mean() > 0.4


def test_maps_follow_a_flip_and_the_letterbox(tmp_path: Path) -> None:
    how = settings("segmenter", recipe=recipe(tmp_path, FLIP))
    prepared = prepare(Source(dataset=draw_shapes(tmp_path / "a", 8, 64)), how)

    for batch in train_loader(prepared.train, spec(prepared, (64, 96), "segmenter"), how):
        assert batch.pixels.dtype == torch.uint8
        assert batch.pixels[:, :, :32].unique().tolist() == [255]  # beside the picture, which was flipped
        for image, pixels in zip(batch.images, batch.pixels, strict=True):
            for label in range(3):
                there = coloured(image, label)
                assert (there == (pixels.numpy() == label + 1)).mean() > 0.97


def test_a_recipe_that_fails_on_pictures_of_the_size_of_the_network_is_refused_first(tmp_path: Path) -> None:
    prepared = shapes(tmp_path)
    larger = FLIP.replace("HorizontalFlip", "RandomCrop\n    height: 96\n    width: 96")

    with pytest.raises(AugmentError, match=r"RandomCrop cannot be applied.*\(pictures of 64x64\)"):
        train_loader(prepared.train, spec(prepared), settings(recipe=recipe(tmp_path, larger)))


def test_a_recipe_that_cannot_take_the_labels_along_is_refused_first(tmp_path: Path) -> None:
    prepared = shapes(tmp_path)
    torn = FLIP.replace("HorizontalFlip", "RandomGridShuffle")

    with pytest.raises(AugmentError, match="RandomGridShuffle cannot take boxes along"):
        train_loader(prepared.train, spec(prepared), settings(recipe=recipe(tmp_path, torn)))
    with pytest.raises(UsageError, match="the recipe has mosaic, which is for detectors"):
        train_loader(
            prepared.train,
            spec(prepared, task="segmenter"),
            settings("segmenter", recipe=recipe(tmp_path, FOUR)),
        )
