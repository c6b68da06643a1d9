"""What a person does in the App comes back with `cvdata browse SRC --pull`, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cvdata.browse.app import served
from cvdata.browse.session import opened
from cvdata.convert import read

from ..cli.command import cvdata
from .chromium import Page, browser
from .conftest import free_port
from .fiftyone_app import choose, show, tag_first
from .looked_at import looked_at

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fiftyone_there")]


def patched(page: Page, name: str, picture: str, patch: list[dict[str, Any]]) -> None:
    """Change the labels of a picture as the App does: its canvas cannot be driven, so its page asks its server."""
    samples = opened(name)
    samples.reload()
    sample = samples.match({"name": picture}).first()
    headers = {"Content-Type": "application/json-patch+json", "If-Match": sample.last_modified_at.isoformat()}
    wish = {"method": "PATCH", "headers": headers, "body": json.dumps(patch)}
    path = f"/dataset/{samples._doc.id}/sample/{sample.id}"
    status = page.value(f"fetch({json.dumps(path)}, {json.dumps(wish)}).then(answer => answer.status)")
    assert status == 200, picture


def pulled(source: Path, *more: str) -> Any:
    """Return the report of `cvdata browse --pull`."""
    run = cvdata("browse", source, "--pull", "--json", "--quiet", "--workers", 1, *more)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_edits_and_a_tag_of_the_app_come_back_as_a_new_version_and_nothing_else(tmp_path: Path) -> None:
    looked = looked_at(tmp_path)
    before = read(looked.source).dataset
    moved = {"op": "replace", "path": "/truth/detections/0/bounding_box", "value": [0.25, 0.25, 0.5, 0.5]}
    relabelled = {"op": "replace", "path": "/truth/detections/1/label", "value": "disc"}
    rows = {image: [row for row, at in enumerate(before.annotations.image.tolist()) if at == image] for image in (5, 7)}
    was = before.categories.names[before.annotations.category[rows[5][1]]]
    assert was != "disc"

    with served(looked.name, port=free_port()) as (address, _), browser(tmp_path) as page:
        show(page, address)
        choose(page, "missed", 2)
        tag_first(page, "drop")
        patched(page, looked.name, "0005.png", [moved, relabelled])
        patched(page, looked.name, "0007.png", [{"op": "remove", "path": "/truth/detections/2"}])

    dry = pulled(looked.source, "--dry-run")
    assert read(looked.source).dataset.images.names == before.images.names
    report = pulled(looked.source)

    done = {name: number for name, number in report["counts"].items() if number}
    assert done == {"pictures": 3, "moved": 1, "relabelled": 1, "deleted": 1, "dropped": 1}
    assert dry["counts"] == report["counts"]
    assert dry["written"] is None
    after = read(looked.source).dataset
    assert after.images.names == before.images.names[1:]  # the first of the view has two objects that are missed
    gone = rows[7][2]
    kept = [row for row, image in enumerate(before.annotations.image.tolist()) if image != 0 and row != gone]
    boxes = [before.annotations.box[row].tolist() for row in kept]
    boxes[kept.index(rows[5][0])] = [24.0, 24.0, 48.0, 48.0]
    classes = [int(before.annotations.category[row]) for row in kept]
    classes[kept.index(rows[5][1])] = 1
    assert after.annotations.box.tolist() == boxes
    assert after.annotations.category.tolist() == classes
    assert pulled(looked.source)["counts"]["pictures"] == 0  # FiftyOne knows the new version
