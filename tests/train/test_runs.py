"""The runs of a folder, and what differs between some of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cvdata.errors import ModelError, UsageError
from cvdata.files.lock import OutputLock
from cvdata.models.run_folder import read_run
from cvdata.train.judge.runs import Sort, list_runs
from cvdata.train.judge.versus import compare_runs, short_names
from cvdata.train.judge.versus_page import versus_page

from .epochs import dataset_info, epochs, settings_of, write_run

GOOD = epochs([3, 2, 1], [3, 2, 2], [0.2, 0.6, 0.5])
BETTER = epochs([3, 1, 0.5], [3, 2, 1], [0.3, 0.7, 0.8], seconds=5)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a folder with two runs and one deeper down, newest first by name."""
    write_run(tmp_path / "a", GOOD, began="2026-11-20T12:00:00+00:00")
    write_run(tmp_path / "b", BETTER, began="2026-11-20T11:00:00+00:00")
    write_run(tmp_path / "größe" / "c", GOOD[:1], began="2026-11-20T10:00:00+00:00")
    return tmp_path


def names(folder: Path, sort: Sort = "began") -> list[str]:
    return [row.name for row in list_runs(folder, sort).runs]


def test_runs_are_found_below_a_folder_the_newest_last(runs: Path) -> None:
    assert names(runs) == ["c", "b", "a"]


def test_runs_are_sorted_by_what_is_asked_for(runs: Path) -> None:
    assert names(runs, "name") == ["a", "b", "c"]
    assert names(runs, "best") == ["c", "a", "b"]
    assert names(runs, "epochs") == ["c", "a", "b"]
    assert names(runs, "time") == ["c", "a", "b"]


def test_a_row_says_what_became_of_the_run(runs: Path) -> None:
    row = list_runs(runs, "name").runs[0]

    assert (row.task, row.architecture, row.parameters) == ("detector", "nano", 1_234_567)
    assert (row.metric, row.best, row.best_epoch, row.epochs, row.epochs_asked) == ("AP", 0.6, 2, 3, 3)
    assert (row.status, row.seconds, row.dataset) == ("done", 6.0, "/data/pets")


def test_a_run_that_neither_ended_nor_runs_was_cut_off_and_its_epochs_count(tmp_path: Path) -> None:
    asked = settings_of(epochs=50)
    write_run(tmp_path / "run", GOOD, asked, status="running", epochs=0, best=None, best_epoch=None, seconds=0.0)

    row = list_runs(tmp_path).runs[0]

    assert (row.status, row.epochs, row.epochs_asked, row.best, row.seconds) == ("cut off", 3, 50, 0.6, 6.0)


