"""What FiftyOne's App lets a person change of the labels that are put, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.browse.session import opened
from cvdata.browse.store import browse_name, put_subject
from cvdata.browse.subject import Subject
from cvdata.dataset import Categories
from tests.tiny import build, draw_pictures

pytestmark = pytest.mark.usefixtures("fiftyone_there")


def test_a_label_can_be_tagged_in_the_apps_form_from_the_first_time_on_and_its_number_not_changed(home: Path) -> None:
    rows = [{"image": "a.jpg", "category": "bolt", "box": [2, 2, 8, 8]}]
    dataset = build({"a.jpg": (64, 48)}, rows, Categories(names=("bolt", "nut")), folder=home)
    draw_pictures(home, dataset)

    put_subject(Subject(dataset=dataset), home, format="coco", version=None, views=())

    samples = opened(browse_name(home))
    form = samples.label_schemas["truth"]
    assert {one["name"] for one in form["attributes"] if not one["read_only"]} == {"tags"}
    assert {"tags", "number", "size"} <= {one["name"] for one in form["attributes"]}
    assert form["classes"] == list(dataset.categories.names)
    samples.delete()
