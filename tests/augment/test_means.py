"""`cvdata.augment.means`: what is refused before any picture is touched."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from cvdata.augment.run import make
from cvdata.augment.settings import AugmentSettings
from cvdata.convert import read
from cvdata.dataset.copies import Copies
from cvdata.dataset.ragged import Ragged
from cvdata.engine import InProcess, Silent
from cvdata.errors import MissingExtraError
from tests.augment.runs import NAMES, source


def test_pasting_without_opencv_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = read(source(tmp_path / "src", NAMES)).dataset
    copies = Copies(np.array([0]), np.array([1]), Ragged(np.array([2]), np.array([0, 1])))
    monkeypatch.setitem(sys.modules, "cv2", None)
    made = make(
        dataset,
        copies,
        AugmentSettings(),
        recipe=None,
        word="paste",
        target=tmp_path / "out",
        engine=InProcess(),
        progress=Silent(),
    )

    with pytest.raises(MissingExtraError, match="needs the package OpenCV") as refused, made:
        pass

    assert refused.value.hint == "pip install 'cvdata[augment]'"
    assert [path.name for path in tmp_path.iterdir()] == ["src"]