def test_a_run_whose_lock_is_held_still_runs(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", GOOD, status="running")
    lock = OutputLock(str(run))
    lock.acquire()
    try:
        assert list_runs(tmp_path).runs[0].status == "running"
    finally:
        lock.release()
    assert list_runs(tmp_path).runs[0].status == "cut off"


def test_the_lock_of_a_killed_process_is_not_held(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", GOOD, status="running")
    code = f"import os; from cvdata.files.lock import OutputLock; OutputLock({str(run)!r}).acquire(); os._exit(9)"
    subprocess.run([sys.executable, "-c", code], check=False)

    assert (tmp_path / ".run.cvdata-lock").exists()
    assert list_runs(tmp_path).runs[0].status == "cut off"


def test_broken_runs_are_named_and_do_no_harm(runs: Path) -> None:
    (runs / "broken").mkdir()
    (runs / "broken" / "run.json").write_text("{nope", "utf-8")
    write_run(runs / "torn", GOOD)
    (runs / "torn" / "metrics.jsonl").write_text("[]\n", "utf-8")

    report = list_runs(runs, "name")

    assert [row.name for row in report.runs] == ["a", "b", "c"]
    assert [Path(one.path).name for one in report.broken] == ["broken", "torn"]
    assert report.broken[0].message.startswith("run.json: ")
    assert report.broken[1].message.startswith("metrics.jsonl: ")


def test_nothing_below_a_run_is_another_run(runs: Path) -> None:
    write_run(runs / "a" / "found" / "inner", GOOD)

    assert names(runs, "name") == ["a", "b", "c"]


def test_one_run_is_a_list_of_one(runs: Path) -> None:
    assert names(runs / "b") == ["b"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="does not exist"):
        list_runs(tmp_path / "none")
    with pytest.raises(UsageError, match="is no folder"):
        list_runs(tmp_path / "file")


def test_figures_of_the_best_epochs_stand_side_by_side(runs: Path) -> None:
    report = compare_runs([runs / "a", runs / "b"]).report

    assert report.names == ["a", "b"]
    assert [(row.name, row.values) for row in report.figures] == [("AP", [0.6, 0.8]), ("validation loss", [2, 1])]
    assert (report.same_data, report.warnings, report.settings) == (True, [], [])


def test_only_settings_that_differ_are_told(tmp_path: Path) -> None:
    one = write_run(tmp_path / "a", GOOD, settings_of(epochs=3, recipe="light"))
    two = write_run(tmp_path / "b", GOOD, settings_of(epochs=3, recipe="heavy", architecture="fcos"))

    settings = compare_runs([one, two]).report.settings

    assert [(row.name, row.values) for row in settings] == [
        ("architecture", ["nano", "fcos"]),
        ("recipe", ["light", "heavy"]),
    ]


def test_an_ap_of_masks_is_not_held_against_one_of_boxes(tmp_path: Path) -> None:
    boxes = write_run(tmp_path / "boxes", GOOD)
    spec = msgspec.structs.replace(read_run(boxes).spec, masks=True)
    masks = write_run(tmp_path / "masks", GOOD, spec=spec)

    warnings = compare_runs([boxes, masks]).report.warnings

    assert warnings == ["the runs do different things: their figures cannot be compared"]


@pytest.mark.parametrize(
    ("changes", "settings", "warning"),
    [
        ({"sha256": "b" * 64}, {}, "the runs saw other data"),
        ({}, {"val": "test"}, "the runs saw another split of the data"),
        ({"images": {"train": 200, "val": 160}}, {}, "the runs saw another split of the data"),
        ({}, {"task": "segmenter", "architecture": "unet"}, "the runs do different things"),
    ],
)
def test_figures_of_other_data_are_not_compared_without_a_warning(
    tmp_path: Path, changes: dict[str, object], settings: dict[str, object], warning: str
) -> None:
    one = write_run(tmp_path / "a", GOOD)
    two = write_run(tmp_path / "b", GOOD, settings_of(epochs=3, **settings), dataset_info(**changes))

    report = compare_runs([one, two]).report

    assert [said.startswith(warning) for said in report.warnings] == [True]


def test_pictures_held_out_by_another_seed_are_other_pictures(tmp_path: Path) -> None:
    held = dataset_info(held_out=0.2)
    one, two, three = (
        write_run(tmp_path / str(at), GOOD, settings_of(epochs=3, seed=seed), held) for at, seed in enumerate((0, 1, 0))
    )

    assert not compare_runs([one, two]).report.same_data
    assert compare_runs([one, three]).report.same_data


def test_another_seed_with_given_splits_changes_no_data(tmp_path: Path) -> None:
    one, two = (write_run(tmp_path / str(seed), GOOD, settings_of(epochs=3, seed=seed)) for seed in (0, 1))

    assert compare_runs([one, two]).report.same_data


def test_a_run_that_is_not_at_its_end_is_said_to_be_so(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "a", GOOD), write_run(tmp_path / "b", GOOD[:2], status="running")

    warnings = compare_runs([one, two]).report.warnings

    assert warnings == ["'b' was cut off: its figures are those of 2 epochs"]


def test_only_runs_are_compared_and_not_too_many(runs: Path) -> None:
    with pytest.raises(UsageError, match=r"is no run folder: it has no run\.json"):
        compare_runs([runs / "a", runs / "größe"])
    with pytest.raises(UsageError, match="8 runs to compare, expected 2 to 7"):
        compare_runs([runs / "a"] * 8)
    (runs / "b" / "run.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match=r"run\.json"):
        compare_runs([runs / "a", runs / "b"])


def test_names_are_as_short_as_they_can_be() -> None:
    assert short_names(["runs/a", "runs/b"]) == ["a", "b"]
    assert short_names(["one/a", "two/a"]) == ["one/a", "two/a"]
    assert len(short_names(["a", "a"])) == 2


def test_the_page_draws_all_runs_in_one_plot_and_escapes_their_names(tmp_path: Path) -> None:
    one = write_run(tmp_path / "a<script>", GOOD)
    two = write_run(tmp_path / "b", BETTER, dataset=dataset_info(sha256="b" * 64))

    page = versus_page(compare_runs([one, two]))

    assert "a<script>" not in page
    assert "a&lt;script&gt;" in page
    assert "The runs saw other data" in page
    assert [page.count(f'class="line s{number}"') for number in (0, 1)] == [6, 6]  # a line and its key, in three plots


def test_runs_without_an_epoch_are_compared_too(tmp_path: Path) -> None:
    one, two = (write_run(tmp_path / name, [], status="running") for name in "ab")

    compared = compare_runs([one, two])

    assert compared.report.figures == []
    assert "was cut off" in versus_page(compared)


def test_nothing_of_this_needs_torch() -> None:
    code = "import sys, cvdata.train.judge.versus_page, cvdata.train.judge.runs; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
