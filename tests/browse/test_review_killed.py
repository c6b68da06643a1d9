"""A review that is killed while it is put, disturbed by somebody's edits, or written into another FiftyOne."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from cvdata.browse import Put, put_review, read_review
from cvdata.browse.names import INFO
from cvdata.browse.session import fiftyone, opened
from cvdata.browse.store.update import write_over
from cvdata.browse.store.writer import collection_of, write_in_bulk
from cvdata.dataset import Dataset
from cvdata.errors import BrowseError

from .reviews import numbers, proposals

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fiftyone_there")]

OWN = ("_id", "_dataset_id", "_rand", "created_at", "last_modified_at")

WRITES = ("insert", "update", "delete", "findAndModify", "createIndexes", "create", "drop")
"""Commands of MongoDB that change something."""


@pytest.fixture
def name() -> str:
    """Return the name of a review that is not there yet."""
    return f"cvdata-review-shapes-{uuid4().hex[:8]}"


def killed_before_write(number: int, work: Callable[[], object], within: str = "") -> None:
    """Do some work and kill this process before its n-th change of the database; print how many changes it made.

    Args:
        within: count only documents that are inserted into collections whose names begin so.
    """
    from pymongo import monitoring

    class Killer(monitoring.CommandListener):
        count = 0

        def started(self, event: Any) -> None:
            into = str(event.command.get("insert", ""))
            if into.startswith(within) if within else event.command_name in WRITES:
                Killer.count += 1
                if Killer.count == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        def succeeded(self, event: Any) -> None:
            """Wait for the next."""

        def failed(self, event: Any) -> None:
            """Wait for the next."""

    monitoring.register(Killer())
    work()
    sys.stdout.write(str(Killer.count))


def put_all(folder: Path, name: str, **more: Any) -> Put:
    """Put a review of pictures that lie in a folder, with two bands."""
    given = proposals(folder, 4, shapes=True)
    bands = ["low" if score < 0.5 else "high" for score in given.annotations.score]  # type: ignore[union-attr]
    return put_review(given, numbers(given), name, identity="these", bands=bands, **more)


def in_other_process(folder: Path, name: str, number: int, within: str = "") -> subprocess.CompletedProcess[str]:
    """Put it in another process, picture by picture, which is killed before its n-th change; 0 for never."""
    code = (
        "from pathlib import Path\n"
        "from cvdata.browse.store import loading\n"
        "from tests.browse.test_review_killed import killed_before_write, put_all\n"
        "loading._BATCH = 1\n"
        f"killed_before_write({number}, lambda: put_all(Path({str(folder)!r}), {name!r}), {within!r})"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False)


def lying(name: str) -> tuple[list[Any], Any]:
    """Return the documents of a review without what FiftyOne says of them, and what cvdata noted."""
    samples = opened(name)
    samples.reload()
    rows = collection_of(samples).find().sort("name", 1)
    return [{key: row[key] for key in row if key not in OWN} for row in rows], samples.info[INFO]


def test_a_review_that_is_killed_anywhere_is_whole_when_it_is_put_again(tmp_path: Path, name: str) -> None:
    whole = in_other_process(tmp_path / "pictures", name, 0)
    assert whole.returncode == 0, whole.stderr
    expected, views = lying(name), opened(name).list_saved_views()
    count = int(whole.stdout)

    for number in range(count // 4, count, count // 4):
        fiftyone().delete_dataset(name)
        assert in_other_process(tmp_path / "pictures", name, number).returncode == -signal.SIGKILL
        if fiftyone().dataset_exists(name):
            with pytest.raises(BrowseError, match=r"is not whole.*\n.*open the review again"):
                read_review(name, identity="these")
            opened(name).reload()

        put_all(tmp_path / "pictures", name)

        assert lying(name) == expected
        assert opened(name).list_saved_views() == views
        assert opened(name).persistent
        assert not read_review(name, identity="these").touched.any()


def test_a_review_that_is_killed_between_two_pictures_goes_on_with_the_next(tmp_path: Path, name: str) -> None:
    put_all(tmp_path / "pictures", f"{name}-whole")

    killed = in_other_process(tmp_path / "pictures", name, 3, "samples.")
    there = len(opened(name))
    again = put_all(tmp_path / "pictures", name)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (there, again.added, again.pictures) == (2, 2, 4)
    assert lying(name)[0] == lying(f"{name}-whole")[0]


def test_documents_that_read_back_otherwise_go_through_the_api(tmp_path: Path, name: str) -> None:
    def wrong(samples: Any, documents: Sequence[dict[str, Any]]) -> list[Any]:
        return write_in_bulk(samples, [{**row, "metadata": {"_cls": "Polylines"}} for row in documents])

    put_all(tmp_path, f"{name}-bulk")

    put = put_all(tmp_path, name, bulk=wrong)

    assert put.added == 4
    assert lying(name)[0] == lying(f"{name}-bulk")[0]


def test_another_fiftyone_gets_the_same_through_its_api(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = proposals(tmp_path, 4)
    put_review(given, numbers(given), f"{name}-bulk")
    half = np.arange(0, len(given.annotations), 2)
    few = replace(given, annotations=given.annotations.take(half))
    monkeypatch.setattr("cvdata.browse.store.writer._KNOWN", ())

    put_review(few, numbers(given)[half], name)
    put = put_review(given, numbers(given), name)

    assert (put.added, put.labels) == (0, len(given.annotations) - len(half))
    pulled, expected = read_review(name), read_review(f"{name}-bulk")
    assert sorted(pulled.rows.tolist()) == expected.rows.tolist()
    assert not pulled.touched.any()


@pytest.mark.parametrize("times", [1, 9])
def test_an_edit_at_the_very_moment_is_kept_and_new_proposals_come_all_the_same(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    given = proposals(tmp_path, 4)
    few, rows = first_of_each(given)
    put_review(few, numbers(given)[rows], name)
    samples = opened(name)
    edits: list[int] = []

    def edited_first(*arguments: Any) -> int:
        if len(edits) < times:
            edits.append(1)
            sample = samples.first()
            sample.reload()
            sample.tags.append(f"seen {len(edits)}")
            sample.save()
        return write_over(*arguments)

    monkeypatch.setattr("cvdata.browse.store.loading.write_over", edited_first)

    if times > 3:
        with pytest.raises(BrowseError, match="changes the review in FiftyOne while"):
            put_review(given, numbers(given), name)
        edits += [1] * times
    put_review(given, numbers(given), name)

    pulled = read_review(name)
    assert sorted(pulled.rows.tolist()) == numbers(given).tolist()
    assert pulled.image_tags[0][0] == "seen 1"
    assert len(pulled.image_tags[0]) == min(times, 3)


def test_a_picture_of_a_persons_own_stays_and_is_none_of_the_review(tmp_path: Path, name: str) -> None:
    put_all(tmp_path, name)
    opened(name).add_sample(fiftyone().Sample(filepath=str(tmp_path / "own.png")))

    again = put_all(tmp_path, name)

    assert (again.pictures, again.kept, again.removed) == (5, 1, 0)
    assert len(read_review(name, identity="these").dataset.images) == 4


def test_a_dataset_that_cvdata_browse_put_is_no_review(tmp_path: Path, name: str) -> None:
    samples = fiftyone().Dataset(name)
    samples.info = {INFO: {"source": str(tmp_path)}}
    samples.save()

    with pytest.raises(BrowseError, match="is no review"):
        put_all(tmp_path, name)


def first_of_each(given: Dataset) -> tuple[Dataset, Any]:
    """Return the first proposals of each picture, and their rows."""
    rows = given.offsets[:-1][np.diff(given.offsets) > 0]
    return replace(given, annotations=given.annotations.take(rows)), rows
