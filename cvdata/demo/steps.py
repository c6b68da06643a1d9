"""The steps of the demo; each does one thing that a user would do, and says what came of it."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from .. import __version__
from ..convert import ConvertSettings, Report, convert, read, save
from ..dataset import Annotations, Dataset
from ..dataset.ragged import ranges
from ..errors import UsageError, show
from ..files import PRIVATE, Account, Counts, Loss, Manifest, Staging
from .shapes import EMPTY, ODD_NAME, TURNED, draw

__all__ = ["STEPS", "Kept", "Look", "Round", "Step", "Tour", "run_demo"]


class Kept(msgspec.Struct, frozen=True):
    """How many of something went in and how many came back."""

    before: int
    after: int


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A conversion there and back.

    Attributes:
        through: name of the format in the middle.
        kept: what came back, by what it is.
        moved_px: pixels that an edge of a box moved at most; None where boxes are missing.
        losses: what the conversion said it would lose on the way there.
    """

    through: str
    kept: dict[str, Kept]
    moved_px: float | None
    losses: list[Loss]


class Look(msgspec.Struct, frozen=True):
    """Something worth opening: a path, and why."""

    path: str
    why: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a step did.

    Attributes:
        title: one line.
        commands: what would do the same from the command line.
        lines: what there is to say about it.
        report: the account of its conversion, where it is one.
        rounds: conversions there and back.
        looks: what it made.
    """

    title: str
    commands: list[str] = []
    lines: list[str] = []
    report: Report | None = None
    rounds: list[Round] = []
    looks: list[Look] = []


@dataclass(frozen=True)
class Tour:
    """Where the demo works and with what seed.

    Attributes:
        folder: as the user gave it.
    """

    folder: Path
    seed: int

    def settings(self) -> ConvertSettings:
        """Return settings for a few pictures: one process, and what an earlier demo wrote is replaced."""
        return ConvertSettings(workers=1, overwrite=True)


def run_demo(folder: str | os.PathLike[str], *, seed: int = 0, overwrite: bool = False) -> Iterator[Step]:
    """Do the steps one after the other, and yield what each did.

    Raises:
        UsageError: the folder is not empty and not to be overwritten, or no demo is in it.
        CvdataError: the folder cannot be written.
    """
    tour = Tour(Path(folder), seed)
    _check_folder(tour.folder, overwrite)
    for step in STEPS:
        yield step(tour)


def _check_folder(folder: Path, overwrite: bool) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        if not overwrite:
            raise UsageError(
                f"the folder '{show(folder)}' is not empty",
                hint="give another folder, or --overwrite to replace an earlier demo",
            )
        if not (folder / _PICTURES / PRIVATE / "manifest.json").is_file():
            raise UsageError(
                f"the folder '{show(folder)}' holds no demo, so it is not overwritten", hint="give another folder"
            )
    elif folder.exists() and not folder.is_dir():
        raise UsageError(f"'{show(folder)}' is a file", hint="give the name of a folder that does not exist yet")


_PICTURES = "pictures"


def draw_pictures(tour: Tour) -> Step:
    """Draw pictures, and save labels for them in which one box is wrong."""
    folder = tour.folder / _PICTURES
    drawing = draw(tour.seed, os.path.abspath(folder))
    _write_pictures(folder, drawing.pictures, tour)
    dataset, spoiled = _with_bad_box(drawing.dataset)
    as_it_is = msgspec.structs.replace(tour.settings(), verify="none")
    save(dataset, tour.folder / "delivered", "coco", settings=as_it_is)
    table, images = drawing.dataset.annotations, drawing.dataset.images
    in_val = int((images.split == 1).sum())
    return Step(
        title=f"Draw {len(images)} pictures with {len(table)} shapes in them",
        lines=[
            "Circles, boxes and triangles, each with a box, an outline and a colour as an attribute.",
            f"{int(table.has('difficult').sum())} small ones are marked difficult; "
            f"{len(images) - in_val} pictures are in train, {in_val} in val.",
            f"{TURNED} is stored lying on its side (EXIF), {EMPTY} has no labels,",
            f"'{ODD_NAME}' has blanks, an accent and a folder in its name.",
            f"And one box was added that is wrong on purpose, in {spoiled}.",
        ],
        looks=[
            Look(f"{tour.folder / _PICTURES}", "the pictures"),
            Look(f"{tour.folder / 'delivered'}", "their labels as they might come from elsewhere (COCO)"),
        ],
    )


def _write_pictures(folder: Path, pictures: dict[str, bytes], tour: Tour) -> None:
    count = Counts(len(pictures), 0)
    manifest = Manifest(
        cvdata=__version__,
        command="demo",
        format="images",
        settings={"seed": tour.seed},
        account=Account(read=count, written=count, quarantined=Counts(), filtered=Counts()),
        losses=[],
        renamed={},
    )
    with Staging(folder, overwrite=True) as staging:
        for name, data in pictures.items():
            staging.write(name, data)
        staging.commit(manifest, [])


def _with_bad_box(dataset: Dataset) -> tuple[Dataset, str]:
    """Add a copy of the third annotation whose box has no width; return also the name of its picture."""
    table = dataset.annotations
    spoiled = 3
    rows = np.insert(np.arange(len(table)), spoiled, spoiled - 1)
    box, ids = table.box[rows], np.insert(np.arange(1, len(table) + 1), spoiled, len(table) + 1)
    box[spoiled, 2] = 0
    added: Annotations = dataclasses.replace(table.take(rows), box=box, source_id=ids)
    return dataclasses.replace(dataset, annotations=added), dataset.images.names[added.image[spoiled]]


def put_aside(tour: Tour) -> Step:
    """Convert the labels to clean ones; what is wrong goes to quarantine by name."""
    source, target = tour.folder / "delivered", tour.folder / "coco"
    report = convert(source, target, "coco", settings=tour.settings())
    return Step(
        title="Put aside what is wrong, by name, and keep the rest",
        commands=[_command("coco", "coco", source, target)],
        report=report,
        looks=[
            Look(f"{target}", "the same labels without the bad one"),
            Look(f"{target / PRIVATE / 'quarantine.jsonl'}", "what was put aside, and why"),
        ],
    )


def convert_around(tour: Tour) -> Step:
    """Convert to other formats and back, and compare."""
    source = tour.folder / "coco"
    dataset = read(source, "coco", workers=1).dataset
    rounds = [_round(tour, dataset, through) for through in _THROUGH]
    first = _THROUGH[0]
    return Step(
        title="Convert to other formats and back, and see what is left",
        commands=[
            _command("coco", first, source, tour.folder / first),
            _command(first, "coco", tour.folder / first, _back(tour, first)),
        ],
        lines=[f"The same through {' and '.join(_THROUGH[1:])}. 'moved' is how far an edge of a box moved at most."],
        rounds=rounds,
        looks=[Look(f"{tour.folder / name}", why) for name, why in _THROUGH_WHY.items()],
    )


def _command(source_format: str, target_format: str, source: Path, target: Path) -> str:
    return shlex.join(["cvdata", "convert", source_format, target_format, str(source), str(target)])


_THROUGH_WHY = {
    "voc": "Pascal VOC: Annotations/*.xml, for labelImg and CVAT",
    "yolo": "YOLO boxes: give data.yaml to a trainer",
    "yolo-seg": "YOLO outlines, for segmentation",
}
_THROUGH = list(_THROUGH_WHY)


def _back(tour: Tour, through: str) -> Path:
    return tour.folder / f"coco-from-{through}"


def _round(tour: Tour, before: Dataset, through: str) -> Round:
    there = convert(tour.folder / "coco", tour.folder / through, through, settings=tour.settings())
    convert(tour.folder / through, _back(tour, through), "coco", source_format=through, settings=tour.settings())
    after = read(_back(tour, through), "coco", workers=1).dataset
    one, other = _facts(before), _facts(after)
    return Round(
        through=through,
        kept={name: Kept(one[name], other[name]) for name in one},
        moved_px=_moved(before, after),
        losses=there.losses,
    )


def _facts(dataset: Dataset) -> dict[str, int]:
    table, images = dataset.annotations, dataset.images
    return {
        "pictures": len(images),
        "boxes": len(table),
        "outlines": int(table.has("polygons").sum()),
        "difficult": int(table.has("difficult").sum()),
        "colours": int(table.has("extra").sum()),
        "splits": int((images.split >= 0).sum()),
    }


def _moved(before: Dataset, after: Dataset) -> float | None:
    """Return by how much an edge of a box differs at most; pictures are matched by name, boxes by their order."""
    rows = {name: row for row, name in enumerate(after.images.names)}
    order = np.array([rows.get(name, -1) for name in before.images.names], np.int64)
    counts = np.diff(after.offsets)[order]
    if (order < 0).any() or (counts != np.diff(before.offsets)).any():
        return None
    box = after.annotations.box[ranges(after.offsets[:-1][order], counts)]
    old = before.annotations.box
    edges = np.concatenate([box[:, :2] - old[:, :2], box[:, :2] + box[:, 2:] - old[:, :2] - old[:, 2:]])
    return float(np.abs(edges).max(initial=0.0))


STEPS: tuple[Callable[[Tour], Step], ...] = (draw_pictures, put_aside, convert_around)
"""What the demo does, in order."""
