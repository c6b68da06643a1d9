"""Any Python callable, through an entry point of the group `cvdata.predictors`.

A package says in its pyproject.toml

    [project.entry-points."cvdata.predictors"]
    screws = "screwlab.finder:Finder"

and `--model plugin:screws` calls `Finder(what)`, where `what` is the text behind a second colon: `plugin:screws:fine`.
It returns an object with

    classes             names of what it finds, a sequence of text
    __call__(picture)   picture: uint8, shape (height, width, 3), RGB; returns rows of
                        (class name, score from 0 to 1, x, y, width, height), in pixels of the picture
    sha256              of what decides how it answers, as 64 hexadecimal digits; may be missing

Where `sha256` is missing, that of the names and versions of the package and the entry point stands for it.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from ...errors import ModelError, UsageError, nearest_of, show
from ...models.predictor import Predictor
from .family import ModelOptions

__all__ = ["EXAMPLES", "GROUP", "NAME", "SUMMARY", "claims", "load"]

NAME = "plugin"
SUMMARY = "a Python callable that an installed package offers (entry point cvdata.predictors)"
EXAMPLES = ("plugin:NAME",)
GROUP = "cvdata.predictors"


def claims(path: str) -> bool:  # noqa: ARG001 - it has no files
    """Tell whether a path is one of its models: none is."""
    return False


def load(what: str, options: ModelOptions) -> Predictor:
    """Make a callable ready; see `Family.load`.

    Args:
        what: NAME, or NAME:WHAT with the text that it gets.
    """
    name, _, rest = what.partition(":")
    if options.weights is not None:
        raise UsageError("--weights is not for plug-ins", hint=f"give it as text: --model plugin:{show(name)}:TEXT")
    from ._plugin_callable import PluginPredictor

    return PluginPredictor(_entry(name), rest)


def _entry(name: str) -> EntryPoint:
    """Return the entry point of a name.

    Raises:
        UsageError: there is none.
        ModelError: several packages offer one.
    """
    there = sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))
    found = {entry.value: entry for entry in there if entry.name == name}
    if not found:
        known = list(dict.fromkeys(entry.name for entry in there))
        named = f"no installed package offers the predictor '{show(name)}'" if name else "no plug-in is named"
        raise UsageError(named, hint=f"{nearest_of(name, known)}; see the documentation of the package that has it")
    if len(found) > 1:
        places = ", ".join(show(value, 60) for value in found)
        raise ModelError(f"several packages offer the predictor '{show(name)}': {places}", hint="uninstall all but one")
    return next(iter(found.values()))
