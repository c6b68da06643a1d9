"""Published weights of detectors: files where torch keeps them, made here from torchvision's own networks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor
from torchvision.models.detection.image_list import ImageList

from cvdata.errors import ModelError
from cvdata.models.networks.catalogue import build
from cvdata.models.spec import ModelSpec


@pytest.fixture
def checkpoints(tmp_path: Path) -> Iterator[Path]:
    """Give the folder where torch looks for what it downloaded."""
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    yield tmp_path / "checkpoints"
    torch.hub.set_dir(before)


def spec_of(architecture: str, size: int, **options: str) -> ModelSpec:
    return ModelSpec(
        task="detector", architecture=architecture, classes=("a", "b"), size=(size, size), options=dict(options)
    )


def test_a_whole_detector_keeps_all_but_what_hangs_on_the_classes(checkpoints: Path) -> None:
    torch.manual_seed(1)
    theirs = torchvision.models.detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None)
    torch.save(theirs.state_dict(), checkpoints / "ssdlite320_mobilenet_v3_large_coco-a79551df.pth")

    network = build(spec_of("ssdlite", 320), published=True)

    own, published = network.state_dict(), theirs.state_dict()
    other = [name for name in published if f"detector.{name}" in own and not same(own, published, name)]
    assert len(other) == 12  # weights and biases of six layers that tell classes apart
    assert all("classification_head" in name for name in other)
    assert {name.removeprefix("detector.") for name in own} <= set(published)


def same(own: dict[str, Tensor], published: dict[str, Tensor], name: str) -> bool:
    mine = own[f"detector.{name}"]
    return mine.shape == published[name].shape and torch.equal(mine, published[name])


@pytest.mark.slow
def test_the_first_layer_of_an_ssd_sees_what_it_was_trained_on(checkpoints: Path) -> None:
    torch.manual_seed(1)
    theirs = torchvision.models.detection.ssd300_vgg16(weights=None, weights_backbone=None).eval()
    torch.save(theirs.state_dict(), checkpoints / "ssd300_vgg16_coco-b556d3b4.pth")
    images = torch.randint(0, 256, (1, 3, 300, 300), dtype=torch.uint8)

    network = build(spec_of("ssd", 300), published=True).eval()

    with torch.no_grad():
        ours = network.get_submodule("detector.backbone.features")(network.normalised(images))
        pictures: ImageList = theirs.transform([images[0].float() / 255])[0]
        expected = theirs.backbone.features(pictures.tensors)
    # Borders are padded with the mean colour, of which each has its own: they differ by less than a level.
    assert torch.allclose(ours, expected, rtol=0, atol=0.02 * float(expected.max()))
    assert network.spec.options["backbone"] == "vgg16"


def test_a_detector_that_nobody_publishes_gets_the_backbone_at_least(checkpoints: Path) -> None:
    torch.manual_seed(1)
    theirs = torchvision.models.resnet18(weights=None)
    torch.save(theirs.state_dict(), checkpoints / "resnet18-f37072fd.pth")

    network = build(spec_of("fcos", 64, backbone="resnet18"), published=True)

    own = network.state_dict()
    assert torch.equal(own["detector.backbone.body.layer4.1.conv2.weight"], theirs.layer4[1].conv2.weight)
    assert network.spec.options["norm"] == "frozen"
    assert "detector.backbone.body.bn1.bias" not in dict(network.named_parameters())


@pytest.mark.parametrize("content", [b"", b"not a file of weights", b"PK\x03\x04 cut off"])
def test_a_broken_file_of_weights_is_named_with_the_cure(checkpoints: Path, content: bytes) -> None:
    (checkpoints / "resnet18-f37072fd.pth").write_bytes(content)

    with pytest.raises(ModelError) as caught:
        build(spec_of("fcos", 64, backbone="resnet18"), published=True)

    assert "the published weights of 'fcos' cannot be had" in str(caught.value)
    assert "resnet18-f37072fd.pth" in str(caught.value)
    assert f"put the file into '{checkpoints}', under its own name" in str(caught.value)


def test_weights_of_another_network_are_refused(checkpoints: Path) -> None:
    other = torchvision.models.mobilenet_v3_small(weights=None)
    torch.save(other.state_dict(), checkpoints / "resnet18-f37072fd.pth")

    with pytest.raises(ModelError, match="the published weights of fcos lack"):
        build(spec_of("fcos", 64, backbone="resnet18"), published=True)


def test_no_network_is_said_at_once(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    with pytest.raises(ModelError, match=r"(?s)cannot be had: .*no network.*put the file into"):
        build(spec_of("nano", 64), published=True)
    assert socket.getdefaulttimeout() is None
