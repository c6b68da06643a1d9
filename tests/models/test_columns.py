"""From the pixels of a network back to those of the pictures, and from there to a dataset with scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from cvdata.dataset import Images, State
from cvdata.dataset.rle import mask_areas, to_mask
from cvdata.formats.images import pictures_table
from cvdata.models.batch import Found
from cvdata.models.columns import Columns, categories_of, columns_dataset, concat_columns, to_columns
from cvdata.models.spec import ModelSpec, Task


def spec_of(task: Task = "detector", size: tuple[int, int] = (64, 64), **more: Any) -> ModelSpec:
    return ModelSpec(task=task, architecture="any", classes=("cat", "dog"), size=size, **more)


def detections(boxes: list[list[float]], owner: list[int], score: list[float] | None = None, **more: Any) -> Found:
    return Found(
        owner=torch.tensor(owner),
        box=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        label=torch.zeros(len(owner), dtype=torch.int64),
        score=torch.tensor(score or [0.9] * len(owner)),
        **more,
    )


def sizes(*pairs: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    width, height = zip(*pairs, strict=True)
    return np.array(width), np.array(height)


def pictures(*names: str) -> Images:
    return pictures_table(names)


# --- boxes


def test_boxes_come_back_to_the_pixels_of_each_picture() -> None:
    # 128 x 96 goes into 64 x 64 at half its size, 32 x 64 at its own
    found = detections([[10, 10, 30, 20], [4, 8, 12, 24]], [0, 1])

    columns = to_columns(found, *sizes((128, 96), (32, 64)), spec_of())

    assert columns.box is not None and columns.owner is not None
    assert columns.box.tolist() == [[20, 20, 40, 20], [4, 8, 8, 16]]
    assert columns.owner.tolist() == [0, 1]


def test_the_scale_is_that_of_the_rounded_size() -> None:
    # 30 x 100 becomes round(19.2) = 19 wide, so x grows by 30 / 19 and not by 100 / 64
    columns = to_columns(detections([[0, 0, 9.5, 32]], [0]), *sizes((30, 100)), spec_of())

    assert columns.box is not None
    assert columns.box.tolist() == [[0, 0, 15, 50]]


def test_boxes_are_cut_at_the_borders_and_those_outside_are_left_out() -> None:
    # 128 x 64 fills the upper half: the second box lies in the grey below
    found = detections([[-5, 10, 20, 40], [5, 40, 20, 60], [60, 0, 70, 10]], [0, 0, 0])

    columns = to_columns(found, *sizes((128, 64)), spec_of())

    assert columns.box is not None
    assert columns.box.tolist() == [[0, 20, 40, 44], [120, 0, 8, 20]]


def test_a_detection_with_a_number_that_is_none_is_left_out() -> None:
    found = detections([[0, 0, float("nan"), 9], [0, 0, 9, 9], [1, 1, 9, 9]], [0, 0, 0], [0.9, float("nan"), 0.8])

    columns = to_columns(found, *sizes((64, 64)), spec_of())

    assert columns.box is not None
    assert columns.box.tolist() == [[1, 1, 8, 8]]


def test_detections_stand_by_picture_and_the_surest_first() -> None:
    found = detections([[0, 0, 1, 1], [0, 0, 2, 2], [0, 0, 3, 3]], [1, 0, 0], [0.5, 0.25, 0.75])

    columns = to_columns(found, *sizes((64, 64), (64, 64)), spec_of())

    assert columns.owner is not None and columns.box is not None and columns.score is not None
    assert (columns.owner.tolist(), columns.score.tolist()) == ([0, 0, 1], [0.75, 0.25, 0.5])
    assert columns.box[:, 2].tolist() == [3, 2, 1]


def test_half_precision_with_gradients_is_taken_too() -> None:
    found = detections([[0, 0, 8, 8]], [0])
    score = torch.tensor([0.5], dtype=torch.bfloat16, requires_grad=True)
    found = Found(owner=found.owner, box=found.box, label=found.label, score=score)

    columns = to_columns(found, *sizes((64, 64)), spec_of())

    assert columns.score is not None
    assert columns.score.tolist() == [0.5]


def test_nothing_found_is_columns_without_rows() -> None:
    columns = to_columns(detections([], []), *sizes((64, 64), (10, 20)), spec_of())

    assert columns.images == 2
    assert columns.owner is not None and columns.box is not None
    assert (columns.owner.shape, columns.box.shape) == ((0,), (0, 4))


# --- masks


def _enlarged(mask: Tensor, height: int, width: int) -> NDArray[np.bool_]:
    """Enlarge by torch's own filter, the whole picture at once."""
    return np.asarray((interpolate(mask[None, None], (height, width), mode="bilinear")[0, 0] > 0.5).numpy())


