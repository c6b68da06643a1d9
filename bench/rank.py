"""What it brings to label the pictures that `cvdata rank` names: `python bench/rank.py`.

A stream of drawn pictures as cameras make them: seven in ten are frames of a dozen scenes, nearly alike, with easy
squares; two in ten are others with squares and discs; one in ten has a triangle, the rare class. From 20 labelled
pictures, drawn at random, each way chooses 20 more, twice; after each, a small detector is trained from scratch on what
is labelled, and judged on pictures of its own, in which all classes are as frequent.

    random    any pictures
    unsure    cvdata rank --predictions
    novel     cvdata rank --embed colour
    mix       both

All ways begin with the same 20 pictures and the same detector, and every training takes as many steps from the same
weights. AP is COCO's, mean and standard deviation over seeds. Takes a quarter of an hour on one core.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.dataset.concat import concat_annotations
from cvdata.dataset.select import keep_images
from cvdata.engine import InProcess, Silent
from cvdata.evaluate.report import Names
from cvdata.evaluate.run import evaluate
from cvdata.evaluate.settings import EvalSettings
from cvdata.images.decode import decode
from cvdata.images.facts import facts_of
from cvdata.models.batch import Batch
from cvdata.models.columns import Columns
from cvdata.models.networks.catalogue import build
from cvdata.models.networks.network import Network
from cvdata.models.predict import PredictSettings, collect, look
from cvdata.models.spec import ModelSpec
from cvdata.models.torch_predictor import find_with
from cvdata.prelabel.embeddings.embedder import open_embedder
from cvdata.prelabel.embeddings.making import embeddings_of
from cvdata.prelabel.ranking.job import rank_pictures
from cvdata.prelabel.ranking.opinions import Found
from cvdata.prelabel.ranking.report import RankSettings
from cvdata.prelabel.ranking.vectors import Vectors

CLASSES = ("square", "disc", "triangle")
SIDE, POOL, TEST, SCENES, BATCH = 64, 500, 90, 12, 8
FIRST, MORE, ROUNDS = 20, 20, 2
WAYS = ("random", "unsure", "novel", "mix")
EASY, OTHER = 0.7, 0.2  # shares of the stream

Shape = tuple[int, int, int, int]
"""Class, left, top, side in pixels."""


def scene(rng: np.random.Generator, classes: NDArray[np.int64]) -> list[Shape]:
    """Choose places for shapes that do not touch."""
    shapes: list[Shape] = []
    for kind in classes.tolist():
        for _ in range(20):
            side = int(rng.integers(12, 24))
            x, y = (int(v) for v in rng.integers(1, SIDE - side - 1, 2))
            if all(abs(x - a) > max(side, s) + 1 or abs(y - b) > max(side, s) + 1 for _, a, b, s in shapes):
                shapes.append((kind, x, y, side))
                break
    return shapes


def paint(shapes: list[Shape], ground: NDArray[np.uint8], ink: NDArray[np.int64]) -> Image.Image:
    """Draw shapes in a colour that says nothing of their class."""
    picture = Image.fromarray(ground).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    fill = (int(ink[0]), int(ink[1]), int(ink[2]))
    for kind, x, y, side in shapes:
        far = (x + side - 1, y + side - 1)
        if kind == 0:
            pen.rectangle((x, y, *far), fill=fill)
        elif kind == 1:
            pen.ellipse((x, y, *far), fill=fill)
        else:
            pen.polygon([(x + side / 2, y), far, (x, y + side - 1)], fill=fill)
    return picture


def new_look(rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Choose a background and a colour."""
    return rng.integers(130, 220, (4, 4, 3), dtype=np.uint8), rng.integers(0, 110, 3)


