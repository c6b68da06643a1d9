"""Weights of a file into a network, also where it has other classes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ModelError, Place, show
from ...files import Finding
from ..run_folder import is_run, read_run, weights_file
from ..spec import ModelSpec
from .classes import match_classes
from .published import todays_name
from .reading import read_spec, read_weights

if TYPE_CHECKING:
    from torch import Tensor

    from ..networks.network import Network

__all__ = ["load_weights", "named_as", "put_in", "spec_of"]

_MOST_NAMED = 4
_DEEPEST = 3
"""Words that may stand before the names of a file in ours: `detector.backbone.body.`"""
_PREFIXES = ("module.", "model.", "network.", "net.", "_orig_mod.")


def load_weights(network: Network, path: str | os.PathLike[str]) -> list[Finding]:
    """Start a network from the weights of a file, or from the best ones of a run.

    Tensors that the file lacks or has in another shape, as the last layer has for other classes, stay random; where
    the file says what its classes are, each class keeps what was learnt of it, wherever it stands now.

    Returns:
        What stayed random, and what was matched.

    Raises:
        UsageError: there is no such file.
        ModelError: it cannot be read, holds less than half of the network, or numbers that are not finite.
    """
    is_folder = is_run(path)
    file = weights_file(path) if is_folder else Path(path)
    info = read_run(path) if is_folder else None
    tensors = read_weights(file, sha256=info.weights.get(f"weights/{file.name}") if info else None)
    spec = info.spec if info else read_spec(file)
    return _fit(network, tensors, spec, Place(file))


def spec_of(path: str | os.PathLike[str]) -> ModelSpec | None:
    """Return what the network of a run or a file of weights is, where it says so.

    Raises:
        UsageError: there is no such file.
        ModelError: it cannot be read.
    """
    return read_run(path).spec if is_run(path) else read_spec(Path(path))


def put_in(network: Network, tensors: Mapping[str, Tensor], file: str | os.PathLike[str]) -> None:
    """Put all weights into a network that they were taken of.

    Raises:
        ModelError: a tensor is missing, is too many, or has another shape.
    """
    own = network.state_dict()
    tensors = named_as(tensors, own)
    wrong = [name for name in own if name not in tensors or tensors[name].shape != own[name].shape]
    wrong += [name for name in tensors if name not in own]
    if wrong:
        raise ModelError(
            f"does not hold the weights of this {network.spec.architecture}: {_some(wrong)} "
            f"{'is' if len(wrong) == 1 else 'are'} missing, too many, or of another shape",
            at=Place(file),
            hint="give weights of the same architecture with the same classes and options",
        )
    network.load_state_dict(dict(tensors))


def _fit(network: Network, tensors: Mapping[str, Tensor], spec: ModelSpec | None, place: Place) -> list[Finding]:
    own = network.state_dict()
    tensors = named_as(tensors, own)
    fits = {name: tensors[name] for name in own if name in tensors and tensors[name].shape == own[name].shape}
    if 2 * len(fits) < len(own) or 2 * _numbers(fits) < _numbers(own):
        said = f", of the {spec.task} {show(spec.architecture)}" if spec is not None else ""
        raise ModelError(
            f"does not hold the weights of {network.spec.architecture}: {len(fits):,} of its {len(own):,} tensors are "
            f"there with their shape; the file has {len(tensors):,}{said}, such as {_some(list(tensors))}",
            at=place,
            hint="give weights of the same architecture and options",
        )
    if broken := [name for name, tensor in fits.items() if not tensor.isfinite().all()]:
        raise ModelError(
            f"holds numbers that are not finite: {_some(broken)}",
            at=place,
            hint="take the weights of an earlier epoch, before that training went wrong",
        )
    findings: list[Finding] = []
    if spec is not None and spec.classes != network.spec.classes:
        rows = match_classes(network, tensors, spec.classes)
        fits |= rows
        if rows:
            findings.append(_matched(spec.classes, network.spec.classes, place))
    network.load_state_dict({**own, **fits})
    others = [name for name in own if name not in fits]
    if others:
        start = "1 tensor starts" if len(others) == 1 else f"{len(others):,} tensors start"
        message = f"{start} from random numbers: '{show(place.file)}' has none of that name and shape"
        findings.append(
            Finding(code="random-weights", message=message, count=len(others), examples=others[:_MOST_NAMED])
        )
    return findings


def _matched(old: tuple[str, ...], new: tuple[str, ...], place: Place) -> Finding:
    """Say which classes go on from what was learnt of them."""
    known = [name for name in new if name in old]
    added = [name for name in new if name not in old]
    message = f"{len(known):,} of {len(new):,} classes are in '{show(place.file)}' and keep what was learnt of them"
    if added:
        message += f"; the last layer starts from random numbers for {len(added):,}: {_some(added)}"
    return Finding(code="matched-classes", message=message, count=len(known), examples=known[:_MOST_NAMED])


def _numbers(tensors: Mapping[str, Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors.values())


def named_as(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return the tensors under the names of a network, whatever was around it when they were saved.

    Lightning, DDP and compiled networks put a word before every name; a publisher's file has none where ours has one,
    or several: what is published for a classifier is the encoder of a segmenter.
    """
    tensors = {name if name in own else todays_name(name): tensor for name, tensor in tensors.items()}
    best, most = tensors, sum(name in own for name in tensors)
    if most == len(own):
        return tensors
    heads = dict.fromkeys(
        ".".join(parts[:depth]) + "." for depth in range(1, _DEEPEST + 1) for parts in (name.split(".") for name in own)
    )
    for prefix in ("", *_PREFIXES, "model.module.", "module.model."):
        inside = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
        for head in ("", *heads):
            found = sum(head + name in own for name in inside)
            if found > most:
                best, most = {head + name: tensor for name, tensor in inside.items()}, found
    return best


def _some(names: list[str]) -> str:
    shown = ", ".join(show(name, 80) for name in names[:_MOST_NAMED])
    return f"{shown}, …" if len(names) > _MOST_NAMED else shown or "none"
