"""A model looks at many pictures: in lots, with bad ones put aside, the same at any number of threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.dataset import Dataset
from cvdata.errors import UsageError
from cvdata.models.columns import Columns
from cvdata.models.predict import PredictSettings, check_predict, collect, look
from cvdata.models.predictor import load_predictor
from cvdata.models.spec import ModelSpec
from cvdata.models.torch_predictor import TorchPredictor

from ..train.shapes import draw_shapes
from .runs import CLASSIFIER, DETECTOR, SEGMENTER, network_of, write_run


class Corners:
    """Finds one object a picture: as wide and as sure as its first pixel is red."""

    def __init__(self) -> None:
        self.spec = ModelSpec(task="detector", architecture="corners", classes=("a", "b"), size=(32, 32))
        self.name, self.sha256 = "corners", "0" * 64
        self.lots: list[int] = []

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return the objects."""
        self.lots.append(len(pictures))
        red = np.array([picture[0, 0, 0] for picture in pictures], np.float64)
        count = len(pictures)
        return Columns(
            images=count,
            owner=np.arange(count),
            box=np.stack([np.zeros(count), np.zeros(count), red / 10, red / 10], axis=1),
            label=np.arange(count) % 2,
            score=red / 255,
        )


def shapes(folder: Path, images: int = 7) -> Dataset:
    return draw_shapes(folder, images, side=40)


def widths(dataset: Dataset) -> list[float]:
    return [round(row.box[2] * 10) for row in dataset.rows()]


def first_pixels(folder: Path) -> list[int]:
    from PIL import Image

    return [int(np.asarray(Image.open(path))[0, 0, 0]) for path in sorted(folder.glob("*.png"))]


# --- many pictures


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(("batch", "lots"), [(3, [3, 3, 1]), (100, [7])])
def test_all_pictures_are_looked_at_in_their_order(tmp_path: Path, workers: int, batch: int, lots: list[int]) -> None:
    dataset, model = shapes(tmp_path), Corners()

    found = collect(
        look(model, dataset.images, batch=batch, workers=workers), model.spec, dataset.images, PredictSettings()
    )

    assert model.lots == lots
    assert widths(found.dataset) == first_pixels(tmp_path)
    assert found.dataset.annotations.image.tolist() == list(range(7))
    assert found.bad == {}


def test_large_pictures_are_looked_at_in_smaller_lots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, model = shapes(tmp_path), Corners()
    monkeypatch.setattr("cvdata.models.predict._PIXELS_AT_ONCE", 2 * 40 * 40)

    list(look(model, dataset.images, batch=16))

    assert model.lots == [2, 2, 2, 1]


def test_a_picture_that_cannot_be_read_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    dataset, model = shapes(tmp_path, 4), Corners()
    (tmp_path / "0001.png").write_bytes(b"nothing")
    (tmp_path / "0003.png").unlink()

    found = collect(look(model, dataset.images, batch=2), model.spec, dataset.images, PredictSettings())

    assert list(found.bad) == [1, 3]
    assert found.dataset.images.names == ("0000.png", "0002.png")
    assert widths(found.dataset) == first_pixels_of(tmp_path, "0000.png", "0002.png")


def first_pixels_of(folder: Path, *names: str) -> list[int]:
    from PIL import Image

    return [int(np.asarray(Image.open(folder / name))[0, 0, 0]) for name in names]


def test_where_no_picture_can_be_read_it_says_so(tmp_path: Path) -> None:
    dataset, model = shapes(tmp_path, 1), Corners()
    (tmp_path / "0000.png").unlink()

    with pytest.raises(UsageError, match="no picture could be read"):
        collect(look(model, dataset.images), model.spec, dataset.images, PredictSettings())


def test_sizes_that_nobody_knew_come_from_the_pictures(tmp_path: Path) -> None:
    dataset, model = shapes(tmp_path, 2), Corners()
    images = replace(dataset.images, width=np.zeros(2, np.int32), height=np.zeros(2, np.int32))

    found = collect(look(model, images), model.spec, images, PredictSettings())

    assert found.dataset.images.width.tolist() == [40, 40]


