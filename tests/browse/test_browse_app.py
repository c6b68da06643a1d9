"""In a real browser: the App opens on a dataset with what a model found, and its views show the right pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cvdata.browse.app import served
from cvdata.browse.session import fiftyone

from ..cli.command import cvdata
from .chromium import Page, browser
from .conftest import free_port
from .fiftyone_app import choose, listed, show
from .looked_at import Looked, looked_at

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fiftyone_there")]


VERDICTS = {
    "missed": "missed",
    "confused": "wrong class",
    "found where nothing is labelled": "background",
    "badly placed": "badly placed",
    "found twice": "duplicate",
    "wrong class and badly placed": "both",
}


@pytest.fixture(scope="module")
def looked(fiftyone_there: None, tmp_path_factory: pytest.TempPathFactory) -> Looked:
    return looked_at(tmp_path_factory.mktemp("looked"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture(scope="module")
def address(looked: Looked) -> Iterator[str]:
    with served(looked.name, port=free_port()) as (address, _):
        yield address


def slug(view: str) -> str:
    return str(fiftyone().core.utils.to_slug(view))


def test_the_views_are_in_the_apps_list_worst_first(page: Page, address: str) -> None:
    show(page, address)

    assert listed(page)[:5] == [
        "worst pictures first",
        "missed",
        "confused",
        "found where nothing is labelled",
        "probable label errors",
    ]


def test_a_view_that_is_chosen_shows_its_pictures_and_no_others(page: Page, address: str, looked: Looked) -> None:
    assert len(show(page, address)) == 10

    choose(page, "missed", 2)

    assert page.ask("new URLSearchParams(location.search).get('view')") == "missed"
    for view, names in looked.pictures.items():
        assert sorted(show(page, f"{address}?view={slug(view)}")) == names


def test_the_app_says_nothing_is_wrong_and_shows_what_is_beside_the_pictures(page: Page, address: str) -> None:
    show(page, address)

    words = page.text()
    assert "Something went wrong" not in words
    assert {"truth", "found", "sample tags", "label tags"} <= set(words.split("\n"))


def test_the_counts_of_the_views_of_real_detections_are_those_of_eval(page: Page, shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/padilla_multiformat/data/database"
    truth, found = folder / "gts/pascalvoc_format", folder / "dets/coco_format/coco_dets.json"
    inputs = [truth, "--images", folder / "images", "--found", found, "--labels-only"]
    run = cvdata("browse", *inputs, "--no-app", "--json", "--quiet", "--workers", 1)
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    judged = cvdata("eval", truth, found, "--json", "--quiet")
    assert judged.returncode == 0, judged.stderr
    said = json.loads(judged.stdout)["errors"]["verdicts"]

    with served(report["dataset"], port=free_port()) as (address, _):
        show(page, address)
        counts = {verdict: labels(page, report["dataset"], view) for view, verdict in VERDICTS.items()}

    assert counts == {verdict: said[verdict] for verdict in VERDICTS.values()}
    assert sum(counts.values()) == 35 + 3 + 165 + 35 + 2 + 22


def labels(page: Page, name: str, view: str) -> int:
    """Return how many labels of the verdict that a view is about are in it, as the App's server counts them."""
    path = f"{'truth' if view == 'missed' else 'found'}.detections.verdict"
    form = dict.fromkeys(("filters", "groupId", "index", "slice", "slices")) | {
        "dataset": name,
        "extendedStages": [],
        "hiddenLabels": [],
        "mixed": False,
        "paths": [path],
        "sampleIds": [],
        "view": [],
        "viewName": view,
    }
    counts = "... on StringAggregation { values { value count } }"
    query = f"query ($form: AggregationForm!) {{ aggregations(form: $form) {{ {counts} }} }}"
    body = json.dumps({"query": query, "variables": {"form": form}})
    wish = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": body}
    answer = page.ask(f"fetch('/graphql', {json.dumps(wish)}).then(answer => answer.json())")
    assert "errors" not in answer, answer
    values = answer["data"]["aggregations"][0]["values"]
    return sum(one["count"] for one in values if one["value"] == VERDICTS[view])
