"""The page and the text at the end of a training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from cvdata.cli.pen import Pen
from cvdata.cli.train_text import train_lines
from cvdata.files import Finding
from cvdata.train.judge.diagnosis import diagnose
from cvdata.train.judge.facts import Facts
from cvdata.train.judge.page import train_page
from cvdata.train.report import Advice, ClassOutcome, TrainReport

from .epochs import dataset_info, epochs, settings_of

HISTORY = epochs([3, 2, 1, 0.5], [3, 2, 2, 2], [0.2, 0.6, 0.7, 0.65])


def outcomes(count: int) -> list[ClassOutcome]:
    return [
        ClassOutcome(name=f"class {at}", train=1000 + at, val=10, metric="AP", value=None if at == 1 else at / count)
        for at in range(count)
    ]


def report_of(
    classes: list[ClassOutcome] | None = None, value: float | None = 0.7, train: float | None = 0.95, **changes: Any
) -> TrainReport:
    """Return a report of four epochs; the third was best."""
    classes = outcomes(3) if classes is None else classes
    settings = settings_of(epochs=4)
    metrics, train_metrics = {"AP": value, "AP50": 0.9, "APs": None}, {"AP": train, "AP50": 1.0, "APs": None}
    facts = Facts(train_images=300, val_images=60, outcomes=classes, interval=(0.65, 0.75))
    known: dict[str, Any] = {
        "run": "runs/pets-1",
        "task": "detector",
        "architecture": "nano",
        "parameters": 1_234_567,
        "classes": [one.name for one in classes],
        "dataset": dataset_info(held_out=0.2),
        "status": "done",
        "epochs": 4,
        "best_epoch": 3,
        "metric": "AP",
        "best": value,
        "seconds": 725.0,
        "images_per_s": 93.4,
        "metrics": metrics,
        "train_metrics": train_metrics,
        "history": HISTORY,
        "diagnosis": diagnose(HISTORY, metrics, train_metrics, facts, settings, metric="AP"),
        "findings": [Finding(code="empty", message="3 pictures show nothing", count=3, examples=["a<b>.png"])],
        "settings": msgspec.to_builtins(settings),
        "interval": (0.65, 0.75),
        "outcomes": classes,
        "environment": {"torch": "2.15.0"},
    }
    return TrainReport(**(known | changes))


def lines(report: TrainReport) -> list[str]:
    return train_lines(report, Pen(False))


def test_the_text_says_verdict_figures_advice_and_where_to_look() -> None:
    assert lines(report_of()) == [
        "run      runs/pets-1: detector nano, 1,234,567 parameters",
        "data     /data/pets: train 300 pictures, val 60 pictures (20 % held out), 3 classes",
        "time     12 min 5 s, best epoch 3 of 4, 93 pictures a second",
        "figures  AP 0.700 (0.650 to 0.750), AP50 0.900 on the validation pictures",
        "",
        "it over-fits strongly: AP 0.950 on training pictures, 0.700 on validation pictures, 26 % less",
        "",
        "class    to learn from  to validate with     AP",
        "class 0          1,000                10  0.000",
        "class 1          1,001                10      -",
        "class 2          1,002                10  0.667",
        "",
        "note: 3 pictures show nothing",
        "",
        "what stands in the way, and what to try",
        "- AP is 0.950 on training pictures and 0.700 on validation pictures, 26 % less: part of what it",
        "  learnt are the training pictures themselves",
        "    > more augmentation: --recipe standard",
        "    > more pictures: there are 300",
        "    > start from published weights: --weights default, where the network has them",
        "    > a smaller network: --model, or more weight decay: --weight-decay",
        "",
        "look at  runs/pets-1/report.html, curves.png and samples/ beside it",
        "next     cvdata eval runs/pets-1",
        "         cvdata predict runs/pets-1 PICTURES DST",
        "         cvdata export runs/pets-1",
    ]


@pytest.mark.parametrize(
    ("images_per_s", "said"),
    [
        (0.034, "0.034 pictures a second"),
        (1.0, "1 picture a second"),
        (1.26, "1.3 pictures a second"),
        (9.97, "10 pictures a second"),
        (1234.5, "1,234 pictures a second"),
    ],
)
def test_the_pace_of_a_slow_run_is_no_round_number(images_per_s: float, said: str) -> None:
    report = report_of(images_per_s=images_per_s)

    assert lines(report)[2] == f"time     12 min 5 s, best epoch 3 of 4, {said}"
    assert f"<dd>{said.split()[0]}</dd>" in train_page(report)


def test_no_line_is_longer_than_a_terminal() -> None:
    names = [ClassOutcome(name="a very long name of a class " * 9, train=3, val=1, metric="AP", value=0.1)] * 3
    many = report_of([*names, *outcomes(1200)], run="runs/" + "deep/" * 8 + "run")

    assert max(map(len, lines(many))) <= 100


def test_commands_can_be_copied_whatever_the_name_of_the_run() -> None:
    assert "next     cvdata eval 'runs/my first run'" in lines(report_of(run="runs/my first run"))


def test_of_many_classes_the_weakest_are_shown_and_all_are_counted() -> None:
    said = lines(report_of(outcomes(1200)))

    assert "the 10 weakest of 1,200 classes; --json and the page have all" in said
    assert [line for line in said if line.startswith("class 0 ")]
    assert not [line for line in said if line.startswith("class 1 ")]  # it has no figure


def test_one_class_needs_no_table_and_an_undefined_figure_is_said() -> None:
    said = lines(report_of(outcomes(1), value=None, interval=None))

    assert not [line for line in said if line.startswith("class ")]
    assert "figures  AP not defined, AP50 0.900 on the validation pictures" in said
    assert "too short to say: AP is not defined on the validation pictures" in said


def test_the_page_begins_with_the_verdict_and_has_every_section() -> None:
    page = train_page(report_of())

    sections = re.findall(r"<h2[^>]*>([^<]+)</h2>", page)
    assert sections == ["What to try", "Curves", "Figures", "Classes", "Data", "Settings and machine"]
    assert page.index("It over-fits strongly: AP 0.950") < page.index("What to try</h2>")
    assert "0.650 to 0.750" in page
    assert "2.15.0" in page


def test_a_sentence_that_begins_with_the_name_of_a_figure_keeps_it() -> None:
    advice = [Advice(code="under-fits", message="mIoU is 0.1", figures={}, cures=[])]
    said = report_of().diagnosis

    page = train_page(report_of(diagnosis=msgspec.structs.replace(said, message="it fits", advice=advice)))

    assert "mIoU is 0.1." in page
    assert "It fits." in page


def test_the_page_escapes_names_and_loads_nothing() -> None:
    page = train_page(report_of([ClassOutcome(name="<img src=x>", train=1)], run="runs/<b>"))

    assert "<img src=x>" not in page
    assert "a<b>.png" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_holds_the_samples_of_the_best_epoch_and_the_confusion(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    Image.new("RGB", (30, 20), "#336699").save(tmp_path / "samples" / "epoch-0003.png")
    Image.new("RGB", (30, 20)).save(tmp_path / "confusion.png")
    (tmp_path / "eval.html").touch()

    page = train_page(report_of(), tmp_path)

    assert "found in them at epoch 3." in page
    assert "data:image/jpeg;base64," in page
    assert "data:image/png;base64," in page
    assert 'href="eval.html"' in page


@pytest.mark.parametrize("folder", ["none", "."])
def test_without_pictures_the_page_has_none(tmp_path: Path, folder: str) -> None:
    page = train_page(report_of(), tmp_path / folder)

    assert "data:image/" not in page
    assert "Samples" not in page


def test_a_page_of_1200_classes_folds_them_away() -> None:
    assert "1,200 classes in numbers" in train_page(report_of(outcomes(1200)))
    assert "<details open><summary>1,200" not in train_page(report_of(outcomes(1200)))
    assert "<details open><summary>3 classes" in train_page(report_of(outcomes(3)))


def test_a_run_without_any_figure_still_has_a_page() -> None:
    bare = report_of(
        [], value=None, train=None, metrics={}, train_metrics={}, history=[], best_epoch=None, images_per_s=None
    )

    page = train_page(bare)

    assert "Curves</h2>" not in page
    assert "not defined here" in page
