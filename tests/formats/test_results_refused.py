"""COCO result lists that are refused, and where the message points."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.errors import FormatError
from cvdata.formats.results import read_results

from .result_lists import CODE, put, row, truth


def with_(**values: Any) -> list[dict[str, Any]]:
    return [row(), row() | values]


def without(key: str) -> list[dict[str, Any]]:
    content = [row(), row()]
    del content[1][key]
    return content


def masked(size: Any = (4, 8), counts: Any = CODE) -> list[dict[str, Any]]:
    return with_(segmentation={"size": size, "counts": counts})


@pytest.mark.parametrize(
    ("content", "place", "found"),
    [
        (with_(score=float("nan")), "[1]/score", "score is nan, expected a finite number"),
        (with_(score=float("inf")), "[1]/score", "score is inf"),
        (with_(score=-0.25), "[1]/score", "score is -0.25, expected a number from 0 on"),
        (with_(score=None), "[1]/score", "score is None"),
        (with_(score="0.9"), "[1]/score", "score is '0.9', expected a number"),
        (with_(score=True), "[1]/score", "score is True"),
        (without("score"), "[1]/score", "score is missing"),
        (with_(bbox=[5, 5, -3, 4]), "[1]/bbox", "bbox is [5, 5, -3, 4]"),
        (with_(bbox=[5, 5, 3, float("nan")]), "[1]/bbox[3]", "bbox[3] is nan"),
        (with_(bbox=[5, 5, 3]), "[1]/bbox", "bbox is [5, 5, 3], expected [x, y, width, height]"),
        (with_(bbox=["5", 5, 3, 1]), "[1]/bbox[0]", "bbox[0] is '5'"),
        (with_(bbox=None), "[1]", "has neither bbox nor segmentation nor keypoints"),
        (without("bbox"), "[1]", "has neither bbox nor segmentation nor keypoints"),
        (with_(image_id=999), "[1]/image_id", "image_id is 999, which is no picture of the truth"),
        (with_(image_id="x.jpg"), "[1]/image_id", "image_id is 'x.jpg', which is no picture of the truth"),
        (with_(image_id="9" * 5000), "[1]/image_id", "which is no picture of the truth"),
        (with_(category_id="9" * 5000), "[1]/category_id", "which is no class of the truth"),
        (with_(image_id=None), "[1]/image_id", "image_id is None"),
        (with_(image_id=True), "[1]/image_id", "image_id is True"),
        (with_(image_id=2**80), "[1]/image_id", "which is no picture of the truth"),
        (without("image_id"), "[1]/image_id", "image_id is missing"),
        (with_(category_id=999), "[1]/category_id", "category_id is 999, which is no class of the truth"),
        (with_(category_id=[3]), "[1]/category_id", "category_id is [3]"),
        (masked(size=[8, 4]), "[1]/segmentation/size", "segmentation/size is [8, 4]"),
        (masked(size=[4]), "[1]/segmentation/size", "segmentation/size is [4]"),
        (masked(counts="\u00ff" * 2 + "P"), "[1]/segmentation/counts", "are no run lengths"),
        (masked(size=[4, -8]), "[1]/segmentation/size", "segmentation/size is [4, -8]"),
        (masked(counts="\x7f"), "[1]/segmentation/counts", "are no run lengths"),
        (masked(counts=[40, -8]), "[1]/segmentation/counts", "are no run lengths"),
        (masked(counts=[31]), "[1]/segmentation/counts", "cover 31 pixels"),
        (masked(counts=[1.5]), "[1]/segmentation/counts", "holds what is no whole number"),
        (masked(counts=7), "[1]/segmentation/counts", "is 7"),
        (with_(segmentation=[[1, 1, 2]]), "[1]/segmentation[0]", "has 3 numbers"),
        (with_(segmentation=[[1, 1, 2, 2, 3, float("inf")]]), "[1]/segmentation[0]", "is inf"),
        (with_(segmentation="x"), "[1]/segmentation", "is 'x'"),
        (with_(segmentation=[1, 2, 3]), "[1]/segmentation[0]", "is 1"),
        (with_(keypoints=[1, 2]), "[1]/keypoints", "has 2 numbers"),
        (with_(keypoints=[1, 2, 1] * 3), "[1]/keypoints", "has 9 numbers"),
        (with_(keypoints=[1, 2, "v", 1, 2, 1]), "[1]/keypoints[2]", "is 'v'"),
        (with_(keypoints={"nose": 1}), "[1]/keypoints", "is {'nose': 1}"),
    ],
)
def test_a_list_with_one_bad_result_is_refused_by_place(content: Any, place: str, found: str, tmp_path: Path) -> None:
    path = put(tmp_path, content)

    with pytest.raises(FormatError) as refused:
        read_results(path, truth(keypoints=(("nose", "tail"), ())))

    assert refused.value.at is not None
    assert str(refused.value.at) == f"{path}: {place}"
    assert found in refused.value.message
    assert refused.value.hint


def test_a_mask_that_no_picture_can_have_is_refused_where_the_size_is_not_known(tmp_path: Path) -> None:
    known = truth()
    unknown = replace(known, images=replace(known.images, width=0 * known.images.width, height=0 * known.images.height))

    with pytest.raises(FormatError, match=r"size: segmentation/size is \[3e\+09, 1\], expected \[height, width\]"):
        read_results(put(tmp_path, masked((3_000_000_000, 1), [3_000_000_000])), unknown)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"annotations": []}', "is not a list of results"),
        ("", "is not a list of results"),
        ("7", "is not a list of results"),
        ("[1, 2]", "an object was expected here"),
        ("[", "ends in the middle"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 0.5}', "ends in the middle"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 0.5}] []', "is not JSON from here on"),
        ('[] [{"image_id": 139}]', "is not JSON from here on"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": oops}]', "is not JSON here"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 0.5, "score": 0.9}]', "is there twice"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 0.5, "score" : 0.9}]', "is there twice"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 1' + "0" * 45 + "}]", r"score is 1e\+45"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 1e999}]', "score is inf"),
        ('[{"score": ' + "[" * 99 + "]" * 99 + "}]", "nested more than 64 deep"),
    ],
)
def test_what_is_no_list_of_results_is_refused(text: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=found):
        read_results(put(tmp_path, text), truth())


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=4),
    st.lists(st.floats(allow_nan=False), max_size=7),
    st.lists(st.lists(st.integers(-5, 50), max_size=8), max_size=2),
    st.fixed_dictionaries({"size": st.lists(st.integers(-1, 9), max_size=3), "counts": st.text(max_size=6)}),
)
KEYS = st.sampled_from(["image_id", "category_id", "bbox", "score", "segmentation", "keypoints", "area", "x"])


@settings(max_examples=300)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_other_value_is_read_or_refused_by_place(values: dict[str, Any]) -> None:
    import tempfile

    content = [row(), row() | values]
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder), content)
        try:
            found = read_results(path, truth())
        except FormatError as error:
            assert "[1]" in str(error)  # it may be read as well
        else:
            assert np.isfinite(found.annotations.box).all()
            assert found.annotations.score is not None
            assert np.isfinite(found.annotations.score).all()
