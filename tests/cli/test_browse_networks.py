"""Embeddings and heat maps for `cvdata browse`."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from cvdata.browse.judge import judged_found
from cvdata.browse.subject import Subject
from cvdata.cli.browse_networks import check_embeddings, check_heat, heat_of, vectors_of
from cvdata.dataset import Dataset
from cvdata.dataset.select import keep_annotations
from cvdata.engine import Silent
from cvdata.errors import CvdataError
from cvdata.formats.embeddings import Embeddings, EmbeddingsInfo, encode_embeddings

from ..models.runs import CLASSIFIER, SEGMENTER, network_of, write_run
from ..train.shapes import draw_shapes


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def drawn(tmp_path: Path) -> Dataset:
    return draw_shapes(tmp_path / "pictures", 4, 64)


def _write(path: Path, names: tuple[str, ...]) -> str:
    """Write embeddings of two numbers: a unit vector each, turned by a degree from one to the next."""
    turn = np.deg2rad(np.arange(len(names)))
    table = Embeddings(
        info=EmbeddingsInfo(model="turned", sha256="0" * 64, length=2),
        names=names,
        size=np.ones(len(names), np.int64),
        modified=np.ones(len(names), np.int64),
        vectors=np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32),
    )
    path.write_bytes(b"".join(encode_embeddings(table)))
    return str(path)


def test_embeddings_of_a_file_go_to_their_pictures_and_others_have_none(tmp_path: Path, drawn: Dataset) -> None:
    file = _write(tmp_path / "e.parquet", ("0001.png", "0003.png", "elsewhere.png"))

    vectors = vectors_of(file, drawn.images, tmp_path, None, Silent())

    assert vectors.dtype == np.float32
    assert np.isnan(vectors[[0, 2]]).all()
    assert np.allclose(vectors[[1, 3]], [[1, 0], [np.cos(np.pi / 180), np.sin(np.pi / 180)]])


def test_a_model_makes_the_embeddings_of_all_pictures(tmp_path: Path, drawn: Dataset) -> None:
    vectors = vectors_of("colour", drawn.images, tmp_path, None, Silent())

    assert vectors.shape[0] == 4
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


def test_embeddings_of_other_pictures_are_refused(tmp_path: Path, drawn: Dataset) -> None:
    file = _write(tmp_path / "e.parquet", ("elsewhere.png",))

    with pytest.raises(CvdataError, match=r"none of the pictures, but of others, such as elsewhere\.png"):
        vectors_of(file, drawn.images, tmp_path, None, Silent())


@pytest.mark.parametrize("given", ["nothing.parquet", "no-model", "timm:no-network"])
def test_what_makes_no_embeddings_is_refused_before_anything_is_read(tmp_path: Path, given: str) -> None:
    with pytest.raises(CvdataError) as caught:
        check_embeddings(str(tmp_path / given) if given.endswith(".parquet") else given)

    assert caught.value.hint


def test_heat_is_of_the_worst_pictures_and_of_their_size(tmp_path: Path, drawn: Dataset) -> None:
    run = write_run(tmp_path / "run", network_of(msgspec.structs.replace(CLASSIFIER, architecture="squeezenet1_1")))
    # The last picture lacks all of its objects in what was found, the second one of them.
    table = drawn.annotations
    lost = np.flatnonzero(table.image == 1)[:1]
    kept = np.setdiff1d(np.flatnonzero(table.image != 3), lost)
    hits = keep_annotations(drawn, kept).annotations
    found = Dataset(
        images=drawn.images,
        annotations=type(hits)(
            image=hits.image, category=hits.category, box=hits.box, score=np.full(len(hits), 0.9, np.float64)
        ),
        categories=drawn.categories,
    )
    subject = Subject(dataset=drawn, found=(judged_found("model", drawn, found),))

    heat = heat_of(run, 2, subject, Silent())

    assert list(heat) == [3, 1]
    for one in heat.values():
        assert one.shape == (64, 64)
        assert one.dtype == np.float32
        assert one.min() >= 0
        assert one.max() <= 1


def test_a_broken_picture_has_no_heat_and_stops_nothing(tmp_path: Path, drawn: Dataset) -> None:
    run = write_run(tmp_path / "run", network_of(msgspec.structs.replace(CLASSIFIER, architecture="squeezenet1_1")))
    (tmp_path / "pictures/0000.png").write_bytes(b"broken")

    heat = heat_of(run, 2, Subject(dataset=drawn), Silent())

    assert list(heat) == [1]


def test_a_run_that_shows_no_heat_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(CvdataError, match="is a segmenter"):
        check_heat(write_run(tmp_path / "run", network_of(SEGMENTER)))
    with pytest.raises(CvdataError, match="does not exist"):
        check_heat(tmp_path / "none")