def test_only_sure_detections_of_the_wanted_classes_stay(tmp_path: Path) -> None:
    dataset, model = shapes(tmp_path, 6), Corners()
    reds = first_pixels(tmp_path)
    least = sorted(reds)[2] / 255

    found = collect(
        look(model, dataset.images), model.spec, dataset.images, PredictSettings(score=least, classes=("b",))
    )

    assert found.dataset.categories.names == ("b",)
    assert widths(found.dataset) == [red for row, red in enumerate(reds) if red / 255 >= least and row % 2 == 1]
    assert len(found.dataset.images) == 6


def test_leaving_early_ends_the_threads(tmp_path: Path) -> None:
    import threading

    dataset, model = shapes(tmp_path), Corners()

    lots = look(model, dataset.images, batch=1, workers=2)
    next(lots)
    lots.close()

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


@pytest.mark.parametrize(
    ("settings", "task", "found"),
    [
        ({"score": 1.5}, "detector", "--score is 1.5, expected 0 to 1"),
        ({"score": float("nan")}, "detector", "--score is nan"),
        ({"batch": 0}, "detector", "--batch is 0"),
        ({"classes": ("cta",)}, "detector", "the model has no class 'cta'"),
        ({"classes": ("cat", "cat")}, "detector", "a class is named twice"),
        ({"classes": ("cat",)}, "segmenter", "--classes is for detectors and classifiers"),
        ({"score": 0.5}, "segmenter", "--score is for detectors and classifiers"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], task: Any, found: str) -> None:
    spec = ModelSpec(task=task, architecture="any", classes=("cat", "dog"), size=(32, 32))

    with pytest.raises(UsageError, match=found):
        check_predict(PredictSettings(**settings), spec)


# --- the network of a run


@pytest.fixture
def pictures() -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((40, 70, 3), (64, 64, 3), (100, 30, 3))]


def test_a_detector_finds_boxes_inside_pictures_of_any_size(tmp_path: Path, pictures: list[NDArray[np.uint8]]) -> None:
    model = load_predictor(write_run(tmp_path / "run", network_of(DETECTOR)), device="cpu")

    columns = model.find(pictures)

    assert (model.name, model.spec.classes) == ("shapes", DETECTOR.classes)
    assert columns.images == 3
    assert columns.owner is not None and columns.box is not None and len(columns.owner)
    edges = np.array([picture.shape[1::-1] for picture in pictures])[columns.owner]
    assert (columns.box[:, :2] >= 0).all()
    assert (columns.box[:, :2] + columns.box[:, 2:] <= edges + 1e-9).all()


@pytest.mark.parametrize("spec", [DETECTOR, CLASSIFIER, SEGMENTER], ids=lambda spec: spec.architecture)
def test_a_picture_gives_the_same_alone_and_among_others(
    tmp_path: Path, spec: ModelSpec, pictures: list[NDArray[np.uint8]]
) -> None:
    model = load_predictor(write_run(tmp_path / "run", network_of(spec)), device="cpu")

    together, alone = model.find(pictures), model.find(pictures[2:])

    if spec.task == "classifier":
        assert together.scores is not None and alone.scores is not None
        assert np.allclose(together.scores[2], alone.scores[0], atol=1e-6)
        assert np.allclose(together.scores.sum(axis=1), 1, atol=1e-6)
    elif spec.task == "segmenter":
        assert together.maps is not None and alone.maps is not None
        assert together.maps[2].shape == (100, 30)
        assert (together.maps[2] != alone.maps[0]).mean() < 0.01
    else:
        assert together.owner is not None and together.box is not None and alone.box is not None
        assert np.allclose(together.box[together.owner == 2], alone.box, atol=1e-3)


def test_a_model_is_known_by_the_hash_of_its_weights(tmp_path: Path) -> None:
    import hashlib

    run = write_run(tmp_path / "run", network_of(DETECTOR))

    assert TorchPredictor(run).sha256 == hashlib.sha256((run / "weights/best.safetensors").read_bytes()).hexdigest()


def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(DETECTOR))

    for device in ("cuda:99", "abacus", "meta:x"):
        with pytest.raises(UsageError, match=f"there is no device '{device}'"):
            load_predictor(run, device=device)


def test_a_file_has_no_other_weights(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(DETECTOR))

    with pytest.raises(UsageError, match="--weights is for run folders"):
        load_predictor(run / "weights/best.safetensors", weights="last")


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.txt").write_text("hello", "utf-8")

    for name, found in (("nowhere", "does not exist"), ("folder", "neither"), ("text.txt", "neither")):
        with pytest.raises(UsageError, match=found):
            load_predictor(tmp_path / name)
