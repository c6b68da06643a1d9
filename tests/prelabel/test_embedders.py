"""What turns pictures into numbers: colours and edges, runs of cvdata, networks of timm."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from numpy.typing import NDArray
from PIL import Image

from cvdata.errors import CvdataError, ModelError, UsageError
from cvdata.models.weights.reading import encode_weights
from cvdata.prelabel.embeddings.embedder import Embedder, open_embedder
from tests.models.runs import CLASSIFIER, network_of, write_run

Picture = NDArray[np.uint8]


def drawn(seed: int, height: int = 90, width: int = 120) -> Picture:
    """Draw soft blobs: a picture with colours and edges of its own."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (5, 5, 3), np.uint8))
    return np.array(coarse.resize((width, height), Image.Resampling.BICUBIC))


def cosines(embedder: Embedder, one: Picture, others: Sequence[Picture]) -> list[float]:
    """Return how alike pictures are to one."""
    rows = embedder.embed([one, *others]).astype(np.float64)
    return [float(row @ rows[0]) for row in rows[1:]]


def test_rows_have_length_1_and_do_not_hang_on_what_else_is_looked_at() -> None:
    embedder = open_embedder("colour")
    pictures = [drawn(seed) for seed in range(5)]

    rows = embedder.embed(pictures)

    assert rows.dtype == np.float32
    assert rows.shape == (5, embedder.length)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert embedder.embed(pictures[3:4]).tolist() == rows[3:4].tolist()


def test_copies_of_a_picture_are_more_alike_than_others() -> None:
    one = drawn(0)
    smaller = np.asarray(Image.fromarray(one).resize((70, 50), Image.Resampling.BICUBIC))
    darker = (one * 0.8).astype(np.uint8)
    cut = one[4:-4, 4:-4]

    copies = cosines(open_embedder("colour"), one, [smaller, darker, cut])
    others = cosines(open_embedder("colour"), one, [drawn(seed) for seed in range(1, 30)])

    assert min(copies) > 0.9
    assert min(copies) > max(others)


def test_colours_and_edges_each_tell_pictures_apart() -> None:
    red, blue = np.zeros((2, 60, 60, 3), np.uint8)
    red[..., 0] = blue[..., 2] = 200
    upright, lying = np.zeros((2, 60, 60, 3), np.uint8)
    upright[:, ::12] = upright[:, 1::12] = lying[::12] = lying[1::12] = 255

    embedder = open_embedder("colour")

    assert cosines(embedder, red, [blue]) == [0.0]  # no colour in common, and no edge
    # The same colours, 1 of 1 + 1.5^2 in weight, and no edge in common but for where lines end.
    assert cosines(embedder, upright, [lying]) == pytest.approx([1 / 3.25], abs=0.05)


def test_a_picture_of_one_pixel_is_a_picture() -> None:
    row = open_embedder("colour").embed([np.full((1, 1, 3), 7, np.uint8)])

    assert np.linalg.norm(row) == pytest.approx(1)


def test_a_run_describes_pictures_by_its_features(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(CLASSIFIER))

    embedder = open_embedder(str(run))
    rows = embedder.embed([drawn(0), drawn(1, 40, 30)])

    assert (embedder.name, embedder.length) == ("shapes", 512)
    assert rows.shape == (2, 512)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(2), abs=1e-6)


def test_other_weights_of_a_run_are_another_embedder(tmp_path: Path) -> None:
    one = open_embedder(str(write_run(tmp_path / "a", network_of(CLASSIFIER, seed=0))))
    other = open_embedder(f"run:{write_run(tmp_path / 'b', network_of(CLASSIFIER, seed=1))}")

    assert one.sha256 != other.sha256


def timm_file(path: Path, name: str = "test_resnet", seed: int = 0) -> Path:
    """Write weights as timm publishes them: with the head that its network has."""
    torch.manual_seed(seed)
    path.write_bytes(encode_weights(timm.create_model(name).state_dict(), {}))
    return path


def test_a_network_of_timm_takes_its_weights_from_a_file(tmp_path: Path) -> None:
    file = timm_file(tmp_path / "brought.safetensors")

    embedder = open_embedder("timm:test_resnet", weights=str(file), device="cpu")
    row = embedder.embed([np.full((160, 160, 3), 255, np.uint8)])

    torch.manual_seed(0)
    network: Any = timm.create_model("test_resnet").eval()
    with torch.inference_mode():  # white, with the mean 0.5 and the deviation 0.5 of its publisher, is 1
        features = network.forward_head(network.forward_features(torch.ones(1, 3, 160, 160)), pre_logits=True)[0]
    assert embedder.name == "test_resnet.r160_in1k"
    assert row[0] == pytest.approx((features / features.norm()).numpy(), abs=1e-5)


def test_the_same_weights_in_another_file_are_the_same_embedder(tmp_path: Path) -> None:
    file = timm_file(tmp_path / "a.safetensors")
    torch.manual_seed(0)
    torch.save(timm.create_model("test_resnet").state_dict(), tmp_path / "b.pth")

    one, other = (open_embedder("timm:test_resnet", weights=str(path)) for path in (file, tmp_path / "b.pth"))

    assert one.sha256 == other.sha256


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    file = timm_file(tmp_path / "vit.safetensors", "test_vit")

    with pytest.raises(ModelError, match=r"vit\.safetensors: does not hold the weights of 'test_resnet\.r160_in1k'"):
        open_embedder("timm:test_resnet", weights=str(file))


def test_where_published_weights_cannot_be_had_the_message_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens
    monkeypatch.setenv("HF_HUB_CACHE", "/nowhere")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", "/nowhere")

    with pytest.raises(ModelError, match=r"the published weights of 'test_resnet\.r160_in1k' cannot be had") as caught:
        open_embedder("timm:test_resnet")

    assert caught.value.hint == (
        "bring model.safetensors of timm/test_resnet.r160_in1k on the Hugging Face hub from where there is a network, "
        "and give it: --weights test_resnet.r160_in1k.safetensors"
    )


@pytest.mark.parametrize(
    ("text", "weights", "message"),
    [
        ("nonsense", None, "'nonsense' is nothing that describes pictures"),
        ("colour", "best", "--weights is for networks"),
        ("timm:resnet1000", None, "timm has no network 'resnet1000'"),
        ("timm:hf-hub:timm/test_resnet", None, "timm has no network"),
        ("timm:test_resnet.nobodys", None, "timm has no weights 'test_resnet.nobodys'"),
        ("timm:test_resnet", "missing.safetensors", "the weights 'missing.safetensors' do not exist"),
        ("missing.safetensors", None, "'missing.safetensors' does not exist"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, weights: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_embedder(text, weights=weights)


def test_weights_are_not_given_twice(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(CLASSIFIER))

    with pytest.raises(CvdataError, match="--weights is for run folders, and this is a file"):
        open_embedder(str(run / "weights/best.safetensors"), weights="last")
