"""A callable of another package at work: what it returns is checked as a stranger's."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError, show
from ...models.columns import Columns, concat_columns
from ...models.spec import ModelSpec
from ._detections import columns_of

__all__ = ["PluginPredictor"]

_HASH = re.compile(r"[0-9a-f]{64}")
_PARTS = 6
_ANY = (640, 640)
"""What stands for the size of a network that takes any."""


class PluginPredictor:
    """A callable of an entry point; see `Predictor`."""

    spec: ModelSpec
    name: str
    sha256: str

    def __init__(self, entry: EntryPoint, what: str) -> None:
        """Import and make it.

        Args:
            what: text that it is made with.

        Raises:
            ModelError: it cannot be imported or made, or lacks what it has to have.
        """
        self.name = f"plugin:{entry.name}" + (f":{what}" if what else "")
        try:
            made = entry.load()(what)
        except Exception as error:  # it is anyone's code
            raise self._refused(f"cannot be made: {_told(error)}") from error
        if not callable(made):
            raise self._refused(f"is a {show(type(made).__name__, 60)} that cannot be called with a picture")
        self._call = made
        classes = self._classes_of(made)
        self._rows = {name: row for row, name in enumerate(classes)}
        self.spec = ModelSpec(task="detector", architecture="plugin", classes=classes, size=_ANY)
        self.sha256 = self._hash_of(made, entry, what)

    def _classes_of(self, made: Any) -> tuple[str, ...]:
        try:
            classes = made.classes
            names = None if isinstance(classes, str) else tuple(classes)
        except Exception as error:  # it is anyone's code
            raise self._refused(f"does not say its classes: {_told(error)}") from error
        if not names or not all(isinstance(name, str) and name.strip() for name in names):
            raise self._refused("has classes that are no sequence of names")
        if len(set(names)) < len(names):
            raise self._refused("names a class twice")
        return names

    def _hash_of(self, made: Any, entry: EntryPoint, what: str) -> str:
        given = getattr(made, "sha256", None)
        if given is None:
            package = "" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
            return hashlib.sha256("\n".join([package, entry.name, entry.value, what]).encode()).hexdigest()
        if not isinstance(given, str) or not _HASH.fullmatch(given):
            raise self._refused("has a sha256 that is not 64 hexadecimal digits")
        return given

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds; see `Predictor.find`.

        Raises:
            ModelError: it fails, or returns something else than rows of a class, a score and a box.
        """
        return concat_columns([self._found(picture) for picture in pictures])

    def _found(self, picture: NDArray[np.uint8]) -> Columns:
        try:
            rows = list(self._call(picture.copy()))  # it may draw on it
        except Exception as error:  # it is anyone's code
            raise self._refused(f"fails on a picture: {_told(error)}") from error
        label = np.empty(len(rows), np.int64)
        numbers = np.empty((len(rows), _PARTS - 1))
        for place, row in enumerate(rows):
            label[place], numbers[place] = self._checked(row, f"row {place + 1}")
        score, box = numbers[:, 0], numbers[:, 1:]
        corners = np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)
        return columns_of((picture.shape[0], picture.shape[1]), corners, label, score, least=0.0)[0]

    def _checked(self, row: Any, where: str) -> tuple[int, list[float]]:
        """Return the class and the numbers of a row."""
        try:
            name, *values = row
            numbers = [float(value) for value in values]
        except (TypeError, ValueError, OverflowError) as error:
            raise self._refused(f"returns as {where} what is no class name and numbers: {_told(error)}") from error
        if len(numbers) != _PARTS - 1:
            raise self._refused(f"returns as {where} {len(numbers) + 1} parts, expected {_PARTS}: {_ROW}")
        if not isinstance(name, str) or name not in self._rows:
            raise self._refused(f"returns as {where} the class '{show(str(name), 60)}', which it has not named")
        if not all(map(math.isfinite, numbers)):
            raise self._refused(f"returns as {where} numbers that are none")
        if not 0 <= numbers[0] <= 1:
            raise self._refused(f"returns as {where} the score {numbers[0]:.4g}, expected 0 to 1")
        if min(numbers[3:]) < 0:
            raise self._refused(f"returns as {where} a box of negative sides")
        return self._rows[name], numbers

    def _refused(self, finding: str) -> ModelError:
        return ModelError(f"{show(self.name, 80)} {finding}", hint="ask its makers, or use another model")


_ROW = "class name, score, x, y, width, height"


def _told(error: BaseException) -> str:
    """Return the type and the text of an error."""
    text = str(error).strip().splitlines()
    return show(f"{type(error).__name__}: {text[0]}" if text else type(error).__name__)
