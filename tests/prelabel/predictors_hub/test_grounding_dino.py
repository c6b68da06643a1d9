"""Grounding DINO: boxes as transformers has them, and each with the name whose pieces fit it best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from cvdata.errors import UsageError
from cvdata.models.columns import Columns
from cvdata.models.predictor import Predictor
from cvdata.prelabel.predictors.family import ModelOptions, load_model

from .tiny_models import pictures

pytestmark = pytest.mark.slow

PROMPT = ("Hard hat", "vests", "hat?")
TEXT = "hard hat. vests. hat."
#       101   1020 1021 1012  1022 1023 1012  1021 1012  102: what stands where, from 0
PIECES = ([1, 2], [4, 5], [7])


def _detector(folder: Path, prompt: tuple[str, ...] = PROMPT, score: float = 0.0) -> Predictor:
    options = ModelOptions(prompt=prompt, score=score, device="cpu")
    return load_model(f"grounding-dino:{folder}", options)  # type: ignore[return-value]


def _theirs(folder: Path, picture: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what transformers finds: corners inside the picture, and how well each piece of the text fits."""
    from transformers import (
        BertTokenizer,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessor,
        GroundingDinoProcessor,
    )

    make: Any = GroundingDinoProcessor
    processor = make(GroundingDinoImageProcessor.from_pretrained(folder), BertTokenizer.from_pretrained(folder))
    asked = processor(images=picture, text=TEXT, return_tensors="pt")
    assert asked["input_ids"].tolist() == [[101, 1020, 1021, 1012, 1022, 1023, 1012, 1021, 1012, 102]]
    with torch.no_grad():
        model: Any = GroundingDinoForObjectDetection.from_pretrained(folder)
        output = model.eval()(**asked)
    height, width = picture.shape[:2]
    done = processor.post_process_grounded_object_detection(output, threshold=0.0, target_sizes=[(height, width)])
    corners = done[0]["boxes"].double().numpy().clip(0, [width, height, width, height])
    return corners, output.logits[0].sigmoid().double().numpy()


def _corners(found: Columns, row: int) -> NDArray[np.float64]:
    assert found.box is not None and found.owner is not None
    box = found.box[found.owner == row]
    return np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)


def test_boxes_are_those_of_transformers_and_names_have_the_mean_of_their_pieces(grounding_dino: Path) -> None:
    shown = pictures((48, 64), (80, 40), (48, 64))

    found = _detector(grounding_dino).find(shown)

    assert found.owner is not None and found.label is not None and found.score is not None
    labels = set()
    for row, picture in enumerate(shown):
        corners, fits = _theirs(grounding_dino, picture)
        mean = np.stack([fits[:, pieces].mean(axis=1) for pieces in PIECES], axis=1)
        inside = np.asarray((corners[:, 2:] > corners[:, :2]).all(axis=1))
        order = np.argsort(-mean.max(axis=1), kind="stable")
        order = order[inside[order]]
        own = np.asarray(found.owner == row)
        np.testing.assert_allclose(found.score[own], mean.max(axis=1)[order], atol=1e-5)
        np.testing.assert_allclose(_corners(found, row), corners[order], atol=1e-2)
        assert found.label[own].tolist() == mean.argmax(axis=1)[order].tolist()
        labels |= set(found.label[own].tolist())
    assert len(labels) > 1


def test_a_batch_of_any_sizes_finds_what_each_picture_alone_does(grounding_dino: Path) -> None:
    shown = pictures((48, 64), (80, 40), (3, 50), (48, 64))
    detector = _detector(grounding_dino)

    together = detector.find(shown)

    assert together.owner is not None and together.score is not None
    for row, picture in enumerate(shown):
        alone = detector.find([picture])
        assert alone.score is not None
        np.testing.assert_allclose(_corners(together, row), _corners(alone, 0), atol=1e-2)
        np.testing.assert_allclose(together.score[together.owner == row], alone.score, atol=1e-5)


def test_what_is_less_sure_than_anybody_wants_is_left_out(grounding_dino: Path) -> None:
    everything = _detector(grounding_dino).find(pictures((48, 64)))
    assert everything.score is not None
    least = float(np.median(everything.score))

    some = _detector(grounding_dino, score=least).find(pictures((48, 64)))

    assert some.score is not None
    assert some.score.tolist() == everything.score[everything.score >= least].tolist()


def test_it_says_what_it_is(grounding_dino: Path) -> None:
    detector = _detector(grounding_dino)

    assert (detector.name, detector.spec.architecture, detector.spec.classes) == ("dino", "grounding-dino", PROMPT)
    assert detector.spec.size == (64, 64)


def test_names_that_say_nothing_and_texts_that_are_too_long_are_refused(grounding_dino: Path) -> None:
    with pytest.raises(UsageError) as caught:
        _detector(grounding_dino, prompt=("vest", "?"))
    assert caught.value.message == "'?' in --prompt says nothing to Grounding DINO"

    assert _detector(grounding_dino, prompt=("hat", "vest" + "s" * 18)).spec.classes[0] == "hat"
    with pytest.raises(UsageError) as caught:
        _detector(grounding_dino, prompt=("hat", "vest" + "s" * 19))
    assert caught.value.message == (
        "--prompt has 25 pieces of words with the stops between them, and Grounding DINO reads 24"
    )
