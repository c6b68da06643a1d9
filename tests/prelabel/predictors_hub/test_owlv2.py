"""OWLv2 finds in pictures of any shape what its own post-processing says that it finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from cvdata.errors import ModelError, UsageError
from cvdata.models.columns import Columns
from cvdata.models.predictor import Predictor
from cvdata.prelabel.predictors.family import ModelOptions, load_model

from .tiny_models import pictures

pytestmark = pytest.mark.slow

PROMPT = ("hard hat", "vest", "cat")


def _detector(folder: Path, score: float = 0.0, prompt: tuple[str, ...] = PROMPT) -> Predictor:
    model = load_model(f"owlv2:{folder}", ModelOptions(prompt=prompt, score=score, device="cpu"))
    assert not hasattr(model, "outline")
    return model


def _corners(found: Columns) -> NDArray[np.float64]:
    assert found.box is not None
    return np.concatenate([found.box[:, :2], found.box[:, :2] + found.box[:, 2:]], axis=1)


def test_boxes_are_those_of_its_own_post_processing(owlv2: Path) -> None:
    from transformers import CLIPTokenizer, Owlv2ForObjectDetection, Owlv2ImageProcessor, Owlv2Processor

    shown = pictures((48, 64), (64, 40))
    make: Any = Owlv2Processor
    theirs = make(Owlv2ImageProcessor.from_pretrained(owlv2), CLIPTokenizer.from_pretrained(owlv2))
    asked = theirs(text=[list(PROMPT)] * 2, images=shown, return_tensors="pt")
    with torch.no_grad():
        model: Any = Owlv2ForObjectDetection.from_pretrained(owlv2)
        output = model.eval()(**asked)
    expected = theirs.post_process_grounded_object_detection(output, threshold=0.3, target_sizes=[(48, 64), (64, 40)])

    found = _detector(owlv2, score=0.3).find(shown)

    assert found.owner is not None and found.label is not None and found.score is not None
    for row, ((height, width), one) in enumerate(zip([(48, 64), (64, 40)], expected, strict=True)):
        order = one["scores"].argsort(descending=True)
        box = one["boxes"][order].numpy().clip(0, [width, height, width, height])
        inside = (box[:, 2:] > box[:, :2]).all(axis=1)
        own = found.owner == row
        assert own.sum() >= 5
        np.testing.assert_allclose(_corners(found)[own], box[inside], atol=1e-4)
        np.testing.assert_allclose(found.score[own], one["scores"][order].numpy()[inside], atol=1e-6)
        assert found.label[own].tolist() == one["labels"][order][torch.from_numpy(inside)].tolist()
        assert len(set(found.label[own].tolist())) > 1


def test_it_says_what_it_is(owlv2: Path) -> None:
    import hashlib

    detector = _detector(owlv2)

    assert (detector.name, detector.spec.architecture, detector.spec.classes) == ("owl", "owlv2", PROMPT)
    assert (detector.spec.task, detector.spec.size) == ("detector", (64, 64))
    assert detector.sha256 == hashlib.sha256((owlv2 / "model.safetensors").read_bytes()).hexdigest()


def test_a_batch_finds_what_each_picture_alone_does(owlv2: Path) -> None:
    shown = pictures((48, 64), (3, 50), (64, 40), (1, 1))
    detector = _detector(owlv2)

    together = detector.find(shown)

    assert together.owner is not None and together.score is not None
    for row, picture in enumerate(shown):
        alone = detector.find([picture])
        assert alone.score is not None
        own = together.owner == row
        np.testing.assert_allclose(_corners(together)[own], _corners(alone), atol=1e-4)
        np.testing.assert_allclose(together.score[own], alone.score, atol=1e-6)


def test_three_rows_of_pixels_are_no_three_channels(owlv2: Path) -> None:
    (low,) = pictures((3, 6))
    square = np.zeros((6, 6, 3), np.uint8)  # what the network sees of it
    square[:3] = low
    detector = _detector(owlv2)

    found, whole = detector.find([low]), detector.find([square])

    corners = _corners(whole).clip(0, [6, 3, 6, 3])
    inside = np.asarray((corners[:, 2:] > corners[:, :2]).all(axis=1))
    assert inside.any() and whole.score is not None and found.score is not None
    np.testing.assert_allclose(_corners(found), corners[inside], atol=1e-4)
    np.testing.assert_allclose(found.score, whole.score[inside], atol=1e-6)


def test_the_order_of_the_names_is_that_of_the_classes(owlv2: Path) -> None:
    shown = pictures((48, 64))

    one = _detector(owlv2).find(shown)
    other = _detector(owlv2, prompt=PROMPT[::-1]).find(shown)

    assert one.label is not None and other.label is not None
    assert one.label.tolist() == (2 - other.label).tolist()


def test_a_name_that_is_too_long_is_refused(owlv2: Path) -> None:
    with pytest.raises(UsageError) as caught:
        _detector(owlv2, prompt=("vest", "q w e r t y u i o p q w e r t y"))

    assert str(caught.value) == (
        "'q w e r t y u i o p q w e r t y' has 16 pieces of words, and OWLv2 reads 14\n  hint: say it shorter"
    )


def test_weights_of_another_network_are_refused_where_transformers_would_take_random_ones(
    owlv2: Path, sam: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import shutil

    folder = tmp_path / "owl"
    shutil.copytree(owlv2, folder)
    shutil.copy(sam / "model.safetensors", folder)

    with pytest.raises(ModelError, match=r"model.safetensors: does not hold the weights that its config.json asks for"):
        _detector(folder)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("file", ["model.safetensors", "preprocessor_config.json", "vocab.json"])
def test_a_file_that_is_cut_off_is_an_error(file: str, owlv2: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "owl"
    shutil.copytree(owlv2, folder)
    data = (folder / file).read_bytes()
    (folder / file).write_bytes(data[: len(data) // 2])

    with pytest.raises(ModelError, match="owl: is no model that transformers can load: "):
        _detector(folder)


def test_nothing_is_printed_while_it_is_made_ready(owlv2: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _detector(owlv2).find(pictures((20, 20)))

    assert capfd.readouterr() == ("", "")
