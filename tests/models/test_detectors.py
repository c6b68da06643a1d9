"""What every detector promises, whatever its family."""

from __future__ import annotations

import dataclasses
from functools import cache
from importlib.util import find_spec

import pytest
import torch
from torch import nn

from cvdata.errors import MissingExtraError, ModelError, UsageError
from cvdata.models.batch import Batch
from cvdata.models.networks.catalogue import architectures, build, complete, defaults_of
from cvdata.models.networks.network import Network
from cvdata.models.spec import ModelSpec, Option
from tests.models.detector_batches import shapes_batch, without_objects

SMALL: dict[str, dict[str, Option]] = {
    "nano": {},
    "faster-rcnn": {"backbone": "resnet18", "samples": 8},
    "retinanet": {"backbone": "resnet18"},
    "fcos": {"backbone": "mobilenet_v3_large"},
    "ssd": {"backbone": "vgg11_bn"},
    "ssdlite": {"backbone": "mobilenet_v3_small"},
    "mask-rcnn": {"backbone": "mobilenet_v3_large", "samples": 8},
    "keypoint-rcnn": {"backbone": "mobilenet_v3_large", "samples": 4},
}
CLASSES = ("square", "disc", "triangle")
POINTS = ("top", "left", "right")
every = pytest.mark.parametrize("architecture", list(SMALL))


def spec_of(architecture: str, classes: tuple[str, ...] = CLASSES, **options: Option) -> ModelSpec:
    return ModelSpec(
        task="detector",
        architecture=architecture,
        classes=classes,
        size=(64, 64),
        keypoints=POINTS if architecture == "keypoint-rcnn" else (),
        flips=(0, 2, 1) if architecture == "keypoint-rcnn" else (),
        options={**SMALL[architecture], "most": 5, "least_score": 0.0, **options},
    )


@cache
def network_of(architecture: str) -> Network:
    torch.manual_seed(0)
    return build(spec_of(architecture))


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    return shapes_batch(tmp_path_factory.mktemp("shapes"), images=2)


def values(losses: dict[str, torch.Tensor]) -> list[float]:
    return [float(loss.detach()) for loss in losses.values()]


@every
def test_the_stages_hold_every_parameter_once(architecture: str) -> None:
    network = network_of(architecture)

    staged = [id(one) for stage in network.stages() for module in stage.modules for one in module.parameters()]

    assert sorted(staged) == sorted(id(one) for one in network.parameters())
    assert (network.stages()[0].name, network.stages()[-1].name) == ("stem", "head")


@every
def test_the_losses_reach_every_parameter(architecture: str, batch: Batch) -> None:
    network = network_of(architecture).train()
    network.zero_grad()

    losses = network.losses(batch)
    torch.autograd.backward(list(losses.values()))

    assert all(value >= 0 and value < 100 for value in values(losses))
    assert [name for name, one in network.named_parameters() if one.grad is None] == []


@every
def test_the_losses_are_taken_in_evaluation_mode_too(architecture: str, batch: Batch) -> None:
    network = network_of(architecture).eval()

    with torch.no_grad():
        names = list(network.losses(batch))

    assert names == list(network.train().losses(batch))


@every
def test_pictures_without_objects_have_losses(architecture: str, batch: Batch) -> None:
    network = network_of(architecture).train()

    losses = network.losses(without_objects(batch))
    torch.autograd.backward(list(losses.values()))

    assert all(value >= 0 and value < 100 for value in values(losses))


@every
def test_detections_come_by_picture_and_the_surest_first(architecture: str, batch: Batch) -> None:
    network = network_of(architecture).eval()

    with torch.no_grad():
        found = network.found(batch.images)

    assert found.owner is not None and found.score is not None and found.label is not None and found.box is not None
    assert found.owner.tolist() == [0] * 5 + [1] * 5
    for row in range(2):
        scores = found.score[found.owner == row].tolist()
        assert scores == sorted(scores, reverse=True)
    assert set(found.label.tolist()) <= {0, 1, 2}
    assert bool((found.box >= 0).all()) and bool((found.box <= 64).all())


@pytest.mark.parametrize("architecture", ["nano", "ssdlite", "mask-rcnn", "keypoint-rcnn"])
def test_nothing_is_found_where_no_score_is_high_enough(architecture: str, batch: Batch) -> None:
    network = build(spec_of(architecture, least_score=1.0)).eval()

    with torch.no_grad():
        found = network.found(batch.images)

    assert found.box is not None and tuple(found.box.shape) == (0, 4)
    assert found.mask is None or tuple(found.mask.shape) == (0, 64, 64)
    assert found.keypoint is None or tuple(found.keypoint.shape) == (0, 3, 3)


@pytest.mark.parametrize("architecture", ["nano", "retinanet", "ssdlite", "faster-rcnn"])
def test_one_class_is_enough(architecture: str, batch: Batch) -> None:
    network = build(spec_of(architecture, ("shape",)))
    alike = dataclasses.replace(batch, label=torch.zeros_like(batch.label))  # type: ignore[arg-type]

    losses = network.train().losses(alike)
    with torch.no_grad():
        found = network.eval().found(batch.images)

    assert all(value >= 0 for value in values(losses))
    assert found.label is not None and set(found.label.tolist()) == {0}


@every
def test_pictures_of_other_sizes_are_taken(architecture: str, batch: Batch) -> None:
    network = network_of(architecture).train()
    wider = dataclasses.replace(batch, images=nn.functional.pad(batch.images, (0, 32)))

    assert all(value >= 0 for value in values(network.losses(wider)))


