"""Embeddings of many pictures: what is kept, what is made again, and runs that are killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata import load
from cvdata.errors import FormatError, LockedError, ModelError, OutputError, UsageError
from cvdata.files.journal import Journal
from cvdata.formats.embeddings import read_embeddings
from cvdata.prelabel.embeddings.embedder import open_embedder
from cvdata.prelabel.embeddings.making import embeddings_of, store_in
from tests.compare import tree
from tests.files.outputs import before_each_change, disk_full_at
from tests.ingestion import draw
from tests.prelabel.embedding_runs import draw_some, embed

REPO = Path(__file__).resolve().parents[2]


class Fixed:
    """An embedder that says the same of every picture."""

    name, length = "fixed", 2

    def __init__(self, row: Sequence[float], sha256: str = "f" * 64) -> None:
        self._row, self.sha256 = row, sha256

    def embed(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the row for each."""
        return np.array([self._row] * len(pictures), np.float32)


def test_each_picture_gets_the_row_that_it_has_alone(tmp_path: Path) -> None:
    pictures = draw_some(tmp_path / "pictures", 7)

    embedded = embed(pictures)

    alone = draw_some(tmp_path / "alone", 1)
    assert embedded.rows.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert embedded.computed == 7
    assert embedded.vectors[0].tolist() == embed(alone).vectors[0].tolist()
    assert len({tuple(row) for row in embedded.vectors.tolist()}) == 7


def test_a_picture_that_cannot_be_read_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    pictures = draw_some(tmp_path / "pictures", 5)
    images = load(pictures, "images").images
    (pictures / "01.png").write_bytes(b"no picture")
    (pictures / "03.png").unlink()

    embedded = embeddings_of(images, open_embedder("colour"), store=tmp_path / "e.parquet", batch=2)

    assert embedded.rows.tolist() == [0, 2, 4]
    assert embedded.vectors.shape == (3, open_embedder("colour").length)
    assert sorted(embedded.bad) == [1, 3]
    assert read_embeddings(tmp_path / "e.parquet").names == ("00.png", "02.png", "04.png")


def test_what_is_stored_is_not_looked_at_again(tmp_path: Path) -> None:
    pictures, store = draw_some(tmp_path / "pictures"), tmp_path / "e.parquet"
    first = embed(pictures, store)
    bytes_of_first = store.read_bytes()

    again = embed(pictures, store)

    assert (first.computed, again.computed) == (10, 0)
    assert again.vectors.tolist() == first.vectors.tolist()
    assert store.read_bytes() == bytes_of_first
    assert sorted(os.listdir(tmp_path)) == ["e.parquet", "pictures"]


def test_only_new_and_changed_pictures_are_looked_at(tmp_path: Path) -> None:
    pictures, store = draw_some(tmp_path / "pictures"), tmp_path / "e.parquet"
    embed(pictures, store)
    draw(pictures / "10.png", 10)  # new
    draw(pictures / "03.png", 77, (50, 32))  # changed
    draw(pictures / "04.png", 78)
    os.utime(pictures / "04.png", (1_800_000_000, 1_800_000_000))

    embedded = embed(pictures, store)

    assert embedded.computed == 3
    assert embedded.vectors.tolist() == embed(pictures).vectors.tolist()
    assert embed(pictures, store).computed == 0


def test_what_is_known_of_other_pictures_stays_in_the_store(tmp_path: Path) -> None:
    pictures, store = draw_some(tmp_path / "pictures"), tmp_path / "e.parquet"
    images = load(pictures, "images").images
    whole = embed(pictures, tmp_path / "whole.parquet")

    for part in (np.arange(5, 10), np.arange(0, 7)):
        made = embeddings_of(images.take(part), open_embedder("colour"), store=store)
        assert made.vectors.tolist() == whole.vectors[part].tolist()

    assert embed(pictures, store).computed == 0
    assert store.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_store_of_another_embedder_is_refused(tmp_path: Path) -> None:
    pictures, store = draw_some(tmp_path / "pictures", 2), tmp_path / "e.parquet"
    embed(pictures, store)

    with pytest.raises(UsageError, match=r"holds what 'colour' \(.{8}\) says of pictures, not 'fixed' \(ffffffff\)"):
        embeddings_of(load(pictures, "images").images, Fixed([1, 0]), store=store)


