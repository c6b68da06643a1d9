"""A file that `cvdata export` wrote, at work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError, Place
from ..columns import Columns, concat_columns
from ..spec import ModelSpec
from .metadata import spec_of
from .outputs import columns_of, output_names, problem_of
from .session import OnnxFile, OnnxSession, parse_onnx, read_onnx

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
        self._take(parse_onnx(read_onnx(path), path), device)

    @classmethod
    def of_bytes(cls, data: bytes, path: str | os.PathLike[str], *, device: str = "auto") -> OnnxPredictor:
        """Load what is going to be a file; see `__init__`."""
        return cls.of_file(parse_onnx(data, path), device=device)

    @classmethod
    def of_file(cls, file: OnnxFile, *, device: str = "auto") -> OnnxPredictor:
        """Load what was looked into; see `__init__`."""
        made = cls.__new__(cls)
        made._take(file, device)
        return made

    def _take(self, file: OnnxFile, device: str) -> None:
        self.spec = spec_of(file.properties, file.path)
        self._session = file.open(device)
        self.name = Path(file.path).stem
        self.sha256 = self._session.sha256
        self._names = output_names(self.spec)
        _check_signature(self._session, self._names)

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds in pictures, uint8, shape (any height, any width, 3), RGB."""
        return concat_columns([columns_of(self.spec, self.outputs(picture), picture.shape) for picture in pictures])

    def outputs(self, picture: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Return what the file gives for a picture, by name.

        Raises:
            ModelError: it fails, or gives what makes no sense.
        """
        found = self._session.run(self._names, {"image": np.ascontiguousarray(picture)})
        problem = problem_of(self.spec, found, picture.shape)
        if problem:
            raise ModelError(f"it gives {problem}", at=Place(self._session.path), hint="export the run again")
        return found


def _check_signature(session: OnnxSession, names: Sequence[str]) -> None:
    inputs = [(one.name, one.kind) for one in session.inputs]
    if inputs != [("image", "uint8")] or not set(names) <= {one.name for one in session.outputs}:
        raise ModelError(
            f"the inputs or outputs are not those of its task, expected image and {', '.join(names)}",
            at=Place(session.path),
            hint="export the run again",
        )
