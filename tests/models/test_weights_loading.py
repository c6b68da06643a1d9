"""Weights of one network for another: other names, other classes, another order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor

from cvdata.errors import ModelError
from cvdata.models.networks.network import Network
from cvdata.models.run_folder import BEST
from cvdata.models.spec import ModelSpec
from cvdata.models.weights.loading import load_weights

from .runs import CLASSIFIER, DETECTOR, SEGMENTER, network_of, write_run


def scores(network: Network, images: Tensor) -> Tensor:
    """Return what a classifier says before the softmax, from its probabilities."""
    with torch.inference_mode():
        found = network.found(images).scores
    assert found is not None
    return found.log()


def pictures() -> Tensor:
    torch.manual_seed(5)
    return torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)


@pytest.mark.parametrize("spec", [DETECTOR, CLASSIFIER, SEGMENTER], ids=lambda spec: spec.architecture)
def test_a_run_is_the_start_of_another_with_the_same_classes(tmp_path: Path, spec: ModelSpec) -> None:
    old = network_of(spec, seed=1)
    run = write_run(tmp_path / "run", old)
    new = network_of(spec, seed=2)

    findings = load_weights(new, run)

    assert findings == []
    assert all(torch.equal(tensor, new.state_dict()[name]) for name, tensor in old.state_dict().items())


def test_classes_in_another_order_keep_what_was_learnt_of_them(tmp_path: Path) -> None:
    old = network_of(CLASSIFIER, seed=1)
    run = write_run(tmp_path / "run", old)
    new = network_of(CLASSIFIER, seed=2, classes=("triangle", "square", "disc"))

    findings = load_weights(new, run / BEST)  # the file alone says its classes, too

    assert [finding.code for finding in findings] == ["matched-classes"]
    assert torch.allclose(scores(new, pictures()), scores(old, pictures())[:, [2, 0, 1]])


def test_new_classes_start_from_random_numbers_and_known_ones_do_not(tmp_path: Path) -> None:
    old = network_of(CLASSIFIER, seed=1)
    run = write_run(tmp_path / "run", old)
    new = network_of(CLASSIFIER, seed=2, classes=("star", "disc"))

    findings = load_weights(new, run)

    assert len(findings) == 1
    assert findings[0].message.startswith("1 of 2 classes are in ")
    assert findings[0].message.endswith("the last layer starts from random numbers for 1: star")
    # how sure it is of one known class over a new one says nothing, so look at the rows themselves
    last = next(name for name in reversed(old.state_dict()) if name.endswith("weight"))
    assert torch.equal(new.state_dict()[last][1], old.state_dict()[last][1])
    assert not torch.equal(new.state_dict()[last][0], old.state_dict()[last][0])


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "architecture",
    ["nano", *(pytest.param(name, marks=SLOW) for name in ("faster-rcnn", "retinanet", "fcos", "ssdlite"))],
)
def test_a_detector_finds_the_same_with_its_classes_in_another_order(tmp_path: Path, architecture: str) -> None:
    spec = ModelSpec(
        task="detector", architecture=architecture, classes=("a", "b", "c"), size=(64, 64), options={"least_score": 0.0}
    )
    old = network_of(spec, seed=1)
    run = write_run(tmp_path / "run", old)
    new = network_of(spec, seed=2, classes=("c", "a", "b"))

    load_weights(new, run)

    with torch.inference_mode():
        before, after = old.found(pictures()), new.found(pictures())
    assert before.label is not None and after.label is not None
    assert before.score is not None and after.score is not None
    assert len(set(before.label.tolist())) > 1
    assert torch.allclose(before.score, after.score, atol=1e-6)
    assert torch.equal(torch.bincount(before.label, minlength=3)[[2, 0, 1]], torch.bincount(after.label, minlength=3))


def test_a_file_that_does_not_say_its_classes_fits_by_shape(tmp_path: Path) -> None:
    old = network_of(CLASSIFIER, seed=1)
    torch.save(old.state_dict(), tmp_path / "old.pt")
    new = network_of(CLASSIFIER, seed=2, classes=("a", "b"))
    last = [name for name, tensor in new.state_dict().items() if tensor.dim() and tensor.shape[0] == 2]

    findings = load_weights(new, tmp_path / "old.pt")

    assert [finding.code for finding in findings] == ["random-weights"]
    assert (findings[0].count, findings[0].examples) == (2, last)
    assert findings[0].message.startswith("2 tensors start from random numbers: ")


@pytest.mark.parametrize("prefix", ["module.", "model.", "model.module.", "_orig_mod."])
def test_what_stands_before_every_name_does_not_matter(tmp_path: Path, prefix: str) -> None:
    old = network_of(CLASSIFIER, seed=1)
    state = {prefix + name: tensor for name, tensor in old.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "w.ckpt")
    new = network_of(CLASSIFIER, seed=2)

    assert load_weights(new, tmp_path / "w.ckpt") == []
    assert torch.equal(scores(new, pictures()), scores(old, pictures()))


def test_a_file_of_the_publisher_lacks_what_ours_stands_below(tmp_path: Path) -> None:
    from torchvision.models import resnet18

    torch.manual_seed(3)
    theirs = resnet18(weights=None).state_dict()
    torch.save(theirs, tmp_path / "resnet18.pth")
    new = network_of(CLASSIFIER)

    findings = load_weights(new, tmp_path / "resnet18.pth")

    (first,) = (name for name in new.state_dict() if name.endswith("layer1.0.conv1.weight"))
    assert torch.equal(new.state_dict()[first], theirs["layer1.0.conv1.weight"])
    assert [finding.code for finding in findings] == ["random-weights"]
    assert findings[0].count == 2  # the last layer: a thousand classes there, three here


def test_weights_of_a_classifier_are_the_start_of_an_encoder(tmp_path: Path) -> None:
    from torchvision.models import resnet18

    torch.manual_seed(3)
    theirs = resnet18(weights=None).state_dict()
    torch.save(theirs, tmp_path / "resnet18.pth")
    new = network_of(SEGMENTER)

    findings = load_weights(new, tmp_path / "resnet18.pth")

    state = new.state_dict()
    assert all(torch.equal(state[f"body.encoder.{name}"], one) for name, one in theirs.items() if "fc." not in name)
    assert [finding.code for finding in findings] == ["random-weights"]


def test_a_file_of_a_densenet_has_names_of_old(tmp_path: Path) -> None:
    from torchvision.models import densenet121

    torch.manual_seed(3)
    theirs = densenet121(weights=None).state_dict()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", name): one for name, one in theirs.items()}
    torch.save(old, tmp_path / "densenet121.pth")
    new = network_of(msgspec.structs.replace(CLASSIFIER, architecture="densenet121"))

    findings = load_weights(new, tmp_path / "densenet121.pth")

    assert [(finding.code, finding.count) for finding in findings] == [("random-weights", 2)]


def test_weights_of_another_architecture_are_refused_with_what_the_file_holds(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(CLASSIFIER))

    with pytest.raises(ModelError) as error:
        load_weights(network_of(DETECTOR), run)

    assert "does not hold the weights of nano: " in str(error.value)
    assert "of the classifier resnet18" in str(error.value)


def test_weights_of_a_training_that_went_wrong_are_refused(tmp_path: Path) -> None:
    state = network_of(CLASSIFIER).state_dict()
    state["body.fc.bias"][1] = torch.nan
    torch.save(state, tmp_path / "w.pt")

    with pytest.raises(ModelError, match=r"holds numbers that are not finite: body\.fc\.bias\n  hint: take"):
        load_weights(network_of(CLASSIFIER), tmp_path / "w.pt")


@pytest.mark.parametrize("change", [{"device": "meta"}, {"dtype": torch.complex64}], ids=["meta", "complex"])
def test_tensors_without_numbers_of_a_network_are_passed_over(tmp_path: Path, change: dict[str, Any]) -> None:
    state = network_of(CLASSIFIER).state_dict()
    state["body.fc.weight"] = state["body.fc.weight"].to(**change)
    torch.save(state, tmp_path / "w.pt")

    findings = load_weights(network_of(CLASSIFIER), tmp_path / "w.pt")

    assert [finding.examples for finding in findings] == [["body.fc.weight"]]


def test_a_network_that_is_refused_stays_as_it_was(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(CLASSIFIER))
    network = network_of(DETECTOR, seed=4)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    with pytest.raises(ModelError):
        load_weights(network, run)

    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_finding_the_rows_of_classes_draws_no_random_number(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(CLASSIFIER))
    new = network_of(CLASSIFIER, classes=("disc", "square"))
    torch.manual_seed(7)
    expected = torch.rand(1)

    torch.manual_seed(7)
    load_weights(new, run)

    assert torch.equal(torch.rand(1), expected)
