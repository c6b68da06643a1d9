"""What networks say of pictures for `cvdata browse`: which are alike, and where a run looked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import FormatError, UsageError, show

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..browse.subject import Subject
    from ..dataset import Images
    from ..engine import Progress

__all__ = ["check_embeddings", "check_heat", "heat_of", "vectors_of"]

_EMBEDDINGS = ".parquet"


def check_heat(run: Path) -> None:
    """Refuse a run that shows no heat, before anything is read.

    Raises:
        UsageError: it is no run, or one of a segmenter.
        ModelError: it is broken.
    """
    from ..models.run_folder import read_run

    if read_run(run).spec.task == "segmenter":
        raise UsageError(
            f"'{show(run)}' is a segmenter, whose maps say themselves where it looked",
            hint="give --heat the run of a detector or a classifier",
        )


def check_embeddings(embeddings: str) -> None:
    """Refuse what is neither a file of embeddings nor a model that makes them, before anything is read.

    Raises:
        CvdataError: it is none, or cannot be used.
    """
    if not embeddings.endswith(_EMBEDDINGS):
        from ..prelabel.embeddings.embedder import open_embedder

        open_embedder(embeddings)
    elif not os.path.isfile(embeddings):
        raise UsageError(f"'{show(embeddings)}' does not exist", hint="make it: cvdata similar SRC --store PARQUET")


def vectors_of(
    embeddings: str, images: Images, root: Path, workers: int | None, progress: Progress
) -> NDArray[np.float32]:
    """Return the embedding of each picture, a row of NaN for one that has none.

    Args:
        embeddings: a file, or a model.
        root: of the dataset; a cvdata dataset keeps what a model made.

    Raises:
        CvdataError: the file is of other pictures, or damaged; the model cannot be used.
    """
    if embeddings.endswith(_EMBEDDINGS):
        rows, made = _of_file(embeddings, images)
    else:
        rows, made = _of_model(embeddings, images, root, workers, progress)
    vectors = np.full((len(images), made.shape[1]), np.nan, np.float32)
    vectors[rows] = made
    return vectors


def _of_file(path: str, images: Images) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    from ..formats.embeddings import read_embeddings

    try:
        table = read_embeddings(path)
    except OSError as error:
        raise UsageError(f"'{show(path)}' cannot be read: {error.strerror}", hint="give another file") from error
    where = {name: row for row, name in enumerate(images.names)}
    pairs = [(where[name], at) for at, name in enumerate(table.names) if name in where]
    if not pairs:
        other = f", but of others, such as {show(table.names[0])}" if table.names else ""
        raise UsageError(
            f"'{show(path)}' has embeddings of none of the pictures{other}",
            hint="make it of this dataset: cvdata similar SRC --store PARQUET",
        )
    rows, at = np.array(pairs, np.int64).T
    return rows, table.vectors[at]


def _of_model(
    model: str, images: Images, root: Path, workers: int | None, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    from ..formats.store import is_store
    from ..prelabel.embeddings.embedder import open_embedder
    from ..prelabel.embeddings.making import embeddings_of, store_in

    embedder = open_embedder(model)
    store = store_in(root, embedder) if is_store(root) else None
    done = embeddings_of(images, embedder, store=store, workers=workers, progress=progress)
    if not len(done.rows):
        raise UsageError("no picture could be read, so none has an embedding", hint="--images says where they lie")
    return done.rows, done.vectors


def heat_of(run: Path, most: int, subject: Subject, progress: Progress) -> dict[int, NDArray[np.float32]]:
    """Return where a run looked in the pictures with the most errors: the strongest of its maps at each place.

    A detector has a map for each of its three surest detections, and none where it finds nothing.

    Args:
        most: pictures to look at.

    Raises:
        CvdataError: the run cannot be used.
    """
    from ..browse.views import errors_of
    from ..images.decode import decode
    from ..models.explain.gradcam import explain_picture
    from ..models.run_folder import load_network
    from ..models.torch_predictor import device_of

    network = load_network(run).to(device_of("auto"))
    images, detects = subject.dataset.images, network.spec.task == "detector"
    worst = np.argsort(-errors_of(subject), kind="stable").tolist()
    files = [(row, file) for row in worst if (file := images.file(row)) is not None][:most]
    progress.start("asking where the network looked", len(files))
    heat: dict[int, NDArray[np.float32]] = {}
    for row, file in files:
        progress.advance(1)
        try:
            picture = decode(file)
        except (FormatError, OSError):  # the check names it
            continue
        maps = explain_picture(network, picture, most=3 if detects else 1)
        if maps:
            heat[row] = np.max([one.map for one in maps], axis=0)
    return heat
