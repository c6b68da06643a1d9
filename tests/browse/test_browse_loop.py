"""What a person does in the App comes back with `cvdata browse SRC --pull`, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.browse.app import served
from cvdata.browse.session import opened
from cvdata.convert import read
from cvdata.dataset import Dataset

from ..cli.command import cvdata
from .annotating import Box, annotate, choose_box, choose_listed, delete, draw, form, go_back, move, relabel
from .chromium import browser
from .conftest import free_port
from .fiftyone_app import choose, show, tag_first
from .looked_at import looked_at

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fiftyone_there")]

SIDE = 96  # of the pictures, in pixels
DRAWN: Box = (0.8, 0.05, 0.15, 0.2)


def held(name: str, picture: str) -> dict[str, tuple[str, Box]]:
    """Return class and box of the labels of a picture that FiftyOne holds, by their ids, in their order."""
    samples = opened(name)
    samples.reload()
    sample = samples.match({"name": picture}).first()
    return {label.id: (label.label, tuple(label.bounding_box)) for label in sample.truth.detections}


def pulled(source: Path, *more: str) -> Any:
    """Return the report of `cvdata browse --pull`."""
    run = cvdata("browse", source, "--pull", "--json", "--quiet", "--workers", 1, *more)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def pixels(box: Box) -> list[float]:
    return [part * SIDE for part in box]


def objects(dataset: Dataset, picture: str) -> list[tuple[str, list[float]]]:
    """Return class and box of the objects of a picture, in pixels, in their order."""
    table = dataset.annotations
    rows = np.flatnonzero(table.image == dataset.images.names.index(picture))
    return [(dataset.categories.names[table.category[row]], table.box[row].tolist()) for row in rows.tolist()]


def test_what_mouse_and_keyboard_do_on_the_apps_canvas_comes_back_as_a_new_version_and_nothing_else(
    tmp_path: Path,
) -> None:
    looked = looked_at(tmp_path, boxes_alone=True)
    before = read(looked.source).dataset
    labels = held(looked.name, "0003.png")
    missed, removed, last = labels
    box = labels[missed][1]

    with served(looked.name, port=free_port()) as (address, _), browser(tmp_path) as page:
        show(page, address)
        choose(page, "missed", 2)
        tag_first(page, "drop")
        show(page, f"{address}?view=missed")
        # The view shows the label alone that nothing found; opened large the picture has all, with what was found.
        annotate(page, 1, "0003.png", len(labels) + 2)
        choose_box(page, box)  # of which nothing was found, so that no other box lies there
        move(page, box, (0.1, 0.05))
        relabel(page, "triangle")
        shown = form(page)
        go_back(page)
        draw(page, DRAWN)
        go_back(page)
        choose_listed(page, removed, labels[removed][1])
        delete(page)

    stored = held(looked.name, "0003.png")
    drawn = next(label for label in stored if label not in labels)
    assert list(stored) == [missed, last, drawn]
    assert stored[missed] == shown
    # The mouse goes by whole pixels of the page, which shows the picture nine times as large.
    assert pixels(shown[1]) == pytest.approx(pixels((box[0] + 0.1, box[1] + 0.05, *box[2:])), abs=0.25)
    assert pixels(stored[drawn][1]) == pytest.approx(pixels(DRAWN), abs=0.25)

    dry = pulled(looked.source, "--dry-run")
    assert read(looked.source).dataset.images.names == before.images.names
    report = pulled(looked.source)

    done = {name: number for name, number in report["counts"].items() if number}
    assert done == {"pictures": 2, "drawn": 1, "moved": 1, "relabelled": 1, "deleted": 1, "dropped": 1}
    assert dry["counts"] == report["counts"]
    assert dry["written"] is None
    after = read(looked.source).dataset
    assert after.images.names == before.images.names[1:]  # the first of the view has two objects that are missed
    assert objects(after, "0003.png") == [(kind, pixels(box)) for kind, box in stored.values()]
    assert stored[missed][0] == "triangle"
    for picture in after.images.names:
        assert picture == "0003.png" or objects(after, picture) == objects(before, picture)
    assert pulled(looked.source)["counts"]["pictures"] == 0  # FiftyOne knows the new version
