"""Which class of the dataset each class of a model is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError, nearest_of, show
from ..files import Finding

__all__ = ["Naming", "name_classes"]

_SHOWN = 10


@dataclass(frozen=True, slots=True, eq=False)
class Naming:
    """Classes that proposals can have.

    Attributes:
        names: those of the dataset in their order, then new ones.
        rows: for each model, int64, shape (its classes,): row in `names` of each, -1 for one that is left out.
        findings: what was guessed, and what is left out.
    """

    names: tuple[str, ...]
    rows: tuple[NDArray[np.int64], ...]
    findings: tuple[Finding, ...]


def name_classes(
    models: Sequence[Sequence[str]],
    known: Sequence[str],
    mapping: Mapping[str, str | None] | None = None,
    *,
    new_classes: bool = False,
) -> Naming:
    """Find the class of the dataset for each class of some models.

    What `mapping` says counts first. Then a class is the one of its name; then the only one whose name differs in
    case, spaces, `-` and `_` alone; then a new one, where new ones are wanted or the dataset has none at all.

    Args:
        models: names of the classes of each.
        known: those of the dataset.

    Raises:
        UsageError: the mapping names a class that no model has, or one that the dataset does not have; or no class of
            a model is left.
    """
    mapping = mapping or {}
    theirs = tuple(dict.fromkeys(name for classes in models for name in classes))
    adds = new_classes or not known
    _check_mapping(mapping, theirs, known, adds=adds)
    alike = _alike(known)
    meant = {name: _meant(name, known, mapping, alike, adds=adds) for name in theirs}
    new = [name for name in dict.fromkeys(meant.values()) if name is not None and name not in known]
    names = (*known, *new)
    place = {name: row for row, name in enumerate(names)}
    rows = tuple(np.array([-1 if (to := meant[n]) is None else place[to] for n in own], np.int64) for own in models)
    for own, found in zip(models, rows, strict=True):
        if len(own) and all(name in mapping and mapping[name] is None for name in own):
            raise UsageError(
                f"--drop leaves out all classes of a model: {_some(own)}", hint="name fewer, or no such model"
            )
        if len(own) and not (found >= 0).any():
            raise UsageError(
                f"the dataset has none of the {len(own)} classes of a model: {_some(own)}",
                hint=f"--new-classes adds them, and --map {show(own[0])}=NAME says which is which; "
                f"the dataset has: {_some(known)}",
            )
    return Naming(names, rows, _findings(meant, mapping))


def _check_mapping(
    mapping: Mapping[str, str | None], theirs: Sequence[str], known: Sequence[str], *, adds: bool
) -> None:
    for name, wanted in mapping.items():
        if name not in theirs:
            raise UsageError(f"no model has a class '{show(name)}'", hint=nearest_of(name, theirs))
        if wanted is not None and wanted not in known and not adds:
            hint = f"{nearest_of(wanted, known)}; --new-classes adds it"
            raise UsageError(f"the dataset has no class '{show(wanted)}'", hint=hint)


def _meant(
    name: str, known: Sequence[str], mapping: Mapping[str, str | None], alike: Mapping[str, str], *, adds: bool
) -> str | None:
    """Return the class that a model's is, or None for one that is left out."""
    if name in mapping:
        return mapping[name]
    if name in known:
        return name
    return alike.get(_plain(name), name if adds else None)


def _alike(known: Sequence[str]) -> dict[str, str]:
    """Return the classes by their plain names, those alone that no other is like."""
    plain = [_plain(name) for name in known]
    return {key: name for key, name in zip(plain, known, strict=True) if plain.count(key) == 1}


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c not in " -_")


def _findings(meant: Mapping[str, str | None], mapping: Mapping[str, str | None]) -> tuple[Finding, ...]:
    guessed = [f"{show(a)} is {show(b)}" for a, b in meant.items() if a not in mapping and b is not None and a != b]
    left = [show(name) for name, to in meant.items() if to is None and name not in mapping]
    findings = []
    if guessed:
        message = f"{len(guessed)} classes of the model are written differently in the dataset"
        findings.append(_finding("class-alike", message, guessed))
    if left:
        message = f"{len(left)} classes of the model are not in the dataset and are left out (--new-classes adds them)"
        findings.append(_finding("class-left-out", message, left))
    return tuple(findings)


def _finding(code: str, message: str, examples: list[str]) -> Finding:
    return Finding(code=code, message=message, count=len(examples), examples=examples[:_SHOWN])


def _some(names: Sequence[str]) -> str:
    return ", ".join(show(name, 40) for name in names[:_SHOWN]) + ", …" * (len(names) > _SHOWN)
