"""Weights from publishers: loaded from where they were downloaded to, and a clear error where they cannot be had."""

from __future__ import annotations

import socket
import threading
import urllib.error
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cvdata.errors import ModelError

from .four_pictures import body

if TYPE_CHECKING:
    from cvdata.models.networks.network import Network
    from cvdata.models.spec import Task


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[Path]:
    """Return the folder in which torch looks for what it downloaded before."""
    import torch

    before = torch.hub.get_dir()
    torch.hub.set_dir(tmp_path)
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    yield folder
    torch.hub.set_dir(before)


def _published(task: Task, architecture: str, **options: str) -> Network:
    from cvdata.models.networks import catalogue
    from cvdata.models.spec import ModelSpec

    spec = ModelSpec(
        task=task,
        architecture=architecture,
        classes=("a", "b"),
        size=(224, 224),
        options=dict(options),
    )
    return catalogue.build(spec, published=True)


def test_all_but_the_layer_of_the_classes_comes_from_the_publisher(downloads: Path) -> None:
    import torch
    import torchvision

    weights = torchvision.models.MobileNet_V3_Small_Weights.DEFAULT
    theirs = torchvision.models.mobilenet_v3_small().state_dict()
    torch.save(theirs, downloads / weights.url.rpartition("/")[2])

    ours = body(_published("classifier", "mobilenet_v3_small")).state_dict()

    other = [name for name, tensor in ours.items() if not tensor.equal(theirs[name])]
    assert other == ["classifier.3.weight", "classifier.3.bias"]


def test_the_files_of_densenets_have_names_of_old(downloads: Path) -> None:
    import re

    import torch
    import torchvision

    weights = torchvision.models.DenseNet121_Weights.DEFAULT
    theirs = torchvision.models.densenet121().state_dict()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", name): one for name, one in theirs.items()}
    torch.save(old, downloads / weights.url.rpartition("/")[2])

    ours = body(_published("classifier", "densenet121")).state_dict()

    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    assert [name for name, one in ours.items() if not one.equal(theirs[name])] == [
        "classifier.weight",
        "classifier.bias",
    ]


def test_the_encoder_of_fcn_comes_from_the_publisher(downloads: Path) -> None:
    import torch
    import torchvision

    weights = torchvision.models.ResNet18_Weights.DEFAULT
    theirs = torchvision.models.resnet18().state_dict()
    torch.save(theirs, downloads / weights.url.rpartition("/")[2])

    ours = body(_published("segmenter", "fcn", encoder="resnet18")).encoder.state_dict()

    assert all(tensor.equal(theirs[name]) for name, tensor in ours.items())


def test_a_file_that_wants_code_to_run_is_refused(downloads: Path) -> None:
    import torch
    import torchvision

    weights = torchvision.models.MobileNet_V3_Small_Weights.DEFAULT
    torch.save({"classifier.3.bias": Path("x")}, downloads / weights.url.rpartition("/")[2])

    with pytest.raises(ModelError, match=r"weights of 'mobilenet_v3_small' cannot be had: https://.*: Weights only"):
        _published("classifier", "mobilenet_v3_small")


def test_a_server_that_cannot_be_reached_is_an_error_with_a_cure(capfd: pytest.CaptureFixture[str]) -> None:
    from cvdata.models.networks._publisher import from_server

    def load() -> None:
        print("Downloading ...")
        raise urllib.error.URLError("Name or service not known")

    with pytest.raises(ModelError) as caught:
        from_server(load, "resnet18")

    assert str(caught.value).startswith(
        "the published weights of 'resnet18' cannot be had: <urlopen error Name or service not known>\n  hint: "
    )
    assert capfd.readouterr() == ("", "")


def test_weights_that_are_on_the_disk_need_no_network() -> None:
    from huggingface_hub import constants

    from cvdata.models.networks._publisher import from_hub

    assert from_hub(lambda: constants.HF_HUB_OFFLINE, "seresnet50") is True
    assert constants.HF_HUB_OFFLINE is False


def test_a_hub_that_does_not_answer_is_not_asked_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants
    from huggingface_hub.errors import LocalEntryNotFoundError

    from cvdata.models.networks._publisher import from_hub

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    asked = []

    def load() -> None:
        asked.append(constants.HF_HUB_OFFLINE)
        raise LocalEntryNotFoundError("not in the cache")

    with pytest.raises(ModelError, match="the published weights of 'seresnet50' cannot be had: <urlopen error"):
        from_hub(load, "seresnet50")

    assert asked == [True]


class _Hub(BaseHTTPRequestHandler):
    """Says that it is there, and hangs up on whoever wants a file."""

    def do_HEAD(self) -> None:
        if self.path == "/":
            self.send_response(200)
            self.end_headers()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def test_a_hub_that_hangs_up_is_an_error_with_a_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants, hf_hub_download

    from cvdata.models.networks._publisher import from_hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")

    def load() -> str:
        return hf_hub_download("a/b", "c", cache_dir=tmp_path, endpoint=constants.ENDPOINT)

    try:
        with pytest.raises(ModelError, match=r"(?s)the published weights of 'seresnet50' cannot be had: .*hint: check"):
            from_hub(load, "seresnet50")
    finally:
        server.shutdown()
        server.server_close()
