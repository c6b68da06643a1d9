"""`cvdata.augment.run`: what a run that was stopped leaves for the next one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cvdata.convert import read
from cvdata.dataset import Dataset
from tests.augment.runs import NAMES, contents, made, source
from tests.compare import tree
from tests.ingestion import draw


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return read(source(tmp_path / "src", NAMES)).dataset


def test_what_a_run_made_before_an_error_is_taken_by_the_next(dataset: Dataset, tmp_path: Path) -> None:
    whole = contents(dataset)

    def interrupted() -> None:
        with made(dataset, tmp_path / "out"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    kept = tree(tmp_path / ".out.cvdata-made")
    assert len(kept) == 4
    for name in NAMES:  # same size, same time, other bytes: reading one again would show
        path = tmp_path / "src/images" / name
        status = path.stat()
        path.write_bytes(bytes(status.st_size))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert contents(dataset) == whole
    assert [path.name for path in tmp_path.iterdir()] == ["src"]


@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_bytes(bytes(path.stat().st_size)), lambda path: path.unlink()]
)
def test_a_kept_file_that_is_not_whole_is_made_again(dataset: Dataset, tmp_path: Path, spoil: Any) -> None:
    whole = contents(dataset)
    with pytest.raises(ZeroDivisionError), made(dataset, tmp_path / "out"):
        raise ZeroDivisionError
    spoil(next((tmp_path / ".out.cvdata-made").iterdir()))

    assert contents(dataset) == whole


@pytest.mark.parametrize("change", [{"seed": 1}, {"quality": 50}, {"recipe": "standard"}, {"mixup": 1.0}])
def test_a_run_with_other_settings_takes_nothing_of_an_earlier_one(
    dataset: Dataset, tmp_path: Path, change: dict[str, Any]
) -> None:
    alone = contents(dataset, **change)
    with pytest.raises(ZeroDivisionError), made(dataset, tmp_path / "out"):
        raise ZeroDivisionError

    assert contents(dataset, **change) == alone


def test_a_picture_that_changed_after_the_kill_is_made_again(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), made(dataset, tmp_path / "out"):
        raise ZeroDivisionError
    os.utime(draw(tmp_path / "src/images/a.jpg", 99), (5, 5))
    alone = contents(replace(dataset))

    assert contents(dataset) == alone
