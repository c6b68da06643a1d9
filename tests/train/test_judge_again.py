"""A run evaluated again: with other rules, beside another run, and where its dataset is not what it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from cvdata.errors import EvaluationError, FormatError, UsageError
from cvdata.evaluate.settings import EvalSettings
from cvdata.train.judge.again import judge_again

from .runs_made import make_run, save_shapes

QUICK = EvalSettings(details=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the dataset `shapes` and the runs `boxes` and `masks`, which find the same boxes."""
    root = tmp_path_factory.mktemp("detector")
    source = save_shapes(root, "detector")
    make_run(source, root / "boxes", "detector")
    make_run(source, root / "masks", "detector", masks=True)
    return root


@pytest.fixture
def moved(made: Path, tmp_path: Path) -> Path:
    """Return a copy of the dataset and the run `boxes` that may be changed; the run is of the copy."""
    shutil.copytree(made / "shapes", tmp_path / "shapes")
    shutil.copytree(made / "boxes", tmp_path / "run")
    info = (tmp_path / "run" / "run.json").read_text("utf-8")
    (tmp_path / "run" / "run.json").write_text(info.replace(str(made / "shapes"), str(tmp_path / "shapes")), "utf-8")
    return tmp_path


def test_other_rules_can_be_asked_for(made: Path) -> None:
    report = judge_again(made / "masks", EvalSettings(kind="boxes", protocol="voc12", details=False)).report

    assert (report.kind, report.protocol) == ("boxes", "voc12")


def test_the_split_that_a_run_validated_with_may_be_named(made: Path) -> None:
    assert judge_again(made / "boxes", EvalSettings(split="val", details=False)).report.images == 8


def test_another_split_is_refused_with_the_way_to_it(made: Path) -> None:
    with pytest.raises(UsageError, match="and nothing of the split 'train'") as refused:
        judge_again(made / "boxes", EvalSettings(split="train"))

    assert refused.value.hint == "cvdata predict RUN PICTURES DST, then cvdata eval TRUTH DST --split train"


def test_two_runs_are_compared_on_the_same_pictures(made: Path) -> None:
    settings = EvalSettings(kind="boxes", resamples=100)

    report = judge_again(made / "masks", settings, second=made / "boxes").report

    assert report.comparison is not None
    assert (report.comparison.first, report.comparison.second) == (str(made / "masks"), str(made / "boxes"))
    first = report.comparison.metrics[0]
    assert (first.metric, first.first) == ("AP", first.second)  # both find the same boxes


def test_runs_on_two_datasets_are_not_compared(made: Path, moved: Path) -> None:
    info = (moved / "run" / "run.json").read_text("utf-8")
    digest = msgspec.json.decode(info)["dataset"]["sha256"]
    (moved / "run" / "run.json").write_text(info.replace(digest, "0" * 64), "utf-8")

    with pytest.raises(EvaluationError, match="it was validated with other pictures or labels than the first") as error:
        judge_again(made / "boxes", QUICK, second=moved / "run")

    assert error.value.at is not None
    assert error.value.at.file == str(moved / "run")


def test_a_dataset_that_is_gone_is_said(moved: Path) -> None:
    shutil.rmtree(moved / "shapes")

    with pytest.raises(EvaluationError, match=r"the dataset of the run, '.*shapes', is not there") as error:
        judge_again(moved / "run")

    assert f"cvdata eval TRUTH {moved / 'run' / 'found' / 'found.json'}" in str(error.value)


@pytest.mark.parametrize("what", ["class", "box", "picture"])
def test_a_dataset_that_has_changed_is_said(moved: Path, what: str) -> None:
    for labels in (moved / "shapes" / "annotations").iterdir():
        text = labels.read_text("utf-8")
        if what == "class":
            text = text.replace('"name":"disc"', '"name":"ring"')
        elif what == "box":
            text = _moved(text)
        labels.write_text(text, "utf-8")
    if what == "picture":
        pictures = sorted((moved / "shapes" / "images").iterdir())
        pictures[0].unlink()
        shutil.copy(pictures[1], pictures[0])

    with pytest.raises(EvaluationError, match="is not what it was when the run was trained"):
        judge_again(moved / "run")


def _moved(text: str) -> str:
    """Make the first box a little narrower."""
    document = msgspec.json.decode(text)
    document["annotations"][0]["bbox"][2] -= 0.5
    return msgspec.json.encode(document).decode()


def test_a_run_that_was_cut_off_is_said(moved: Path) -> None:
    (moved / "run" / "val.txt").unlink()

    with pytest.raises(FormatError, match="is not there") as error:
        judge_again(moved / "run")

    assert error.value.hint is not None
    assert "--resume" in error.value.hint


def test_pictures_that_are_held_out_are_found_again(tmp_path: Path) -> None:
    source = save_shapes(tmp_path, "classifier", val=0)
    judged = make_run(source, tmp_path / "run", "classifier", hold_out=0.25, seed=3)

    report = judge_again(tmp_path / "run", QUICK).report

    assert judged.report is not None
    assert report.images == judged.report.images == 4
    assert report.metrics["top1"].value == judged.report.metrics["top1"].value


def test_other_pictures_than_those_that_were_held_out_are_not_judged(tmp_path: Path) -> None:
    make_run(save_shapes(tmp_path, "classifier"), tmp_path / "run", "classifier")
    names = tmp_path / "run" / "val.txt"
    names.write_text(names.read_text("utf-8") + "other.png\n", "utf-8")

    with pytest.raises(EvaluationError, match="other pictures are held out now than those that the run validated with"):
        judge_again(tmp_path / "run")