@pytest.mark.parametrize("seed", range(4))
def test_masks_are_enlarged_as_torch_does_it(seed: int) -> None:
    torch.manual_seed(seed)
    coarse = torch.rand(1, 1, 6, 6)
    mask = interpolate(coarse, (64, 64), mode="bicubic")[0].clamp(0, 1)
    found = detections([[0, 0, 64, 48]], [0], mask=mask)

    columns = to_columns(found, *sizes((200, 150)), spec_of())

    assert columns.masks is not None
    expected = _enlarged(mask[0, :48], 150, 200)
    drawn = to_mask(columns.masks[0], 150, 200)
    assert expected.any() and not expected.all()
    assert (drawn != expected).mean() < 0.001  # where a probability is 0.5 to the last bit


def test_a_mask_counts_inside_its_box_only() -> None:
    found = detections([[8, 16, 24, 32]], [0], mask=torch.ones(1, 64, 64))

    columns = to_columns(found, *sizes((128, 128)), spec_of())

    assert columns.masks is not None
    drawn = to_mask(columns.masks[0], 128, 128)
    expected = np.zeros((128, 128), np.bool_)
    expected[32:64, 16:48] = True
    assert np.array_equal(drawn, expected)


@pytest.mark.parametrize(
    ("box", "runs"),
    [
        ([0, 0, 64, 64], [0, 64 * 64]),  # the whole picture is one run
        ([0, 0, 2, 64], [0, 128, 64 * 64 - 128]),
        ([62, 0, 64, 64], [62 * 64, 128]),
        ([1, 0, 2, 1], [64, 1, 64 * 64 - 65]),
    ],
)
def test_the_runs_of_a_mask_are_those_of_pycocotools(box: list[float], runs: list[int]) -> None:
    columns = to_columns(detections([box], [0], mask=torch.ones(1, 64, 64)), *sizes((64, 64)), spec_of())

    assert columns.masks is not None
    assert columns.masks[0].tolist() == runs


def test_large_masks_are_drawn_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    mask = interpolate(torch.rand(1, 1, 5, 5), (64, 64), mode="bilinear")[0]
    found = detections([[3, 5, 60, 61]], [0], mask=mask)
    whole = to_columns(found, *sizes((300, 300)), spec_of())

    monkeypatch.setattr("cvdata.models.enlarge._PIXELS_AT_ONCE", 1000)
    pieces = to_columns(found, *sizes((300, 300)), spec_of())

    assert whole.masks is not None and pieces.masks is not None
    assert mask_areas(whole.masks)[0] > 1000
    assert pieces.masks.values.tolist() == whole.masks.values.tolist()


def test_a_mask_of_no_pixel_keeps_its_box_in_a_dataset() -> None:
    found = detections(
        [[0, 0, 9, 9], [0, 0, 8, 8]], [0, 0], mask=torch.stack([torch.zeros(64, 64), torch.ones(64, 64)])
    )
    columns = to_columns(found, *sizes((64, 64)), spec_of())

    dataset = columns_dataset(pictures("a"), categories_of(spec_of()), columns, spec_of())

    assert dataset.annotations.masks is not None
    assert dataset.annotations.masks.lengths.tolist() == [0, len([0, 8] + [56, 8] * 7 + [64 * 64 - 7 * 64 - 8])]
    assert len(dataset.annotations) == 2


# --- keypoints, labels, maps


def test_keypoints_come_back_and_say_whether_they_are_in_sight() -> None:
    spec = spec_of(keypoints=("nose", "tail"), flips=(0, 1))
    point = torch.tensor([[[10.0, 12.0, 0.75], [70.0, 8.0, 0.25]]])

    columns = to_columns(detections([[0, 0, 32, 32]], [0], keypoint=point), *sizes((128, 128)), spec)
    dataset = columns_dataset(pictures("a"), categories_of(spec), columns, spec)

    assert columns.keypoints is not None and dataset.annotations.keypoints is not None
    assert columns.keypoints.tolist() == [[[20, 24, 0.75], [128, 16, 0.25]]]
    assert dataset.annotations.keypoints[0].tolist() == [[20, 24, 2], [128, 16, 1]]
    assert dataset.categories.keypoints == (("nose", "tail"), ("nose", "tail"))


