"""From a network to the bytes of an ONNX file."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..._version import __version__
from ...errors import MissingExtraError, ModelError
from .metadata import LARGEST
from .outputs import output_names

if TYPE_CHECKING:
    from ..networks.network import Network
    from .graph import Deployed

__all__ = ["trace"]

_SIDES = (96, 64)
"""Height and width of the picture that the trace is taken with; nothing of them may stay in the file."""
_FREE = {
    "boxes": ["found"],
    "labels": ["found"],
    "masks": ["found", "height", "width"],
    "keypoints": ["found"],
    "map": ["height", "width"],
}


def trace(network: Network, *, score: float, most: int, opset: int, metadata: Mapping[str, str]) -> bytes:
    """Return an ONNX file: a picture in, what is found in its own pixels out.

    Args:
        network: in evaluation mode, on the CPU.
        score, most: see `Deployed`.
        metadata: what the file is to say about itself.

    Raises:
        ModelError: the network has an operation that ONNX or its exporter does not have, or is too large.
        MissingExtraError: the package onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError(
            "the export needs onnx, which is missing", hint="pip install 'cvdata[train]'"
        ) from error
    from .graph import Deployed

    size = sum(value.numel() * value.element_size() for value in network.state_dict().values())
    if size > LARGEST * 0.98:
        raise ModelError(f"the network has {size:,} bytes of weights, and an ONNX file holds at most {LARGEST:,}")
    model = onnx.load_model_from_string(_traced(Deployed(network, score=score, most=most), opset))
    model.producer_name, model.producer_version = "cvdata", __version__
    onnx.helper.set_model_props(model, dict(metadata))
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ModelError(f"the exporter of torch made a file that is not sound: {_first_line(error)}") from error
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _traced(deployed: Deployed, opset: int) -> bytes:
    import torch

    spec = deployed.spec
    names = output_names(spec)
    free: dict[str, list[str]] = {name: axes for name, axes in _FREE.items() if name in names}
    if spec.task == "detector":
        free["scores"] = ["found"]
    axes = {name: dict(enumerate(axes)) for name, axes in free.items()}
    picture = torch.randint(0, 256, (*_SIDES, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    file: Any = io.BytesIO()  # the exporter takes one, whatever its annotation says
    try:
        with _quietly(), torch.no_grad():
            torch.onnx.export(
                deployed.eval(),
                (picture,),
                file,
                input_names=["image"],
                output_names=list(names),
                dynamic_axes={"image": {0: "height", 1: "width"}, **axes},
                opset_version=opset,
                # The exporter that follows torch.export cannot follow the NMS of torchvision's detectors.
                dynamo=False,
            )
    except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
        raise ModelError(
            f"{spec.architecture} cannot be exported to ONNX: {_first_line(error)}",
            hint="another architecture of the same task can; cvdata predict RUN runs this one",
        ) from error
    data: bytes = file.getvalue()
    return data


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep back what torch says of its own exporter: what it warns of is tested here, on real pictures."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TracerWarning, and that this exporter is the older one
            yield
    finally:
        log.setLevel(level)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
