"""What a diagnosis is told of the dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvdata.evaluate.report import ClassResult, EvalReport, Number
from cvdata.train.data.part import Part, Prepared
from cvdata.train.judge.facts import facts_of
from cvdata.train.report import ClassOutcome

from .epochs import dataset_info
from .shapes import CLASSES, draw_shapes


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """Return ten pictures to learn from, two of them empty, and the same to validate with, seven of them leaks."""
    part = Part(dataset=draw_shapes(tmp_path, 10, 32, val=0))
    return Prepared(
        train=part,
        val=part,
        classes=CLASSES,
        several=False,
        keypoints=(),
        flips=(),
        findings=(),
        info=dataset_info(),
        leaks=7,
        class_counts=np.array([5, 9, 0]),
    )


def evaluation(metric: str, number: Number) -> EvalReport:
    """Return a report of which only the figures matter; it lists the classes in another order, and one not at all."""
    rows = [("disc", 4, 0.25), ("square", 3, None)]
    classes = [
        ClassResult(name=name, images=2, objects=objects, detections=9, metrics={"AP": Number(value)})
        for name, objects, value in rows
    ]
    return EvalReport(
        truth="truth",
        found="found",
        truth_format="memory",
        found_format="memory",
        task="detection",
        kind="boxes",
        protocol="coco",
        engine="hotcoco",
        images=10,
        objects=7,
        detections=18,
        metrics={metric: number},
        classes=classes,
    )


def test_pictures_classes_and_leaks_are_counted(prepared: Prepared) -> None:
    facts = facts_of(prepared, "AP")

    assert (facts.train_images, facts.val_images, facts.empty_images, facts.leaks) == (10, 10, 2, 7)
    assert [(one.name, one.train, one.value) for one in facts.outcomes] == [
        ("square", 5, None),
        ("disc", 9, None),
        ("triangle", 0, None),
    ]
    assert facts.interval is None


def test_figures_of_classes_are_found_by_name(prepared: Prepared) -> None:
    facts = facts_of(prepared, "AP", evaluation("AP", Number(0.2, 0.1, 0.3)))

    assert facts.interval == (0.1, 0.3)
    assert facts.outcomes == [
        ClassOutcome(name="square", train=5, val=3, metric="AP", value=None),
        ClassOutcome(name="disc", train=9, val=4, metric="AP", value=0.25),
        ClassOutcome(name="triangle", train=0, val=None, metric="AP", value=None),
    ]


def test_the_accuracy_of_a_run_is_the_top1_of_an_evaluation(prepared: Prepared) -> None:
    assert facts_of(prepared, "accuracy", evaluation("top1", Number(0.8, 0.7, 0.9))).interval == (0.7, 0.9)


def test_a_figure_without_an_interval_has_none(prepared: Prepared) -> None:
    assert facts_of(prepared, "AP", evaluation("AP", Number(0.2))).interval is None
