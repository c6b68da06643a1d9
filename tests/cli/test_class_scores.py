"""Scores as people write them: one for all classes, or one for each that is named."""

from __future__ import annotations

import pytest

from cvdata.cli.class_scores import class_scores
from cvdata.errors import UsageError


def test_scores_are_read_as_people_write_them() -> None:
    assert class_scores(None, "--above") == {}
    assert class_scores(["0.7"], "--above") == {"": 0.7}
    assert class_scores(["car=0.71, a=b=0.6"], "--above") == {"car": 0.71, "a=b": 0.6}
    assert class_scores(["0.9", "car=0.71"], "--above") == {"": 0.9, "car": 0.71}


@pytest.mark.parametrize("text", ["", "car", "car=", "=0.5", "nan", "0.5,0.6", "a=0.5,a=0.6", "1.1", "-0.1"])
def test_other_scores_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--above"):
        class_scores([text], "--above")
