"""ONNX files in the layouts of YOLO find what their torch originals find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.ops import batched_nms, box_convert

from cvdata.dataset.rle import to_mask
from cvdata.models.predictor import Predictor
from cvdata.prelabel.predictors.family import ModelOptions, load_model

from .onnx_files import answering, exported

SIDE, CLASSES = 64, 3
NAMES = "{0: 'square', 1: 'disc', 2: 'triangle'}"


class Yolo(nn.Module):
    """A head like that of YOLOv8 (4 + classes, places) or of YOLOv5 (places, 5 + classes) on two small layers."""

    def __init__(self, version: int) -> None:
        super().__init__()
        torch.manual_seed(version)
        self.version = version
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 4, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU())
        self.head = nn.Conv2d(16, 5 + CLASSES, 1)
        self.head.weight.data *= 12
        rows, columns = torch.meshgrid(torch.arange(SIDE // 8), torch.arange(SIDE // 8), indexing="ij")
        self.register_buffer("middle", torch.stack([columns, rows]).reshape(2, -1) * 8.0 + 4)

    def forward(self, images: Tensor) -> Tensor:
        values = self.head(self.body(images)).flatten(2)
        place = self.get_buffer("middle") + 8 * values[:, :2].tanh()
        size = 24 * values[:, 2:4].sigmoid()
        likely = values[:, 4:].sigmoid()
        if self.version == 8:
            return torch.cat([place, size, likely[:, 1:]], dim=1)
        return torch.cat([place, size, likely], dim=1).transpose(1, 2)


def pictures(seed: int = 0) -> list[NDArray[np.uint8]]:
    """Return noise in blocks: square, wide and tall; the second and third are exactly doubled and halved."""
    rng = np.random.default_rng(seed)
    blocks = [
        16 * rng.integers(0, 16, (tall // 8, wide // 8, 3), np.uint8) for tall, wide in ((64, 64), (64, 128), (32, 16))
    ]
    return [np.kron(block, np.ones((8, 8, 1), np.uint8)) for block in blocks]


def boxed(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float, int, int]:
    """Put a picture of a power-of-two size into the network's by hand: picture, scale, left, top."""
    tall, wide = picture.shape[:2]
    scale = SIDE / max(tall, wide)
    # All values are multiples of 16, so that what lies between two or four of them is a whole number for every resizer.
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    down, across = round(tall * scale), round(wide * scale)
    small = nn.functional.interpolate(tensor, (down, across), mode="bilinear", align_corners=False)
    whole = np.full((SIDE, SIDE, 3), 114, np.uint8)
    left, top = (SIDE - across) // 2, (SIDE - down) // 2
    whole[top : top + down, left : left + across] = small[0].permute(1, 2, 0).round().byte().numpy()
    return whole, scale, left, top


def decoded(network: Yolo, picture: NDArray[np.uint8], least: float) -> tuple[Tensor, Tensor, Tensor]:
    """Run the torch module and decode what it gives with torchvision: corners in the picture, classes, scores."""
    whole, scale, left, top = boxed(picture)
    with torch.no_grad():
        out = network(torch.from_numpy(whole).permute(2, 0, 1)[None].float() / 255)[0]
    rows = out.T if network.version == 8 else torch.cat([out[:, :4], out[:, 4:5] * out[:, 5:]], dim=1)
    score, label = rows[:, 4:].max(dim=1)
    sure = score >= least
    corners = box_convert(rows[sure, :4], "cxcywh", "xyxy")
    kept = batched_nms(corners, score[sure], label[sure], 0.7)
    back = (corners[kept] - torch.tensor([left, top, left, top])) / scale
    edges = torch.tensor([picture.shape[1], picture.shape[0]] * 2)
    back = torch.minimum(back.clamp(min=0), edges)
    there = (back[:, 2:] > back[:, :2]).all(dim=1)
    return back[there], label[sure][kept][there], score[sure][kept][there]


def loaded(path: Path, score: float = 0.3) -> Predictor:
    model = load_model(str(path), ModelOptions(device="cpu", score=score))
    assert not hasattr(model, "outline")
    return model


@pytest.mark.parametrize("version", [8, 5])
def test_a_file_in_yolos_layout_finds_what_its_torch_original_finds(tmp_path: Path, version: int) -> None:
    network = Yolo(version)
    path = exported(network, tmp_path / "yolo.onnx", (SIDE, SIDE), ["output0"], names=NAMES, stride="32")

    predictor = loaded(path)
    found = predictor.find(pictures())

    assert predictor.spec.architecture == f"onnx-yolo-v{version}"
    assert predictor.spec.classes == ("square", "disc", "triangle")
    assert found.owner is not None and found.box is not None and found.label is not None and found.score is not None
    total = 0
    for row, picture in enumerate(pictures()):
        own = found.owner == row
        corners, label, score = decoded(network, picture, 0.3)
        total += len(corners)
        assert found.label[own].tolist() == label.tolist()
        assert np.allclose(found.score[own], score.numpy(), atol=1e-5)
        box = found.box[own]
        assert np.allclose(np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1), corners.numpy(), atol=1e-3)
    assert total >= 6


