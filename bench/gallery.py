"""How soon a gallery shows its pictures: `python bench/gallery.py`; see bench/README.md.

For 5, 500 and 5,000 pictures of 640 by 480 with seven objects each, of which a middling detector missed some: seconds
to write the gallery, its size, and the real time from asking a headless Chromium for the page on the disk until every
picture of the first screen (1400 by 900) is decoded: the median of some openings.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from cvdata.browse.gallery import GalleryReport, write_gallery
from cvdata.browse.judge import judged_found, suspects_of
from cvdata.browse.subject import Subject
from cvdata.browse.views import views_of
from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.engine import start, worker_count
from cvdata.files.journal import Journal
from cvdata.files.staging import Staging

_WIDTH, _HEIGHT, _OBJECTS, _CLASSES, _DRAWN = 640, 480, 7, 5, 50


def make_dataset(folder: Path, pictures: int) -> Dataset:
    """Draw pictures with rectangles on noise; after some they repeat."""
    rng = np.random.default_rng(pictures)
    corner = rng.random((_DRAWN, _OBJECTS, 2)) * (_WIDTH - 130, _HEIGHT - 130)
    side, kinds = 20 + rng.random((_DRAWN, _OBJECTS, 2)) * 100, rng.integers(_CLASSES, size=(_DRAWN, _OBJECTS))
    folder.mkdir()
    for row in range(min(pictures, _DRAWN)):
        noise = rng.integers(90, 160, (_HEIGHT // 4, _WIDTH // 4, 3)).astype(np.uint8)
        picture = Image.fromarray(noise).resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC)
        pen = ImageDraw.Draw(picture)
        for at, size, kind in zip(corner[row], side[row], kinds[row], strict=True):
            pen.rectangle((*at, *(at + size)), fill=(40 * int(kind) + 40, 120, 200 - 40 * int(kind)))
        picture.save(folder / f"{row:05d}.jpg", quality=92)
    for row in range(_DRAWN, pictures):
        (folder / f"{row:05d}.jpg").hardlink_to(folder / f"{row % _DRAWN:05d}.jpg")
    of = np.arange(pictures) % _DRAWN
    names = tuple(f"{row:05d}.jpg" for row in range(pictures))
    return Dataset(
        images=Images(
            names=names,
            width=np.full(pictures, _WIDTH, np.int32),
            height=np.full(pictures, _HEIGHT, np.int32),
            state=np.full(pictures, State.LABELLED, np.uint8),
            split=np.full(pictures, -1, np.int32),
            folder=np.zeros(pictures, np.int32),
            folders=(str(folder),),
            files=names,
        ),
        annotations=Annotations(
            image=np.repeat(np.arange(pictures, dtype=np.int32), _OBJECTS),
            category=kinds[of].ravel().astype(np.int32),
            box=np.concatenate([corner[of], side[of]], axis=2).reshape(-1, 4),
        ),
        categories=Categories(names=tuple(f"class {n}" for n in range(_CLASSES))),
    )


def make_subject(truth: Dataset) -> Subject:
    """Let a middling detector look at it: it misses, confuses, and is off by some pixels."""
    rng = np.random.default_rng(0)
    kept = np.flatnonzero(rng.random(len(truth.annotations)) < 0.85)
    table = truth.annotations.take(kept)
    confused = rng.random(len(kept)) < 0.08
    found = replace(
        truth,
        annotations=replace(
            table,
            category=np.where(confused, (table.category + 1) % _CLASSES, table.category).astype(np.int32),
            box=table.box + rng.normal(0, 4, table.box.shape) * (1, 1, 0, 0),
            score=rng.uniform(0.3, 1, len(kept)),
        ),
    )
    first = judged_found("detector", truth, found)
    return Subject(dataset=truth, found=(first,), suspects=suspects_of(truth, first))


def _write(subject: Subject, folder: Path, workers: int) -> tuple[float, GalleryReport]:
    views = views_of(subject)
    begin = time.perf_counter()
    target = folder.with_name("staged")
    with Staging(target) as staging, Journal(target) as journal, start(workers) as engine:
        report = write_gallery(subject, views, staging, title="bench", journal=journal, engine=engine)
        seconds = time.perf_counter() - begin
        Path(staging.path).rename(folder)
        journal.discard()
    return seconds, report


def _first_screens(page: Path, scratch: Path, runs: int) -> list[float]:
    """Return the milliseconds of each opening until the first screen was complete."""
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from tests.browse.chromium import browser

    shown = []
    with browser(scratch, ready="document.body && document.body.dataset.shown") as tab:
        tab.size(1400, 900)
        for _ in range(runs):
            tab.visit(page.as_uri())
            shown.append(float(tab.ask("document.body.dataset.shown")))
    return shown


def main() -> None:
    """Measure, and print a line for each number of pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, nargs="+", default=[5, 500, 5000])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--workers", type=int, default=worker_count(None))
    options = parser.parse_args()
    for pictures in options.pictures:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            subject = make_subject(make_dataset(folder / "pictures", pictures))
            seconds, report = _write(subject, folder / "gallery", options.workers)
            shown = _first_screens(folder / "gallery/index.html", folder / "profile", options.runs)
            sys.stdout.write(
                f"{pictures:6,} pictures   written in {seconds:6.1f} s, {report.bytes / 1e6:6.1f} MB   "
                f"first screen after {statistics.median(shown):4.0f} ms ({min(shown):.0f} to {max(shown):.0f})\n"
            )


if __name__ == "__main__":
    main()
