"""An ONNX file, opened: checked before onnxruntime sees it, and asked without a traceback."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import MissingExtraError, ModelError, Place, UsageError, show
from .metadata import LARGEST, check_self_contained

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["OnnxFile", "OnnxSession", "Port", "parse_onnx", "read_onnx"]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output of a file.

    Attributes:
        kind: of its numbers, such as `float32`; what is no tensor has the name that onnxruntime gives it.
        shape: None for sides that are free.
        maker: of an output, the operator that it comes from, such as `Softmax`; empty where that is not known.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]
    maker: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class OnnxFile:
    """What is in an ONNX file.

    Attributes:
        path: of the file; `data`: its bytes.
        properties: what it says about itself, all texts.
        makers: the operator that each output comes from, by the name of the output.
    """

    path: str | os.PathLike[str]
    data: bytes
    properties: dict[str, str]
    makers: dict[str, str]

    def open(self, device: str = "auto") -> OnnxSession:
        """Hand it to onnxruntime.

        Args:
            device: `auto` takes a GPU where onnxruntime can use one; `cpu`; `cuda`, `cuda:1`.

        Raises:
            ModelError: onnxruntime cannot run it.
            UsageError: onnxruntime cannot use this device.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors reach us as exceptions
        providers = _providers(onnxruntime, device)
        try:
            session = onnxruntime.InferenceSession(self.data, options, providers=providers)
        except Exception as error:  # onnxruntime's errors have no common class
            raise ModelError(f"onnxruntime cannot load it: {_first_line(error)}", at=Place(self.path)) from error
        return OnnxSession(
            path=self.path,
            sha256=hashlib.sha256(self.data).hexdigest(),
            inputs=tuple(_port(one, self.makers) for one in session.get_inputs()),
            outputs=tuple(_port(one, self.makers) for one in session.get_outputs()),
            _session=session,
        )


@dataclass(frozen=True, slots=True, eq=False)
class OnnxSession:
    """An ONNX file in onnxruntime.

    Attributes:
        path: of the file; `sha256`: of its bytes.
        inputs, outputs: in its order.
    """

    path: str | os.PathLike[str]
    sha256: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    _session: Any

    def run(self, names: Sequence[str], given: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return outputs by name.

        Raises:
            ModelError: onnxruntime fails, or an output is no tensor.
        """
        try:
            values = self._session.run(list(names), dict(given))
        except Exception as error:  # onnxruntime's errors have no common class
            message = f"onnxruntime fails on a picture: {_first_line(error)}"
            raise ModelError(message, at=Place(self.path)) from error
        for name, value in zip(names, values, strict=True):
            if not isinstance(value, np.ndarray):
                raise ModelError(f"its output '{show(name, 60)}' is no tensor", at=Place(self.path))
        return dict(zip(names, values, strict=True))


def read_onnx(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file.

    Raises:
        ModelError: it cannot be read, or is larger than ONNX allows.
    """
    try:
        size = os.stat(path).st_size
        if size > LARGEST:
            raise ModelError(f"the file has {size:,} bytes, and ONNX allows at most {LARGEST:,}", at=Place(path))
        with open(path, "rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror or type(error).__name__}", at=Place(path)) from error


def parse_onnx(data: bytes, path: str | os.PathLike[str]) -> OnnxFile:
    """Look into what is a file, or is going to be, before onnxruntime sees it.

    Args:
        path: of the file, for messages.

    Raises:
        ModelError: it is no ONNX, or points to other files.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401 - whoever looks into a file is going to open it
    except ImportError as error:
        raise MissingExtraError(
            f"ONNX files need the package {error.name}, which cannot be imported",
            hint="pip install 'cvdata[train]'",
        ) from error
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own errors have no common class
        raise _broken(path) from error
    if not model.graph.node:
        raise _broken(path)
    check_self_contained(model, path)
    return OnnxFile(path, data, {p.key: p.value for p in model.metadata_props}, _makers(model))


def _broken(path: str | os.PathLike[str]) -> ModelError:
    hint = "export it again, or copy it again"
    return ModelError("the file is not ONNX, or is cut off", at=Place(path), hint=hint)


def _makers(model: ModelProto) -> dict[str, str]:
    """Return the operators that the outputs come from; what only passes numbers on is looked through."""
    by_output = {name: node for node in model.graph.node for name in node.output}
    makers = {}
    for output in model.graph.output:
        node = by_output.get(output.name)
        for _ in range(_PASSED):
            if node is None or node.op_type not in _PASSING or not node.input:
                break
            node = by_output.get(node.input[0])
        makers[output.name] = "" if node is None else node.op_type
    return makers


_PASSING = frozenset({"Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose"})
_PASSED = 8


def _port(one: Any, makers: Mapping[str, str]) -> Port:
    kind = one.type.removeprefix("tensor(").removesuffix(")")
    kind = {"float": "float32", "double": "float64"}.get(kind, kind)
    shape = tuple(side if isinstance(side, int) and side >= 0 else None for side in one.shape)
    return Port(one.name, kind, shape, makers.get(one.name, ""))


def _providers(onnxruntime: Any, device: str) -> list[Any]:
    """Return what onnxruntime is to compute with."""
    kind, _, number = device.partition(":")
    there = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if kind == "cpu" or (kind == "auto" and not there):
        return ["CPUExecutionProvider"]
    if kind not in ("auto", "cuda") or not there:
        raise UsageError(
            f"onnxruntime cannot use the device '{show(device, 40)}'",
            hint="--device cpu" if kind != "cuda" else "install onnxruntime-gpu, or --device cpu",
        )
    return [("CUDAExecutionProvider", {"device_id": number or "0"}), "CPUExecutionProvider"]


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return show(lines[0]) if lines else type(error).__name__