def test_a_picture_gives_the_same_alone_and_among_others(tmp_path: Path) -> None:
    path = exported(Yolo(8), tmp_path / "yolo.onnx", (SIDE, SIDE), ["output0"], names=NAMES, stride="32")
    predictor = loaded(path)

    together, alone = predictor.find(pictures()), predictor.find(pictures()[1:2])

    assert together.owner is not None and together.box is not None and alone.box is not None
    assert np.array_equal(together.box[together.owner == 1], alone.box)


def rows_of(*rows: tuple[float, ...]) -> NDArray[np.float32]:
    """Return raw boxes of YOLOv8's layout, among many that are nothing."""
    empty = np.zeros((60, len(rows[0])), np.float32)
    empty[:, :4] = (16, 16, 4, 4)
    raw: NDArray[np.float32] = np.concatenate([np.array(rows, np.float32), empty]).T[None]
    return raw


def test_of_two_boxes_of_a_class_the_surer_stands_and_another_class_is_left_alone(tmp_path: Path) -> None:
    # A wide picture of 64 x 32 goes into 32 x 32 at half its size, 8 rows below the top.
    raw = rows_of((8, 16, 8, 8, 0.6, 0), (8.5, 16, 8, 8, 0.9, 0), (8, 16, 8, 8, 0.1, 0.7))
    path = answering(tmp_path / "y.onnx", {"output0": raw}, says={"names": "['a', 'b']", "stride": "32"})

    found = loaded(path, 0.25).find([np.zeros((32, 64, 3), np.uint8)])

    assert found.box is not None and found.label is not None and found.score is not None
    assert found.label.tolist() == [0, 1]
    assert found.box.tolist() == [[9.0, 8.0, 16.0, 16.0], [8.0, 8.0, 16.0, 16.0]]
    assert np.allclose(found.score, [0.9, 0.7])


def test_a_file_that_chooses_itself_is_taken_as_it_is(tmp_path: Path) -> None:
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, :2] = [(4, 12, 12, 20, 0.8, 1), (4, 12, 12, 20, 0.7, 1)]
    path = answering(tmp_path / "y.onnx", {"output0": rows}, says={"names": "{0: 'a', 1: 'b'}", "stride": "32"})

    predictor = loaded(path, 0.25)
    found = predictor.find([np.zeros((32, 64, 3), np.uint8)])

    assert predictor.spec.architecture == "onnx-end-to-end"
    assert found.box is not None and found.label is not None
    assert (found.box.tolist(), found.label.tolist()) == ([[8.0, 8.0, 16.0, 16.0]] * 2, [1, 1])


def test_masks_are_sums_of_prototypes_inside_their_boxes(tmp_path: Path) -> None:
    raw = rows_of((16, 16, 16, 16, 0.9, 1, 0), (16, 16, 8, 8, 0.8, 0, 1))
    protos = np.full((1, 2, 8, 8), -1, np.float32)
    protos[0, 0, :, :4] = 1  # the left half
    protos[0, 1] = 1
    outputs = {"output0": raw, "output1": protos}
    path = answering(tmp_path / "y.onnx", outputs, says={"names": "['a']", "stride": "32", "task": "segment"})

    predictor = loaded(path, 0.25)
    found = predictor.find([np.zeros((32, 32, 3), np.uint8)])

    assert predictor.spec.masks
    assert found.masks is not None
    left, whole = (to_mask(found.masks[row], 32, 32).astype(bool) for row in range(2))
    expected = np.zeros((32, 32), bool)
    expected[8:24, 8:16] = True
    assert np.array_equal(left, expected)
    assert whole.sum() == 64 and whole[12:20, 12:20].all()


def test_points_come_back_into_the_picture(tmp_path: Path) -> None:
    raw = rows_of((16, 16, 16, 16, 0.9, 10, 12, 0.5, 20, 30, 1))
    says = {"names": "['a']", "stride": "32", "kpt_shape": "[2, 3]", "task": "pose"}
    path = answering(tmp_path / "y.onnx", {"output0": raw}, says=says)

    predictor = loaded(path, 0.25)
    found = predictor.find([np.zeros((32, 64, 3), np.uint8)])

    assert predictor.spec.keypoints == ("point 1", "point 2")
    assert found.keypoints is not None
    # The second point lies in the grey below the picture, so it is brought to its border.
    assert found.keypoints.tolist() == [[[20.0, 8.0, 0.5], [40.0, 32.0, 1.0]]]


def test_a_network_of_any_size_sees_no_more_grey_than_its_stride_needs(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Conv2d(3, 5, 16, 16), nn.Flatten(2), nn.Sigmoid()).eval()
    path = tmp_path / "any.onnx"
    exported(network, path, (64, 64), ["output0"], names="['a']", stride="16", imgsz="[64, 64]")
    import onnx

    model = onnx.load(str(path))
    for port in (model.graph.input[0], model.graph.output[0]):
        for axis in (2, 3)[: len(port.type.tensor_type.shape.dim) - 2]:
            port.type.tensor_type.shape.dim[axis].dim_param = f"side{axis}"
    del model.graph.value_info[:]
    path.write_bytes(model.SerializeToString())

    predictor = loaded(path, 0.0)
    found = predictor.find([np.zeros((20, 64, 3), np.uint8)])

    assert predictor.spec.size == (64, 64)
    assert found.images == 1
