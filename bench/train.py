"""Training beside a bare torch loop: `python bench/train.py`; steps a second of both, and their ratio.

Both train the same network from the same weights, on the same JPEGs in batches of the same size, decoded and scaled by
Pillow in as many worker processes, with the same optimiser. The bare loop is what people write: a `Dataset`, a
`DataLoader`, forward, backward, step. cvdata runs its whole loop: rates by step, moving average, clipped gradients, a
look at every loss, logs; what it does between epochs (validation, checkpoint) is not in the steps.

Each is a process of its own, in turn, so that a slow moment of the machine meets both. The first epoch, which starts
the workers, does not count; the median of the others does.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch.utils.data import DataLoader, Dataset

from cvdata.dataset import Annotations, Categories, Images, State
from cvdata.dataset import Dataset as Labels
from cvdata.models.batch import Batch
from cvdata.models.networks.catalogue import build
from cvdata.models.spec import ModelSpec
from cvdata.train.data.prepare import Prepared, prepare
from cvdata.train.settings import TrainSettings
from cvdata.train.source import Source

SIDE, BATCH, CLASSES = 320, 8, ("red", "green", "blue")
COLOURS = ((210, 60, 50), (60, 160, 70), (60, 90, 210))
JOBS = {"detector": ("nano", 160), "classifier": ("mobilenet_v3_small", 160)}


def make_data(folder: Path, pictures: int, task: str) -> Labels:
    """Draw pictures with three rectangles each, or one for classifiers, whose colour is the class."""
    rng = np.random.default_rng(0)
    objects = 3 if task == "detector" else 1
    box = np.concatenate(
        [rng.integers(10, 180, (pictures * objects, 2)), rng.integers(40, 120, (pictures * objects, 2))], 1
    )
    category = rng.integers(0, len(CLASSES), pictures * objects).astype(np.int32)
    owner = np.repeat(np.arange(pictures, dtype=np.int32), objects)
    folder.mkdir(parents=True, exist_ok=True)
    for row in range(pictures):
        coarse = Image.fromarray(rng.integers(140, 200, (10, 10, 3), dtype=np.uint8))
        picture = coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        pen = ImageDraw.Draw(picture)
        for one in np.flatnonzero(owner == row).tolist():
            x, y, w, h = box[one].tolist()
            pen.rectangle((x, y, x + w - 1, y + h - 1), fill=COLOURS[category[one]])
        picture.save(folder / f"{row:05d}.jpg", quality=90)
    whole = np.full((len(owner), 4), np.nan)
    images = Images(
        names=tuple(f"{row:05d}.jpg" for row in range(pictures)),
        width=np.full(pictures, SIDE, np.int32),
        height=np.full(pictures, SIDE, np.int32),
        state=np.full(pictures, State.LABELLED, np.uint8),
        split=(np.arange(pictures) >= pictures - BATCH).astype(np.int32),
        splits=("train", "val"),
        folder=np.zeros(pictures, np.int32),
        folders=(str(folder),),
    )
    boxes = box.astype(np.float64) if task == "detector" else whole
    table = Annotations(image=owner, category=category, box=boxes)
    return Labels(images=images, annotations=table, categories=Categories(names=CLASSES))


class Pictures(Dataset[Any]):
    """Pictures and labels, as people write it."""

    def __init__(self, prepared: Prepared, side: int) -> None:
        dataset = prepared.train.dataset
        self.side, self.paths = side, [dataset.images.file(row) or "" for row in range(len(dataset.images))]
        table, rows = dataset.annotations, np.split(np.arange(len(dataset.annotations)), dataset.offsets[1:-1])
        scale = side / SIDE
        self.labels = [torch.from_numpy(table.category[part].astype(np.int64)) for part in rows]
        corners = np.concatenate([table.box[:, :2], table.box[:, :2] + table.box[:, 2:]], 1).astype(np.float32) * scale
        self.boxes = [torch.from_numpy(corners[part]) for part in rows]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int]:
        picture = Image.open(self.paths[row]).convert("RGB").resize((self.side, self.side), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()
        return pixels, self.boxes[row], self.labels[row], row


def collate(items: list[Any]) -> Batch:
    """Make a batch of pictures with their boxes or classes."""
    pixels, boxes, labels, rows = zip(*items, strict=True)
    images, which = torch.stack(pixels), torch.tensor(rows)
    label = torch.cat(labels)
    if torch.isnan(boxes[0]).any():
        return Batch(images=images, rows=which, target=label)
    owner = torch.repeat_interleave(torch.arange(len(items)), torch.tensor([len(box) for box in boxes]))
    return Batch(images=images, rows=which, owner=owner, box=torch.cat(boxes), label=label)


class NoJudge:
    """Looks at nothing: only the steps are measured."""

    metric = "none"

    def start(self) -> None: ...

    def add(self, found: Any, rows: Any) -> None: ...

    def parts(self) -> object:
        return None

    def metrics(self, parts: list[object]) -> dict[str, float | None]:
        return {"none": 0.0}

    def epoch_done(self, history: Any, network: Any) -> None: ...


def bare(prepared: Prepared, spec: ModelSpec, settings: TrainSettings) -> Iterator[float]:
    """Train with a plain loop; yield steps a second of each epoch."""
    torch.manual_seed(0)
    network = build(spec)
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
    workers = settings.workers or 0
    loader = DataLoader(
        Pictures(prepared, spec.size[0]),
        batch_size=settings.batch,
        shuffle=True,
        num_workers=workers,
        collate_fn=collate,
        persistent_workers=workers > 0,
    )
    for _ in range(settings.epochs):
        began = time.monotonic()
        for batch in loader:
            loss = torch.stack(list(network.losses(batch).values())).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        yield len(loader) / (time.monotonic() - began)


def ours(prepared: Prepared, spec: ModelSpec, settings: TrainSettings) -> Iterator[float]:
    """Train with cvdata; yield steps a second of each epoch."""
    from cvdata.train.folder import RunFolder
    from cvdata.train.loop.fit import fit

    torch.manual_seed(0)
    network = build(spec)
    with tempfile.TemporaryDirectory() as place, RunFolder(Path(place) / "run") as folder:
        folder.clear()
        fitted = fit(network, prepared.train, prepared.val, settings, folder, NoJudge())
    for epoch in fitted.history:
        yield epoch.images_per_s / settings.batch


def measure(arguments: argparse.Namespace) -> None:
    """Train once, in one way; print steps a second of each epoch as JSON."""
    architecture, side = JOBS[arguments.task]
    settings = TrainSettings(
        task=arguments.task,
        architecture=architecture,
        size=(side, side),
        batch=BATCH,
        epochs=arguments.epochs,
        recipe="none",
        workers=arguments.workers,
        accelerator="cpu",
    )
    with tempfile.TemporaryDirectory() as folder:
        dataset = make_data(Path(folder), arguments.pictures + BATCH, arguments.task)
        prepared = prepare(Source(dataset=dataset), settings)
        spec = ModelSpec(task=arguments.task, architecture=architecture, classes=prepared.classes, size=(side, side))
        way = ours if arguments.way == "cvdata" else bare
        print(json.dumps(list(way(prepared, spec, settings))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=240, help="a multiple of 8")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--runs", type=int, default=3, help="runs of each; the median counts")
    parser.add_argument("--workers", type=int, default=2, help="processes that prepare pictures, of both")
    parser.add_argument("--tasks", default=",".join(JOBS))
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way is not None:
        measure(arguments)
        return
    print("steps a second, median of the epochs of all runs but the first of each; ratio = cvdata / bare")
    for task in arguments.tasks.split(","):
        speeds: dict[str, list[float]] = {"bare": [], "cvdata": []}
        for _ in range(arguments.runs):
            for way, found in speeds.items():
                command = [sys.executable, __file__, "--task", task, "--way", way]
                command += ["--pictures", str(arguments.pictures), "--epochs", str(arguments.epochs)]
                command += ["--workers", str(arguments.workers)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found.extend(json.loads(done.stdout.splitlines()[-1])[1:])
        show(task, speeds)


def show(task: str, speeds: dict[str, list[float]]) -> None:
    """Print the medians and their ratio."""
    bare_speed, our_speed = (statistics.median(speeds[way]) for way in ("bare", "cvdata"))
    architecture, side = JOBS[task]
    what = f"{task} {architecture}, {side} pixels, batch {BATCH}"
    print(
        f"{what:48s} bare {bare_speed:6.2f}   cvdata {our_speed:6.2f}   ratio {our_speed / bare_speed:.3f}", flush=True
    )


if __name__ == "__main__":
    main()
