"""What the commands on whole datasets take: `python bench/datasets.py [DATA]`; bench/README.md says how to read it.

DATA is a folder that `bench/run.py DATA` or this script filled, or any with `coco.json` and `images/` in it. Pictures
are taken in twice, beside one process that reads, hashes (SHA-256) and decodes each of them with Pillow; the others
read `coco.json` and open no picture.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from data import make_data
from run import workplace
from watch import Taken, run_watched

_PLAIN = """
import hashlib, io, os, sys
from PIL import Image
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
        hashlib.sha256(data).digest()
        Image.open(io.BytesIO(data)).load()
"""


def median(command: list[str], runs: int, fresh: Path | None = None) -> Taken:
    """Run a command so many times; return its median, and the memory of one run more.

    Args:
        fresh: output to remove before each run.
    """
    taken = []
    for turn in range(runs + 1):
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
        taken.append(run_watched(command, os.environ, memory=turn == 0))
    return Taken(sorted(one.seconds for one in taken[1:])[runs // 2], taken[0].memory)


def show(job: str, taken: Taken, note: str = "") -> None:
    """Print a line of the table."""
    memory = "" if taken.memory is None else f"{taken.memory / 1e6:7.0f} MB"
    print(f"{job:<32}{taken.seconds:9.3f} s {memory}  {note}".rstrip(), flush=True)


def main() -> None:
    """Make the data where there is none, run everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="for the data, which stays (default: in memory)")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--pictures", type=Path, help="folder of pictures to take in (default: those of the data)")
    parser.add_argument("--runs", type=int, default=3)
    wanted = parser.parse_args()
    program = str(Path(sys.executable).with_name("cvdata"))
    with workplace(wanted.folder) as root, tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        if not (root / "coco.json").is_file():
            make_data(root, wanted.images)
        pictures, dataset = wanted.pictures or root / "images", Path(scratch) / "dataset"
        ingest = [program, "ingest", str(pictures), str(dataset), "--quiet"]
        plain = median([sys.executable, "-c", _PLAIN, str(pictures)], wanted.runs)
        first = median(ingest, wanted.runs, dataset)
        second = median(ingest, wanted.runs)
        show("one process, read hash decode", plain)
        show("ingest", first, f"{plain.seconds / first.seconds:.2f} times as fast as the one process")
        show("ingest again, nothing new", second, f"{first.seconds / second.seconds:.1f} times as fast as the first")
        labels = [str(root / "coco.json"), "--images", str(root / "images"), "--quiet"]
        show("stats", median([program, "stats", *labels], wanted.runs))
        check = [program, "check", *labels, "--labels-only", "--fail-on", "never"]
        show("check --labels-only", median(check, wanted.runs))
        diff = [program, "diff", str(root / "coco.json"), str(root / "coco.json"), "--quiet"]
        show("diff with itself", median(diff, wanted.runs))
        curate(program, root / "coco.json", Path(scratch), wanted.runs)


def curate(program: str, labels: Path, scratch: Path, runs: int) -> None:
    """Measure what makes a dataset of another: COCO in and out, no pictures, labels trusted as they are."""
    out, alone = scratch / "out", ["--media", "none", "--quiet"]
    trusted = ["--verify", "none", *alone]
    split = [program, "split", str(labels), str(out), "--labels-only", *alone]
    show("split --labels-only", median(split, runs, out))
    keep = ["--keep", "area > 1024 and not difficult"]
    show("filter", median([program, "filter", str(labels), str(out), *keep, *trusted], runs, out))
    halves = halved(program, labels, scratch)
    show("merge of two halves", median([program, "merge", *halves, str(out), *trusted], runs, out))
    for strategy in ("repeat-factor", "oversample", "undersample", "target", "copy-paste"):
        plan = [program, "balance", str(labels), "--strategy", strategy, "--plan", "--quiet"]
        show(f"balance --plan, {strategy}", median(plan, runs))


def halved(program: str, labels: Path, scratch: Path) -> list[str]:
    """Divide the labels into two datasets; return where they are."""
    both = scratch / "both"
    shares = ["--train", "0.5", "--val", "0.5", "--labels-only", "--media", "none", "--quiet"]
    subprocess.run([program, "split", str(labels), str(both), *shares], check=True)
    return [str(both / "annotations" / f"instances_{name}.json") for name in ("train", "val")]


if __name__ == "__main__":
    main()
