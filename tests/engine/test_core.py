from __future__ import annotations

import os

import pytest

from cvdata.engine import InProcess, ProcessPool, start, worker_count
from tests.engine import tasks


def test_one_worker_is_this_process() -> None:
    with start(1) as engine:
        assert isinstance(engine, InProcess)
        assert list(engine.map(tasks.double_and_pid, [[1], [2]])) == [([2], os.getpid()), ([4], os.getpid())]


def test_more_workers_are_a_pool_that_starts_nothing_before_it_is_needed() -> None:
    with start(3) as engine:
        assert isinstance(engine, ProcessPool)
        assert engine.workers == 3
        assert list(engine.map(tasks.double_and_pid, [[1]])) == [([2], os.getpid())]


def test_an_error_in_this_process_passes_through() -> None:
    with pytest.raises(tasks.Demanding):
        list(InProcess().map(tasks.fail_demanding, [[1]]))


def test_the_number_of_workers_is_as_asked_or_one_per_core() -> None:
    assert worker_count(3) == 3
    assert 1 <= worker_count(None) <= (os.cpu_count() or 1)
