"""What FiftyOne's App lets a person change of the labels that are put, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.browse.session import opened
from cvdata.browse.store import browse_name, put_subject
from cvdata.browse.subject import Subject
from cvdata.dataset import Categories
from cvdata.evaluate.diagnosis.kinds import Verdict
from tests.browse.plots_made import judged_subject, two_pictures
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


def test_judged_labels_have_the_colour_of_their_verdict_and_right_ones_that_of_their_side(home: Path) -> None:
    truth, found = two_pictures(home)
    draw_pictures(home, truth)

    put_subject(judged_subject(truth, found), home, format="coco", version=None, views=())

    samples = opened(browse_name(home))
    scheme = samples.app_config.color_scheme
    sides = {field["path"]: field for field in scheme.fields}
    colours = {path: {one["value"]: one["color"] for one in sides[path]["valueColors"]} for path in ("truth", "found")}
    assert scheme.color_by == "value"
    assert {field["colorByAttribute"] for field in scheme.fields} == {"verdict"}
    assert set(colours["truth"]) == set(colours["found"]) == {verdict.words for verdict in Verdict}
    assert colours["truth"]["found"] == sides["truth"]["fieldColor"] != sides["found"]["fieldColor"]
    assert colours["found"]["true"] == sides["found"]["fieldColor"]
    assert colours["truth"]["wrong class"] == colours["found"]["wrong class"] != colours["truth"]["missed"]
    samples.delete()
