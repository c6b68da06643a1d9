"""COCO's figures for boxes, side by side with other tools: `python bench/evaluate.py [DATA]`; see bench/README.md.

DATA is a folder that `bench/run.py DATA` or this script filled. Every tool reads the same truth and the same results,
start-up included, and its twelve figures are held against those of the first. cvdata runs three ways: the figures alone
(`--quick`), with curves, errors and probable label errors, and as it is, with intervals.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from data import make_data
from datasets import median
from numpy.typing import NDArray
from run import workplace
from watch import Taken

_PYCOCOTOOLS = """
import contextlib, io, json, sys
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
    run = COCOeval(truth, truth.loadRes(sys.argv[2]), "bbox")
    run.evaluate(); run.accumulate(); run.summarize()
print(json.dumps(list(run.stats)))
"""

_FASTER = _PYCOCOTOOLS.replace(
    "from pycocotools.coco import COCO\nfrom pycocotools.cocoeval import COCOeval",
    "from faster_coco_eval import COCO, COCOeval_faster as COCOeval",
).replace("list(run.stats)", "[float(value) for value in run.stats][:12]")

_HOTCOCO = _PYCOCOTOOLS.replace(
    "from pycocotools.coco import COCO\nfrom pycocotools.cocoeval import COCOeval", "from hotcoco import COCO, COCOeval"
)

_SKEW = 0.15
"""Spread of a detection about its object, as a share of its sides."""


def make_detections(folder: Path, seed: int = 11) -> Path:
    """Write what a middling detector finds, unless it is there: 1.4 detections for every object."""
    path = folder / "detections.json"
    if path.is_file():
        return path
    rng = np.random.default_rng(seed)
    truth = json.loads((folder / "coco.json").read_text("utf-8"))
    boxes = np.array([row["bbox"] for row in truth["annotations"]])
    image = np.array([row["image_id"] for row in truth["annotations"]])
    category = np.array([row["category_id"] for row in truth["annotations"]])
    source = np.concatenate([np.flatnonzero(rng.random(len(boxes)) < share) for share in (0.8, 0.3, 0.3)])
    wrong = rng.random(len(source)) < 0.3
    box = _moved(rng, boxes[source], wrong)
    swapped = rng.random(len(source)) < 0.1
    found = np.where(swapped, rng.choice(category, len(source)), category[source])
    score = np.round(np.where(wrong, rng.beta(1.5, 4, len(source)), rng.beta(4, 2, len(source))), 4)
    columns = (image[source].tolist(), found.tolist(), np.round(box, 2).tolist(), score.tolist())
    rows = [{"image_id": i, "category_id": c, "bbox": b, "score": s} for i, c, b, s in zip(*columns, strict=True)]
    path.write_text(json.dumps(rows), "utf-8")
    return path


def _moved(rng: np.random.Generator, box: NDArray[np.float64], wrong: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Move boxes a little, wrong ones by half their size; they stay right of and below the corner of the picture."""
    spread = np.where(wrong, 0.5, _SKEW)[:, None]
    corner = np.maximum(box[:, :2] + rng.normal(0, 1, (len(box), 2)) * spread * box[:, 2:], 0)
    return np.concatenate([corner, box[:, 2:] * np.exp(rng.normal(0, _SKEW, (len(box), 2)))], axis=1)


def commands(truth: Path, found: Path) -> dict[str, list[str]]:
    """Return the command of each tool that is installed."""
    ours = [str(Path(sys.executable).with_name("cvdata")), "eval", str(truth), str(found), "--json", "--quiet"]
    found_by = {
        "cvdata eval --quick": [*ours, "--quick"],
        "cvdata eval --intervals 0": [*ours, "--intervals", "0"],
        "cvdata eval": ours,
    }
    for name, package, code in (
        ("hotcoco", "hotcoco", _HOTCOCO),
        ("faster-coco-eval", "faster_coco_eval", _FASTER),
        ("pycocotools", "pycocotools", _PYCOCOTOOLS),
    ):
        if importlib.util.find_spec(package):
            found_by[name] = [sys.executable, "-c", code, str(truth), str(found)]
    return found_by


def figures(command: list[str]) -> list[float]:
    """Return the twelve figures that a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout[done.stdout.index("[" if "-c" in command else "{") :])
    values = said if isinstance(said, list) else [one["value"] for one in said["metrics"].values()]
    return [-1.0 if value is None else value for value in values[:12]]


def show(name: str, taken: Taken, farthest: float, base: float) -> None:
    """Print a line of the table."""
    memory = "" if taken.memory is None else f"{taken.memory / 1e6:7.0f} MB"
    ratio = f"x{taken.seconds / base:.2f}"
    print(f"{name:<28}{taken.seconds:9.3f} s {memory}  {ratio:>8}  {farthest:.1e}", flush=True)


def main() -> None:
    """Make the data where there is none, run every tool, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="for the data, which stays (default: in memory)")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=3, help="runs for the medians, after one for memory")
    parser.add_argument("--only", help="names of tools, such as 'cvdata eval,hotcoco' (pycocotools takes minutes)")
    wanted = parser.parse_args()
    with workplace(wanted.folder) as root:
        truth = root / "coco.json"
        if not truth.is_file():
            make_data(root, wanted.images)
        jobs = commands(truth, make_detections(root))
        if wanted.only:
            jobs = {name: jobs[name] for name in wanted.only.split(",")}
        print("median seconds, highest PSS of all processes, x = seconds / those of the first, farthest figure from it")
        first, base = figures(next(iter(jobs.values()))), 0.0
        for name, command in jobs.items():
            farthest = max(abs(a - b) for a, b in zip(first, figures(command), strict=True))
            taken = median(command, wanted.runs)
            base = base or taken.seconds
            show(name, taken, farthest, base)


if __name__ == "__main__":
    main()
