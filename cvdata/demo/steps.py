"""The steps of the demo; each does one thing that a user would do, and says what came of it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ..convert import convert, read
from ..curate.diff import diff
from ..dataset import Dataset
from ..dataset.ragged import ranges
from ..errors import UsageError, show
from ..files import PRIVATE
from .browsing import put_in_fiftyone, show_errors
from .curating import augment_pictures, divide, even_out
from .drawing import PICTURES, draw_pictures
from .labelling import propose_labels
from .learning import learn
from .looking import draw_sheet, find_faults, take_in
from .measuring import measure
from .tour import Kept, Look, Round, Step, Tour

__all__ = ["STEPS", "run_demo"]


def run_demo(
    folder: str | os.PathLike[str],
    *,
    seed: int = 0,
    overwrite: bool = False,
    training: bool = True,
    fiftyone: bool = True,
) -> Iterator[Step]:
    """Do the steps one after the other, and yield what each did.

    Args:
        training: also train a detector, which takes a minute, and let it propose labels.
        fiftyone: also put the errors into FiftyOne, which takes some seconds and writes into its database.

    Raises:
        UsageError: the folder is not empty and not to be overwritten, or no demo is in it.
        CvdataError: the folder cannot be written.
    """
    tour = Tour(Path(folder), seed)
    _check_folder(tour.folder, overwrite)
    left_out = [*([] if training else [learn, propose_labels]), *([] if fiftyone else [put_in_fiftyone])]
    for step in STEPS:
        if step not in left_out:
            yield step(tour)


def _check_folder(folder: Path, overwrite: bool) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        if not overwrite:
            raise UsageError(
                f"the folder '{show(folder)}' is not empty",
                hint="give another folder, or --overwrite to replace an earlier demo",
            )
        if not (folder / PICTURES / PRIVATE / "manifest.json").is_file():
            raise UsageError(
                f"the folder '{show(folder)}' holds no demo, so it is not overwritten", hint="give another folder"
            )
    elif folder.exists() and not folder.is_dir():
        raise UsageError(f"'{show(folder)}' is a file", hint="give the name of a folder that does not exist yet")


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
            shlex.join(["cvdata", "diff", str(source), str(_back(tour, first))]),
        ],
        lines=[
            f"The same through {' and '.join(_THROUGH[1:])}. What the label files alone give back, and by how many",
            "pixels an edge of a box moved at most:",
        ],
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
    alone = read(tour.folder / through, through, sidecar="none", workers=1).dataset
    one, other = _facts(before), _facts(alone)
    return Round(
        through=through,
        kept={name: Kept(one[name], other[name]) for name in one},
        moved_px=_moved(before, alone),
        losses=there.losses,
        restored=diff(before, read(_back(tour, through), "coco", workers=1).dataset).same,
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


STEPS: tuple[Callable[[Tour], Step], ...] = (
    draw_pictures,
    find_faults,
    put_aside,
    take_in,
    draw_sheet,
    divide,
    even_out,
    augment_pictures,
    convert_around,
    measure,
    show_errors,
    put_in_fiftyone,
    learn,
    propose_labels,
)
"""What the demo does, in order."""
