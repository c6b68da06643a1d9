"""What a person did to one picture, by hand-made documents."""

from __future__ import annotations

from typing import Any

import numpy as np

from cvdata.browse.labels.attributes import shown_of
from cvdata.browse.pull.attributes import Attributes
from cvdata.browse.pull.edits import Edits, edits_of
from cvdata.browse.pull.wanted import with_wanted
from cvdata.dataset import Annotations, Categories, Dataset, Images, State

_SIZE = (100, 50)


def _dataset() -> Dataset:
    """Return one picture with a nut and a bolt."""
    return Dataset(
        images=Images(
            names=("a.jpg",),
            width=np.array([100], np.int32),
            height=np.array([50], np.int32),
            state=np.array([State.LABELLED], np.uint8),
            split=np.array([-1], np.int32),
            folder=np.array([-1], np.int32),
        ),
        annotations=Annotations(
            image=np.zeros(2, np.int32),
            category=np.array([0, 1], np.int32),
            box=np.array([[10, 5, 20, 10], [50, 20, 30, 20]], np.float64),
            area=np.array([200.0, 600.0]),
            source_id=np.array([7, 9], np.int64),
        ),
        categories=Categories(names=("nut", "bolt"), source_id=(1, 2)),
    )


def _label(name: str, box: list[float], number: int | None = None, **said: Any) -> dict[str, Any]:
    return {"label": name, "bounding_box": box, "number": number, "tags": [], **said}


_NUT, _BOLT = _label("nut", [0.1, 0.1, 0.2, 0.2], 0), _label("bolt", [0.5, 0.4, 0.3, 0.4], 1)


def _document(*boxes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    metadata = {"width": _SIZE[0], "height": _SIZE[1]}
    return {"name": "a.jpg", "tags": [], "metadata": metadata, "truth": {"detections": list(boxes)}, **fields}


def _attributes(dataset: Dataset) -> Attributes:
    return Attributes(dataset, shown_of(dataset))


def _edited(*boxes: dict[str, Any], **fields: Any) -> tuple[Edits, Dataset]:
    dataset = _dataset()
    edits = edits_of(
        dataset, 0, _document(*boxes, **fields), _document(_NUT, _BOLT), [("model", 0.5)], _attributes(dataset)
    )
    return edits, with_wanted(dataset, edits.wanted, np.array(edits.removed, np.int64))


def test_nothing_is_wanted_where_nothing_was_done() -> None:
    edits, _ = _edited(_NUT, _BOLT)

    assert (edits.wanted, edits.removed, +edits.counts) == ([], [], {})


def test_a_moved_box_loses_its_area_and_keeps_its_place_and_id() -> None:
    edits, after = _edited({**_NUT, "bounding_box": [0.2, 0.2, 0.2, 0.2]}, _BOLT)

    assert dict(+edits.counts) == {"moved": 1}
    np.testing.assert_allclose(after.annotations.box, [[20, 10, 20, 10], [50, 20, 30, 20]])
    assert after.annotations.area is not None
    np.testing.assert_array_equal(after.annotations.area, [np.nan, 600])
    assert isinstance(after.annotations.source_id, np.ndarray)
    assert after.annotations.source_id.tolist() == [7, 9]


def test_a_new_class_comes_behind_the_others_with_an_id_of_its_own() -> None:
    _, after = _edited({**_NUT, "label": "washer"}, _BOLT)

    assert after.categories.names == ("nut", "bolt", "washer")
    assert after.categories.source_id == (1, 2, 3)
    assert after.annotations.category.tolist() == [2, 1]


def test_a_deleted_label_goes_and_a_copied_one_is_new() -> None:
    edits, after = _edited(_BOLT, {**_BOLT, "bounding_box": [0.0, 0.0, 0.1, 0.2]})

    assert dict(+edits.counts) == {"deleted": 1, "drawn": 1}
    np.testing.assert_allclose(after.annotations.box, [[50, 20, 30, 20], [0, 0, 10, 10]])


def test_a_label_that_lost_its_class_is_named_and_its_object_stays() -> None:
    edits, after = _edited({**_NUT, "label": None}, _BOLT)

    assert edits.problems == ["box without a class"]
    assert len(after.annotations) == 2


def test_an_outline_drawn_alone_is_an_object_with_the_box_around_it() -> None:
    outline = {"label": "nut", "points": [[[0.1, 0.2], [0.3, 0.2], [0.2, 0.6]]], "tags": []}

    _, after = _edited(_NUT, _BOLT, truth_outlines={"polylines": [outline]})

    np.testing.assert_allclose(after.annotations.box[2], [10, 10, 20, 20])
    assert after.annotations.polygons is not None
    np.testing.assert_allclose(after.annotations.polygons[2][0], [[10, 10], [30, 10], [20, 30]])


def test_what_was_found_and_accepted_says_where_it_comes_from_and_comes_once() -> None:
    found = {**_label("bolt", [0, 0, 0.1, 0.2], 0, confidence=0.75), "tags": ["accept"]}
    again = {**_label("nut", [0.1, 0.1, 0.2, 0.2], 1, confidence=0.9), "tags": ["accept"]}

    edits, after = _edited(_NUT, _BOLT, found={"detections": [found, again]})

    assert dict(+edits.counts) == {"accepted": 1}
    assert after.annotations.extra is not None
    said = b'{"origin":{"prediction":"model","score":0.75,"reviewed":"kept"}}'
    assert after.annotations.extra.to_bytes() == [b"", b"", said]


def test_a_box_over_the_edge_is_cut_and_one_outside_is_refused() -> None:
    edits, after = _edited(_NUT, _BOLT, _label("nut", [0.9, 0.0, 0.3, 0.2]), _label("nut", [1.2, 0, 0.1, 0.1]))

    np.testing.assert_allclose(after.annotations.box[2], [90, 0, 10, 10])
    assert edits.problems == ["nut outside the picture"]
    assert len(edits.cut) == 1
