"""`cvdata rank` as people run it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

import cvdata as library
from cvdata.dataset import Annotations, Dataset, State
from cvdata.dataset.select import keep_annotations, keep_images
from cvdata.formats.predictions import PredictionModel, make_prediction, write_prediction
from cvdata.formats.store import open_store
from cvdata.prelabel.ranking.report import RankReport

from ..train.shapes import draw_shapes
from .command import cvdata

LABELLED, PICTURES = 2, 8


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `pets`: two of eight pictures are labelled, and two models looked at the others."""
    folder = tmp_path_factory.mktemp("rank")
    truth = draw_shapes(folder / "drawn", PICTURES, 64, objects=1)
    part = keep_annotations(truth, np.flatnonzero(truth.annotations.image < LABELLED))
    state = np.where(np.arange(PICTURES) < LABELLED, State.LABELLED, State.UNLABELLED).astype(np.uint8)
    library.save(replace(part, images=replace(part.images, state=state)), folder / "pets", "cvdata")
    propose(folder / "pets", "small", {3: 0.9, 5: 0.55})
    propose(folder / "pets", "large", {3: 0.9, 5: 0.5, 6: 0.95})
    return folder


def propose(root: Path, name: str, scores: dict[int, float]) -> None:
    """Write predictions of a disc in some of the pictures without labels."""
    store = open_store(root)
    dataset = store.load()
    rows = np.array(sorted(scores), np.int32)
    table = Annotations(
        image=rows,
        category=np.ones(len(rows), np.int32),
        box=np.tile([10.0, 10, 20, 20], (len(rows), 1)),
        score=np.array([scores[row] for row in rows.tolist()]),
    )
    found: Dataset = keep_images(replace(dataset, annotations=table), np.arange(LABELLED, PICTURES))
    about = make_prediction(
        name,
        version=store.current.id,
        models=[PredictionModel(name=name, sha256=f"{len(name)}" * 64, task="detector", architecture="nano")],
        thresholds={},
        settings={},
    )
    write_prediction(root, found, about)


def test_what_models_found_is_ranked_and_the_table_says_why(drawn: Path) -> None:
    run = cvdata("rank", "pets", "--predictions", "small", "--predictions", "large", "-n", 3, cwd=drawn)

    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr.splitlines() == [
        "3 of 6 pictures that nobody labelled, by uncertainty and disagreement (small, large)",
        "   picture   why                                          unsure  differ",
        "1  0005.png  1 object near 0.5; models agree                0.50    0.02",
        "2  0006.png  least sure: disc (0.95); models differ in 1    0.14    0.49",
        "3  0002.png  nothing was found; models agree                   -    0.00",
        "note: near copies were not told apart: nobody measured these pictures (--embed colour does)",
    ]


def test_the_json_is_the_report_with_its_sources(drawn: Path) -> None:
    run = cvdata("rank", "pets", "--predictions", "small", "--json", "--quiet", cwd=drawn)

    report = msgspec.json.decode(run.stdout, type=RankReport)
    assert run.stderr == ""
    assert json.loads(run.stdout)["schema"] == "cvdata/rank-report/1"
    assert (report.dataset, report.pictures, report.labelled, report.ranked) == ("pets", 8, 2, 6)
    assert report.version == open_store(drawn / "pets").current.id
    assert [(source.kind, source.name, source.sha256) for source in report.sources] == [("found", "small", "5" * 64)]
    assert [row.image for row in report.first][0::5] == ["0005.png", "0003.png"]


def test_pictures_unlike_labelled_ones_are_drawn_listed_and_become_a_dataset_to_label(
    drawn: Path, tmp_path: Path
) -> None:
    ranked = cvdata(
        "rank", drawn / "pets", "--embed", "colour", "-n", 3, "--out", "first.txt", "--sheet", "first.png", cwd=tmp_path
    )
    names = (tmp_path / "first.txt").read_text("utf-8").splitlines()
    filtered = cvdata("filter", drawn / "pets", "first", "--names", "first.txt", cwd=tmp_path)

    assert ranked.returncode == 0, ranked.stderr
    assert ranked.stderr.endswith("written: first.txt\nwritten: first.png\n")
    assert len(set(names)) == 3
    with Image.open(tmp_path / "first.png") as sheet:
        assert min(sheet.size) > 300
    assert len(list((drawn / "pets/embeddings").glob("colour-*.parquet"))) == 1
    assert filtered.stderr.startswith("kept: 3 of 8 pictures are named\n")
    assert sorted(library.load(tmp_path / "first").images.names) == sorted(names)


