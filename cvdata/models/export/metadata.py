"""What an exported file says about itself, and the check that it does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ..._version import __version__
from ...errors import ModelError, Place, show
from ..spec import ModelSpec

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, TensorProto

__all__ = ["LARGEST", "check_self_contained", "metadata_of", "spec_of"]

_SCHEMA = "cvdata/onnx/1"

LARGEST = 2**31 - 1
"""Bytes that an ONNX file can have: protobuf counts them in 31 bits."""

_HINT = "give a file that cvdata export wrote; cvdata prelabel takes files of other programs, too"


def metadata_of(spec: ModelSpec, *, run: str, weights: str, score: float, most: int) -> dict[str, str]:
    """Return the properties of a file, all texts, as ONNX wants them.

    Args:
        run: name of the run; `weights`: SHA-256 of the file of weights it was made from.
        score, most: see `Deployed`.
    """
    return {
        "schema": _SCHEMA,
        "cvdata": __version__,
        "task": spec.task,
        # Ultralytics and its readers look for this key, too: class by number.
        "names": msgspec.json.encode({str(row): name for row, name in enumerate(spec.classes)}).decode(),
        "spec": msgspec.json.encode(spec).decode(),
        "run": run,
        "weights_sha256": weights,
        "score": repr(score),
        "most": repr(most),
    }


def spec_of(properties: Mapping[str, str], path: str | os.PathLike[str]) -> ModelSpec:
    """Return what network is in a file.

    Raises:
        ModelError: another program wrote the file, or a newer cvdata.
    """
    schema = properties.get("schema")
    if schema is None:
        raise ModelError("the ONNX file does not say what its outputs are", at=Place(path, field="schema"), hint=_HINT)
    if schema != _SCHEMA:
        raise ModelError(
            f"the schema is '{show(schema, 40)}', expected '{_SCHEMA}'",
            at=Place(path, field="schema"),
            hint="update cvdata, or export the run again",
        )
    try:
        spec = msgspec.json.decode(properties.get("spec", ""), type=ModelSpec)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"the spec cannot be read: {show(str(error))}", at=Place(path, field="spec")) from error
    if not spec.classes or min(spec.size) < 1 or len(spec.flips) not in (0, len(spec.keypoints)):
        raise ModelError("the spec makes no sense", at=Place(path, field="spec"), hint=_HINT)
    return spec


def check_self_contained(model: ModelProto, path: str | os.PathLike[str]) -> None:
    """Refuse a file that would make its reader open other files, wherever in it that is said.

    Raises:
        ModelError: weights are said to lie elsewhere.
    """
    from onnx import TensorProto

    graphs = [model.graph]
    tensors: list[TensorProto] = []
    attributes: list[Any] = [a for function in model.functions for node in function.node for a in node.attribute]
    while graphs or attributes:
        if graphs:
            graph: GraphProto = graphs.pop()
            tensors += graph.initializer
            tensors += [part for sparse in graph.sparse_initializer for part in (sparse.values, sparse.indices)]
            attributes += [attribute for node in graph.node for attribute in node.attribute]
            continue
        attribute = attributes.pop()
        tensors += [attribute.t, *attribute.tensors]
        tensors += [
            part for s in (attribute.sparse_tensor, *attribute.sparse_tensors) for part in (s.values, s.indices)
        ]
        graphs += [graph for graph in (attribute.g, *attribute.graphs) if graph.node or graph.initializer]
    if _elsewhere(tensors, TensorProto.EXTERNAL):
        raise ModelError(
            "the ONNX file keeps weights in other files, which is not followed",
            at=Place(path),
            hint="save it as one file: onnx.save_model(model, path, save_as_external_data=False)",
        )


def _elsewhere(tensors: Iterable[TensorProto], external: int) -> bool:
    return any(tensor.data_location == external or len(tensor.external_data) > 0 for tensor in tensors)
