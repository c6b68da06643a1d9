"""Detectors of torchvision find what torchvision itself finds with the same weights."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from numpy.typing import NDArray

from cvdata.dataset.rle import to_mask
from cvdata.errors import ModelError, UsageError
from cvdata.models.columns import Columns
from cvdata.models.predictor import Predictor
from cvdata.prelabel.predictors.family import ModelOptions, load_model

from .tiny_models import pictures

SMALL = "ssdlite320_mobilenet_v3_large"
SMALL_FILE = "ssdlite320_mobilenet_v3_large_coco-a79551df.pth"


def _theirs(name: str, layer: str = "", times: float = 1.0) -> Any:
    """Return a detector of torchvision with random weights, and norms that know noise, so that places differ.

    Args:
        layer: whose weights are so many `times` larger, for scores that differ.
    """
    torch.manual_seed(0)
    model = torchvision.models.get_model(name, weights=None, weights_backbone=None).eval()
    for module in model.backbone.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    model.backbone.train()
    with torch.no_grad():
        model.backbone(torch.randn(2, 3, 96, 96))
        for part in model.get_submodule(layer).parameters() if layer else ():
            part *= times
    return model.eval()


def _hurry(model: Any) -> None:
    """Let an R-CNN see small pictures and few regions."""
    model.transform.min_size = (96,)
    model.rpn._post_nms_top_n["testing"] = 40
    model.roi_heads.detections_per_img = 15


def _detector(name: str, weights: Path | None = None, score: float = 0.0) -> Predictor:
    options = ModelOptions(weights=None if weights is None else str(weights), score=score, device="cpu")
    return load_model(f"torchvision:{name}", options)  # type: ignore[return-value]


def _found(model: Any, picture: NDArray[np.uint8]) -> dict[str, Any]:
    with torch.no_grad():
        return model([torch.tensor(picture).permute(2, 0, 1) / 255])[0]  # type: ignore[no-any-return]


def _corners(found: Columns, row: int = 0) -> NDArray[np.float64]:
    assert found.box is not None
    box = found.box[found.owner == row]
    return np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)


def _named(labels: torch.Tensor) -> list[int]:
    """Return the rows, among COCO's 80, of the numbers up to 90 that it gave them."""
    gaps = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
    return [-1 if label in gaps else label - 1 - sum(gap < label for gap in gaps) for label in labels.tolist()]


def test_published_weights_find_in_pictures_of_any_size_what_torchvision_does(downloads: Path) -> None:
    model = _theirs(SMALL, "head.classification_head.module_list", 15.0)
    torch.save(model.state_dict(), downloads / SMALL_FILE)
    shown = pictures((60, 80), (90, 50))

    detector = _detector(SMALL)
    found = detector.find(shown)

    assert found.score is not None and found.label is not None and found.owner is not None
    for row, picture in enumerate(shown):
        expected = _found(model, picture)
        label = np.array(_named(expected["labels"]))
        kept, own = np.flatnonzero(label >= 0), found.owner == row
        assert own.sum() > 100
        np.testing.assert_allclose(found.score[own], expected["scores"][kept], atol=1e-6)
        np.testing.assert_allclose(_corners(found, row), expected["boxes"][kept], atol=1e-3)
        assert found.label[own].tolist() == label[kept].tolist()
    assert (detector.name, detector.spec.architecture, detector.spec.size) == (SMALL, SMALL, (320, 320))
    assert len(detector.spec.classes) == 80
    assert [detector.spec.classes[row] for row in (0, 11, 79)] == ["person", "stop sign", "toothbrush"]
    assert detector.sha256 == hashlib.sha256((downloads / SMALL_FILE).read_bytes()).hexdigest()


