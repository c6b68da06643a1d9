"""YOLO predictions: rows with confidences, read onto a truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvdata.dataset import Dataset
from cvdata.errors import FormatError
from cvdata.formats.yolo_results import looks_like_yolo_results, read_yolo_results
from tests.evaluate.drawn import dataset_of


def truth(images: int = 3, side: int = 200) -> Dataset:
    nothing = np.zeros(0, np.int32)
    return dataset_of(images, 2, {"image": nothing, "category": nothing, "box": np.zeros((0, 4))}, side=side)


def written(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name.lstrip('_')}.txt").write_text(text, "utf-8")
    return folder


def test_a_row_is_a_class_a_box_as_fractions_and_a_confidence(tmp_path: Path) -> None:
    folder = written(tmp_path / "labels", _2="1 0.5 0.25 0.1 0.5 0.875\n", _0="0 0.1 0.1 0.2 0.2 0.5\n\n")

    found = read_yolo_results(tmp_path, truth())

    assert looks_like_yolo_results(tmp_path)
    assert looks_like_yolo_results(folder)
    assert found.annotations.image.tolist() == [0, 2]
    assert found.annotations.category.tolist() == [0, 1]
    # Of 200 x 200 pixels: centre 100, 50, size 20 x 100.
    np.testing.assert_allclose(found.annotations.box, [[0, 0, 40, 40], [90, 0, 20, 100]], atol=1e-9)
    assert found.annotations.score is not None
    assert found.annotations.score.tolist() == [0.5, 0.875]


def test_a_row_may_be_an_outline(tmp_path: Path) -> None:
    folder = written(tmp_path, _1="0 0.1 0.1 0.3 0.1 0.3 0.4 0.75\n0 0.5 0.5 0.1 0.1 0.25\n")

    table = read_yolo_results(folder, truth()).annotations

    assert table.polygons is not None
    assert table.has("polygons").tolist() == [True, False]
    np.testing.assert_allclose(table.polygons[0][0], [[20, 20], [60, 20], [60, 80]])
    np.testing.assert_allclose(table.box, [[20, 20, 40, 60], [90, 90, 20, 20]])


def test_labels_without_confidences_are_no_predictions(tmp_path: Path) -> None:
    assert not looks_like_yolo_results(written(tmp_path / "boxes", _0="0 0.5 0.5 0.1 0.1\n"))
    assert not looks_like_yolo_results(written(tmp_path / "outlines", _0="0 0.1 0.1 0.3 0.1 0.3 0.4\n"))
    assert not looks_like_yolo_results(written(tmp_path / "sure", _0="0 0.5 0.5 0.1 0.1 7\n"))
    assert not looks_like_yolo_results(written(tmp_path / "words", _0="a bird sat in a tree\n"))
    assert not looks_like_yolo_results(tmp_path / "nowhere")
    dataset = written(tmp_path / "dataset", _0="0 0.5 0.5 0.1 0.1 0.5\n")
    (dataset / "data.yaml").write_text("names: [a]", "utf-8")
    assert not looks_like_yolo_results(dataset)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("0 0.5 0.5 0.1 0.1 0.5\n0 0.5 0.5 0.1 0.1\n", 2, "5 numbers (without a confidence: predict with save_conf"),
        ("0 0.5 0.5 0.1 0.1 1.5", 1, "the confidence 1.5; expected 0 to 1"),
        ("2 0.5 0.5 0.1 0.1 0.5", 1, "the class 2; expected 0 to 1, as the truth has them"),
        ("0.5 0.5 0.5 0.1 0.1 0.5", 1, "the class 0.5"),
        ("-1 0.5 0.5 0.1 0.1 0.5", 1, "the class -1"),
        ("\n0 0.5 0.5 -0.1 0.1 0.5", 2, "a negative width or height"),
        ("0 nan 0.5 0.1 0.1 0.5", 1, "more than numbers"),
        ("bird 0.5 0.5 0.1 0.1 0.5", 1, "more than numbers"),
    ],
)
def test_a_wrong_row_refuses_everything_and_is_named(tmp_path: Path, text: str, line: int, said: str) -> None:
    folder = written(tmp_path, _0="0 0.5 0.5 0.1 0.1 0.5\n", _1=text)

    with pytest.raises(FormatError) as caught:
        read_yolo_results(folder, truth())

    assert said in str(caught.value)
    assert f"1.txt line {line}" in str(caught.value).replace(": line", " line").replace(", line", " line")


def test_a_file_of_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="belongs to no picture of the truth"):
        read_yolo_results(written(tmp_path, _7="0 0.5 0.5 0.1 0.1 0.5\n"), truth())


def test_a_picture_of_unknown_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="size the truth does not know"):
        read_yolo_results(written(tmp_path, _1="0 0.5 0.5 0.1 0.1 0.5\n"), truth(side=0))


def test_where_nothing_was_found_there_are_no_detections(tmp_path: Path) -> None:
    assert len(read_yolo_results(written(tmp_path, _1="\n"), truth()).annotations) == 0
