"""What of a dataset is learnt from, and what is said of the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from cvdata.dataset import Annotations, Categories, Ragged, State
from cvdata.dataset.select import keep_annotations
from cvdata.train.data.reading import read_picture

from .preparing import prepared, said, with_split
from .shapes import draw_classes, draw_shapes

# --- what is learnt from


def test_both_splits_are_there_with_their_objects(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 8, 64)

    found = prepared(dataset)

    assert found.train.dataset.images.names == tuple(f"{row:04d}.png" for row in range(6))
    assert found.val.dataset.images.names == ("0006.png", "0007.png")
    assert found.classes == ("square", "disc", "triangle")
    held = np.bincount(dataset.annotations.category[dataset.annotations.image < 6], minlength=3)
    assert found.class_counts.tolist() == held.tolist()
    assert found.info.images == {"train": 6, "val": 2}
    assert sum(found.info.objects.values()) == len(dataset.annotations)
    assert found.info.held_out is None
    assert found.leaks == 0


def test_the_names_of_splits_may_be_the_usual_others(tmp_path: Path) -> None:
    dataset = with_split(draw_shapes(tmp_path, 4, 64), ("Training", "valid"), [0, 0, 1, 1])

    assert prepared(dataset).info.images == {"Training": 2, "valid": 2}


def test_pictures_of_other_splits_are_not_used_and_that_is_said(tmp_path: Path) -> None:
    dataset = with_split(draw_shapes(tmp_path, 4, 64), ("train", "val", "test"), [0, 1, 2, -1])

    found = prepared(dataset)

    assert found.info.images == {"train": 1, "val": 1}
    assert said(found)["other-splits"] == "not used: 2 pictures of 'test' and of no split"


def test_without_a_split_to_validate_with_some_pictures_are_held_out(tmp_path: Path) -> None:
    dataset = with_split(draw_shapes(tmp_path, 10, 64), ("train", "test"), [0] * 8 + [1] * 2)

    found = prepared(dataset, hold_out=0.25)

    train, val = found.train.dataset.images.names, found.val.dataset.images.names
    assert (len(train), len(val)) == (6, 2)
    assert sorted(train + val) == [f"{row:04d}.png" for row in range(8)]  # the test pictures stay untouched
    assert found.info.held_out == 0.25
    assert said(found)["held-out"] == (
        "no split 'val': held out 2 pictures of 8 to validate with; copies, films and groups stay together"
    )


def test_copies_are_held_out_together(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 8, 64, val=0)
    for row in (1, 2, 3):
        (tmp_path / f"{row:04d}.png").write_bytes((tmp_path / "0000.png").read_bytes())
    table = dataset.annotations
    same = keep_annotations(dataset, np.flatnonzero((table.image == 0) | (table.image > 3)))
    state = same.images.state.copy()
    state[:4] = State.EMPTY
    dataset = with_split(replace(same, images=replace(same.images, state=state)), (), [-1] * 8)

    found = prepared(dataset, hold_out=0.5)

    copies = {f"{row:04d}.png" for row in range(4)}
    assert copies <= set(found.train.dataset.images.names) or copies <= set(found.val.dataset.images.names)
    assert found.leaks == 0


def test_a_validation_picture_with_a_copy_to_learn_from_is_a_leak(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 8, 64)
    (tmp_path / "0006.png").write_bytes((tmp_path / "0001.png").read_bytes())

    found = prepared(dataset)

    assert found.leaks == 1
    assert said(found)["leaking-pictures"] == (
        "1 validation picture with a copy, or nearly one, among those to learn from"
    )


def test_the_digest_follows_names_labels_and_pixels_but_not_the_place(tmp_path: Path) -> None:
    there, moved = draw_shapes(tmp_path / "a", 6, 64), draw_shapes(tmp_path / "b", 6, 64)
    table = there.annotations
    box = table.box.copy()
    box[0, 0] += 0.5
    other_pixels = draw_shapes(tmp_path / "c", 6, 64)
    Image.new("RGB", (64, 64)).save(tmp_path / "c" / "0000.png")

    digests = [
        prepared(dataset).info.sha256
        for dataset in (there, moved, replace(there, annotations=replace(table, box=box)), other_pixels)
    ]

    assert digests[0] == digests[1]
    assert len({digests[0], digests[2], digests[3]}) == 3


def test_keypoints_come_with_their_names_and_those_that_change_places(tmp_path: Path) -> None:
    found = prepared(draw_shapes(tmp_path, 4, 64))

    assert found.keypoints == ("top", "left", "right")
    assert found.flips == (0, 2, 1)


# --- what is fine, and said


def test_empty_pictures_are_learnt_as_background(tmp_path: Path) -> None:
    found = prepared(draw_shapes(tmp_path, 8, 64))

    assert "0004.png" in found.train.dataset.images.names
    assert said(found)["empty-pictures"] == "1 picture with nothing in it, learnt as background"


def test_one_class_is_enough_for_a_detector(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 6, 64)
    table = replace(dataset.annotations, category=np.zeros(len(dataset.annotations), np.int32))
    one = replace(dataset, annotations=table, categories=Categories(names=("shape",)))

    assert said(prepared(one))["one-class"] == "there is one class"


def test_a_class_that_is_only_in_validation_pictures_is_named(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 8, 64)
    table = dataset.annotations
    category = np.where(table.image < 6, np.minimum(table.category, 1), 2).astype(np.int32)

    found = prepared(replace(dataset, annotations=replace(table, category=category)))

    assert said(found)["class-only-in-validation"] == "1 class only in validation pictures, so never learnt: triangle"
    assert found.classes == ("square", "disc", "triangle")


def test_an_unused_class_stays(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 8, 64)
    found = prepared(replace(dataset, categories=Categories(names=(*dataset.categories.names, "star"))))

    assert found.classes[3] == "star"
    assert said(found)["unused-class"] == "1 class without any object; kept, so that numbers stay: star"


def test_classes_with_little_to_learn_from_are_left_to_the_diagnosis(tmp_path: Path) -> None:
    assert "rare-class" not in said(prepared(draw_shapes(tmp_path, 8, 64)))


def test_crowds_stay_for_the_judge_and_pictures_of_crowds_alone_are_not_learnt(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 8, 64)
    table = dataset.annotations
    crowd = (table.image == 0) | (table.image == 7)

    found = prepared(replace(dataset, annotations=replace(table, crowd=crowd)))

    assert "0000.png" not in found.train.dataset.images.names
    assert "0007.png" in found.val.dataset.images.names
    assert said(found)["crowds-alone"] == "left out: 1 picture to learn from with crowd regions alone"


def test_pictures_that_nobody_labelled_or_found_or_can_read_are_left_out(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 10, 64, val=0.2)
    images = dataset.images
    state, folder = images.state.copy(), images.folder.copy()
    state[0], folder[1] = State.UNLABELLED, -1
    (tmp_path / "0002.png").write_bytes((tmp_path / "0002.png").read_bytes()[:300])
    Image.new("RGB", (32, 64)).save(tmp_path / "0003.png")

    found = prepared(replace(dataset, images=replace(images, state=state, folder=folder)))

    assert found.train.dataset.images.names == ("0004.png", "0005.png", "0006.png", "0007.png")
    messages = said(found)
    assert messages["unlabelled-pictures"] == "left out: 1 picture that nobody labelled"
    assert messages["missing-pictures"] == "left out: 1 picture whose file was not found"
    assert messages["unreadable-pictures"].startswith("left out: 1 picture that cannot be read; '0002.png' is cut off")
    assert messages["other-size"] == "left out: 1 picture of another size than the labels say"


def test_a_box_without_area_is_left_out(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 8, 64)
    box = dataset.annotations.box.copy()
    box[0, 2] = 0

    found = prepared(replace(dataset, annotations=replace(dataset.annotations, box=box)))

    assert said(found)["box-without-area"] == "left out: 1 box without area"
    assert sum(found.info.objects.values()) == len(box) - 1


def test_a_picture_of_numbers_that_are_none_is_sound(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 4, 64)
    pixels = np.full((64, 64), 0.5, np.float32)
    pixels[10:20] = np.nan
    Image.fromarray(pixels).save(tmp_path / "0000.png", "TIFF")

    found = prepared(dataset)

    picture = read_picture(found.train, 0)
    assert picture.shape == (64, 64, 3)
    assert set(picture.ravel().tolist()) == {0, 128}


def test_pictures_with_two_labels_make_a_classifier_of_several(tmp_path: Path) -> None:
    dataset = draw_classes(tmp_path, 8)
    table = dataset.annotations
    more = Annotations(
        image=np.append(table.image[:1], table.image),
        category=np.append(np.int32(1), table.category),
        box=np.full((9, 4), np.nan),
    )

    found = prepared(replace(dataset, annotations=more), "classifier")

    assert found.several
    assert not prepared(dataset, "classifier").several


def test_pictures_of_no_class_are_left_out_of_a_classifier(tmp_path: Path) -> None:
    dataset = draw_classes(tmp_path, 8)
    kept = keep_annotations(dataset, np.arange(1, 8))
    state = kept.images.state.copy()
    state[0] = State.EMPTY

    found = prepared(replace(kept, images=replace(kept.images, state=state)), "classifier")

    assert said(found)["pictures-of-no-class"] == "left out: 1 picture of train that are of no class"
    assert len(found.train) == 5


def test_a_mask_of_another_size_is_taken_away(tmp_path: Path) -> None:
    dataset = draw_shapes(tmp_path, 8, 64)
    masks = dataset.annotations.masks
    assert masks is not None
    rows = [masks[row].tolist() for row in range(len(masks))]
    rows[0] = [10, 5, 10]

    found = prepared(
        replace(dataset, annotations=replace(dataset.annotations, masks=Ragged.of(rows, np.uint32))), "segmenter"
    )

    assert said(found)["masks-of-other-size"] == (
        "1 mask of another size than the picture; the outline or the box stands for it"
    )
