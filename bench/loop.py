"""The whole loop, with the truth in the place of the person: `python bench/loop.py [--data shapes|PATH]`.

Train on 40 labelled pictures, let the model propose for 100 others, review a sample, accept what the review promises,
train again on all 140, and measure both models on pictures that neither saw. Every step is a `cvdata` command; the
person corrects what the sample shows as the truth has it: a box that overlaps the truth by `--iou` and has its class is
left alone, another is moved, renamed or deleted; of two on one object one stays.

Said are the share of objects whose proposal nobody had to touch, the precision that the review promised beside the one
that the truth finds in what was accepted, and the average precision before and after.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvdata import load, save
from cvdata.convert import ConvertSettings
from cvdata.dataset import Annotations, Dataset, State
from cvdata.dataset.select import keep_annotations, keep_images
from cvdata.demo.shapes import draw
from cvdata.formats.predictions import read_prediction

LABELLED, NEW = 40, 100
IOU = 0.8
SEEN = 0.3
"""Overlap from which a person knows which object is meant."""


def cvdata(*arguments: object) -> Any:
    """Run a command and return its report."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("cvdata")), *map(str, arguments), "--json", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 3):
        raise SystemExit(f"cvdata {' '.join(map(str, arguments))}\n{done.stderr}")
    return json.loads(done.stdout)


def draw_data(folder: Path, pictures: int) -> Dataset:
    """Draw shapes of three kinds in pictures of 160 x 120."""
    drawing = draw(0, str(folder), pictures)
    for name, data in drawing.pictures.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return drawing.dataset


