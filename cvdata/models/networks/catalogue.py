"""Every architecture by its name."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from ...errors import MissingExtraError, ModelError, UsageError, nearest_of, show
from ..spec import ModelSpec, Task
from ._norms import quicken_norms
from .network import Defaults, Network

__all__ = ["architectures", "build", "complete", "defaults_of"]


def architectures(task: Task) -> tuple[str, ...]:
    """Return the names of all architectures of a task, by family, each family's in its own order."""
    return tuple(name for family in _families(task) for name in family.names())


def defaults_of(task: Task, architecture: str) -> Defaults:
    """Return what suits an architecture.

    Raises:
        UsageError: there is none of this name.
    """
    found: Defaults = _family(task, architecture).defaults(architecture)
    return found


def complete(spec: ModelSpec, *, published: bool = False) -> ModelSpec:
    """Return a spec that says all of what a network is, with a value for every option that its family has.

    What suits may hang on the weights that it starts from: those of others come with their way to normalise. A run
    keeps the complete spec, which builds the same network without them.

    Raises:
        UsageError: there is no such architecture, or its options make no sense.
        ModelError: the dataset lacks what it needs.
    """
    family = _family(spec.task, spec.architecture)
    completed: ModelSpec = family.complete(spec, published=published) if hasattr(family, "complete") else spec
    return completed


def build(spec: ModelSpec, *, published: bool = False) -> Network:
    """Make a network.

    Args:
        published: with the weights that its publisher offers; else with random ones, which hang on torch's seed.

    Raises:
        UsageError: there is no such architecture, or its options make no sense.
        ModelError: published weights cannot be had.
        MissingExtraError: it needs a package that is not installed.
    """
    family = _family(spec.task, spec.architecture)
    if not spec.classes:
        raise ModelError("a network needs at least one class", hint="train on a dataset with classes")
    network: Network = family.build(spec, published=published)
    if not published:
        quicken_norms(network)
    return network


def _families(task: Task) -> list[ModuleType]:
    package = importlib.import_module(__package__ or "")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if info.name.startswith(f"{task}_"))
    try:
        return [importlib.import_module(f".{name}", __package__) for name in names]
    except ImportError as error:
        raise MissingExtraError(
            f"networks need the package {error.name}, which cannot be imported", hint="pip install 'cvdata[train]'"
        ) from error


def _family(task: Task, architecture: str) -> ModuleType:
    families = _families(task)
    for family in families:
        if _has(family, architecture):
            return family
    known = [name for family in families for name in family.names()]
    raise UsageError(f"there is no {task} '{show(architecture)}'", hint=nearest_of(architecture, known))


def _has(family: ModuleType, architecture: str) -> bool:
    has = getattr(family, "has", None)
    return bool(has(architecture)) if has is not None else architecture in family.names()
