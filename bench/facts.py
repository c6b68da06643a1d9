"""Reading every picture whole, beside a plain loop and cleanvision: `python bench/facts.py FOLDER`.

The plain loop is one process that reads each file, hashes it (SHA-256) and decodes it with Pillow. cvdata does all that
and measures light, sharpness and the perceptual hash. Each takes its turn, so that a slow moment of the machine meets
all of them; the median counts. cleanvision is measured, with two jobs and its default checks, in the interpreter that
`--cleanvision` names, where it is installed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does

import argparse
import hashlib
import io
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from cvdata.engine import Silent, start
from cvdata.images import find_pictures
from cvdata.images.facts import facts_of

_CLEANVISION = """
import sys, time, warnings
warnings.simplefilter("ignore")
from cleanvision import Imagelab
if __name__ == "__main__":
    lab = Imagelab(filepaths=sys.stdin.read().splitlines())
    began = time.perf_counter()
    lab.find_issues(n_jobs=2, verbose=False)
    print("SECONDS", time.perf_counter() - began)
"""


def plain(paths: list[str]) -> float:
    """Read, hash and decode with one process; return the seconds."""
    began = time.perf_counter()
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        hashlib.sha256(data).digest()
        Image.open(io.BytesIO(data)).load()
    return time.perf_counter() - began


def cvdata(paths: list[str], workers: int) -> float:
    """Read the facts of all pictures; return the seconds, the start of workers included."""
    began = time.perf_counter()
    with start(workers) as engine:
        found = facts_of(paths, engine, Silent())
    if found.problems:
        raise SystemExit(f"error: {len(found.problems)} pictures are bad; give a folder of whole ones")
    return time.perf_counter() - began


def cleanvision(paths: list[str], python: str) -> float:
    """Let cleanvision look for its issues; return the seconds, without its start."""
    command = [python, "-c", _CLEANVISION]
    done = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, check=True)
    return float(done.stdout.split("SECONDS")[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder of JPEGs, best on a tmpfs")
    parser.add_argument("--runs", type=int, default=5, help="runs of each; the median counts (default 5)")
    parser.add_argument("--cleanvision", metavar="PYTHON", help="an interpreter that has cleanvision")
    arguments = parser.parse_args()
    index = find_pictures(arguments.folder, {".jpg", ".jpeg"})
    paths = [f"{index.root}/{name}" for name in index.names]
    jobs: dict[str, Callable[[list[str]], float]] = {
        "plain loop, 1 process": plain,
        "cvdata, 1 worker": lambda paths: cvdata(paths, 1),
        "cvdata, 2 workers": lambda paths: cvdata(paths, 2),
    }
    if arguments.cleanvision:
        jobs["cleanvision, 2 jobs"] = lambda paths: cleanvision(paths, arguments.cleanvision)
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(arguments.runs):
        for name, job in jobs.items():
            seconds[name].append(job(paths))
    show({name: statistics.median(taken) for name, taken in seconds.items()}, len(paths))


def show(seconds: dict[str, float], pictures: int) -> None:
    """Print pictures a second and how many times the plain loop that is."""
    print(f"{pictures:,} pictures")
    base = next(iter(seconds.values()))
    for name, taken in seconds.items():
        print(f"{name:24s} {taken:7.2f} s {pictures / taken:8.0f} pictures/s   x{base / taken:.2f}")


if __name__ == "__main__":
    main()