def test_a_damaged_store_is_refused_and_stays(tmp_path: Path) -> None:
    pictures, store = draw_some(tmp_path / "pictures", 2), tmp_path / "e.parquet"
    store.write_bytes(b"PAR1 something")

    with pytest.raises(FormatError, match=r"e\.parquet"):
        embed(pictures, store)
    assert store.read_bytes() == b"PAR1 something"


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    pictures = draw_some(tmp_path / "pictures", 2)

    with pytest.raises(ModelError, match=r"not finite for the picture '00\.png'"):
        embeddings_of(load(pictures, "images").images, Fixed([float("nan"), 0]))


def test_the_file_in_a_dataset_is_named_by_the_model_and_its_hash() -> None:
    odd = Fixed([1, 0], sha256="0123456789abcdef")
    odd.name = "../a b/ü.tiny_1"

    assert store_in("pets", odd) == Path("pets/embeddings/-a-b--.tiny_1-01234567.parquet")
    assert store_in("pets", open_embedder("colour")).name.startswith("colour-")


def killed(number: int, pictures: Path, store: Path) -> int:
    """Embed in a process that is killed before its n-th change to the disk; return how it ended."""
    command = [sys.executable, "-m", "tests.prelabel.embedding_runs", str(number), str(pictures), str(store)]
    return subprocess.run(command, cwd=REPO, check=False, capture_output=True).returncode


@pytest.mark.slow
def test_a_run_killed_anywhere_is_finished_by_the_next_with_the_same_bytes(tmp_path: Path) -> None:
    pictures = draw_some(tmp_path / "pictures")
    kinds: list[str] = []
    with before_each_change(lambda _, kind: kinds.append(kind)):
        embed(pictures, tmp_path / "whole/e.parquet")
    assert kinds.count("append") == 4

    # Of changes of one kind in a row the first and the last.
    numbers = [n for n in range(1, len(kinds) + 1) if len(set(kinds[max(0, n - 2) : n + 1])) > 1]

    for number in numbers:
        cut = tmp_path / f"cut{number}"
        assert killed(number, pictures, cut / "e.parquet") == -signal.SIGKILL
        embed(pictures, cut / "e.parquet")
        assert tree(cut) == tree(tmp_path / "whole"), f"killed at change {number}: {kinds[number - 1]}"


def test_a_killed_run_costs_at_most_one_batch(tmp_path: Path) -> None:
    pictures, store = draw_some(tmp_path / "pictures"), tmp_path / "out/e.parquet"
    kinds: list[str] = []
    with before_each_change(lambda _, kind: kinds.append(kind)):
        embed(pictures, tmp_path / "whole/e.parquet")
    fourth = [number for number, kind in enumerate(kinds, start=1) if kind == "append"][3]

    assert killed(fourth, pictures, store) == -signal.SIGKILL
    rest = embed(pictures, store)

    assert rest.computed == 1  # three batches of three were done
    assert rest.rows.tolist() == list(range(10))
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_what_a_killed_run_made_of_other_pictures_is_not_lost(tmp_path: Path) -> None:
    pictures, store = draw_some(tmp_path / "pictures"), tmp_path / "e.parquet"
    assert killed(4, pictures, store) == -signal.SIGKILL
    made = 3 * (tmp_path / ".e.parquet.cvdata-journal").read_bytes().count(b"\n")
    images = load(pictures, "images").images

    embeddings_of(images.take(np.arange(9, 10)), open_embedder("colour"), store=store)

    assert made > 0
    assert len(read_embeddings(store)) == made + 1


def test_a_full_disk_keeps_the_store_and_says_so(tmp_path: Path) -> None:
    pictures, store = draw_some(tmp_path / "pictures", 5), tmp_path / "e.parquet"
    embed(pictures, store)
    before = store.read_bytes()
    draw(pictures / "05.png", 5)

    for number in range(2, 6):
        with before_each_change(disk_full_at(number)), pytest.raises(OutputError, match="cannot write beside"):
            embed(pictures, store)
        assert store.read_bytes() == before

    assert embed(pictures, store).rows.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_second_run_on_one_store_is_refused(tmp_path: Path) -> None:
    pictures, store = draw_some(tmp_path / "pictures", 2), tmp_path / "e.parquet"

    with Journal(store), pytest.raises(LockedError):
        embed(pictures, store)
