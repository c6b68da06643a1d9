"""Callables of other packages, by entry points of small distributions that are really there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.errors import ModelError, UsageError
from cvdata.prelabel.predictors.family import ModelOptions, load_model

PICTURE = np.zeros((20, 40, 3), np.uint8)

FINDER = '''
class Finder:
    """Finds what its `what` says, whatever the picture."""

    classes = ("screw", "nut")

    def __init__(self, what):
        self.rows = eval(what) if what else [("nut", 0.5, 1, 2, 3, 4), ("screw", 0.9, 30.0, 10, 20, 5)]

    def __call__(self, picture):
        picture[:] = 7
        return self.rows


class Named(Finder):
    sha256 = "ab" * 32


def nothing(what):
    return 5


class Bare:
    def __init__(self, what):
        pass

    def __call__(self, picture):
        raise RuntimeError("out of screws")


class Shouting(Bare):
    classes = ["screw"]


class Twice(Bare):
    classes = ["screw", "screw"]


class Text(Bare):
    classes = "screw"
'''


@pytest.fixture
def screwlab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a distribution: a module, and a folder dist-info beside it, on the path."""
    (tmp_path / "screwlab_finder.py").write_text(FINDER)
    info = tmp_path / "screwlab-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: screwlab\nVersion: 1.2\n")
    names = {"screws": "Finder", "named": "Named", "five": "nothing", "bare": "Bare", "shouting": "Shouting",
             "twice": "Twice", "text": "Text", "missing": "NoSuchThing"}  # fmt: skip
    lines = [f"{name} = screwlab_finder:{made}" for name, made in names.items()]
    (info / "entry_points.txt").write_text("\n".join(["[cvdata.predictors]", *lines, ""]))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("screwlab_finder", None)


def load(text: str) -> Any:
    return load_model(text, ModelOptions())


def test_a_callable_of_a_package_finds_objects_surest_first(screwlab: Path) -> None:
    predictor = load("plugin:screws")
    found = predictor.find([PICTURE, PICTURE])

    assert (predictor.spec.classes, predictor.spec.task) == (("screw", "nut"), "detector")
    assert found.owner.tolist() == [0, 0, 1, 1]
    assert found.label.tolist() == [0, 1] * 2
    # The first reaches beyond the right border of the picture, which is 40 wide.
    assert found.box[:2].tolist() == [[30, 10, 10, 5], [1, 2, 3, 4]]
    assert found.score.tolist() == [0.9, 0.5] * 2
    assert PICTURE.max() == 0


def test_its_hash_is_its_own_or_that_of_its_package_and_version(screwlab: Path) -> None:
    own, default, other = load("plugin:named"), load("plugin:screws"), load("plugin:screws:[]")

    assert own.sha256 == "ab" * 32
    assert len(default.sha256) == len(other.sha256) == 64 and default.sha256 != other.sha256
    assert default.sha256 == load("plugin:screws").sha256
    assert other.find([PICTURE]).owner.tolist() == []


def test_a_name_that_nobody_offers_is_wrong_usage_with_those_that_are(screwlab: Path) -> None:
    with pytest.raises(UsageError, match="no installed package offers the predictor 'screwz'") as caught:
        load("plugin:screwz")

    assert "did you mean 'screws'?" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("five", "plugin:five is a int that cannot be called with a picture"),
        ("bare", "plugin:bare does not say its classes: AttributeError"),
        ("twice", "plugin:twice names a class twice"),
        ("text", "plugin:text has classes that are no sequence of names"),
        ("missing", "plugin:missing cannot be made: AttributeError"),
        ("screws:1/0", "plugin:screws:1/0 cannot be made: ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_no_predictor_is_refused(screwlab: Path, name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load(f"plugin:{name}")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("[('bolt', .5, 1, 2, 3, 4)]", "row 1 the class 'bolt', which it has not named"),
        ("[('nut', .5, 1, 2, 3, 4), ('nut', .5, 1, 2, 3)]", "row 2 5 parts, expected 6"),
        ("[('nut', float('nan'), 1, 2, 3, 4)]", "row 1 numbers that are none"),
        ("[('nut', 1.5, 1, 2, 3, 4)]", "row 1 the score 1.5, expected 0 to 1"),
        ("[('nut', .5, 1, 2, -3, 4)]", "row 1 a box of negative sides"),
        ("[('nut', 'x', 1, 2, 3, 4)]", "row 1 what is no class name and numbers: ValueError"),
        ("[5]", "row 1 what is no class name and numbers: TypeError"),
        ("5", "fails on a picture: TypeError"),
    ],
)
def test_rows_that_make_no_sense_are_an_error_that_names_the_plugin(screwlab: Path, rows: str, message: str) -> None:
    predictor = load(f"plugin:screws:{rows}")

    with pytest.raises(ModelError, match=message) as caught:
        predictor.find([PICTURE])

    assert str(caught.value).startswith("plugin:screws")


def test_an_error_inside_it_is_told_with_its_type_and_text(screwlab: Path) -> None:
    with pytest.raises(ModelError, match="plugin:shouting fails on a picture: RuntimeError: out of screws"):
        load("plugin:shouting").find([PICTURE])
