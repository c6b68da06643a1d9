"""SAM and SAM 2 draw what transformers says that they draw, over the whole picture, for any number of boxes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from cvdata.dataset.rle import run_sums, to_mask
from cvdata.prelabel.predictors.family import ModelOptions, Outliner, load_model

from .tiny_models import pictures

pytestmark = pytest.mark.slow

BOXES = np.array([[2.0, 3.0, 30.0, 20.0], [10.5, 11.25, 20.0, 30.0], [0.0, 0.0, 40.0, 48.0]])


def _outliner(folder: Path) -> Outliner:
    model = load_model(f"sam:{folder}", ModelOptions(device="cpu"))
    assert isinstance(model, Outliner)
    return model


def _sam(folder: Path) -> tuple[Any, Any]:
    from transformers import SamImageProcessor, SamModel, SamProcessor

    make: Any = SamProcessor
    return SamModel.from_pretrained(folder), make(SamImageProcessor.from_pretrained(folder))


def _sam2(folder: Path) -> tuple[Any, Any]:
    from transformers import Sam2ImageProcessor, Sam2Model, Sam2Processor

    return Sam2Model.from_pretrained(folder), Sam2Processor(Sam2ImageProcessor.from_pretrained(folder))


def _theirs(model: Any, processor: Any, picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the masks that transformers draws, bool, shape (boxes, height, width)."""
    corners = np.concatenate([BOXES[:, :2], BOXES[:, :2] + BOXES[:, 2:]], axis=1)
    asked = processor(images=picture, input_boxes=[corners.tolist()], return_tensors="pt")
    content = [asked.pop("reshaped_input_sizes")] if "reshaped_input_sizes" in asked else []
    sizes = asked.pop("original_sizes")
    asked["input_boxes"] = asked["input_boxes"].float()
    with torch.no_grad():
        output = model.eval()(**asked, multimask_output=False)
    masks: NDArray[np.bool_] = processor.image_processor.post_process_masks(output.pred_masks, sizes, *content)[0][:, 0]
    return np.asarray(masks)


@pytest.mark.parametrize(("kind", "load"), [("sam", _sam), ("sam2", _sam2)])
@pytest.mark.parametrize("size", [(48, 64), (90, 41)])
def test_masks_are_those_that_transformers_draws(
    kind: str, load: Any, size: tuple[int, int], request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(kind)
    (picture,) = pictures(size)
    model, processor = load(folder)
    expected = _theirs(model, processor, picture)

    runs = _outliner(folder).outline(picture, BOXES)

    assert len(runs) == 3 and runs.values.dtype == np.uint32
    drawn = np.stack([to_mask(runs[row], *size) for row in range(3)])
    assert drawn.any(axis=(1, 2)).all()
    np.testing.assert_array_equal(drawn, expected)


def test_a_sam2_that_was_published_for_videos_draws_the_same(sam2: Path, tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    shutil.copytree(sam2, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "sam2_video", "num_maskmem": 7}))
    (picture,) = pictures((48, 64))

    runs = _outliner(folder).outline(picture, BOXES)

    assert runs.values.tolist() == _outliner(sam2).outline(picture, BOXES).values.tolist()


@pytest.mark.parametrize("kind", ["sam", "sam2"])
def test_many_boxes_are_drawn_as_each_alone(kind: str, request: pytest.FixtureRequest) -> None:
    outliner = _outliner(request.getfixturevalue(kind))
    (picture,) = pictures((48, 64))
    boxes = np.stack([np.array([x, 2.0, 20.0, 30.0]) for x in range(40)])

    together = outliner.outline(picture, boxes)

    assert len(together) == 40
    assert (run_sums(together) == 48 * 64).all()
    for row in (0, 31, 32, 39):
        alone = outliner.outline(picture, boxes[row : row + 1])
        differs = to_mask(together[row], 48, 64) != to_mask(alone[0], 48, 64)
        assert differs.mean() < 0.002  # sums of floats in another order


def test_no_box_is_no_mask(sam: Path) -> None:
    runs = _outliner(sam).outline(pictures((48, 64))[0], np.empty((0, 4)))

    assert (len(runs), len(runs.values)) == (0, 0)


def test_an_object_of_which_nothing_is_drawn_has_no_mask(sam: Path, tmp_path: Path) -> None:
    model, processor = _sam(sam)
    with torch.no_grad():
        for part in model.mask_decoder.output_hypernetworks_mlps.parameters():
            part.zero_()
    model.save_pretrained(tmp_path / "blind")
    processor.image_processor.save_pretrained(tmp_path / "blind")

    runs = _outliner(tmp_path / "blind").outline(pictures((48, 64))[0], BOXES)

    assert runs.lengths.tolist() == [0, 0, 0]


def test_it_says_what_it_is(sam: Path, sam2: Path) -> None:
    import hashlib

    outliner = _outliner(sam2)

    assert (_outliner(sam).architecture, outliner.architecture, outliner.name) == ("sam", "sam2", "sam2")
    assert outliner.sha256 == hashlib.sha256((sam2 / "model.safetensors").read_bytes()).hexdigest()