def test_weights_of_a_file_are_taken_instead(downloads: Path, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    model = _theirs(SMALL, "head.classification_head.module_list", 15.0)
    save_file(model.state_dict(), tmp_path / "mine.safetensors")
    (picture,) = pictures((60, 80))

    found = _detector(SMALL, tmp_path / "mine.safetensors", score=0.02).find([picture])

    expected = _found(model, picture)
    assert found.score is not None and 0 < len(found.score) < len(expected["scores"])
    assert found.score.min() >= 0.02
    assert not list(downloads.iterdir())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save(torchvision.models.mobilenet_v3_small().state_dict(), tmp_path / "other.pt")

    with pytest.raises(ModelError, match=rf"other.pt: does not hold the weights of {SMALL} for COCO's classes: of "):
        _detector(SMALL, tmp_path / "other.pt")


def test_weights_that_cannot_be_fetched_say_which_file_to_bring_and_where_to(
    downloads: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr("urllib.request._opener", None)  # one that was made before knows no proxy

    with pytest.raises(ModelError) as caught:
        _detector(SMALL)

    message, _, hint = str(caught.value).partition("\n  hint: ")
    assert message == (
        f"the published weights of '{SMALL}' cannot be had: https://download.pytorch.org/models/{SMALL_FILE}: "
        "<urlopen error [Errno 111] Connection refused>"
    )
    assert hint == f"check the network; or bring {SMALL_FILE}, and put it into '{downloads}' or give --weights FILE"
    assert capfd.readouterr() == ("", "")


def test_a_name_that_torchvision_has_not_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        _detector("retinanet_resnet50")
    assert str(caught.value) == (
        "torchvision has no detector 'retinanet_resnet50'\n  hint: did you mean 'retinanet_resnet50_fpn'?"
    )

    with pytest.raises(
        UsageError, match=r"^which detector of torchvision is not said\n  hint: torchvision:NAME, where "
    ):
        _detector("")


@pytest.mark.slow
def test_a_batch_of_any_sizes_finds_what_each_picture_alone_does(tmp_path: Path) -> None:
    name = "fasterrcnn_mobilenet_v3_large_320_fpn"
    model = _theirs(name, "roi_heads.box_predictor.cls_score", 100.0)
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    detector = _detector(name, tmp_path / "weights.pt")
    shown = pictures((60, 80), (90, 50), (3, 40), (60, 80))

    together = detector.find(shown)

    assert together.owner is not None and len(together.owner) > 20
    for row, picture in enumerate(shown):
        np.testing.assert_allclose(_corners(together, row), _corners(detector.find([picture])), atol=1e-2)


@pytest.mark.slow
def test_masks_are_those_that_torchvision_pastes_and_old_norms_divide_by_the_deviation_alone(tmp_path: Path) -> None:
    from torchvision.models.detection._utils import overwrite_eps
    from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
    from torchvision.ops.misc import FrozenBatchNorm2d

    name = "maskrcnn_resnet50_fpn"
    torch.manual_seed(0)
    body = _resnet_fpn_extractor(torchvision.models.resnet50(norm_layer=FrozenBatchNorm2d), 3)
    model = torchvision.models.detection.MaskRCNN(body, 91).eval()
    with torch.no_grad():
        body.body.bn1.running_var.fill_(3e-5)  # so small that the usual 1e-5 that is added to it would count
        body.body.bn1.weight.fill_(3e-5**0.5)
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    overwrite_eps(model, 0.0)
    _hurry(model)
    (picture,) = pictures((70, 90))
    expected = _found(model, picture)

    detector = _detector(name, tmp_path / "weights.pt")
    _hurry(detector._model)  # type: ignore[attr-defined]
    found = detector.find([picture])

    kept = [row for row, label in enumerate(_named(expected["labels"])) if label >= 0]
    assert detector.spec.masks and found.masks is not None and found.score is not None and len(kept) > 5
    np.testing.assert_allclose(found.score, expected["scores"][kept], atol=1e-5)
    np.testing.assert_allclose(_corners(found), expected["boxes"][kept], atol=1e-2)
    theirs = expected["masks"][kept, 0].numpy() > 0.5
    drawn = np.stack([to_mask(found.masks[row], 70, 90) for row in range(len(kept))])
    assert theirs.any()
    np.testing.assert_array_equal(drawn, theirs)


@pytest.mark.slow
def test_the_points_of_a_person_have_names_mirror_pairs_and_places_in_the_box(tmp_path: Path) -> None:
    name = "keypointrcnn_resnet50_fpn"
    model = _theirs(name)
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 0.0
    _hurry(model)
    (picture,) = pictures((70, 90))
    expected = _found(model, picture)

    detector = _detector(name, tmp_path / "weights.pt")
    _hurry(detector._model)  # type: ignore[attr-defined]
    found = detector.find([picture])

    spec = detector.spec
    assert spec.classes == ("person",) and len(spec.keypoints) == 17
    assert [spec.keypoints[row] for row in (0, 1, 2, 16)] == ["nose", "left_eye", "right_eye", "right_ankle"]
    assert spec.flips == (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)
    assert found.keypoints is not None and found.keypoints.shape == (len(expected["scores"]), 17, 3)
    corners = _corners(found)[:, None, :]
    np.testing.assert_allclose(corners[:, 0], expected["boxes"], atol=1e-2)
    assert (found.keypoints[..., :2] >= corners[..., :2] - 1e-3).all()
    assert (found.keypoints[..., :2] <= corners[..., 2:] + 1e-3).all()
    assert (found.keypoints[..., 2] > 0).all() and (found.keypoints[..., 2] <= 1).all()
