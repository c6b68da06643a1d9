"""What models found as COCO result lists and YOLO predictions: what is written is read again, by us and by others."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from cvdata.dataset import Annotations, Categories, Dataset, Polygons, Ragged
from cvdata.errors import FormatError, UsageError
from cvdata.formats.results import looks_like_results, read_results
from cvdata.formats.results_write import results_bytes
from cvdata.formats.yolo_results import looks_like_yolo_results, read_yolo_results
from cvdata.formats.yolo_results_write import check_yolo_names, yolo_prediction_files

from ..compare import identical
from ..strategies import datasets
from .proposals import proposed
from .result_lists import RUNS, truth

BOXES = [("b.jpg", "dog", (1.5, 2, 30, 40), 0.9), ("c.jpg", "cat", (50, 2, 30, 40), 0.3)]


def found(rows: list[tuple[int, int, tuple[float, float, float, float], float]], **columns: Any) -> Dataset:
    """Return results for the truth of `result_lists`, from rows of picture, class, box and score."""
    image, category, box, score = zip(*rows, strict=True)
    table = Annotations(
        image=np.array(image, np.int32),
        category=np.array(category, np.int32),
        box=np.array(box, np.float64),
        score=np.array(score, np.float64),
        **columns,
    )
    return replace(truth(), annotations=table)


def read_again(dataset: Dataset, of: Dataset, folder: Path) -> Dataset:
    path = folder / "found.json"
    path.write_bytes(results_bytes(dataset, of))
    assert looks_like_results(path)
    return read_results(path, of)


# --- COCO


def test_a_result_has_the_ids_of_the_truth_and_says_who_found_it() -> None:
    extra = Ragged.texts([b'{"model": "0123456789ab", "threshold": 0.25, "seam": true}', b""])
    dataset = found([(0, 1, (1, 1, 4, 2), 0.75), (2, 0, (0.5, 0, 3, 3), 0.125)], extra=extra)

    said = json.loads(results_bytes(dataset, truth()))

    assert said == [
        {"image_id": 139, "category_id": 9, "bbox": [1.0, 1.0, 4.0, 2.0], "score": 0.75, "model": "0123456789ab",
         "threshold": 0.25},
        {"image_id": 8, "category_id": 3, "bbox": [0.5, 0.0, 3.0, 3.0], "score": 0.125},
    ]  # fmt: skip


def test_where_the_truth_has_no_ids_names_and_places_stand_in_for_them(tmp_path: Path) -> None:
    bare = truth(ids=None, class_ids=None)
    dataset = found([(0, 1, (1, 1, 4, 2), 0.75), (1, 0, (1, 1, 4, 2), 0.5)])

    said = json.loads(results_bytes(dataset, bare))

    assert [(row["image_id"], row["category_id"]) for row in said] == [("000000000139.jpg", 2), ("val/a b.jpg", 1)]
    back = read_again(dataset, bare, tmp_path)
    assert back.annotations.category.tolist() == [1, 0]
    assert back.images.names == ("000000000139.jpg", "val/a b.jpg")


def test_results_are_the_truths_whatever_the_order_of_the_pictures_and_classes(tmp_path: Path) -> None:
    dataset = found([(0, 1, (1, 1, 4, 2), 0.75)])
    turned = replace(
        dataset,
        images=dataset.images.take(np.array([2, 0])),
        categories=Categories(names=("dog", "cat")),
        annotations=replace(dataset.annotations, image=np.array([1], np.int32)),
    )

    said = json.loads(results_bytes(turned, truth()))

    assert [(row["image_id"], row["category_id"]) for row in said] == [(139, 3)]


def test_a_class_that_the_truth_has_not_goes_by_its_name() -> None:
    dataset = replace(found([(0, 1, (1, 1, 4, 2), 0.75)]), categories=Categories(names=("cat", "owl")))

    assert json.loads(results_bytes(dataset, truth()))[0]["category_id"] == "owl"


def test_a_new_class_whose_name_would_be_taken_for_an_id_is_refused() -> None:
    dataset = replace(found([(0, 1, (1, 1, 4, 2), 0.75)]), categories=Categories(names=("cat", "7")))

    with pytest.raises(UsageError, match="the class '7' is new"):
        results_bytes(dataset, truth())


def test_nothing_found_is_an_empty_list(tmp_path: Path) -> None:
    dataset = proposed([])

    assert len(read_again(dataset, dataset, tmp_path).annotations) == 0


def test_what_has_no_score_is_no_result() -> None:
    with pytest.raises(UsageError, match="a result without a score is none"):
        results_bytes(found([(0, 1, (1, 1, 4, 2), float("nan"))]), truth())


def test_a_picture_that_was_not_looked_at_is_refused() -> None:
    with pytest.raises(UsageError, match=r"the picture 'b\.jpg' is not among those"):
        results_bytes(
            proposed(BOXES).__class__(**_only(proposed(BOXES), [1, 2])), proposed([], sizes={"a.jpg": (9, 9)})
        )


def _only(dataset: Dataset, rows: list[int]) -> dict[str, Any]:
    table = replace(dataset.annotations, image=(dataset.annotations.image - 1).astype(np.int32))
    return {"images": dataset.images.take(np.array(rows)), "annotations": table, "categories": dataset.categories}


def test_masks_outlines_and_keypoints_come_back(tmp_path: Path) -> None:
    of = truth(keypoints=(("nose",), ("nose",)))
    table = {
        "masks": Ragged.of([RUNS, []], np.uint32),
        "mask_listed": np.zeros(2, np.bool_),
        "polygons": Polygons.of([[], [[(1, 1), (5, 1), (5, 3.25)]]]),
        "keypoints": Ragged(np.array([[2.5, 1, 2], [3, 1, 0.75]]), np.array([0, 1, 2])),
    }
    dataset = found([(0, 0, (2, 1, 5, 2), 0.75), (1, 1, (1, 1, 4, 2.25), 0.5)], **table)

    back = read_again(dataset, of, tmp_path).annotations

    for column in ("masks", "mask_listed", "polygons", "keypoints", "box", "score"):
        identical(getattr(back, column), getattr(dataset.annotations, column), column)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dataset=datasets(frozenset({"rings", "mask", "score"})))
def test_every_list_is_read_again_bit_for_bit(dataset: Dataset, tmp_path: Path) -> None:
    scored = replace(dataset.annotations, score=np.linspace(0, 1, len(dataset.annotations)))
    dataset = replace(dataset, annotations=scored)
    used = np.flatnonzero(np.diff(dataset.offsets))

    back = read_again(dataset, dataset, tmp_path)

    assert back.images.names == tuple(dataset.images.names[row] for row in used.tolist())
    identical(back.annotations.box, dataset.annotations.box)
    identical(back.annotations.score, dataset.annotations.score)
    assert back.annotations.has("masks").tolist() == dataset.annotations.has("masks").tolist()


def test_pycocotools_takes_the_list_and_sees_the_same_areas(tmp_path: Path) -> None:
    from pycocotools import mask
    from pycocotools.coco import COCO

    dataset = found(
        [(0, 0, (2, 1, 5, 2), 0.75), (1, 1, (2, 1, 5, 2), 0.5)],
        masks=Ragged.of([RUNS, RUNS], np.uint32),
    )
    peer = COCO()
    peer.dataset = {
        "info": {},
        "images": [{"id": 139, "width": 8, "height": 4}, {"id": 7, "width": 8, "height": 4}],
        "categories": [{"id": 3, "name": "cat"}, {"id": 9, "name": "dog"}],
        "annotations": [],
    }
    path = tmp_path / "found.json"
    path.write_bytes(results_bytes(dataset, truth()))
    with contextlib.redirect_stdout(io.StringIO()):
        peer.createIndex()
        results = peer.loadRes(str(path)).loadAnns([1, 2])

    assert [(row["image_id"], row["category_id"], row["score"]) for row in results] == [(139, 3, 0.75), (7, 9, 0.5)]
    assert [row["bbox"] for row in results] == [[2.0, 1.0, 5.0, 2.0]] * 2
    assert [int(mask.area(row["segmentation"])) for row in results] == [10, 10]


# --- YOLO


def written(dataset: Dataset, of: Dataset, folder: Path) -> Path:
    for name, data in yolo_prediction_files(dataset, of):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_a_row_is_class_box_and_confidence_as_ultralytics_writes_it(tmp_path: Path) -> None:
    dataset = proposed(BOXES)

    folder = written(dataset, dataset, tmp_path)

    # Of 100 x 80 pixels: centre 16.5, 22, size 30 x 40.
    assert (folder / "labels/b.txt").read_text() == "1 0.16500000 0.27500000 0.30000000 0.50000000 0.90000000\n"
    assert (folder / "classes.txt").read_text() == "cat\ndog\n"
    assert sorted(path.name for path in (folder / "labels").iterdir()) == ["b.txt", "c.txt"]
    assert looks_like_yolo_results(folder)


def test_an_outline_and_a_mask_are_rows_of_points(tmp_path: Path) -> None:
    table = {
        "masks": Ragged.of([RUNS, []], np.uint32),
        "polygons": Polygons.of([[], [[(1, 1), (5, 1), (5, 3)]]]),
    }
    dataset = found([(0, 0, (2, 1, 5, 2), 0.75), (1, 1, (1, 1, 4, 2), 0.5)], **table)

    back = read_yolo_results(written(dataset, truth(), tmp_path), truth()).annotations

    assert back.polygons is not None
    assert sorted(map(tuple, back.polygons[0][0].round(6).tolist())) == [(2, 1), (2, 3), (7, 1), (7, 3)]
    assert back.polygons[1][0].tolist() == [[1, 1], [5, 1], [5, 3]]
    assert back.score is not None and back.score.tolist() == [0.75, 0.5]


def test_classes_have_the_numbers_of_the_truth(tmp_path: Path) -> None:
    dataset = replace(proposed(BOXES), categories=Categories(names=("owl", "cat")))

    folder = written(dataset, proposed([]), tmp_path)

    assert (folder / "classes.txt").read_text() == "cat\ndog\nowl\n"
    assert [(folder / f"labels/{name}.txt").read_text()[:2] for name in "bc"] == ["0 ", "2 "]
    with pytest.raises(FormatError, match="the class 2; expected 0 to 1"):
        read_yolo_results(folder, proposed([]))


def test_pictures_that_differ_in_their_suffix_keep_it() -> None:
    of = proposed([], sizes={"a.jpg": (9, 9), "a.png": (9, 9), "deep/b.jpg": (9, 9), "classes.jpg": (9, 9)})

    assert check_yolo_names(of.images.names, of) == ["a.jpg.txt", "a.png.txt", "b.txt", "classes.jpg.txt"]


def test_pictures_of_one_name_in_two_folders_are_refused() -> None:
    of = proposed([], sizes={"left/a.jpg": (9, 9), "right/a.jpg": (9, 9)})

    with pytest.raises(UsageError, match=r"'left/a\.jpg' is not the only picture of that name") as caught:
        check_yolo_names(of.images.names, of)

    assert "found.json" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (("b.jpg", "dog", (1.0, 2.0, 3.0, 4.0), float("nan")), "has no score"),
        (("b.jpg", "dog", (float("nan"),) * 4, 0.5), "labels a whole picture"),
    ],
)
def test_what_no_row_holds_is_refused(
    row: tuple[str, str, tuple[float, float, float, float], float], what: str
) -> None:
    dataset = proposed([row])

    with pytest.raises(UsageError, match=rf"what was found in 'b\.jpg' {what}"):
        list(yolo_prediction_files(dataset, dataset))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dataset=datasets(frozenset({"score"})))
def test_every_box_is_read_again_within_its_decimals(
    dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scored = replace(dataset.annotations, score=np.linspace(0, 1, len(dataset.annotations)))
    dataset = replace(dataset, annotations=scored)
    folder = tmp_path_factory.mktemp("yolo")
    (folder / "labels").mkdir()

    try:
        back = read_yolo_results(written(dataset, dataset, folder), dataset)
    except UsageError as refused:
        assert "is not the only picture of that name" in str(refused)
        return

    assert back.annotations.image.tolist() == dataset.annotations.image.tolist()
    np.testing.assert_allclose(back.annotations.box, dataset.annotations.box, atol=1e-5)
    assert back.annotations.score is not None
    np.testing.assert_allclose(back.annotations.score, np.linspace(0, 1, len(scored)), atol=5e-9)
