"""The second stage: a classifier says what each box of a dataset is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.errors import UsageError
from cvdata.models.columns import Columns
from cvdata.models.predict import PredictSettings
from cvdata.models.relabel import relabel
from cvdata.models.spec import ModelSpec

from ..train.shapes import CLASSES, draw_shapes


class Colours:
    """Knows the shapes by the colour in the middle: red squares, green discs, blue triangles."""

    spec = ModelSpec(task="classifier", architecture="colours", classes=CLASSES, size=(32, 32), crop_margin=0.0)
    name, sha256 = "colours", ""

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        middle = [one[one.shape[0] // 2, one.shape[1] // 2].astype(np.float64) for one in pictures]
        return Columns(images=len(pictures), scores=np.stack([colour / colour.sum() for colour in middle]))


def test_boxes_stay_and_get_the_class_that_is_in_them(tmp_path: Path) -> None:
    drawn = draw_shapes(tmp_path, 6, 96)
    table = drawn.annotations
    wrong = replace(drawn, annotations=replace(table, category=(table.category + 1) % 3))

    found = relabel(Colours(), wrong, PredictSettings()).dataset

    assert found.annotations.category.tolist() == table.category.tolist()
    assert found.annotations.box.tolist() == table.box.tolist()
    assert found.annotations.score is not None
    assert found.annotations.score.min() > 0.5
    assert found.images.names == drawn.images.names


def test_boxes_that_it_is_not_sure_of_are_left_out_and_a_broken_picture_is_named(tmp_path: Path) -> None:
    drawn = draw_shapes(tmp_path, 4, 96, seed=1)
    (tmp_path / "0001.png").write_bytes(b"no picture")

    outcome = relabel(Colours(), drawn, PredictSettings(score=0.57))

    sure = np.isin(drawn.annotations.category, (0, 2))  # (210, 60, 50) and (60, 90, 210) are sure, (60, 160, 70) is not
    there = drawn.annotations.image != 1
    assert set(drawn.annotations.category[there].tolist()) == {0, 1, 2}
    assert list(outcome.bad) == [1]
    assert outcome.dataset.images.names == ("0000.png", "0002.png", "0003.png")
    assert outcome.dataset.annotations.category.tolist() == drawn.annotations.category[sure & there].tolist()


def test_pictures_without_boxes_are_refused(tmp_path: Path) -> None:
    drawn = draw_shapes(tmp_path, 2, 96)
    table = drawn.annotations.take(np.zeros(0, np.int64))

    with pytest.raises(UsageError, match="no picture has a box that says where one is"):
        relabel(Colours(), replace(drawn, annotations=table), PredictSettings())
