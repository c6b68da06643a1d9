"""Checkpoints of ultralytics: told from other files without running them, and loaded only where that is said."""

from __future__ import annotations

import importlib.util
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cvdata.errors import MissingExtraError, ModelError, UsageError
from cvdata.prelabel.predictors._ultralytics_file import is_ultralytics
from cvdata.prelabel.predictors.family import ModelOptions, family_of, load_model

IS_INSTALLED = importlib.util.find_spec("ultralytics") is not None
needs_it = pytest.mark.skipif(not IS_INSTALLED, reason="ultralytics (AGPL-3.0) is not installed")

# What begins the pickle of a network of theirs: protocol 2, GLOBAL module class.
PICKLE = b"\x80\x02}q\x00X\x05\x00\x00\x00modelq\x01cultralytics.nn.tasks\nDetectionModel\nq\x02)\x81q\x03s."


def checkpoint(path: Path, inner: bytes = PICKLE) -> Path:
    """Write a ZIP file with a pickle, as `torch.save` does."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("best/data.pkl", inner)
        archive.writestr("best/version", "3")
    return path


def test_a_checkpoint_is_told_by_the_names_in_its_pickle(tmp_path: Path) -> None:
    (tmp_path / "old.pt").write_bytes(PICKLE)

    assert is_ultralytics(checkpoint(tmp_path / "new.pt"))
    assert is_ultralytics(tmp_path / "old.pt")


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04 cut off", b"\x80\x02}.", b"ultralytics.nn", None])
def test_other_files_and_broken_ones_are_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.pt").write_bytes(content)

    assert not is_ultralytics(tmp_path / "x.pt")


def test_weights_that_torch_saved_are_none(tmp_path: Path) -> None:
    torch.save({"layer.weight": torch.zeros(2)}, tmp_path / "w.pt")

    assert not is_ultralytics(tmp_path / "w.pt")


def test_a_plain_path_is_refused_because_loading_it_runs_code(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "yolo.pt")

    with pytest.raises(
        UsageError, match="is a checkpoint of ultralytics, and loading one runs the code in it"
    ) as caught:
        load_model(str(path), ModelOptions())

    assert f"--model ultralytics:{path}" in str(caught.value)


class Evil:
    """Writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin"])
def test_files_of_weights_belong_to_runs_and_nothing_in_them_is_run(tmp_path: Path, suffix: str) -> None:
    buffer = io.BytesIO()
    pickle.dump({"model": Evil(tmp_path / "was_here"), "text": "ultralytics.nn"}, buffer, protocol=2)
    plain = io.BytesIO()
    pickle.dump({"model": Evil(tmp_path / "was_here")}, plain, protocol=2)
    theirs = checkpoint(tmp_path / f"theirs{suffix}", buffer.getvalue())
    other = checkpoint(tmp_path / f"other{suffix}", plain.getvalue())

    assert family_of(str(theirs))[0].NAME == family_of(str(other))[0].NAME == "run"
    with pytest.raises(UsageError, match="loading one runs the code"):
        load_model(str(theirs), ModelOptions())
    with pytest.raises(ModelError):
        load_model(str(other), ModelOptions())
    assert not (tmp_path / "was_here").exists()


def test_a_checkpoint_that_is_not_there_is_never_downloaded(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist") as caught:
        load_model(f"ultralytics:{tmp_path / 'yolo11n.pt'}", ModelOptions())

    assert "cvdata downloads none" in str(caught.value)


@pytest.mark.skipif(IS_INSTALLED, reason="ultralytics is installed")
def test_without_the_package_the_error_names_its_licence_and_the_cure(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "yolo.pt")

    with pytest.raises(MissingExtraError, match="needs the package ultralytics") as caught:
        load_model(f"ultralytics:{path}", ModelOptions())

    assert "AGPL-3.0" in str(caught.value) and "pip install ultralytics" in str(caught.value)


@needs_it
@pytest.mark.slow
@pytest.mark.parametrize("task", ["", "-seg", "-pose", "-cls"])
def test_a_checkpoint_finds_what_the_package_finds(tmp_path: Path, task: str) -> None:
    from ultralytics import YOLO

    theirs = YOLO(f"yolov8n{task}.yaml")
    theirs.save(tmp_path / "net.pt")
    picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    expected = YOLO(tmp_path / "net.pt").predict(
        picture[..., ::-1].copy(), conf=0.001, retina_masks=True, verbose=False, save=False
    )[0]

    predictor: Any = load_model(f"ultralytics:{tmp_path / 'net.pt'}", ModelOptions(device="cpu"))
    found = predictor.find([picture])

    if task == "-cls":
        assert np.allclose(found.scores[0], expected.probs.data.numpy(), atol=1e-6)
        return
    assert len(predictor.spec.keypoints) == (17 if task == "-pose" else 0)
    assert (found.masks is not None) == (task == "-seg")
    assert len(found.box) == len(expected.boxes)


@needs_it
def test_what_is_no_checkpoint_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "x.pt").write_bytes(b"nothing of the kind")

    with pytest.raises(ModelError, match="ultralytics cannot load it"):
        load_model(f"ultralytics:{tmp_path / 'x.pt'}", ModelOptions(device="cpu"))
