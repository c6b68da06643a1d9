"""Small objects in large pictures: `python bench/tiles.py`; recall with tiles and without, and what was counted twice.

Pictures of 4,000 x 4,000 pixels with objects of 20 pixels are drawn, and a small detector is trained by
`cvdata train detector` on drawn pictures of 640 x 640 with objects of the same size. It then looks at the large
pictures as they are, in tiles, in tiles with little overlap, and in tiles and whole.

An object is found where a detection of its class overlaps it by at least half (IoU 0.5), each detection counting for
one object, surest first. Counted twice is a further detection whose best match is an object that is found already;
on a seam it is where more than one tile sees a part of that object. What the detector itself counts twice is in the
line of the small pictures, which need no tiles.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cvdata import save
from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.models.columns import Columns
from cvdata.models.predictor import Predictor, load_predictor
from cvdata.prelabel.looking.pairs import areas, meeting, overlap
from cvdata.prelabel.looking.tiled import Tiled, TileSettings
from cvdata.prelabel.looking.windows import windows_of

CLASSES = ("square", "disc", "triangle")
COLOURS = ((200, 70, 60), (70, 150, 80), (70, 90, 200))
OBJECT = (18, 22)  # pixels
CROP, LARGE = 640, 4000
DENSITY = 30 / CROP**2  # objects a pixel
SCORE, IOU = 0.25, 0.5
WAYS = {
    "as they are": None,
    "tiles of 640": TileSettings(whole=False),
    "tiles with little overlap": TileSettings(overlap=0.05, whole=False),
    "tiles and the whole": TileSettings(),
}


class Drawn(NamedTuple):
    """A picture and its objects: boxes x, y, width, height, and classes."""

    picture: NDArray[np.uint8]
    box: NDArray[np.float64]
    label: NDArray[np.int64]


def draw(side: int, seed: int) -> Drawn:
    """Draw objects, some of which touch, on a ground of patches, with lines that are no objects."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(90, 200, (side // 24, side // 24, 3), dtype=np.uint8))
    picture = coarse.resize((side, side), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    count = round(DENSITY * side * side)
    for x, y, dx, dy in rng.integers((0, 0, -60, -60), (side, side, 60, 60), (count // 2, 4)).tolist():
        pen.line((x, y, x + dx, y + dy), fill=COLOURS[(x + y) % 3], width=2)
    size = rng.integers(OBJECT[0], OBJECT[1] + 1, count)
    corner = rng.integers(0, side - OBJECT[1], (count, 2))
    box = np.concatenate([corner, size[:, None], size[:, None]], axis=1).astype(np.float64)
    box = box[_apart(box)]
    label = rng.integers(0, len(CLASSES), len(box))
    for (x, y, wide, tall), kind in zip(box.tolist(), label.tolist(), strict=True):
        right, bottom = x + wide - 1, y + tall - 1
        if kind == 0:
            pen.rectangle((x, y, right, bottom), fill=COLOURS[kind])
        elif kind == 1:
            pen.ellipse((x, y, right, bottom), fill=COLOURS[kind])
        else:
            pen.polygon([((x + right) / 2, y), (right, bottom), (x, bottom)], fill=COLOURS[kind])
    noise = rng.normal(0, 12, (side, side, 1))
    return Drawn(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8), box, label)


def _apart(box: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Leave out what covers more than a little of what was drawn before it."""
    pairs = meeting(box, np.zeros(len(box), np.int64))
    out = np.zeros(len(box), np.bool_)
    out[pairs.second[pairs.shared > 0.1 * areas(box)[pairs.second]]] = True
    return ~out


def save_crops(folder: Path, pictures: int) -> Path:
    """Draw what the detector learns from; the last eighth is to validate with."""
    drawn = [draw(CROP, seed) for seed in range(pictures)]
    (folder / "drawn").mkdir(parents=True)
    for row, one in enumerate(drawn):
        Image.fromarray(one.picture).save(folder / "drawn" / f"{row:04d}.jpg", quality=95)
    images = Images(
        names=tuple(f"{row:04d}.jpg" for row in range(pictures)),
        width=np.full(pictures, CROP, np.int32),
        height=np.full(pictures, CROP, np.int32),
        state=np.full(pictures, State.LABELLED, np.uint8),
        split=(np.arange(pictures) >= pictures - max(1, pictures // 8)).astype(np.int32),
        splits=("train", "val"),
        folder=np.zeros(pictures, np.int32),
        folders=(str(folder / "drawn"),),
    )
    table = Annotations(
        image=np.repeat(np.arange(pictures, dtype=np.int32), [len(one.label) for one in drawn]),
        category=np.concatenate([one.label for one in drawn]).astype(np.int32),
        box=np.concatenate([one.box for one in drawn]),
    )
    dataset = Dataset(images=images, annotations=table, categories=Categories(names=CLASSES))
    save(dataset, folder / "crops", "coco")
    return folder / "crops"


def train(crops: Path, run: Path, epochs: int) -> None:
    """Train the smallest detector from random weights, as a user would."""
    command = [str(Path(sys.executable).with_name("cvdata")), "train", "detector", str(crops), str(run)]
    command += [
        "--size",
        str(CROP),
        "--epochs",
        str(epochs),
        "--batch",
        "4",
        "--recipe",
        "none",
        "--ema",
        "0.98",
        "--workers",
        "1",
    ]
    command += ["--set", "most=2000", "--accelerator", "cpu", "--quiet", "--validate-every", str(epochs)]
    subprocess.run(command, check=True)


class Score(NamedTuple):
    """What became of the objects of some pictures."""

    objects: int
    found: int
    twice: int
    on_seams: int
    false: int
    seconds: float


def judge(found: Columns, one: Drawn, settings: TileSettings | None, seconds: float) -> Score:
    """Hold detections of one picture against its objects."""
    assert found.box is not None and found.label is not None and found.score is not None
    order = np.argsort(-found.score, kind="stable")
    order = order[found.score[order] >= SCORE]
    count = len(one.box)
    box = np.concatenate([one.box, found.box[order]])
    pairs = meeting(box, np.concatenate([one.label, found.label[order]]))
    pairs = pairs.take((pairs.first < count) & (pairs.second >= count))
    value = overlap(pairs, areas(box))
    taken, twice = np.zeros(count, np.bool_), []
    for row in range(count, len(box)):
        mine = np.flatnonzero(pairs.second == row)
        objects, overlaps = pairs.first[mine], value[mine]
        free = ~taken[objects] & (overlaps >= IOU)
        if free.any():
            taken[objects[free][overlaps[free].argmax()]] = True
        elif len(objects) and overlaps.max() >= 0.1:
            twice.append(int(objects[overlaps.argmax()]))
    seams = _on_seams(one.box, one.picture.shape[1], settings)
    matched = int(taken.sum())
    return Score(count, matched, len(twice), int(seams[twice].sum()), len(order) - matched - len(twice), seconds)


def _on_seams(box: NDArray[np.float64], side: int, settings: TileSettings | None) -> NDArray[np.bool_]:
    """Tell which objects more than one tile sees a part of."""
    if settings is None:
        return np.zeros(len(box), np.bool_)
    windows = windows_of(side, side, settings).astype(np.float64)
    low, high = windows[:, None, :2], windows[:, None, :2] + windows[:, None, 2:]
    seen = (box[None, :, :2] < high) & (box[None, :, :2] + box[None, :, 2:] > low)
    return np.asarray(seen.all(axis=2).sum(axis=0) > 1)


def measure(predictor: Predictor, drawn: list[Drawn], settings: TileSettings | None) -> Score:
    """Let a model look at all pictures in one way."""
    looker = predictor if settings is None else Tiled(predictor, settings, batch=4)
    total = Score(0, 0, 0, 0, 0, 0.0)
    for one in drawn:
        began = time.monotonic()
        found = looker.find([one.picture])
        score = judge(replace(found, masks=None), one, settings, time.monotonic() - began)
        total = Score(*(a + b for a, b in zip(total, score, strict=True)))
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--run", type=Path, help="a run, or its weights; where it is not there, one is trained and kept"
    )
    parser.add_argument("--crops", type=int, default=80, help="pictures to learn from")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--pictures", type=int, default=1, help="large ones to look at")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = arguments.run or Path(folder) / "run"
        if not run.exists():
            began = time.monotonic()
            train(save_crops(Path(folder), arguments.crops), run, arguments.epochs)
            print(f"trained in {time.monotonic() - began:.0f} s")
        predictor = load_predictor(run, device="cpu")
        print(f"objects of {OBJECT[0]} to {OBJECT[1]} pixels, detections from a score of {SCORE}")
        print(f"{'':36s} objects   found  recall   twice  on seams   false   s/picture")
        small = [draw(CROP, 20_000 + row) for row in range(12)]
        show("12 pictures of 640", measure(predictor, small, None), len(small))
        large = [draw(LARGE, 10_000 + row) for row in range(arguments.pictures)]
        for name, settings in WAYS.items():
            show(f"{len(large)} of 4,000: {name}", measure(predictor, large, settings), len(large))


def show(name: str, one: Score, pictures: int) -> None:
    """Print a line of the table."""
    print(
        f"{name:36s} {one.objects:7d} {one.found:7d} {one.found / one.objects:7.3f} {one.twice:7d}"
        f" {one.on_seams:9d} {one.false:7d} {one.seconds / pictures:11.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