def test_the_likeliest_class_is_the_label_of_a_picture() -> None:
    spec = spec_of("classifier")
    columns = to_columns(Found(scores=torch.tensor([[0.25, 0.75], [0.625, 0.375]])), *sizes((9, 9), (9, 9)), spec)

    dataset = columns_dataset(pictures("a", "b"), categories_of(spec), columns, spec)

    assert [(row.image, row.category, row.columns["score"]) for row in dataset.rows()] == [
        ("a", "dog", 0.75),
        ("b", "cat", 0.625),
    ]
    assert np.isnan(dataset.annotations.box).all()


def test_a_picture_may_have_several_labels_or_none() -> None:
    spec = spec_of("classifier", several=True)
    columns = Columns(images=2, scores=np.array([[0.5, 0.75], [0.25, 0.125]]))

    dataset = columns_dataset(pictures("a", "b"), categories_of(spec), columns, spec)

    assert [(row.image, row.category) for row in dataset.rows()] == [("a", "cat"), ("a", "dog")]
    assert dataset.images.state.tolist() == [State.LABELLED, State.EMPTY]


def test_a_picture_whose_label_is_not_sure_enough_counts_as_not_labelled() -> None:
    spec = spec_of("classifier")
    columns = Columns(images=2, scores=np.array([[0.25, 0.75], [0.625, 0.375]]))

    dataset = columns_dataset(pictures("a", "b"), categories_of(spec), columns, spec, least=0.7)

    assert [(row.image, row.category) for row in dataset.rows()] == [("a", "dog")]
    assert dataset.images.state.tolist() == [State.LABELLED, State.UNLABELLED]


def test_pictures_without_detections_are_empty() -> None:
    columns = to_columns(detections([[0, 0, 9, 9]], [1]), *sizes((64, 64), (64, 64)), spec_of())

    dataset = columns_dataset(pictures("a", "b"), categories_of(spec_of()), columns, spec_of())

    assert dataset.images.state.tolist() == [State.EMPTY, State.LABELLED]


def test_maps_have_the_size_of_their_picture_and_its_likeliest_class() -> None:
    torch.manual_seed(0)
    pixels = interpolate(torch.rand(1, 3, 8, 8), (64, 64), mode="bicubic").softmax(dim=1)
    spec = ModelSpec(task="segmenter", architecture="any", classes=("a", "b", "c"), size=(64, 64))

    columns = to_columns(Found(pixels=pixels), *sizes((100, 75)), spec)

    assert columns.maps is not None
    expected = interpolate(pixels[:, :, :48], (75, 100), mode="bilinear").argmax(dim=1)[0].numpy()
    assert columns.maps[0].dtype == np.uint8
    assert columns.maps[0].shape == (75, 100)
    assert (columns.maps[0] != expected).mean() < 0.001


def test_large_maps_are_made_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    found = Found(pixels=interpolate(torch.rand(1, 2, 8, 8), (64, 64), mode="bilinear"))
    whole = to_columns(found, *sizes((301, 200)), spec_of("segmenter"))

    monkeypatch.setattr("cvdata.models.enlarge._PIXELS_AT_ONCE", 5000)
    pieces = to_columns(found, *sizes((301, 200)), spec_of("segmenter"))

    assert whole.maps is not None and pieces.maps is not None
    assert 0 < whole.maps[0].mean() < 1
    assert np.array_equal(whole.maps[0], pieces.maps[0])


# --- joined and chosen


def test_lots_are_joined_one_after_the_other() -> None:
    one = to_columns(detections([[0, 0, 9, 9]], [1]), *sizes((64, 64), (64, 64)), spec_of())
    two = to_columns(detections([[0, 0, 8, 8]], [0]), *sizes((64, 64)), spec_of())

    joined = concat_columns([one, two])

    assert joined.images == 3
    assert joined.owner is not None and joined.box is not None
    assert joined.owner.tolist() == [1, 2]
    assert joined.box[:, 2].tolist() == [9, 8]
    assert joined.scores is None


def test_only_what_is_sure_enough_is_kept() -> None:
    mask = torch.ones(2, 64, 64)
    found = detections([[0, 0, 9, 9], [0, 0, 5, 5]], [0, 0], [0.5, 0.25], mask=mask)
    columns = to_columns(found, *sizes((64, 64)), spec_of()).surer(0.5)

    assert columns.score is not None and columns.masks is not None
    assert columns.score.tolist() == [0.5]
    assert mask_areas(columns.masks).tolist() == [81]
