"""What an export is asked for, and what it says when it is done."""

from __future__ import annotations

from typing import Literal

import msgspec

from ...errors import UsageError
from ...files import Finding

__all__ = ["Comparison", "ExportReport", "ExportSettings", "Port", "check_settings"]

OLDEST, NEWEST = 17, 20
"""Sets of ONNX operators that torch's exporter writes and onnxruntime reads."""


class ExportSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to export.

    Attributes:
        weights: of the best epoch, or of the last one.
        score: detections below it are left out inside the file; `most`: detections of a picture that it gives.
        opset: set of ONNX operators.
        pictures: to compare with, at most.
    """

    weights: Literal["best", "last"] = "best"
    score: float = 0.05
    most: int = 100
    opset: int = 17
    pictures: int = 16


def check_settings(settings: ExportSettings) -> None:
    """Refuse what makes no sense.

    Raises:
        UsageError: a number is out of its range.
    """
    if not 0 <= settings.score < 1:
        raise UsageError(f"--score is {settings.score}, expected 0 or more and less than 1")
    for name in ("most", "pictures"):
        if getattr(settings, name) < 1:
            raise UsageError(f"--{name} is {getattr(settings, name)}, expected 1 or more")
    if not OLDEST <= settings.opset <= NEWEST:
        raise UsageError(f"--opset is {settings.opset}, expected {OLDEST} to {NEWEST}")


class Port(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An input or an output of the file.

    Attributes:
        kind: of its numbers, such as `uint8`; `shape`: sizes, a name for one that differs from picture to picture.
        meaning: for people.
    """

    name: str
    kind: str
    shape: list[int | str]
    meaning: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file gives in onnxruntime, held against the network in torch, on the same pictures.

    Attributes:
        against: `network` with the file's own steps before and after it, or `predictor`: what `cvdata predict` does
            with the run.
        pictures: compared; `detections`: that torch found; `matched`: of them found by the file, too, with the same
            class and a box within the tolerance.
        largest: differences: of `box` in pixels of the picture and `box_share` in longer sides of it, of `score`, of
            `keypoint` in pixels, and shares of the pixels of a `mask` or a `map` that differ; None where there was
            nothing to compare.
        tolerance: what is allowed, by the same names, and the share of detections `unmatched`.
        agrees: whether all is within.
    """

    against: Literal["network", "predictor"]
    pictures: int
    detections: int | None
    matched: int | None
    largest: dict[str, float | None]
    tolerance: dict[str, float]
    agrees: bool


class ExportReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was exported, and how well it agrees.

    Attributes:
        run: folder; `path`: file that was written; `size`: bytes of it; `sha256`: of it.
        task, architecture, classes: of the network; `weights_sha256`: of the weights it was made from.
        input, outputs: of the file.
        comparisons: with the network in torch, and with the run's predictor.
        torch_ms, onnx_ms: median time for a picture, from the picture to what is found in it, on this CPU.
        findings: what is worth knowing.
        settings: as resolved.
    """

    run: str
    path: str
    size: int
    sha256: str
    task: str
    architecture: str
    classes: list[str]
    weights_sha256: str
    input: Port
    outputs: list[Port]
    comparisons: list[Comparison]
    torch_ms: float
    onnx_ms: float
    findings: list[Finding]
    settings: ExportSettings
