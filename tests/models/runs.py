"""Run folders with networks of random weights, as a training leaves them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import torch

from cvdata.models.networks.catalogue import build
from cvdata.models.networks.network import Network
from cvdata.models.run_folder import BEST, INFO, DatasetInfo, RunInfo
from cvdata.models.spec import ModelSpec
from cvdata.models.weights.reading import SPEC, encode_weights

__all__ = ["CLASSIFIER", "DETECTOR", "SEGMENTER", "info_of", "network_of", "write_run"]

CLASSES = ("square", "disc", "triangle")
DETECTOR = ModelSpec(task="detector", architecture="nano", classes=CLASSES, size=(64, 64))
CLASSIFIER = ModelSpec(task="classifier", architecture="resnet18", classes=CLASSES, size=(64, 64))
SEGMENTER = ModelSpec(
    task="segmenter", architecture="unet", classes=("background", *CLASSES), size=(64, 64),
    options={"encoder": "resnet18"},
)  # fmt: skip


def network_of(spec: ModelSpec, seed: int = 0, **changes: Any) -> Network:
    """Build a network with random weights."""
    torch.manual_seed(seed)
    return build(msgspec.structs.replace(spec, **changes)).eval()


def info_of(spec: ModelSpec, weights: dict[str, str] | None = None) -> RunInfo:
    """Return what run.json says."""
    return RunInfo(
        cvdata="0",
        name="shapes",
        status="done",
        spec=spec,
        settings={},
        dataset=DatasetInfo(path="shapes", format="coco", sha256="0" * 64, images={}, objects={}),
        environment={},
        parameters=1,
        trainable=1,
        began="2026-01-01T00:00:00Z",
        metric="AP",
        weights=weights or {},
    )


def write_run(folder: Path, network: Network) -> Path:
    """Write a run folder with these weights as the best ones."""
    spec = msgspec.json.encode(network.spec).decode()
    data = encode_weights(network.state_dict(), {SPEC: spec})
    (folder / BEST).parent.mkdir(parents=True)
    (folder / BEST).write_bytes(data)
    info = info_of(network.spec, {BEST: hashlib.sha256(data).hexdigest()})
    (folder / INFO).write_text(json.dumps(msgspec.to_builtins(info)), "utf-8")
    return folder
