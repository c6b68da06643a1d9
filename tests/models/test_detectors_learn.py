"""Every family of detectors trains, and learns four pictures by heart."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import Tensor

from cvdata.models.batch import Batch, Found
from cvdata.models.networks.catalogue import build
from cvdata.models.networks.network import Network
from cvdata.models.spec import ModelSpec, Option
from tests.models.detector_batches import finders, shapes_batch

RESNET: dict[str, Option] = {"backbone": "resnet18"}
MOBILENET: dict[str, Option] = {"backbone": "mobilenet_v3_large", "most": 8}  # few boxes to look at more closely
MOST_STEPS = 120
FIRST_LOOK, EVERY = 20, 10


def learn(network: Network, batch: Batch, rate: float, most_steps: int = MOST_STEPS) -> Found:
    """Train on one batch until everything on it is found, and return what is; the last steps are small ones."""
    optimiser = torch.optim.AdamW(network.parameters(), rate)
    found = Found()
    for step in range(1, most_steps + 1):
        optimiser.param_groups[0]["lr"] = rate * min(1, step / 10) * (0.1 if step > most_steps // 2 else 1)
        optimiser.zero_grad()
        torch.autograd.backward(list(network.train().losses(batch).values()))
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10)
        optimiser.step()
        if step >= FIRST_LOOK and step % EVERY == 0:
            with torch.no_grad():
                found = network.eval().found(batch.images)
            if all_found(found, batch):
                break
    return found


def all_found(found: Found, batch: Batch) -> bool:
    """Tell whether each object is found with its class, and its mask and points are right where there are some."""
    rows = finders(found, batch)
    if bool((rows < 0).any()):
        return False
    masks = found.mask is None or bool((mask_overlaps(found, batch, rows) > 0.5).all())
    return masks and (found.keypoint is None or bool((point_errors(found, batch, rows) < 3).all()))


def mask_overlaps(found: Found, batch: Batch, rows: Tensor) -> Tensor:
    assert found.mask is not None and batch.mask is not None
    theirs = found.mask[rows] > 0.5
    overlaps: Tensor = (theirs & batch.mask).sum((1, 2)) / (theirs | batch.mask).sum((1, 2))
    return overlaps


def point_errors(found: Found, batch: Batch, rows: Tensor) -> Tensor:
    assert found.keypoint is not None and batch.keypoint is not None
    errors: Tensor = torch.linalg.vector_norm(found.keypoint[rows][..., :2] - batch.keypoint[..., :2], dim=-1)
    return errors


def spec_of(architecture: str, options: dict[str, Option]) -> ModelSpec:
    points = architecture == "keypoint-rcnn"
    return ModelSpec(
        task="detector",
        architecture=architecture,
        classes=("square", "disc", "triangle"),
        size=(64, 64),
        keypoints=("top", "left", "right") if points else (),
        flips=(0, 2, 1) if points else (),
        options=options,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "options", "rate"),
    [
        ("nano", {}, 1e-3),
        ("fcos", RESNET, 1e-3),
        ("retinanet", RESNET, 1e-3),
        ("ssd", {"backbone": "vgg11_bn"}, 5e-4),
        ("ssdlite", {"backbone": "mobilenet_v3_small"}, 1e-3),
        ("faster-rcnn", {**MOBILENET, "samples": 16}, 1e-3),
        ("mask-rcnn", {**MOBILENET, "samples": 8}, 1e-3),
        ("keypoint-rcnn", {**MOBILENET, "samples": 8}, 1e-3),
    ],
)
def test_a_detector_learns_four_pictures_by_heart(
    architecture: str, options: dict[str, Option], rate: float, tmp_path: Path
) -> None:
    batch = shapes_batch(tmp_path)
    torch.manual_seed(0)

    found = learn(build(spec_of(architecture, options)), batch, rate)

    rows = finders(found, batch)
    assert rows.min() >= 0
    if architecture == "mask-rcnn":
        assert mask_overlaps(found, batch, rows).min() > 0.5
    if architecture == "keypoint-rcnn":
        assert point_errors(found, batch, rows).max() < 3


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("ultralytics") is None, reason="ultralytics is not installed; cvdata never brings it along"
)
@pytest.mark.parametrize("architecture", ["yolov8n", "yolo11n"])
def test_a_yolo_trains_a_step(architecture: str, tmp_path: Path) -> None:
    batch = shapes_batch(tmp_path)
    torch.manual_seed(0)
    network = build(spec_of(architecture, {}))

    torch.autograd.backward(list(network.train().losses(batch).values()))

    learnt = [one for one in network.parameters() if one.requires_grad]
    assert all(one.grad is not None and bool(one.grad.isfinite().all()) for one in learnt)
    staged = [id(one) for stage in network.stages() for module in stage.modules for one in module.parameters()]
    assert sorted(staged) == sorted(id(one) for one in network.parameters())
