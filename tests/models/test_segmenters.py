"""Segmenters of segmentation-models-pytorch, of torchvision, and the one with attention gates."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.errors import UsageError
from cvdata.models.spec import Option

from .four_pictures import build, covered_once, pixel_batch

TINY: dict[str, Option] = {"encoder": "tu-mobilenetv3_small_050"}
FAMILIES = ("unet", "attention-unet", "pspnet", "fpn", "deeplabv3+", "fcn")


def _options(architecture: str) -> dict[str, Option]:
    return {"encoder": "resnet18"} if architecture in ("fcn", "pspnet", "deeplabv3+") else TINY


@pytest.mark.parametrize("architecture", FAMILIES)
def test_every_pixel_has_probabilities_that_sum_to_one(architecture: str, tmp_path: Path) -> None:
    network = build("segmenter", architecture, options=_options(architecture)).eval()

    pixels = network.found(pixel_batch(tmp_path).images).pixels

    assert pixels is not None
    assert pixels.shape == (4, 3, 64, 64)
    assert pixels.sum(dim=1).sub(1).abs().max() < 1e-5


@pytest.mark.parametrize("architecture", FAMILIES)
def test_a_batch_of_one_picture_gives_every_parameter_a_gradient(architecture: str, tmp_path: Path) -> None:
    import torch

    from cvdata.models.batch import Batch

    network = build("segmenter", architecture, classes=4, options=_options(architecture)).train()
    batch = pixel_batch(tmp_path)
    assert batch.pixels is not None

    losses = network.losses(Batch(images=batch.images[:1], rows=batch.rows[:1], pixels=batch.pixels[:1]))
    torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]

    assert list(losses) == ["ce", "dice"]
    assert [name for name, one in network.named_parameters() if one.grad is None] == []
    assert covered_once(network)
    assert [stage.name for stage in network.stages()][-1] == "head"


def test_unet_with_scse_attention_has_no_parameter_that_never_learns(tmp_path: Path) -> None:
    import torch

    network = build("segmenter", "unet", classes=4, options={**TINY, "attention": "scse"}).train()

    torch.stack(list(network.losses(pixel_batch(tmp_path)).values())).sum().backward()  # type: ignore[no-untyped-call]

    assert any("cSE" in name for name, _ in network.named_parameters())
    assert [name for name, one in network.named_parameters() if one.grad is None] == []


def test_an_attention_gate_weighs_places_by_what_the_coarser_level_sees() -> None:
    import torch

    from cvdata.models.networks.segmenter_attention_unet import AttentionGate

    gate = AttentionGate(2, 1)
    torch.nn.init.ones_(gate.theta.weight)
    torch.nn.init.ones_(gate.phi.weight)
    torch.nn.init.ones_(gate.psi.weight)
    torch.nn.init.zeros_(gate.phi.bias)  # type: ignore[arg-type]
    torch.nn.init.constant_(gate.psi.bias, -9.0)  # type: ignore[arg-type]
    skip = torch.full((1, 2, 2, 2), 0.5)

    # theta sums 2 x 2 places of 2 channels: 4; what is coarser adds 5, or takes 5 away; relu, then 9 less
    seen, unseen = gate(skip, torch.full((1, 1, 1, 1), 5.0)), gate(skip, torch.full((1, 1, 1, 1), -5.0))

    assert seen.tolist() == [[[[0.25, 0.25]] * 2] * 2]
    assert unseen.max().item() == pytest.approx(0.5 / (1 + 2.718281828**9), rel=1e-4)


@pytest.mark.parametrize("cells", [1, 2, 3, 6])
def test_pooling_into_cells_is_that_of_torch_in_exports_too(cells: int) -> None:
    import torch

    from cvdata.models.networks._pooling import CellPool

    maps = torch.rand(1, 2, 8, 11)
    pool = CellPool(cells)

    exported = pool.shares(8) @ maps @ pool.shares(11).T

    assert torch.allclose(exported, torch.nn.AdaptiveAvgPool2d(cells)(maps), atol=1e-6)


def test_an_encoder_without_features_at_half_the_size_goes_into_an_attention_unet(tmp_path: Path) -> None:
    network = build("segmenter", "attention-unet", options={"encoder": "tu-test_convnext"}).eval()

    pixels = network.found(pixel_batch(tmp_path).images).pixels

    assert pixels is not None
    assert pixels.shape == (4, 3, 64, 64)


def test_the_loss_in_evaluation_mode_leaves_batch_statistics_alone(tmp_path: Path) -> None:
    network = build("segmenter", "unet", classes=4, options=TINY).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}

    network.losses(pixel_batch(tmp_path))

    assert all(value.equal(before[name]) for name, value in network.state_dict().items())


def test_the_spec_of_a_network_says_every_option() -> None:
    network = build("segmenter", "unet", options={"loss": "focal+dice"})

    assert network.spec.options == {"encoder": "resnet18", "loss": "focal+dice", "attention": "none"}


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("unet", {"encoder": "resnet18", "loss": "ce+dice", "attention": "none"}),
        ("attention-unet", {"encoder": "resnet18", "loss": "ce+dice"}),
        ("fcn", {"encoder": "resnet50", "loss": "ce+dice"}),
    ],
)
def test_every_option_is_known_before_a_network_is_built(architecture: str, expected: dict[str, Option]) -> None:
    from cvdata.models.networks.catalogue import complete
    from cvdata.models.spec import ModelSpec

    spec = ModelSpec(task="segmenter", architecture=architecture, classes=("a",), size=(64, 64))

    assert complete(spec).options == expected


def test_the_loss_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    network = build("segmenter", "unet", classes=4, options={**TINY, "loss": "focal"}).eval()

    assert list(network.losses(pixel_batch(tmp_path))) == ["focal"]


def test_one_class_is_found_everywhere() -> None:
    import torch

    network = build("segmenter", "unet", classes=1, options=TINY).eval()

    pixels = network.found(torch.zeros(1, 3, 64, 64, dtype=torch.uint8)).pixels

    assert pixels is not None
    assert pixels.min().item() == 1


@pytest.mark.parametrize(
    ("architecture", "size", "options", "message"),
    [
        ("unet", 100, {}, r"^'unet' sees pictures whose sides are a multiple of 32, not 100 x 100\n"),
        ("pan", 64, {}, r"^'pan' cannot see pictures of 64 x 64 pixels: "),
        ("unet", 64, {"encoder": "resnet81"}, r"^there is no encoder 'resnet81'\n  hint: did you mean 'resnet18'\?"),
        ("unet", 64, {"loss": "dice+iou"}, r"^option 'loss' of unet is 'dice\+iou', expected one of ce, dice, focal"),
        ("unet", 64, {"attention": "gates"}, r"^option 'attention' of unet is 'gates', expected one of none, scse$"),
        ("fpn", 64, {"attention": "scse"}, r"^fpn has no option 'attention'\n"),
        ("fcn", 64, {"encoder": "vgg11"}, r"^option 'encoder' of fcn is 'vgg11', expected one of resnet18, "),
        ("deeplabv3+", 64, {"encoder": "vgg11"}, r"^'deeplabv3\+' cannot have the encoder 'vgg11': "),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_reason(
    architecture: str, size: int, options: dict[str, Option], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        build("segmenter", architecture, size, options=options)
