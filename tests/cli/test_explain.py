"""`cvdata explain RUN PICTURES DST` as people call it; in this process, since torch takes seconds to load."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from ..models.runs import CLASSIFIER, DETECTOR, SEGMENTER, network_of, write_run
from ..train.shapes import draw_shapes
from .test_export import run

SMALL = msgspec.structs.replace(CLASSIFIER, architecture="squeezenet1_1")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    draw_shapes(tmp_path / "pictures", 3, 64)
    return tmp_path / "pictures"


def test_each_picture_is_drawn_with_its_heat(tmp_path: Path, pictures: Path) -> None:
    trained = write_run(tmp_path / "run", network_of(SMALL))

    code, out, err = run("explain", trained, pictures, tmp_path / "looked", "--json")

    report = json.loads(out)
    assert code == 0
    assert [one["file"] for one in report["images"]] == [f"pictures/000{row}.png" for row in range(3)]
    assert all(len(one["looked"]) == 1 for one in report["images"])
    for name in ("explain.png", "pictures/0000.png", "pictures/0002.png"):
        drawn = np.asarray(Image.open(tmp_path / "looked" / name))
        assert min(drawn.shape[:2]) > 250
        assert (drawn.max(axis=2) > drawn.min(axis=2) + 60).mean() > 0.02  # colours are there
    assert json.loads((tmp_path / "looked/explain.json").read_bytes()) == report
    assert json.loads((tmp_path / "looked/.cvdata/manifest.json").read_bytes())["account"]["written"]["images"] == 3
    assert "3 pictures -> " in err


def test_a_detector_is_explained_detection_by_detection(tmp_path: Path, pictures: Path) -> None:
    trained = write_run(tmp_path / "run", network_of(DETECTOR))

    code, out, err = run(
        "explain", trained, pictures, tmp_path / "looked", "--score", 0.001, "--most", 2, "--class", "disc", "--json"
    )

    looked = [one for image in json.loads(out)["images"] for one in image["looked"]]
    assert code == 0
    assert 0 < len(looked) <= 6
    assert {one["label"] for one in looked} == {"disc"}
    assert all(len(one["box"]) == 4 and 0 <= one["inside"] <= 1 for one in looked)
    assert "heat in its box" in err


def test_where_nothing_is_found_that_is_said(tmp_path: Path, pictures: Path) -> None:
    trained = write_run(tmp_path / "run", network_of(DETECTOR))

    code, _, err = run("explain", trained, pictures, tmp_path / "looked", "--score", 1)

    assert code == 0
    assert "nothing was found in 3 pictures; a lower --score finds more" in err
    assert (tmp_path / "looked/pictures/0001.png").is_file()


def test_a_picture_that_cannot_be_read_is_put_aside(tmp_path: Path, pictures: Path) -> None:
    trained = write_run(tmp_path / "run", network_of(SMALL))
    data = (pictures / "0001.png").read_bytes()
    (pictures / "0001.png").write_bytes(data[: len(data) // 2])

    code, _, err = run("explain", trained, pictures, tmp_path / "looked")

    assert code == 3
    assert "quarantined: 0001.png" in err
    assert sorted(path.name for path in (tmp_path / "looked/pictures").iterdir()) == ["0000.png", "0002.png"]


def test_every_picture_has_its_own_drawing_whatever_its_name(tmp_path: Path, pictures: Path) -> None:
    trained = write_run(tmp_path / "run", network_of(SMALL))
    one = (pictures / "0001.png").read_bytes()
    for name in (b"0001.jpg", b"0001.jpg.png", b"\xff.png", b"two\nlines.png"):
        Path(os.fsdecode(os.fsencode(pictures) + b"/" + name)).write_bytes(one)

    code, out, _ = run("explain", trained, pictures, tmp_path / "looked", "--json")

    files = [one["file"] for one in json.loads(out)["images"]]
    assert code == 0
    assert len({file.casefold() for file in files}) == 7
    assert all((tmp_path / "looked" / file).is_file() for file in files)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--class", "dics"], "there is no class 'dics'"),
        (["--most", "0"], "--most is 0, expected 1 or more"),
        (["--device", "gpu"], "there is no device 'gpu'"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, pictures: Path, more: list[str], message: str) -> None:
    trained = write_run(tmp_path / "run", network_of(SMALL))

    code, _, err = run("explain", trained, pictures, tmp_path / "looked", *more)

    assert code == 2
    assert message in err
    assert not (tmp_path / "looked").exists()


def test_a_classifier_of_cut_out_boxes_says_that_it_does_not_know_whole_pictures(
    tmp_path: Path, pictures: Path
) -> None:
    trained = write_run(tmp_path / "run", network_of(SMALL, crop_margin=0.1))

    code, out, err = run("explain", trained, pictures, tmp_path / "looked", "--json")

    assert code == 0
    assert [finding["code"] for finding in json.loads(out)["findings"]] == ["learnt-crops"]
    assert "boxes that were cut out with 10 % of their sides around them" in err


def test_a_segmenter_is_refused(tmp_path: Path, pictures: Path) -> None:
    trained = write_run(tmp_path / "run", network_of(SEGMENTER))

    code, _, err = run("explain", trained, pictures, tmp_path / "looked")

    assert code == 2
    assert "its map says where it looked" in err


def test_an_output_that_is_there_is_replaced_only_when_that_is_said(tmp_path: Path, pictures: Path) -> None:
    trained = write_run(tmp_path / "run", network_of(SMALL))
    place = (trained, pictures, tmp_path / "looked", "--quiet")

    assert [run("explain", *place)[0], run("explain", *place)[0], run("explain", *place, "--overwrite")[0]] == [0, 2, 0]
