"""Classifiers of torchvision and timm: one protocol whatever the architecture."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cvdata.errors import ModelError, UsageError

from .four_pictures import body, build, class_batch, covered_once

SMALL = ("mobilenet_v3_small", "resnet18", "squeezenet1_1", "test_vit", "test_resnet", "test_convnext")


@pytest.mark.parametrize("architecture", SMALL)
def test_stages_hold_every_parameter_once_and_the_head_is_last(architecture: str) -> None:
    network = build("classifier", architecture)

    stages = network.stages()

    assert covered_once(network)
    assert [stage.backbone for stage in stages] == [True] * (len(stages) - 1) + [False]
    assert stages[-1].name == "head"


def test_a_resnet_has_the_stages_that_its_paper_names() -> None:
    network = build("classifier", "resnet18")

    assert [stage.name for stage in network.stages()] == ["conv1", "layer1", "layer2", "layer3", "layer4", "head"]


def test_the_class_token_and_the_positions_of_a_vit_belong_to_its_first_stage() -> None:
    network = build("classifier", "test_vit")

    first = [parameter for module in network.stages()[0].modules for parameter in module.parameters()]

    assert {id(body(network).cls_token), id(body(network).pos_embed)} <= {id(one) for one in first}


def test_torchvision_wins_a_name_that_timm_has_too() -> None:
    ours, theirs = build("classifier", "resnet18"), build("classifier", "timm/resnet18")

    assert type(body(ours)).__module__ == "torchvision.models.resnet"
    assert type(body(theirs)).__module__ == "timm.models.resnet"


def test_every_architecture_is_listed_once_under_a_name_that_builds_it() -> None:
    from cvdata.models.networks import catalogue

    names = catalogue.architectures("classifier")

    assert len(names) == len(set(names))
    assert {"alexnet", "vgg16", "googlenet", "resnet18", "timm/resnet18", "densenet121", "seresnet18", "vit_b_16"} <= {
        *names
    }


def test_defaults_are_the_size_that_the_weights_were_trained_for() -> None:
    from cvdata.models.networks import catalogue

    sizes = {name: catalogue.defaults_of("classifier", name).size for name in ("resnet18", "inception_v3", "test_vit")}

    assert sizes == {"resnet18": (224, 224), "inception_v3": (299, 299), "test_vit": (160, 160)}


@pytest.mark.parametrize("architecture", ["resnet18", "test_vit"])
def test_probabilities_of_the_classes_sum_to_one(architecture: str, tmp_path: Path) -> None:
    network = build("classifier", architecture).eval()

    scores = network.found(class_batch(tmp_path).images).scores

    assert scores is not None
    assert scores.shape == (4, 3)
    assert scores.sum(dim=1).tolist() == pytest.approx([1, 1, 1, 1], abs=1e-5)


def test_with_several_labels_each_class_has_a_probability_and_a_loss_of_its_own(tmp_path: Path) -> None:
    import torch

    from cvdata.models.batch import Batch

    network = build("classifier", "test_resnet", several=True).eval()
    batch = class_batch(tmp_path)
    target = torch.tensor([[1.0, 1, 0], [0, 0, 0], [0, 1, 0], [1, 1, 1]])

    scores = network.found(batch.images).scores
    loss = network.losses(Batch(images=batch.images, rows=batch.rows, target=target))["ce"]

    assert scores is not None
    right = torch.where(target == 1, scores, 1 - scores)
    assert loss.item() == pytest.approx(-right.log().mean().item(), rel=1e-4)


def test_a_class_of_weight_nought_is_not_learnt(tmp_path: Path) -> None:
    import torch

    from cvdata.models.batch import Batch

    network = build("classifier", "test_resnet").eval()
    batch = class_batch(tmp_path)
    plain = Batch(images=batch.images[:2], rows=batch.rows[:2], target=torch.tensor([0, 1]))
    network.class_weights = torch.tensor([1.0, 0.0, 1.0])

    loss = network.losses(plain)["ce"]

    scores = network.found(plain.images).scores
    assert scores is not None
    assert loss.item() == pytest.approx(-scores[0, 0].log().item(), rel=1e-4)


def test_smoothing_spreads_a_share_of_the_truth_over_all_classes(tmp_path: Path) -> None:
    import torch

    network = build("classifier", "test_resnet", options={"smoothing": 0.3}).eval()
    batch = class_batch(tmp_path)

    loss = network.losses(batch)["ce"]

    scores = network.found(batch.images).scores
    assert scores is not None
    assert batch.target is not None
    truth = torch.nn.functional.one_hot(batch.target, 3) * 0.7 + 0.1
    assert loss.item() == pytest.approx(-(truth * scores.log()).sum(dim=1).mean().item(), rel=1e-4)


def test_the_loss_in_evaluation_mode_leaves_batch_statistics_alone(tmp_path: Path) -> None:
    network = build("classifier", "test_resnet").eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}

    network.losses(class_batch(tmp_path))

    assert all(value.equal(before[name]) for name, value in network.state_dict().items())


def test_a_batch_of_one_picture_trains_where_norms_would_see_a_single_value(tmp_path: Path) -> None:
    from cvdata.models.batch import Batch

    network = build("classifier", "resnet18", 32).train()
    batch = class_batch(tmp_path, 32)
    assert batch.target is not None

    losses = network.losses(Batch(images=batch.images[:1], rows=batch.rows[:1], target=batch.target[:1]))

    assert losses["ce"].isfinite()
    assert all(module.training for module in network.modules())


def test_one_class_is_found_for_sure() -> None:
    import torch

    network = build("classifier", "test_resnet", classes=1).eval()

    scores = network.found(torch.zeros(2, 3, 64, 64, dtype=torch.uint8)).scores

    assert scores is not None
    assert scores.tolist() == [[1.0], [1.0]]


def test_the_auxiliary_heads_of_googlenet_count_with_three_tenths(tmp_path: Path) -> None:
    import torch

    network = build("classifier", "googlenet").train()
    batch = class_batch(tmp_path)
    for head in (body(network).aux1.fc2, body(network).aux2.fc2):
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)

    losses = network.losses(batch)

    assert losses["auxiliary"].item() == pytest.approx(0.3 * 2 * torch.tensor(3.0).log().item())
    assert "auxiliary" not in network.eval().losses(batch)


def test_pictures_are_normalised_as_the_publisher_of_the_weights_did() -> None:
    import torch

    picture = torch.full((1, 3, 64, 64), 255, dtype=torch.uint8)

    imagenet, half = build("classifier", "resnet18"), build("classifier", "vit_tiny_patch16_224")

    assert imagenet.normalised(picture)[0, :, 0, 0].tolist() == pytest.approx([2.2489, 2.4286, 2.64], abs=1e-3)
    assert half.normalised(picture)[0, :, 0, 0].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("architecture", "shape"),
    [("resnet18", (1, 512, 2, 2)), ("vit_tiny_patch16_224", (1, 192, 4, 4)), ("test_vit", (1, 64, 4, 4))],
)
def test_the_heat_layer_gives_maps_that_gradients_reach(architecture: str, shape: tuple[int, ...]) -> None:
    import torch

    network = build("classifier", architecture).eval()
    pictures = torch.randint(0, 255, (1, 3, 64, 64), dtype=torch.uint8)
    before = network.found(pictures).scores
    seen = []
    network.heat_layer().register_forward_hook(lambda _, __, output: seen.append(output))

    scores = network.found(pictures).scores

    assert scores is not None
    assert before is not None
    assert torch.allclose(scores, before)
    (gradient,) = torch.autograd.grad(scores[0, 0], seen[-1])
    assert seen[-1].shape == shape
    assert gradient.abs().sum() > 0


def test_a_network_of_tokens_without_places_has_nothing_to_draw_heat_from() -> None:
    with pytest.raises(ModelError, match="no layer whose output is a map of the picture"):
        build("classifier", "gmlp_ti16_224").heat_layer()


@pytest.mark.parametrize(
    ("architecture", "size", "message"),
    [
        ("alexnet", 32, r"^'alexnet' cannot see pictures of 32 x 32 pixels: "),
        ("vit_b_32", 100, r"^'vit_b_32' sees square pictures whose sides are a multiple of 32, not 100 x 100\n"),
        ("maxvit_t", 64, r"^'maxvit_t' cannot see pictures of 64 x 64 pixels\n"),
        ("seresnet18.nobody", 64, r"^timm has no 'seresnet18.nobody': Invalid pretrained tag"),
        ("resnet81", 64, r"^there is no classifier 'resnet81'\n  hint: did you mean 'resnet18'\?$"),
        ("hf-hub:some/where", 64, r"^there is no classifier 'hf-hub:some/where'\n"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_reason(architecture: str, size: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build("classifier", architecture, size)


def test_an_option_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="resnet18 has no option 'smoothin'\n  hint: did you mean 'smoothing'"):
        build("classifier", "resnet18", options={"smoothin": 0.1})


@pytest.mark.parametrize("architecture", ["resnet18", "seresnet18"])
def test_every_option_is_known_before_a_network_is_built(architecture: str) -> None:
    from cvdata.models.networks.catalogue import complete
    from cvdata.models.spec import ModelSpec

    spec = ModelSpec(task="classifier", architecture=architecture, classes=("a",), size=(64, 64))

    assert complete(spec).options == {"smoothing": 0.0}
    with pytest.raises(UsageError, match="option 'smoothing' must be 0 or more and less than 1"):
        complete(msgspec.structs.replace(spec, options={"smoothing": 1}))


def test_a_vit_refuses_pictures_of_another_size_than_its_own(tmp_path: Path) -> None:
    network = build("classifier", "test_vit", 96).train()

    with pytest.raises(ModelError, match="'test_vit' sees pictures of 96 x 96 pixels only\n  hint: train without"):
        network.losses(class_batch(tmp_path))


def test_an_architecture_whose_weights_nobody_publishes_says_so() -> None:
    from cvdata.models.networks import catalogue
    from cvdata.models.spec import ModelSpec

    spec = ModelSpec(task="classifier", architecture="seresnet18", classes=("a",), size=(224, 224))

    with pytest.raises(ModelError, match="nobody publishes weights for 'seresnet18'"):
        catalogue.build(spec, published=True)
