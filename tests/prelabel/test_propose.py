"""Models look at pictures with a journal: what was seen is not looked at again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvdata.dataset import Images, State
from cvdata.errors import UsageError
from cvdata.files.journal import Journal
from cvdata.prelabel.looker import Looker
from cvdata.prelabel.propose import Proposed, propose

from .lookers import looker, pictures


def run(target: Path, images: Images, how: Looker, *, batch: int = 3, done: bool = True, **said: object) -> Proposed:
    with Journal(target) as journal:
        proposed = propose(images, how, journal, said, batch=batch, workers=1)
        if done:
            journal.discard()
    return proposed


def widths(proposed: Proposed) -> list[float]:
    table = proposed.dataset.annotations
    return [float(width) for width in table.box[table.category == 0, 2]]


def test_each_picture_gets_what_was_found_in_it(tmp_path: Path) -> None:
    proposed = run(tmp_path / "out", pictures(tmp_path / "pictures"), looker())

    table = proposed.dataset.annotations
    assert widths(proposed) == [1, 2, 3, 4, 5, 6, 7]
    assert table.image.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert table.score is not None
    assert table.score[:2].tolist() == [0.6, 0.3]
    assert proposed.dataset.images.state.tolist() == [State.LABELLED] * 7


def test_what_is_less_sure_than_its_class_asks_for_is_left_out(tmp_path: Path) -> None:
    proposed = run(tmp_path / "out", pictures(tmp_path / "pictures", 2), looker(least=(0.31, 0.6)))

    assert proposed.dataset.annotations.category.tolist() == [1, 1]


def test_a_run_that_was_cut_off_goes_on_with_the_lots_that_are_left(tmp_path: Path) -> None:
    images, seen = pictures(tmp_path / "pictures"), list[list[int]]()
    whole = run(tmp_path / "whole", images, looker())
    cut = looker(seen)

    def stop(lot: object, rows: object) -> object:
        if len(seen) == 2:
            raise KeyboardInterrupt
        return cut.find(lot, rows)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", images, Looker(stop, *[getattr(cut, n) for n in _REST]))  # type: ignore[arg-type]
    again = run(tmp_path / "out", images, looker(seen))

    assert seen == [[0, 1, 2], [3, 4, 5], [6]]
    assert again.resumed == 6
    assert again.dataset.annotations.box.tolist() == whole.dataset.annotations.box.tolist()
    assert again.dataset.annotations.image.tolist() == whole.dataset.annotations.image.tolist()


_REST = ("spec", "models", "categories", "thresholds", "findings", "scored")


def test_a_picture_that_changed_meanwhile_is_looked_at_again_with_its_lot(tmp_path: Path) -> None:
    images, seen = pictures(tmp_path / "pictures"), list[list[int]]()
    run(tmp_path / "out", images, looker(), done=False)
    pictures(tmp_path / "other", 30)
    (tmp_path / "pictures" / "0004.png").write_bytes((tmp_path / "other" / "0020.png").read_bytes() + b" ")

    again = run(tmp_path / "out", images, looker(seen))

    assert seen == [[3, 4, 5]]
    assert widths(again) == [1, 2, 3, 4, 21, 6, 7]


def test_other_settings_look_again_at_everything(tmp_path: Path) -> None:
    images, seen = pictures(tmp_path / "pictures"), list[list[int]]()
    run(tmp_path / "out", images, looker(), done=False, tile=None)

    run(tmp_path / "out", images, looker(seen), tile=640)

    assert len(seen) == 3


def test_a_picture_that_cannot_be_read_is_named_and_remembered(tmp_path: Path) -> None:
    images, seen = pictures(tmp_path / "pictures"), list[list[int]]()
    (tmp_path / "pictures" / "0001.png").write_bytes(b"nothing")
    first = run(tmp_path / "out", images, looker(), done=False)

    again = run(tmp_path / "out", images, looker(seen))

    assert seen == []
    assert list(first.bad) == list(again.bad) == [1]
    assert again.dataset.images.names == tuple(n for row, n in enumerate(images.names) if row != 1)
    assert widths(again) == [1, 3, 4, 5, 6, 7]


def test_where_no_picture_can_be_read_it_says_so(tmp_path: Path) -> None:
    images = pictures(tmp_path / "pictures", 1)
    (tmp_path / "pictures" / "0000.png").unlink()

    with pytest.raises(UsageError, match="no picture could be read"):
        run(tmp_path / "out", images, looker())


def test_a_journal_of_another_kind_is_no_harm(tmp_path: Path) -> None:
    images, seen = pictures(tmp_path / "pictures", 2), list[list[int]]()
    with Journal(tmp_path / "out") as journal:
        journal.append(b'{"schema": "cvdata/augment-journal/1"}')
        journal.append(b"nothing")

    proposed = run(tmp_path / "out", images, looker(seen))

    assert seen == [[0, 1]]
    assert np.array_equal(proposed.dataset.annotations.image, [0, 0, 1, 1])
