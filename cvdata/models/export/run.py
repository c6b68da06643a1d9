"""A run becomes an ONNX file that was tried out on real pictures."""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...engine import Progress, Silent
from ...errors import CvdataError, ModelError, UsageError, show
from ...files import Finding, check_single, write_single
from ...images.decode import decode
from ..columns import Columns, concat_columns
from ..crops import crop_findings
from ..run_folder import read_run
from ..spec import ModelSpec
from .compare import compare
from .metadata import metadata_of
from .outputs import KINDS, MEANINGS, columns_of, output_names
from .report import Comparison, ExportReport, ExportSettings, Port, check_settings

if TYPE_CHECKING:
    from ..torch_predictor import TorchPredictor
    from .onnx_predictor import OnnxPredictor

__all__ = ["FILE", "export_run", "refuse_disagreement"]

FILE = "model.onnx"
"""Name of the file in the run folder, where no other is given."""

Pictures = Sequence[NDArray[np.uint8]]


def export_run(
    run: str | os.PathLike[str],
    path: str | os.PathLike[str] | None = None,
    *,
    pictures: Sequence[str],
    settings: ExportSettings | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> ExportReport:
    """Write the network of a run as an ONNX file that takes pictures of any size and gives what is found in them.

    The file appears only after it was tried out: onnxruntime finds in real pictures what torch finds.

    Args:
        path: file to write; by default `model.onnx` in the run folder.
        pictures: files of pictures to compare with, best those of the validation; of many a few are taken.

    Raises:
        UsageError: there is no run, no picture, or a place where no file can be.
        ModelError: the network cannot be exported, or the file does not agree with it.
        OutputError: the disk refused.
    """
    settings = settings or ExportSettings()
    check_settings(settings)
    info = read_run(run)
    target = Path(path) if path is not None else Path(run, FILE)
    check_single(target, overwrite=overwrite)
    shown = progress or Silent()
    seen = _some(pictures, settings.pictures)
    predictor = _predictor(run, settings.weights)
    data = _file_of(predictor, info.name, settings)
    shown.start("comparing", len(seen))
    session = _session(data, target)
    trial = _Trial(predictor, session, settings, seen, shown)
    comparisons = trial.comparisons()
    refuse_disagreement(comparisons)
    write_single(target, data)
    return ExportReport(
        run=show(run),
        path=show(target),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        task=info.spec.task,
        architecture=info.spec.architecture,
        classes=list(info.spec.classes),
        weights_sha256=predictor.sha256,
        input=Port(name="image", kind="uint8", shape=["height", "width", 3], meaning="a picture of any size, RGB"),
        outputs=_ports(info.spec),
        comparisons=comparisons,
        torch_ms=trial.torch_ms,
        onnx_ms=trial.onnx_ms,
        findings=[*_findings(comparisons), *_mask_findings(info.spec, settings.most), *crop_findings(info.spec)],
        settings=settings,
    )


def _some(files: Sequence[str], most: int) -> list[NDArray[np.uint8]]:
    """Decode some of the pictures, evenly over all; those that do not decode are passed over.

    Raises:
        UsageError: there is none.
    """
    chosen: list[NDArray[np.uint8]] = []
    for part in np.array_split(np.arange(len(files)), min(most, max(1, len(files)))):
        for row in part.tolist():
            try:
                chosen.append(decode(files[row]))
            except CvdataError:
                continue
            break
    if not chosen:
        raise UsageError(
            "there is no picture to compare with, and a file that was never tried out is not written",
            hint="--pictures DIR: a folder with some pictures like those it was trained on",
        )
    return chosen


def _predictor(run: str | os.PathLike[str], weights: Literal["best", "last"]) -> TorchPredictor:
    from ..torch_predictor import TorchPredictor

    return TorchPredictor(run, weights=weights, device="cpu")


def _file_of(predictor: TorchPredictor, name: str, settings: ExportSettings) -> bytes:
    from .tracing import trace

    texts = metadata_of(predictor.spec, run=name, weights=predictor.sha256, score=settings.score, most=settings.most)
    return trace(predictor.network, score=settings.score, most=settings.most, opset=settings.opset, metadata=texts)


class _Trial:
    """The file, the network and the run's predictor, each on the same pictures.

    Attributes:
        torch_ms, onnx_ms: median time for a picture, of the predictor and of the file.
    """

    def __init__(
        self,
        predictor: TorchPredictor,
        session: OnnxPredictor,
        settings: ExportSettings,
        pictures: Pictures,
        progress: Progress,
    ) -> None:
        from .graph import Deployed

        self._deployed = Deployed(predictor.network, score=settings.score, most=settings.most).eval()
        self._settings = settings
        self._pictures = pictures
        self._progress = progress
        self._finders: dict[str, Callable[[NDArray[np.uint8]], Columns]] = {
            "file": lambda picture: session.find([picture]),
            "predictor": lambda picture: self._cut(predictor.find([picture])),
            "network": self._of_network,
        }
        self.torch_ms = self.onnx_ms = 0.0

    def comparisons(self) -> list[Comparison]:
        """Return what came of it."""
        found: dict[str, list[Columns]] = {name: [] for name in self._finders}
        spent: dict[str, list[float]] = {name: [] for name in self._finders}
        for picture in self._pictures:
            for name, find in self._finders.items():
                begin = time.perf_counter()
                found[name].append(find(picture))
                spent[name].append(time.perf_counter() - begin)
            self._progress.advance(1)
        self.torch_ms, self.onnx_ms = (1000 * statistics.median(spent[name]) for name in ("predictor", "file"))
        whole = {name: concat_columns(parts) for name, parts in found.items()}
        sizes = np.array([picture.shape[:2] for picture in self._pictures], np.int64)
        score = self._settings.score
        return [compare(whole[against], whole["file"], sizes, against=against, score=score) for against in _AGAINST]

    def _of_network(self, picture: NDArray[np.uint8]) -> Columns:
        import torch

        with torch.inference_mode():
            values = self._deployed(torch.from_numpy(picture))
        spec = self._deployed.spec
        named: dict[str, NDArray[Any]] = {
            name: value.numpy() for name, value in zip(output_names(spec), values, strict=True)
        }
        return columns_of(spec, named, picture.shape)

    def _cut(self, columns: Columns) -> Columns:
        """Leave out what the file leaves out of one picture."""
        return _first(columns.surer(self._settings.score), self._settings.most)


def _first(columns: Columns, most: int) -> Columns:
    """Return the surest detections of one picture."""
    if columns.score is None or len(columns.score) <= most:
        return columns
    return columns.surer(float(columns.score[most - 1]))


_AGAINST: tuple[Literal["network", "predictor"], ...] = ("network", "predictor")


def _session(data: bytes, target: Path) -> OnnxPredictor:
    from .onnx_predictor import OnnxPredictor

    return OnnxPredictor.of_bytes(data, target, device="cpu")


def refuse_disagreement(comparisons: Sequence[Comparison]) -> None:
    """Refuse a file that does something else than the network.

    Raises:
        ModelError: it does.
    """
    for one in comparisons:
        if not one.agrees:
            figures = [f"{name} {value:.3g}" for name, value in one.largest.items() if value is not None]
            if one.matched is not None:
                figures.insert(0, f"{one.matched:,} of {one.detections:,} detections matched")
            raise ModelError(
                f"the file does not agree with the run's {one.against}, so it was not written: {', '.join(figures)}",
                hint="another --opset may help; please report the architecture with these figures",
            )


def _findings(comparisons: Sequence[Comparison]) -> list[Finding]:
    if any(one.detections == 0 for one in comparisons):
        message = "nothing was found in the pictures, so that no boxes could be compared; a lower --score finds more"
        return [Finding(code="nothing-found", message=message, count=1, examples=[])]
    return []


_MASK_BYTES = 7
"""What onnxruntime takes for a pixel of the picture for each mask at its peak: a float32, and bytes made of it."""


def _mask_findings(spec: ModelSpec, most: int) -> list[Finding]:
    """Say how much memory masks of large pictures take."""
    if not spec.masks:
        return []
    message = (
        f"each object has a mask of the size of the picture: {most:,} of them (--most) take about "
        f"{most * _MASK_BYTES / 1000:.2g} GB of memory per megapixel; a lower --most or a higher --score takes less"
    )
    return [Finding(code="large-masks", message=message, count=1, examples=[])]


def _ports(spec: ModelSpec) -> list[Port]:
    classes, points = len(spec.classes), len(spec.keypoints)
    shapes: dict[str, list[int | str]] = {
        "boxes": ["found", 4],
        "scores": [classes] if spec.task == "classifier" else ["found"],
        "labels": ["found"],
        "masks": ["found", "height", "width"],
        "keypoints": ["found", points, 3],
        "map": ["height", "width"],
    }
    return [
        Port(name=name, kind=KINDS[name], shape=shapes[name], meaning=MEANINGS[name]) for name in output_names(spec)
    ]
