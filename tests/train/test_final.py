"""The judgement at the end of a run: its figures, its files, and that both say the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from cvdata import save
from cvdata.dataset import Annotations
from cvdata.evaluate.report import EvalReport
from cvdata.evaluate.settings import EvalSettings
from cvdata.models.spec import Task
from cvdata.train.judge.again import judge_again

from .runs_made import make_run, save_shapes
from .shapes import draw_classes

TASKS: list[Task] = ["detector", "classifier", "segmenter"]


@pytest.mark.parametrize("task", TASKS)
def test_the_files_of_a_run_give_its_figures_again(tmp_path: Path, task: Task) -> None:
    source = save_shapes(tmp_path, task)
    judged = make_run(source, tmp_path / "run", task)

    again = judge_again(tmp_path / "run", EvalSettings(details=True))

    assert judged.report is not None
    assert again.report.metrics == judged.report.metrics
    assert again.report.classes == judged.report.classes
    assert again.report.confusion == judged.report.confusion
    first = {"detector": "AP", "classifier": "top1", "segmenter": "mIoU"}[task]
    assert next(iter(judged.metrics.values())) == judged.report.metrics[first].value


def test_several_labels_to_learn_from_are_judged_class_by_class_where_one_is_to_validate_with(tmp_path: Path) -> None:
    drawn = draw_classes(tmp_path / "drawn", 12, 48, val=0.5)
    table = drawn.annotations
    two = Annotations(
        image=np.append(table.image[:1], table.image),  # the first picture, which is to learn from, is a disc, too
        category=np.append(np.int32(1), table.category),
        box=np.full((13, 4), np.nan),
    )
    save(replace(drawn, annotations=two), tmp_path / "two", "cvdata")
    judged = make_run(tmp_path / "two", tmp_path / "run", "classifier")
    make_run(tmp_path / "two", tmp_path / "run2", "classifier")

    again = judge_again(tmp_path / "run", EvalSettings(resamples=100), second=tmp_path / "run2").report

    assert judged.report is not None
    assert (judged.report.protocol, again.protocol) == ("several labels", "several labels")
    assert next(iter(judged.metrics.items())) == ("mAP", judged.report.metrics["mAP"].value)
    assert again.comparison is not None
    assert again.comparison.metrics[0].metric == "mAP"


def test_masks_come_back_from_their_file_as_they_were(tmp_path: Path) -> None:
    judged = make_run(save_shapes(tmp_path, "detector"), tmp_path / "run", "detector", masks=True)

    again = judge_again(tmp_path / "run", EvalSettings(resamples=0)).report

    assert judged.report is not None
    assert (again.kind, judged.report.kind) == ("masks", "masks")
    assert again.metrics["AP"].value == judged.metrics["AP"]
    assert judged.metrics["box_AP"] != judged.metrics["AP"]


def test_a_detector_leaves_these_files(tmp_path: Path) -> None:
    make_run(save_shapes(tmp_path, "detector"), tmp_path / "run", "detector")

    files = sorted(path.relative_to(tmp_path / "run").as_posix() for path in (tmp_path / "run").rglob("*.*"))
    assert files == [
        "confusion.png", "eval.html", "eval.json", "found/found.json", "run.json", "val.txt", "verdicts.parquet",
    ]  # fmt: skip
    names = (tmp_path / "run" / "val.txt").read_text("utf-8").splitlines()
    assert len(names) == 8
    assert msgspec.json.decode((tmp_path / "run" / "eval.json").read_bytes(), type=EvalReport).images == 8
    with Image.open(tmp_path / "run" / "confusion.png") as picture:
        assert picture.size[0] > 400
    assert "<svg" in (tmp_path / "run" / "eval.html").read_text("utf-8")


def test_maps_are_written_in_the_size_of_their_pictures_with_their_classes(tmp_path: Path) -> None:
    make_run(save_shapes(tmp_path, "segmenter"), tmp_path / "run", "segmenter")

    maps = sorted((tmp_path / "run" / "found" / "maps").glob("*.png"))
    classes = msgspec.json.decode((tmp_path / "run" / "found" / "maps" / "dataset_meta.json").read_bytes())
    assert len(maps) == 8
    with Image.open(maps[0]) as picture:
        assert picture.size == (96, 96)
        assert set(np.unique(np.asarray(picture))) <= {0, 1, 2, 3}
    assert classes == {"label_map": {"0": "background", "1": "square", "2": "disc", "3": "triangle"}}


def test_training_pictures_are_judged_without_augmentation_by_as_many_as_there_are_to_validate(tmp_path: Path) -> None:
    source = save_shapes(tmp_path, "classifier", images=18, val=1 / 3)

    judged = make_run(source, tmp_path / "run", "classifier")

    assert judged.train_metrics == {"accuracy": 1.0, "balanced_accuracy": 1.0, "macro_F1": 1.0, "weighted_F1": 1.0}


def test_crops_are_judged_by_the_class_of_each_box(tmp_path: Path) -> None:
    source = save_shapes(tmp_path, "detector")

    judged = make_run(source, tmp_path / "run", "classifier", crops=True)

    assert judged.report is not None
    assert judged.report.images > 8  # a picture for each box
    assert (judged.metrics["accuracy"] or 0) > 0.9
    assert judge_again(tmp_path / "run").report.metrics == judged.report.metrics