def overlaps(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return IoU of boxes x, y, width, height, shape (len(a), len(b))."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    return np.asarray(shared / (a[:, 2:].prod(axis=1)[:, None] + b[:, 2:].prod(axis=1)[None] - shared))


def matches(found: Dataset, truth: Dataset, least: float = IOU) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell of each found object whether it is right, and of each true one whether it was found so; surest first."""
    right, had = np.zeros(len(found.annotations), np.bool_), np.zeros(len(truth.annotations), np.bool_)
    rows = {name: row for row, name in enumerate(truth.images.names)}
    names = np.array(found.categories.names, object)[found.annotations.category]
    theirs = np.array(truth.categories.names, object)[truth.annotations.category]
    score = found.annotations.score
    for image, name in enumerate(found.images.names):
        mine = np.arange(found.offsets[image], found.offsets[image + 1])
        mine = mine if score is None else mine[np.argsort(-score[mine], kind="stable")]
        true = np.arange(truth.offsets[rows[name]], truth.offsets[rows[name] + 1])
        iou = overlaps(found.annotations.box[mine], truth.annotations.box[true])
        for at, row in enumerate(mine.tolist()):
            fits = np.flatnonzero((iou[at] >= least) & (theirs[true] == names[row]) & ~had[true])
            if len(fits):
                right[row], had[true[fits[iou[at, fits].argmax()]]] = True, True
    return right, had


def correct(sample: Dataset, truth: Dataset, least: float) -> Dataset:
    """Do what a person does with a sample: leave, move, rename or delete each box, and draw nothing."""
    rows = {name: row for row, name in enumerate(truth.images.names)}
    table = sample.annotations
    box, category = table.box.copy(), table.category.copy()
    ours = {name: row for row, name in enumerate(sample.categories.names)}
    kept = []
    for image, name in enumerate(sample.images.names):
        true = np.arange(truth.offsets[rows[name]], truth.offsets[rows[name] + 1])
        mine = np.arange(sample.offsets[image], sample.offsets[image + 1])
        iou = overlaps(box[mine], truth.annotations.box[true])
        while iou.size and iou.max() >= SEEN:  # one box for each object; what is left over is deleted
            one, other = np.unravel_index(iou.argmax(), iou.shape)
            row, best = mine[one], true[other]
            kept.append(row)
            category[row] = ours[truth.categories.names[truth.annotations.category[best]]]
            if iou[one, other] < least:
                box[row] = truth.annotations.box[best]
            iou[one], iou[:, other] = 0, 0
    kept.sort()
    return keep_annotations(
        replace(sample, annotations=replace(table, box=box, category=category)), np.array(kept, np.int64)
    )


def train(data: Path, run: Path, args: argparse.Namespace, pictures: int) -> None:
    """Train for the same number of steps, however many pictures there are."""
    epochs = max(1, round(args.looks / pictures))
    cvdata("train", "detector", data, run, "--size", args.size, "--epochs", epochs, "--batch", 8, "--cache", "ram")


def average_precision(run: Path, test: Path, folder: Path) -> float:
    """Return AP of a run on pictures that it did not see."""
    found = folder / f"{run.name}-on-test"
    cvdata("predict", run, test, found, "--score", "0.01")
    return float(cvdata("eval", test, found, "--quick")["metrics"]["AP"]["value"])


def without_splits(dataset: Dataset) -> Dataset:
    """Return the pictures in no split, so that training holds some of them out."""
    nothing = np.full(len(dataset.images), -1, np.int32)
    return replace(dataset, images=replace(dataset.images, split=nothing, splits=()))


def unlabelled(dataset: Dataset, rows: NDArray[np.int64]) -> Dataset:
    """Take the labels of some pictures away."""
    kept = keep_annotations(dataset, np.flatnonzero(~np.isin(dataset.annotations.image, rows)))
    state = kept.images.state.copy()
    state[rows] = State.UNLABELLED
    return replace(kept, images=replace(kept.images, state=state))


def plain(dataset: Dataset) -> Dataset:
    """Leave out everything but boxes and classes, and objects that are not told apart."""
    table = dataset.annotations
    single = np.flatnonzero(~table.has("crowd"))
    return keep_annotations(
        replace(dataset, annotations=Annotations(image=table.image, category=table.category, box=table.box)), single
    )


def loop(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Go round once."""
    every = draw_data(folder / "pictures", 400) if args.data == "shapes" else load(args.data)
    whole = without_splits(plain(every))
    order = np.random.default_rng(args.seed).permutation(len(whole.images))
    first, new, test = order[:LABELLED], order[LABELLED : LABELLED + NEW], order[LABELLED + NEW :][: args.test]
    link = ConvertSettings(verify="none")

    def part(rows: NDArray[np.int64], name: str, form: str = "coco", **how: Any) -> Path:
        save(keep_images(how.get("of", whole), np.sort(rows)), folder / name, form, settings=link)
        return folder / name

    labelled, held_out = part(first, "labelled"), part(test, "test")
    both = np.concatenate([first, new])
    pool = part(both, "pool", "cvdata", of=unlabelled(whole, new))
    truth = keep_images(whole, np.sort(new))
    train(labelled, folder / "first", args, LABELLED)
    cvdata("prelabel", pool, "--model", folder / "first", "--name", "first", "--score", args.score)
    proposals = read_prediction(pool, "first").dataset
    untouched = matches(proposals, truth)[1]
    right, _ = matches(proposals, truth, args.iou)
    begin = ("review", pool, "--predictions", "first")
    cvdata(*begin, folder / "sample", "--per-class", args.per_class, "--bands", args.bands)
    corrected = correct(load(folder / "sample"), truth, args.iou)
    save(corrected, folder / "corrected", "coco", settings=link)
    review = cvdata(*begin, "--corrected", folder / "corrected", "--promise", args.promise, "--iou", args.iou)
    accepted = cvdata("accept", pool, "--predictions", "first")
    given = keep_images(load(pool), np.flatnonzero(np.isin(np.sort(both), new)))
    thresholds = {name: score for name, score in review["review"]["thresholds"].items() if score is not None}
    names = np.array(proposals.categories.names, object)[proposals.annotations.category]
    least = np.array([thresholds.get(name, np.inf) for name in names], np.float64)
    above = (proposals.annotations.score if proposals.annotations.score is not None else least) >= least
    train(part(both, "accepted", of=_filled(whole, load(pool))), folder / "second", args, LABELLED + NEW)
    train(part(both, "ideal"), folder / "ideal-run", args, LABELLED + NEW)
    return {
        "objects": len(truth.annotations),
        "proposals": len(proposals.annotations),
        "objects nobody had to touch": round(float(untouched.mean()), 3),
        "proposals that are right": round(float(right.mean()), 3),
        "reviewed": len(load(folder / "sample").annotations),
        "promised": args.promise,
        "thresholds": {name: round(score, 3) for name, score in thresholds.items()},
        "above thresholds": int(above.sum()),
        "right above thresholds": round(float(right[above].mean()), 3) if above.any() else None,
        "right above thresholds by class": {
            name: round(float(right[above & (names == name)].mean()), 3) for name in thresholds
        },
        "accepted": accepted["added"]["annotations"],
        "labels of the new pictures that are right": round(float(matches(given, truth, args.iou)[0].mean()), 3),
        "AP of the first": round(average_precision(folder / "first", held_out, folder), 3),
        "AP with what was accepted": round(average_precision(folder / "second", held_out, folder), 3),
        "AP with the truth": round(average_precision(folder / "ideal-run", held_out, folder), 3),
    }


def _filled(whole: Dataset, pool: Dataset) -> Dataset:
    """Return all pictures, those of the pool with the labels that they have there."""
    rows = {name: row for row, name in enumerate(whole.images.names)}
    image = np.array([rows[name] for name in pool.images.names], np.int32)[pool.annotations.image]
    category = np.array([whole.categories.names.index(name) for name in pool.categories.names], np.int32)
    order = np.argsort(image, kind="stable")
    table = Annotations(
        image=image[order], category=category[pool.annotations.category][order], box=pool.annotations.box[order]
    )
    return replace(whole, annotations=table)


def main() -> None:
    """Go round, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="shapes", help="any dataset with boxes, of 240 pictures or more")
    parser.add_argument("--size", type=int, default=160, help="of the pictures that the network sees")
    parser.add_argument("--looks", type=int, default=2400, help="pictures that each training looks at, again and again")
    parser.add_argument("--test", type=int, default=100, help="pictures held out")
    parser.add_argument("--score", type=float, default=0.25, help="least score of a proposal")
    parser.add_argument("--iou", type=float, default=IOU, help="overlap from which a box is right for the review")
    parser.add_argument("--bands", type=int, default=4, help="thresholds that can come out for a class")
    parser.add_argument("--promise", type=float, default=0.9)
    parser.add_argument("--per-class", type=int, default=63)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        outcome = loop(args, Path(folder))
    print(json.dumps({**vars(args), **outcome, "seconds": round(time.perf_counter() - began)}, indent=1))


if __name__ == "__main__":
    main()
