"""The transforms of a recipe: names, settings and how they hold each other, checked against the library."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from ..errors import FormatError, show
from ._recipe_source import Path, Source, nearest
from ._recipe_words import NOT_TAKEN, REFUSED, SUCCESSORS, SURPLUS, largest, plainly, tidy
from .pipeline import TransformInfo, catalogue, problem_of

__all__ = ["NAME", "read_transforms"]

NAME = "__class_fullname__"
"""Key under which Albumentations writes the name of a transform."""

_KNOWN = "names are those of Albumentations %s, as in Python: HorizontalFlip"
_SILENT = frozenset({"is_check_shapes", "save_applied_params", "save_key", "strict"})
# They would put one number into the first colour alone: what is meant to be grey would come out red.
_DISTORT = {"ElasticTransform", "GridDistortion", "OpticalDistortion", "PiecewiseAffine", "ThinPlateSpline"}
_REDDEN = frozenset({"Perspective", *_DISTORT})
_UNWRITTEN = frozenset({"first", "second", "transforms"})  # in Python; a file lists what is held


def read_transforms(node: Any, path: Path, source: Source) -> dict[str, Any]:
    """Check the transforms of a recipe: one, a list, or a Compose.

    Returns:
        A Compose in Albumentations' form; every transform in it has its short name and a `p`.

    Raises:
        FormatError: which transform or setting is wrong, with its line and the cure.
    """
    if isinstance(node, list):
        return {NAME: "Compose", "p": 1.0, "transforms": _held(node, path, source, "this recipe")}
    made = _transform(node, path, source)
    return made if made[NAME] == "Compose" else {NAME: "Compose", "p": 1.0, "transforms": [made]}


def _held(node: Any, path: Path, source: Source, holder: str) -> list[dict[str, Any]]:
    if not isinstance(node, list):
        raise source.error(f"{holder} has no list of transforms", path, f"write '- {NAME}: HorizontalFlip' lines")
    if not node:
        hint = f"add '- {NAME}: HorizontalFlip', or NoOp where nothing is to be done"
        raise source.error(f"{holder} has no transforms", path, hint)
    return [_transform(inner, (*path, number), source) for number, inner in enumerate(node)]


def _transform(node: Any, path: Path, source: Source) -> dict[str, Any]:
    name = _name(node, path, source)
    info = catalogue()[name]
    made = {NAME: name, "p": _share(node, name, path, source), **_settings(node, info, path, source)}
    if info.kind == "holds":
        made["transforms"] = _held(node.get("transforms"), (*path, "transforms"), source, f"this {name}")
    problem = _problem_here(made) or problem_of(made)
    if problem is not None:
        raise _unbuildable(problem, name, node, path, source)
    return made


def _problem_here(made: dict[str, Any]) -> str | None:
    """Return what the library would only notice, or silently change, at the first picture."""
    name, count = made[NAME], len(made.get("transforms", ()))
    if name == "OneOrOther" and count != 2:
        return f"transforms: found {count}, expected two"
    if name in ("SomeOf", "RandomOrder") and "n" in made:
        n, most = made["n"], None if made.get("replace") else count
        if isinstance(n, bool) or not isinstance(n, int) or n < 1 or (most is not None and n > most):
            upto = "" if most is None else f" to {most}, the number of its transforms"
            return f"n: found {_shown(n)}, expected a whole number from 1{upto}"
    if name == "SelectiveChannelTransform" and not set(_numbers(made.get("channels", 0))) <= {0, 1, 2}:
        return "channels: expected 0, 1 and 2 for red, green and blue"
    if name == "ToGray" and made.get("num_output_channels", 3) != 3:
        return "num_output_channels: expected 3, grey in all three"
    return None


def _name(node: Any, path: Path, source: Source) -> str:
    """Return the short name of a transform that the library has."""
    if not isinstance(node, dict):
        what = "nothing" if node is None else "a list" if isinstance(node, list) else f"'{show(str(node))}'"
        hint = f"write '- {NAME}: {node if str(node) in catalogue() else 'HorizontalFlip'}'"
        raise source.error(f"here is {what}, expected a transform", path, hint)
    if NAME not in node:
        raise source.error("here is a transform without a name", path, _how_to_name(node))
    full = node[NAME]
    if not isinstance(full, str):
        raise source.error("the name of a transform is not text", (*path, NAME), "write a name like HorizontalFlip")
    name = full.rpartition(".")[2] if full.startswith("albumentations.") else full
    if name in REFUSED or name not in catalogue():
        raise _unknown(name, (*path, NAME), source)
    return name


def _how_to_name(node: dict[str, Any]) -> str:
    for key in node:
        if nearest(key, [NAME]):
            return f"write '{NAME}' for '{show(key)}'"
        if key in catalogue():
            return f"write '{NAME}: {key}', and below it its settings"
    return f"its name comes first: '{NAME}: HorizontalFlip'"


def _unknown(name: str, path: Path, source: Source) -> FormatError:
    if name in REFUSED:
        why, hint = REFUSED[name]
        return source.error(f"{name} cannot be used: {why}", path, hint)
    if "." in name:
        why = "it is code of its own, and a recipe runs none"
        return source.error(f"'{show(name)}' cannot be used: {why}", path, "use transforms of Albumentations")
    near = f"did you mean '{SUCCESSORS[name]}'?" if name in SUCCESSORS else nearest(name, catalogue())
    return source.error(f"there is no transform '{show(name)}'", path, near or _KNOWN % _version())


def _share(node: dict[str, Any], name: str, path: Path, source: Source) -> float:
    """Return how often a transform acts."""
    if node.get("always_apply") is True:
        source.note(f"{name}: always_apply is now written as p: 1.0", (*path, "always_apply"))
        return 1.0
    if "p" not in node:
        if name == "Compose":
            return 1.0
        source.note_without_p(path)
        return 0.5
    p = node["p"]
    if isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p <= 1:
        raise source.error(f"{name}: p is {_shown(p)}, expected a number from 0 to 1", (*path, "p"))
    return float(p)


def _settings(node: dict[str, Any], info: TransformInfo, path: Path, source: Source) -> dict[str, Any]:
    """Return the settings of a transform but its `p` and what it holds."""
    found = {}
    for key, value in node.items():
        here = (*path, key)
        if key in (NAME, "p", "always_apply") or (key == "transforms" and info.kind == "holds"):
            continue
        if key in SURPLUS.get(info.name, ()) or (info.name == "Compose" and key in _SILENT):
            continue
        if info.name == "Compose" and key in NOT_TAKEN:
            if value:
                source.note(f"{key} is not used: {NOT_TAKEN[key]}", here)
            continue
        if key not in info.parameters or key in _UNWRITTEN:
            raise _unknown_setting(key, info, here, source)
        most = largest(key)
        if most is not None and any(abs(number) > most for number in _numbers(value)):
            raise source.error(f"{info.name}: {key} is over {most:,}", here, "write a smaller number")
        one = key == "fill" and info.name in _REDDEN and isinstance(value, (int, float))
        found[key] = [value] * 3 if one else value
    return found


def _unknown_setting(key: str, info: TransformInfo, path: Path, source: Source) -> FormatError:
    known = [parameter for parameter in info.parameters if parameter not in _UNWRITTEN]
    hint = nearest(key, known, "it takes")
    if source.version not in (None, _version()):
        hint = f"{hint}; the file is of Albumentations {show(str(source.version))}, here is {_version()}"
    return source.error(f"{info.name} has no parameter '{show(key)}'", path, hint)


def _unbuildable(problem: str, name: str, node: dict[str, Any], path: Path, source: Source) -> FormatError:
    """Place what the library says at the setting that it speaks of."""
    setting, colon, _ = problem.partition(":")
    if colon and setting in (*node, *catalogue()[name].parameters):
        here = (*path, setting if setting in node else NAME)
        return source.error(f"{name}: {plainly(problem, given=setting in node)}", here)
    return source.error(f"{name} cannot be used: {tidy(problem)}", (*path, NAME))


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, (int, float)):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _numbers(inner)


def _shown(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a mapping"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    return f"'{show(value)}'" if isinstance(value, str) else str(value)


def _version() -> str:
    return version("albumentations")