def draw_stream(folder: Path, rng: np.random.Generator) -> Dataset:
    """Draw the pool, then pictures to test on."""
    folder.mkdir(parents=True)
    places = [(scene(rng, np.zeros(int(rng.integers(1, 3)), np.int64)), *new_look(rng)) for _ in range(SCENES)]
    drawn: list[list[Shape]] = []
    for number in range(POOL + TEST):
        chance = rng.random() if number < POOL else 1.0
        if chance < EASY:
            shapes, ground, ink = places[int(rng.integers(SCENES))]
            shift = rng.integers(0, 2, 2)
            shapes = [(kind, x + int(shift[0]), y + int(shift[1]), side) for kind, x, y, side in shapes]
        else:
            rare = [2] if number < POOL and chance >= EASY + OTHER else []
            kinds = rng.integers(0, 2 if number < POOL else 3, int(rng.integers(1, 3)))
            shapes = scene(rng, np.array([*rare, *kinds], np.int64))
            ground, ink = new_look(rng)
        picture = np.asarray(paint(shapes, ground, ink), np.int16) + rng.integers(-4, 5, (SIDE, SIDE, 3))
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{number:04d}.png")
        drawn.append(shapes)
    return _dataset(folder, drawn)


def _dataset(folder: Path, drawn: list[list[Shape]]) -> Dataset:
    count = len(drawn)
    rows = [(image, *shape) for image, shapes in enumerate(drawn) for shape in shapes]
    image, kind, x, y, side = np.array(rows, np.int64).T
    names = tuple(f"{number:04d}.png" for number in range(count))
    facts = facts_of([str(folder / name) for name in names], InProcess(), Silent()).facts
    images = Images(
        names=names,
        width=np.full(count, SIDE, np.int32),
        height=np.full(count, SIDE, np.int32),
        state=np.full(count, State.LABELLED, np.uint8),
        split=np.full(count, -1, np.int32),
        folder=np.zeros(count, np.int32),
        folders=(str(folder),),
        facts=facts,
    )
    box = np.stack([x, y, side, side], axis=1).astype(np.float64)
    table = Annotations(image=image.astype(np.int32), category=kind.astype(np.int32), box=box)
    return Dataset(images=images, annotations=table, categories=Categories(names=CLASSES))


