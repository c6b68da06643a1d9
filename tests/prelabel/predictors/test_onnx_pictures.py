"""Where a picture lies in what a network sees, and back."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.prelabel.predictors._onnx_pictures import Fitted, Taking, fitted

Fit = Literal["center", "corner", "stretch", "crop"]


def put(tall: int, wide: int, size: tuple[int, int], fit: Fit, **more: Any) -> Fitted:
    """Put a white picture into a size."""
    settings: dict[str, Any] = {
        "stride": None, "channels": "rgb", "scale": 1 / 255, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0),
        "axes": "nchw", "kind": "float32",
    }  # fmt: skip
    return fitted(np.full((tall, wide, 3), 255, np.uint8), Taking(size=size, fit=fit, **(settings | more)))


@pytest.mark.parametrize(
    ("tall", "wide", "fit", "content"),
    [
        (480, 640, "center", (0, 80, 640, 480)),
        (333, 500, "center", (0, 107, 640, 426)),
        (501, 1000, "center", (0, 159, 640, 321)),  # of 319 grey rows 159 lie above
        (480, 640, "corner", (0, 0, 640, 480)),
        (480, 640, "stretch", (0, 0, 640, 640)),
        (480, 640, "crop", (-106, 0, 853, 640)),
    ],
)
def test_a_picture_lies_where_its_training_had_it(
    tall: int, wide: int, fit: Fit, content: tuple[int, int, int, int]
) -> None:
    found = put(tall, wide, (640, 640), fit)

    assert found.content == content
    assert found.array.shape == (1, 3, 640, 640)
    left, top, width, height = content
    inside = found.array[0, 0, max(top, 0) : top + height, max(left, 0) : left + width]
    assert (inside == 1).all()
    grey = np.isclose(found.array, 114 / 255)
    assert grey.sum() == 3 * (640 * 640 - inside.size)


def test_with_a_stride_there_is_no_more_grey_than_it_needs() -> None:
    found = put(333, 500, (640, 640), "center", stride=32)

    assert (found.network, found.content) == ((448, 640), (0, 11, 640, 426))


SIDES = st.integers(1, 300)


@given(SIDES, SIDES, st.sampled_from(["center", "corner", "stretch"]), st.integers(8, 96), st.integers(8, 96))
def test_the_corners_of_the_content_are_those_of_the_picture(
    tall: int, wide: int, fit: Fit, down: int, across: int
) -> None:
    found = put(tall, wide, (down, across), fit)
    left, top, width, height = found.content

    corners = found.points(np.array([(left, top), (left + width, top + height)], np.float64))

    assert np.allclose(corners, [(0, 0), (wide, tall)])
    assert left >= 0 and top >= 0 and left + width <= across and top + height <= down
    assert fit == "stretch" or width == across or height == down


def test_a_layer_of_less_resolution_is_cut_where_the_picture_is() -> None:
    found = put(32, 64, (64, 64), "center")
    layer = np.zeros((16, 16), np.float32)
    layer[4:12] = 1

    assert found.inside(layer).shape == (32, 64)
    assert (found.inside(layer) > 0.5).all()
