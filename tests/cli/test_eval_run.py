"""`cvdata eval RUN`: the figures of a run, from what it left behind and the dataset that it saw."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cvdata.evaluate.report import EvalReport
from cvdata.models.spec import Task
from tests.cli.command import cvdata
from tests.cli.eval_made import report_of
from tests.train.runs_made import make_run, save_shapes


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a dataset of classes, `shapes`, and the run `run`."""
    root = tmp_path_factory.mktemp("classifier")
    make_run(save_shapes(root, "classifier"), root / "run", "classifier")
    return root


def own_report(run: Path) -> EvalReport:
    return msgspec.json.decode((run / "eval.json").read_bytes(), type=EvalReport)


def values(report: EvalReport) -> dict[str, float | None]:
    return {name: number.value for name, number in report.metrics.items()}


def test_a_run_alone_has_the_figures_that_it_reported(made: Path) -> None:
    report = report_of(made / "run", "--quiet")

    own = own_report(made / "run")
    assert report.metrics == own.metrics
    assert report.intervals == own.intervals
    assert (report.truth, report.found_format, report.images) == (str(made / "shapes"), "run", 8)


@pytest.mark.parametrize("task", ["detector", "segmenter"])
def test_detections_and_maps_have_the_figures_that_the_run_reported(tmp_path: Path, task: Task) -> None:
    make_run(save_shapes(tmp_path, task), tmp_path / "run", task)

    assert values(report_of(tmp_path / "run", "--quiet")) == values(own_report(tmp_path / "run"))


def test_what_a_detector_found_is_read_by_a_plain_evaluation_too(tmp_path: Path) -> None:
    source = save_shapes(tmp_path, "detector")
    make_run(source, tmp_path / "run", "detector")

    report = report_of(source, tmp_path / "run" / "found" / "found.json", "--split", "val")

    assert values(report) == values(own_report(tmp_path / "run"))


def test_the_scores_of_a_classifier_are_read_by_a_plain_evaluation_too(made: Path) -> None:
    report = report_of(made / "shapes", made / "run" / "found" / "scores.csv", "--split", "val")

    assert values(report) == values(own_report(made / "run"))


def test_a_page_is_written(made: Path, tmp_path: Path) -> None:
    done = cvdata("eval", made / "run", "--html", tmp_path / "page.html")

    assert done.returncode == 0, done.stderr
    assert "found  " in done.stdout
    assert "<title>run against shapes" in (tmp_path / "page.html").read_text("utf-8")


def test_two_runs_are_compared(made: Path) -> None:
    report = report_of(made / "run", made / "run", "--intervals", "100", "--quiet")

    assert report.comparison is not None
    assert {row.verdict for row in report.comparison.metrics} == {"too few objects to say"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--images", "."], "--images is not for runs"),
        (["--found-format", "results"], "--found-format is not for runs"),
        (["--fail-under", "top1.lion=0.5"], "lion"),
        (["--split", "train"], "nothing of the split 'train'"),
    ],
)
def test_options_without_a_meaning_for_runs_are_refused(made: Path, options: list[str], said: str) -> None:
    done = cvdata("eval", made / "run", *options)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_dataset_alone_lacks_what_was_found(made: Path) -> None:
    done = cvdata("eval", made / "shapes")

    assert (done.returncode, done.stdout) == (2, "")
    assert "FOUND is missing" in done.stderr


def test_a_run_is_not_held_against_a_dataset_in_the_place_of_found(made: Path) -> None:
    done = cvdata("eval", made / "run", made / "shapes")

    assert (done.returncode, done.stdout) == (2, "")
    assert "is a run, and" in done.stderr
