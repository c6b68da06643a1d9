"""ONNX files as other programs write them: graphs with the outputs that a test names, and torch modules."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

__all__ = ["answering", "exported"]


def answering(
    path: Path,
    outputs: Mapping[str, NDArray[Any]],
    *,
    shape: Sequence[int | str] = (1, 3, 32, 32),
    kind: int = TensorProto.FLOAT,
    says: Mapping[str, str] | None = None,
    last: str = "Identity",
    inputs: int = 1,
) -> Path:
    """Write a file that gives the same outputs for every picture.

    Args:
        says: its metadata; `last`: operator that the outputs come from.
    """
    nodes, ports = [], []
    for name, array in outputs.items():
        nodes.append(helper.make_node("Constant", [], [f"{name}_value"], value=numpy_helper.from_array(array)))
        nodes.append(helper.make_node(last, [f"{name}_value"], [name]))
        element = helper.np_dtype_to_tensor_dtype(array.dtype)
        ports.append(helper.make_tensor_value_info(name, element, array.shape))
    taken = [helper.make_tensor_value_info(f"images{row or ''}", kind, shape) for row in range(inputs)]
    model = helper.make_model(helper.make_graph(nodes, "g", taken, ports), opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    helper.set_model_props(model, dict(says or {}))
    path.write_bytes(model.SerializeToString())
    return path


def exported(network: nn.Module, path: Path, size: tuple[int, int], outputs: Sequence[str], **says: str) -> Path:
    """Write a torch module as its owners would."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this exporter is the older one
        torch.onnx.export(
            network.eval(), (torch.zeros(1, 3, *size),), str(path), input_names=["images"], output_names=list(outputs),
            opset_version=17, dynamo=False,
        )  # fmt: skip
    model = onnx.load(str(path))
    helper.set_model_props(model, says)
    path.write_bytes(model.SerializeToString())
    return path
