"""A file that `cvdata export` wrote, at work."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import CvdataError, MissingExtraError, ModelError, Place, UsageError, show
from ..columns import Columns, concat_columns
from ..spec import ModelSpec
from .metadata import LARGEST, check_self_contained, spec_of
from .outputs import columns_of, output_names, problem_of

__all__ = ["OnnxPredictor"]


class OnnxPredictor:
    """An exported network in onnxruntime; see `Predictor`."""

    spec: ModelSpec
    name: str
    sha256: str

    def __init__(self, path: str | os.PathLike[str], *, device: str = "auto") -> None:
        """Load a file.

        Args:
            device: `auto` takes a GPU where onnxruntime can use one; `cpu`; `cuda`, `cuda:1`.

        Raises:
            ModelError: the file is not what `cvdata export` writes.
            UsageError: onnxruntime cannot use this device.
            MissingExtraError: onnx or onnxruntime is not installed.
        """
        self._load(_read(path), path, device)

    @classmethod
    def of_bytes(cls, data: bytes, path: str | os.PathLike[str], *, device: str = "auto") -> OnnxPredictor:
        """Load what is going to be a file; see `__init__`."""
        made = cls.__new__(cls)
        made._load(data, path, device)
        return made

    def _load(self, data: bytes, path: str | os.PathLike[str], device: str) -> None:
        try:
            import onnx
            import onnxruntime
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
        self.spec = spec_of({p.key: p.value for p in model.metadata_props}, path)
        del model
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors reach us as exceptions
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=_providers(onnxruntime, device))
        except CvdataError:
            raise
        except Exception as error:  # onnxruntime's errors have no common class
            raise ModelError(f"onnxruntime cannot load it: {_first_line(error)}", at=Place(path)) from error
        self.name = Path(path).stem
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._path = path
        self._names = output_names(self.spec)
        _check_signature(self._session, self._names, path)

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds in pictures, uint8, shape (any height, any width, 3), RGB."""
        return concat_columns([columns_of(self.spec, self.outputs(picture), picture.shape) for picture in pictures])

    def outputs(self, picture: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Return what the file gives for a picture, by name.

        Raises:
            ModelError: it fails, or gives what makes no sense.
        """
        try:
            values = self._session.run(list(self._names), {"image": np.ascontiguousarray(picture)})
        except Exception as error:  # onnxruntime's errors have no common class
            raise ModelError(f"onnxruntime fails on a picture: {_first_line(error)}", at=Place(self._path)) from error
        found = dict(zip(self._names, values, strict=True))
        problem = problem_of(self.spec, found, picture.shape)
        if problem:
            raise ModelError(f"it gives {problem}", at=Place(self._path), hint="export the run again")
        return found


def _read(path: str | os.PathLike[str]) -> bytes:
    try:
        size = os.stat(path).st_size
        if size > LARGEST:
            raise ModelError(f"the file has {size:,} bytes, and ONNX allows at most {LARGEST:,}", at=Place(path))
        with open(path, "rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror or type(error).__name__}", at=Place(path)) from error


def _broken(path: str | os.PathLike[str]) -> ModelError:
    return ModelError(
        "the file is not ONNX, or is cut off", at=Place(path), hint="export the run again, or copy it again"
    )


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


def _check_signature(session: Any, names: Sequence[str], path: str | os.PathLike[str]) -> None:
    inputs = [(one.name, one.type) for one in session.get_inputs()]
    if inputs != [("image", "tensor(uint8)")] or not set(names) <= {one.name for one in session.get_outputs()}:
        raise ModelError(
            f"the inputs or outputs are not those of its task, expected image and {', '.join(names)}",
            at=Place(path),
            hint="export the run again",
        )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return show(lines[0]) if lines else type(error).__name__