def test_a_coco_result_list_ranks_any_dataset(tmp_path: Path) -> None:
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 50, "height": 50} for n in (1, 2, 3)]
    truth = {"images": images, "annotations": [], "categories": [{"id": 1, "name": "cat"}]}
    rows = [{"image_id": n, "category_id": 1, "bbox": [1, 1, 9, 9], "score": s} for n, s in ((1, 0.99), (2, 0.6))]
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "found.json").write_text(json.dumps(rows))

    refused = cvdata("rank", "truth.json", "--found", "found.json", cwd=tmp_path)
    run = cvdata("rank", "truth.json", "--found", "found.json", "--all", "--out", "all.csv", cwd=tmp_path)

    assert refused.returncode == 2
    assert "all pictures are labelled; 3 of them count as empty" in refused.stderr
    assert "3 of 3 pictures, labelled ones among them, by uncertainty (found.json)" in run.stderr
    table = (tmp_path / "all.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in table[1:]] == ["2.jpg", "3.jpg", "1.jpg"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "SRC has predictions: large, small"),
        (["--predictions", "smal"], "did you mean 'small'?"),
        (["--predictions", "small", "--predictions", "small"], "'small' is named twice"),
        (["--predictions", "small", "--by", "disagreement"], "--predictions twice"),
        (["--embed", "colour", "--out", "first.pdf"], "end its name with .txt or .csv"),
        (["--predictions", "small", "--store", "kept.parquet"], "--store is for embeddings"),
        (["--predictions", "small", "--found-format", "yolo-txt"], "--found-format is for --found"),
        (["--embed", "colour", "--sheet", "first.jpg"], "end its name with .png"),
        (["--found", "nowhere.json"], "does not exist"),
    ],
)
def test_what_cannot_be_ranked_is_one_clear_message(options: list[str], said: str, drawn: Path) -> None:
    run = cvdata("rank", "pets", *options, cwd=drawn)

    assert run.returncode == 2
    assert run.stderr.startswith("error: ")
    assert said in run.stderr


def test_only_a_cvdata_dataset_has_predictions(drawn: Path) -> None:
    run = cvdata("rank", "drawn", "--predictions", "small", cwd=drawn)

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        "error: 'drawn' is no cvdata dataset, which alone keeps predictions\n"
        "  hint: name the file that the model wrote with --found\n"
    )


def test_odd_names_become_json_a_table_and_a_list_and_bad_pictures_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, shade in ((b"caf\xe9.png", 9), ("a\u2028b.png".encode(), 200)):
        Image.new("RGB", (20, 20), (shade, 40, 90)).save(tmp_path / "drawn.png")
        (tmp_path / "drawn.png").rename(folder / os.fsdecode(name))
    (folder / "empty.png").touch()

    report = cvdata("rank", folder, "--embed", "colour", "--json", "-q")
    listed = cvdata("rank", folder, "--embed", "colour", "--out", tmp_path / "names.txt")

    found = json.loads(report.stdout)
    assert (report.returncode, report.stderr) == (0, "")
    assert sorted(one["image"] for one in found["first"]) == ["a\u2028b.png", "caf\\udce9.png"]
    assert "note: 1 bad item of SRC was left out (empty.png: " in listed.stderr
    assert sorted((tmp_path / "names.txt").read_bytes().split(b"\n")) == [
        b"", "a\u2028b.png".encode(), b"caf\xe9.png"
    ]  # fmt: skip
    done = cvdata("filter", folder, tmp_path / "chosen", "--names", tmp_path / "names.txt", "--exit-zero")
    assert done.returncode == 0, done.stderr
