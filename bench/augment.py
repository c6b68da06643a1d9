"""`cvdata augment` beside a plain Albumentations loop: `python bench/augment.py FOLDER`, best on a tmpfs.

Both read the same YOLO dataset, JPEGs of 640x480 with 13 boxes each, put it through the same transforms and write JPEGs
of the same quality with their labels. The plain loop is one process, as people write it: `cv2.imread`, `Compose` with
boxes, `cv2.imwrite`; it leaves OpenCV its threads. Once it is also told to keep its memory, as cvdata is: by default
glibc gives that of every picture back and has to clear it again, which is much of the difference. cvdata checks the
labels, hashes, keeps a journal and writes the old pictures (as links), too.

Whole processes are timed, start included, each in its turn, so that a slow moment of the machine meets all; the median
counts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cvdata.augment.memory import keep_memory

WIDTH, HEIGHT, BOXES = 640, 480, 13

RECIPE = """\
transform:
  __class_fullname__: Compose
  transforms:
  - {__class_fullname__: HorizontalFlip, p: 0.5}
  - {__class_fullname__: RandomBrightnessContrast, p: 1.0}
  - {__class_fullname__: Affine, scale: [0.9, 1.1], translate_percent: [-0.05, 0.05], rotate: [-10, 10], p: 1.0}
  - {__class_fullname__: HueSaturationValue, p: 1.0}
"""


def make_data(folder: Path, pictures: int) -> None:
    """Write pictures with soft shapes and some noise, as large as photos of their size are, and their boxes."""
    if (folder / "data.yaml").is_file():
        return
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(pictures):
        coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.int16)
        noisy = smooth + rng.integers(-12, 13, (HEIGHT, WIDTH, 1), dtype=np.int16)
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(folder / f"images/{number:06d}.jpg", quality=90)
        side = rng.uniform(0.05, 0.3, (BOXES, 2))
        middle = rng.uniform(side / 2, 1 - side / 2)
        rows = np.concatenate([middle, side], axis=1).tolist()
        lines = [f"{row % 5} {' '.join(f'{value:.6f}' for value in box)}\n" for row, box in enumerate(rows)]
        (folder / f"labels/{number:06d}.txt").write_text("".join(lines), "utf-8")
    (folder / "data.yaml").write_text("train: images\nval: images\nnames: [a, b, c, d, e]\n", "utf-8")
    (folder / "recipe.yaml").write_text(RECIPE, "utf-8")


def plain(folder: Path, out: Path) -> None:
    """Augment every picture with one process, as people write it."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations as A  # noqa: N812 - its users call it so
    import cv2

    transform = A.Compose(
        [
            A.HorizontalFlip(p=0.5),
            A.RandomBrightnessContrast(p=1.0),
            A.Affine(scale=(0.9, 1.1), translate_percent=(-0.05, 0.05), rotate=(-10, 10), p=1.0),
            A.HueSaturationValue(p=1.0),
        ],
        bbox_params=A.BboxParams(format="yolo", label_fields=["classes"], min_visibility=0.1),
    )
    out.mkdir()
    for path in sorted((folder / "images").iterdir()):
        rows = [line.split() for line in (folder / f"labels/{path.stem}.txt").read_text().splitlines()]
        boxes, classes = [[float(value) for value in row[1:]] for row in rows], [row[0] for row in rows]
        new = transform(image=cv2.imread(str(path)), bboxes=boxes, classes=classes)
        cv2.imwrite(str(out / path.name), new["image"], [cv2.IMWRITE_JPEG_QUALITY, 95])
        lines = [f"{kind} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n" for kind, (x, y, w, h) in _boxes(new)]
        (out / f"{path.stem}.txt").write_text("".join(lines))


def _boxes(new: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    return zip(new["classes"], new["bboxes"], strict=True)


def _plain(*options: str) -> Callable[[Path, Path], list[str]]:
    return lambda folder, out: [sys.executable, __file__, str(folder), "--plain-into", str(out), *options]


def _cvdata(workers: int) -> Callable[[Path, Path], list[str]]:
    cvdata = str(Path(sys.executable).with_name("cvdata"))
    options = ["--splits", "all", "--workers", str(workers), "--quiet"]
    return lambda folder, out: [
        cvdata,
        "augment",
        str(folder),
        str(out),
        "--recipe",
        str(folder / "recipe.yaml"),
        *options,
    ]


def _seconds(command: list[str], out: Path) -> float:
    shutil.rmtree(out, ignore_errors=True)
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    taken = time.perf_counter() - began
    shutil.rmtree(out)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the data is made, unless it is there")
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=3, help="runs of each; the median counts (default 3)")
    parser.add_argument("--plain-into", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.plain_into is not None:
        if arguments.keep:
            keep_memory()
        plain(arguments.folder, arguments.plain_into)
        return
    make_data(arguments.folder, arguments.pictures)
    out = arguments.folder.with_name(f"{arguments.folder.name}-out")
    jobs = {
        "plain loop, 1 process": _plain(),
        "the same, memory kept": _plain("--keep"),
        "cvdata, 1 worker": _cvdata(1),
        "cvdata, 2 workers": _cvdata(2),
    }
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(arguments.runs):
        for name, job in jobs.items():
            seconds[name].append(_seconds(job(arguments.folder, out), out))
    show({name: statistics.median(taken) for name, taken in seconds.items()}, arguments.pictures)


def show(seconds: dict[str, float], pictures: int) -> None:
    """Print pictures a second and how many times the plain loop that is."""
    base = next(iter(seconds.values()))
    for name, taken in seconds.items():
        print(f"{name:24s} {taken:7.2f} s {pictures / taken:8.0f} pictures/s   x{base / taken:.2f}")


if __name__ == "__main__":
    main()
