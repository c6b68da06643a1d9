from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cvdata.engine import Engine, Lost, WorkerTraceback, start, worker
from cvdata.errors import FormatError, Place
from tests.engine import tasks

REPO = Path(__file__).resolve().parents[2]
BATCHES = [[n, n + 1] for n in range(0, 40, 2)]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


def children() -> list[int]:
    """Return the processes that this one started, zombies included."""
    found = []
    for task in os.listdir("/proc/self/task"):
        found += [int(pid) for pid in Path(f"/proc/self/task/{task}/children").read_text("ascii").split()]
    return found


def alone_within(seconds: float) -> bool:
    """Wait until this process has one thread: one that has ended is gone for the kernel only a moment later."""
    end = time.monotonic() + seconds
    while worker._threads() > 1 and time.monotonic() < end:
        time.sleep(0.01)
    return worker._threads() == 1


@pytest.fixture(params=["forked", "launched"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Two workers, started in each of the two ways; none may be left at the end."""
    before = children()
    idle = threading.Event()
    thread = threading.Thread(target=idle.wait)
    if request.param == "launched":
        thread.start()  # with another thread a fork is not safe
    elif not alone_within(seconds=5):
        pytest.skip("a C library runs threads in this process, so no worker is forked")
    try:
        with start(2) as pool:
            yield pool
        assert children() == before
    finally:
        idle.set()
        if thread.ident is not None:
            thread.join()


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_results_are_the_same_at_any_number_of_workers(workers: int) -> None:
    with start(workers) as pool:
        assert list(pool.map(tasks.double, iter(BATCHES))) == [tasks.double(batch) for batch in BATCHES]


def test_every_batch_is_answered_when_one_worker_is_slow(engine: Engine) -> None:
    batches = [[n] for n in range(40)]

    # The other worker does meanwhile all that was taken from the batches, and more have to be taken after that.
    assert list(engine.map(tasks.slow_at_0_and_2, iter(batches))) == batches


def test_results_come_in_the_order_of_the_batches(engine: Engine) -> None:
    assert list(engine.map(tasks.slowest_first, BATCHES)) == BATCHES


def test_work_is_done_in_other_processes_that_are_kept_for_the_next_map(engine: Engine) -> None:
    first = {pid for _, pid in engine.map(tasks.double_and_pid, BATCHES)}
    second = {pid for _, pid in engine.map(tasks.double_and_pid, BATCHES)}

    assert os.getpid() not in first | second
    assert len(first | second) <= 2


def test_an_error_in_a_worker_is_raised_here_as_it_was(engine: Engine) -> None:
    with pytest.raises(FormatError) as caught:
        list(engine.map(tasks.fail, [*BATCHES, [5, 5]]))

    assert caught.value.at == Place("a.xml", line=5)
    assert caught.value.hint == "take it out"
    assert isinstance(caught.value.__cause__, WorkerTraceback)
    assert "tasks.py" in str(caught.value.__cause__)


def test_of_two_errors_the_first_in_order_is_raised_after_the_results_before_it(engine: Engine) -> None:
    results = engine.map(tasks.fail_slowly_at_one, [[0], [1], [2], [3]])

    assert next(results) == [0]
    with pytest.raises(ValueError, match="batch 1"):
        next(results)


def test_an_error_that_cannot_travel_is_reported_by_name(engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="Demanding: number 0"):
        list(engine.map(tasks.fail_demanding, BATCHES))


def test_a_result_that_cannot_travel_is_an_error_and_no_crash(engine: Engine) -> None:
    with pytest.raises(Exception, match="lambda"):
        list(engine.map(tasks.return_a_function, BATCHES))


def test_a_killed_worker_costs_a_retry(engine: Engine, tmp_path: Path) -> None:
    batches = [[""], [str(tmp_path / "one")], [""], [str(tmp_path / "two")], [""]]

    assert list(engine.map(tasks.die_once, batches)) == batches


def test_files_that_a_killed_worker_began_are_written_again(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    batches = [[str(tmp_path / "out"), str(tmp_path / name)] for name in ("a", "b")]

    entries = [entry.name for found in engine.map(tasks.die_while_writing, batches) for entry in found]

    assert entries == ["a-1", "a-2", "b-1", "b-2"]
    assert [(tmp_path / "out" / name).read_bytes() for name in entries] == [b"whole", b"half"] * 2


def test_an_item_that_kills_twice_is_lost_alone(engine: Engine) -> None:
    batches = [list(range(6)), list(range(6, 11)), list(range(11, 13))]

    found = [n for part in engine.map(tasks.die_at_seven, batches, lost=tasks.mark_lost) for n in part]

    assert found == [-7 if n == 7 else 2 * n for n in range(13)]


def test_the_only_batch_may_kill_too_where_losses_are_expected(engine: Engine) -> None:
    assert list(engine.map(tasks.die_at_seven, [[7]], lost=tasks.mark_lost)) == [[-7]]


def test_an_item_that_kills_twice_is_an_error_where_nobody_takes_it(engine: Engine) -> None:
    with pytest.raises(Lost):
        list(engine.map(tasks.die_at_seven, [[1], [7], [2]]))


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_of_an_answer_is_a_killed_worker(engine: Engine) -> None:
    batches = [[1], [7], [2]]

    found = list(engine.map(tasks.die_in_the_middle_of_an_answer, batches, lost=lambda batch: b"lost"))

    assert found[0] == found[2] == b""
    assert found[1] in (b"lost", bytes(1 << 28))


def test_big_batches_and_big_results_do_not_wait_for_each_other(engine: Engine) -> None:
    batches = [[bytes([n]) * 10_000_000] for n in range(6)]

    assert [found[0][:1] for found in engine.map(tasks.echo, batches)] == [bytes([n]) for n in range(6)]


def test_leaving_early_ends_the_workers_at_once(engine: Engine) -> None:
    before = children()
    started = time.monotonic()
    results = engine.map(tasks.sleep, [[0.0], [30.0], [30.0], [30.0]])
    next(results)
    results.close()  # type: ignore[attr-defined]

    assert children() == before
    assert time.monotonic() - started < 5


def test_batches_are_taken_only_as_they_are_needed(engine: Engine) -> None:
    taken = []

    def source() -> Iterator[list[int]]:
        for batch in [[n] for n in range(100)]:
            taken.append(batch)
            yield batch

    results = engine.map(tasks.double, source())
    next(results)

    assert len(taken) <= 12
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_counts_every_item_once(workers: int) -> None:
    class Counter:
        def __init__(self) -> None:
            self.items = 0

        def start(self, task: str, total: int) -> None: ...

        def advance(self, items: int) -> None:
            self.items += items

    counter = Counter()
    batches = [list(range(8, 12)), list(range(7 if workers > 1 else 8, 12))]
    with start(workers) as pool:
        list(pool.map(tasks.die_at_seven, batches, lost=tasks.mark_lost, progress=counter))

    assert counter.items == sum(map(len, batches))


# --- the end of the parent

RUN = """
import signal, sys, threading
from cvdata.engine import start
from tests.engine import tasks
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the tests in the background ignores it
if "launched" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
with start(2) as pool:
    for batch in pool.map(tasks.sleep, [[0.0], [0.0], [60.0], [60.0], [60.0]]):
        print("ready", flush=True)
"""


def _running(session: int) -> list[int]:
    """Return the processes of a test's own environment mark that are still there."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                environment = Path(f"/proc/{name}/environ").read_bytes()
            except OSError:
                continue
            if f"CVDATA_TEST_MARK={session}\0".encode() in environment:
                found.append(int(name))
    return found


@pytest.mark.parametrize("way", ["forked", "launched"])
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_parent_by_two_seconds(way: str, ending: signal.Signals) -> None:
    mark = time.monotonic_ns()
    environment = {**os.environ, "CVDATA_TEST_MARK": str(mark), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", RUN, way]
    with subprocess.Popen(
        command, cwd=REPO, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert len(_running(mark)) == 3
        if ending == signal.SIGINT:
            os.killpg(process.pid, ending)  # as a terminal does: to the whole group
        else:
            process.send_signal(ending)
        process.wait(2)

    patience = time.monotonic() + 2
    while _running(mark) and time.monotonic() < patience:
        time.sleep(0.02)
    assert _running(mark) == []
