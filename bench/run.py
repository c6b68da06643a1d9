"""Benchmarks side by side with other tools: `python bench/run.py`; bench/README.md says how to read them.

Every run is a process of its own, start-up included. The tools take turns, so that a slow moment of the machine meets
all of them; medians and ratios are printed, because seconds differ between machines and ratios much less.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from data import make_data
from watch import run_watched

PAIRS = ("voc-yolo", "voc-coco", "coco-yolo", "coco-voc", "yolo-coco", "yolo-voc")

_SOURCES = {"voc": "voc/Annotations", "coco": "coco.json", "yolo": "yolo/data.yaml"}

_HOTCOCO = """
import os, sys
from hotcoco import COCO
source, target, root, out = sys.argv[1:]
os.makedirs(out)
if source == "coco":
    data = COCO(f"{root}/coco.json")
elif source == "voc":
    data = COCO.from_voc(f"{root}/voc/Annotations")
else:
    data = COCO.from_yolo(f"{root}/yolo/labels", f"{root}/images")
if target == "coco":
    data.save(f"{out}/out.json")
elif target == "voc":
    data.to_voc(out)
else:
    data.to_yolo(out)
"""

Command = Callable[[str, Path, Path], list[str]]


def cvdata_command(pair: str, root: Path, out: Path) -> list[str]:
    """Return the command that converts with cvdata: labels only, as hotcoco does it."""
    source, target = pair.split("-")
    command = [_program(), "convert", source, target, str(root / _SOURCES[source]), str(out)]
    command += ["--images", str(root / "images"), "--media", "none", "--quiet"]
    # hotcoco looks at pictures only where the labels have no sizes; so must cvdata, or the work is not the same.
    return command if source == "yolo" else [*command, "--verify", "none"]


def hotcoco_command(pair: str, root: Path, out: Path) -> list[str]:
    """Return the command that converts with hotcoco."""
    return [sys.executable, "-c", _HOTCOCO, *pair.split("-"), str(root), str(out)]


def _program() -> str:
    return str(Path(sys.executable).with_name("cvdata"))


def tools() -> dict[str, Command]:
    """Return the tools that are installed."""
    found: dict[str, Command] = {"cvdata": cvdata_command}
    if importlib.util.find_spec("hotcoco"):
        found["hotcoco"] = hotcoco_command
    return found


def measure(commands: dict[str, list[str]], runs: int, out: Path | None = None) -> dict[str, dict[str, Any]]:
    """Run each command so many times for its time and once for its memory, in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    peaks: dict[str, int | None] = {}
    for turn in range(runs + 1):
        for name, command in commands.items():
            if out is not None:
                shutil.rmtree(out, ignore_errors=True)
            taken = run_watched(command, os.environ, memory=turn == 0)
            if turn == 0:  # this run also warms the caches
                peaks[name] = taken.memory
            else:
                seconds[name].append(taken.seconds)
    return {
        name: {"seconds": statistics.median(values), "runs": values, "peak_bytes": peaks[name]}
        for name, values in seconds.items()
    }


def conversions(root: Path, pairs: list[str], runs: int) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Yield the figures of each pair of formats."""
    with tempfile.TemporaryDirectory(dir=root.parent, prefix="cvdata-bench-out-") as folder:
        out = Path(folder) / "out"
        for pair in pairs:
            yield pair, measure({name: command(pair, root, out) for name, command in tools().items()}, runs, out)


def start_up(runs: int) -> dict[str, dict[str, Any]]:
    """Return the figures of `cvdata --help` and of what it cannot be faster than."""
    python = sys.executable
    commands = {"cvdata": [_program(), "--help"], "import typer": [python, "-c", "import typer"]}
    return measure(commands | {"python": [python, "-c", "pass"]}, runs)


def line(job: str, figures: dict[str, dict[str, Any]]) -> str:
    """Return a line of the table; ratios are cvdata's seconds divided by the other's."""
    ours = figures["cvdata"]["seconds"]
    cells = [f"{job:<10}"]
    for name, one in figures.items():
        peak = "" if one["peak_bytes"] is None else f" {one['peak_bytes'] / 1e6:6.0f} MB"
        ratio = "" if name == "cvdata" else f"  x{ours / one['seconds']:.2f}"
        cells.append(f"{name} {one['seconds']:7.3f} s{peak}{ratio}")
    return "   ".join(cells)


@contextmanager
def workplace(given: Path | None) -> Iterator[Path]:
    """Yield the folder for the data: the given one, which stays, or one in memory that goes."""
    if given is not None:
        yield given.resolve()
        return
    memory = "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="cvdata-bench-") as folder:
        yield Path(folder) / "data"


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = {name: version(name) for name in tools()}
    return {"cores": cores, "python": platform.python_version(), "system": platform.system(), "versions": versions}


def main() -> None:
    """Make the data, run everything, print the table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="for the data, which stays (default: in memory)")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=3, help="runs for the medians, after one for memory")
    parser.add_argument("--pairs", default=",".join(PAIRS), help="such as voc-yolo,coco-voc")
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    wanted = parser.parse_args()
    pairs = wanted.pairs.split(",")
    if not set(pairs) <= set(PAIRS):
        parser.error(f"--pairs: choose from {','.join(PAIRS)}")
    say = sys.stderr if wanted.json else sys.stdout
    with workplace(wanted.folder) as root:
        result: dict[str, Any] = {"machine": machine(), "data": make_data(root, wanted.images), "jobs": {}}
        about, data = result["machine"], result["data"]
        tools_ = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
        print(f"{data['images']:,} images, {data['boxes']:,} boxes; {about['cores']} cores; {tools_}", file=say)
        print("median seconds, highest PSS of all processes together, x = cvdata's seconds / the other's", file=say)
        for job, figures in conversions(root, pairs, wanted.runs):
            result["jobs"][job] = figures
            print(line(job, figures), file=say, flush=True)
        result["jobs"]["--help"] = start_up(max(5, wanted.runs))
        print(line("--help", result["jobs"]["--help"]), file=say)
    if wanted.json:
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