class Learnt:
    """A small detector that learnt a few pictures."""

    name, sha256 = "nano", ""

    def __init__(self, network: Network) -> None:
        self.network, self.spec = network, network.spec

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what it finds."""
        return find_with(self.network, pictures)


def train(truth: Dataset, labelled: NDArray[np.int64], seed: int, steps: int) -> Learnt:
    """Train from scratch, a bare loop of as many steps whatever is labelled; half of the batches are mirrored."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    spec = ModelSpec(task="detector", architecture="nano", classes=CLASSES, size=(SIDE, SIDE))
    network = build(spec).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=2e-3, total_steps=steps, pct_start=0.1)
    pixels = {row: decode(truth.images.file(row) or "") for row in labelled.tolist()}
    order = np.concatenate([rng.permutation(labelled) for _ in range(1 + steps * BATCH // len(labelled))])
    for step in range(steps):
        batch = _batch(truth, pixels, order[step * BATCH : (step + 1) * BATCH], mirrored=bool(rng.integers(2)))
        optimiser.zero_grad()
        torch.stack(list(network.losses(batch).values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10)
        optimiser.step()
        rates.step()
    return Learnt(network.eval())


def _batch(truth: Dataset, pixels: dict[int, NDArray[np.uint8]], rows: NDArray[np.int64], *, mirrored: bool) -> Batch:
    table = truth.annotations
    part = [np.arange(truth.offsets[row], truth.offsets[row + 1]) for row in rows.tolist()]
    chosen = np.concatenate(part)
    box = np.concatenate([table.box[chosen, :2], table.box[chosen, :2] + table.box[chosen, 2:]], axis=1)
    images = torch.from_numpy(np.stack([pixels[row] for row in rows.tolist()])).permute(0, 3, 1, 2)
    if mirrored:
        images = images.flip(3)
        box[:, [0, 2]] = SIDE - box[:, [2, 0]]
    return Batch(
        images=images.contiguous(),
        rows=torch.from_numpy(rows),
        owner=torch.from_numpy(np.repeat(np.arange(len(rows)), [len(one) for one in part])),
        box=torch.from_numpy(box.astype(np.float32)),
        label=torch.from_numpy(table.category[chosen].astype(np.int64)),
    )


def found_by(predictor: Learnt, images: Images) -> Dataset:
    """Let a detector look at pictures."""
    return collect(look(predictor, images, workers=1), predictor.spec, images, PredictSettings(score=0.05)).dataset


def score(predictor: Learnt, truth: Dataset) -> tuple[float, float]:
    """Return the AP of all classes and that of the rare one."""
    test = keep_images(truth, np.arange(POOL, POOL + TEST))
    settings = EvalSettings(details=False)
    report = evaluate(test, found_by(predictor, test.images), settings, names=Names(truth="t", found="f")).report
    rare = next(row for row in report.classes if row.name == CLASSES[2])
    return report.metrics["AP"].value or 0.0, rare.metrics["AP"].value or 0.0


def choose(
    way: str, truth: Dataset, labelled: NDArray[np.int64], predictor: Learnt, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Choose the pictures to label next."""
    left = np.setdiff1d(np.arange(POOL), labelled)
    if way == "random":
        return rng.choice(left, MORE, replace=False)
    pool = keep_images(truth, np.arange(POOL))
    state = np.full(POOL, State.UNLABELLED, np.uint8)
    state[labelled] = State.LABELLED
    empty = concat_annotations([pool.annotations.take(np.zeros(0, np.int64))])
    asked = replace(pool, images=replace(pool.images, state=state), annotations=empty)
    found, vectors = [], None
    if way in ("unsure", "mix"):
        found = [Found(name="run", dataset=found_by(predictor, pool.images.take(left)))]
    if way in ("novel", "mix"):
        embedder = open_embedder("colour")
        made = embeddings_of(pool.images, embedder, workers=1)
        vectors = Vectors(name="colour", sha256=None, rows=made.rows, vectors=made.vectors)
    ranking = rank_pictures(asked, RankSettings(number=MORE), found=found, vectors=vectors)
    row_of = {name: row for row, name in enumerate(pool.images.names)}
    return np.array([row_of[picture.image] for picture in ranking.report.first], np.int64)


def main() -> None:
    """Print a line per way and number of labelled pictures."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments.add_argument("--ways", choices=WAYS, nargs="+", default=WAYS)
    arguments.add_argument("--steps", type=int, default=200)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    results: dict[tuple[str, int], list[tuple[float, float, int]]] = {}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for seed in given.seeds:
            rng = np.random.default_rng(seed)
            truth = draw_stream(Path(folder, f"pictures{seed}"), rng)
            first = rng.choice(POOL, FIRST, replace=False)
            start = train(truth, first, seed, given.steps)
            for way in given.ways:
                labelled, predictor = first, start
                for step in range(ROUNDS + 1):
                    if step:
                        chosen = choose(way, truth, labelled, predictor, np.random.default_rng([seed, step]))
                        labelled = np.concatenate([labelled, chosen])
                        predictor = train(truth, labelled, seed, given.steps)
                    triangles = int(
                        (np.isin(truth.annotations.image, labelled) & (truth.annotations.category == 2)).sum()
                    )
                    results.setdefault((way, len(labelled)), []).append((*score(predictor, truth), triangles))
                    print(f"seed {seed} {way:7} {len(labelled)} {results[way, len(labelled)][-1]}", flush=True)
    print(f"{'way':8}{'pictures':>9}{'AP':>15}{'AP of the rare':>17}{'of the rare':>13}")
    for (way, count), values in results.items():
        table = np.array(values)
        mean, spread = table.mean(axis=0), table.std(axis=0, ddof=1 if len(table) > 1 else 0)
        cells = [f"{mean[at]:.3f} ± {spread[at]:.3f}" for at in (0, 1)]
        print(f"{way:8}{count:9}{cells[0]:>15}{cells[1]:>17}{mean[2]:13.1f}")
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