@pytest.mark.parametrize("architecture", ["nano", "ssdlite"])
def test_losses_in_evaluation_mode_leave_batch_statistics_alone(architecture: str, batch: Batch) -> None:
    network = build(spec_of(architecture, norm="batch")).eval()
    before = {name: one.clone() for name, one in network.state_dict().items() if "running" in name}

    network.losses(batch)

    after = network.state_dict()
    assert before
    assert all(torch.equal(one, after[name]) for name, one in before.items())
    assert not any(module.training for module in network.modules())


def test_scores_let_gradients_through(batch: Batch) -> None:
    network = network_of("nano").eval()

    found = network.found(batch.images.float().requires_grad_())

    assert found.score is not None and found.score.requires_grad


@pytest.mark.parametrize(
    "architecture", ["nano", "ssdlite", "mask-rcnn", pytest.param("keypoint-rcnn", marks=pytest.mark.slow)]
)
def test_numbers_of_16_bits_give_losses_and_detections(architecture: str, batch: Batch) -> None:
    network = network_of(architecture)

    with torch.autocast("cpu", torch.bfloat16):
        losses = network.train().losses(batch)
        with torch.no_grad():
            found = network.eval().found(batch.images)

    assert all(value >= 0 and value < 100 for value in values(losses))
    assert found.box is not None and found.box.dtype == torch.float32


def test_objects_thinner_than_a_pixel_are_not_learnt(batch: Batch) -> None:
    network = network_of("nano").eval()
    thin = dataclasses.replace(
        without_objects(batch),
        owner=torch.tensor([0, 1]),
        box=torch.tensor([[4.0, 4.0, 4.5, 40.0], [9.0, 9.0, 9.0, 9.0]]),
        label=torch.tensor([0, 1]),
    )

    with torch.no_grad():
        assert values(network.losses(thin)) == values(network.losses(without_objects(batch)))


def test_masks_and_points_come_with_the_architectures_that_find_them(batch: Batch) -> None:
    with torch.no_grad():
        masks = network_of("mask-rcnn").eval().found(batch.images)
        points = network_of("keypoint-rcnn").eval().found(batch.images)

    assert masks.mask is not None and tuple(masks.mask.shape) == (10, 64, 64) and masks.keypoint is None
    assert points.keypoint is not None and tuple(points.keypoint.shape) == (10, 3, 3) and points.mask is None
    assert bool((masks.mask >= 0).all()) and bool((masks.mask <= 1).all())
    assert defaults_of("detector", "mask-rcnn").masks and defaults_of("detector", "keypoint-rcnn").keypoints


def test_a_mask_rcnn_says_that_pictures_have_no_masks(batch: Batch) -> None:
    with pytest.raises(ModelError, match="no masks"):
        network_of("mask-rcnn").losses(dataclasses.replace(batch, mask=None))


def test_points_that_nobody_sees_do_not_count(batch: Batch) -> None:
    assert batch.keypoint is not None
    unseen = dataclasses.replace(batch, keypoint=batch.keypoint * torch.tensor([1.0, 1.0, 0.0]))

    losses = network_of("keypoint-rcnn").train().losses(unseen)

    assert float(losses["keypoint"].detach()) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backbone": "resnet19"}, "option 'backbone' of fcos is 'resnet19', expected one of resnet18"),
        ({"norm": 3}, "option 'norm' of fcos is '3', expected one of group, batch, frozen"),
        ({"most": 0}, "option 'most' of fcos is '0', expected 1 or more"),
        ({"least_score": "low"}, "option 'least_score' of fcos is 'low', expected a number of 0 or more"),
        ({"bakbone": "resnet18"}, "fcos has no option 'bakbone'\n  hint: did you mean 'backbone'?"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Option], message: str) -> None:
    spec = ModelSpec(task="detector", architecture="fcos", classes=("a",), size=(64, 64), options=options)

    with pytest.raises(UsageError) as caught:
        complete(spec)

    assert str(caught.value).startswith(message)


def test_a_complete_spec_builds_the_same_network_without_the_published_weights() -> None:
    asked = ModelSpec(task="detector", architecture="faster-rcnn", classes=("a",), size=(640, 480))

    scratch, published = complete(asked), complete(asked, published=True)

    assert scratch.options["norm"] == "group" and published.options["norm"] == "frozen"
    assert complete(published) == published
    assert published.options["anchor"] == 32


@pytest.mark.parametrize(("side", "anchor"), [(64, 8), (160, 8), (320, 16), (512, 16), (640, 32), (1280, 32)])
def test_anchors_are_smaller_for_smaller_pictures(side: int, anchor: int) -> None:
    spec = ModelSpec(task="detector", architecture="retinanet", classes=("a",), size=(side, side))

    assert complete(spec).options["anchor"] == anchor


def test_a_keypoint_rcnn_without_points_is_refused() -> None:
    with pytest.raises(ModelError, match="needs the names of the points"):
        build(ModelSpec(task="detector", architecture="keypoint-rcnn", classes=("a",), size=(64, 64)))


@pytest.mark.skipif(find_spec("ultralytics") is not None, reason="ultralytics is installed")
def test_a_yolo_says_which_package_it_needs_and_what_its_licence_is() -> None:
    assert "yolov8n" in architectures("detector") and "yolo11x" in architectures("detector")

    with pytest.raises(MissingExtraError, match=r"(?s)yolov8n needs the package ultralytics.*AGPL-3\.0"):
        build(ModelSpec(task="detector", architecture="yolov8n", classes=("a",), size=(64, 64)))
