"""In a real browser: the panel "Precision and recall" holds the curves of `cvdata eval` and leads to the pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cvdata.browse.app import served

from ...cli.command import cvdata
from ..chromium import Page, browser
from ..conftest import free_port
from ..fiftyone_app import is_open
from ..looked_at import Looked, looked_at
from ..test_plots_app import open_panel, samples_are

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fiftyone_there")]

_CHARTS = "[...document.querySelectorAll('.js-plotly-plot')]"
_RECALL, _F1 = 0, 1


@pytest.fixture(scope="module")
def looked(fiftyone_there: None, tmp_path_factory: pytest.TempPathFactory) -> Looked:
    """Put shapes into FiftyOne with what was found."""
    return looked_at(tmp_path_factory.mktemp("curves"))


@pytest.fixture(scope="module")
def page(looked: Looked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open the panel in the App."""
    folder = tmp_path_factory.mktemp("browser")
    with served(looked.name, port=free_port()) as (address, _), browser(folder) as page:
        page.visit(address)
        is_open(page)
        open_panel(page, "Precision and recall")
        page.until(f"{_CHARTS}.length == 2 && {_CHARTS}.every(e => e.data && e.data.length == 4)")
        yield page


def test_the_panel_holds_the_curves_of_eval(page: Page, looked: Looked) -> None:
    run = cvdata("eval", looked.source, looked.found, "--json", "--quiet")
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    curves = {one["name"]: one for one in said["curves"]}
    ap50 = {one["name"]: one["metrics"]["AP50"]["value"] for one in said["classes"]}
    classes = ["triangle", "square", "disc"]  # the lowest first
    assert sorted(classes, key=ap50.__getitem__) == classes

    recall, f1 = (page.ask(f"{_CHARTS}[{chart}].data.map(t => [t.name, [...t.x], [...t.y]])") for chart in (0, 1))

    mean = f"mean over classes ({said['metrics']['AP50']['value']:.3f})"
    assert [name for name, _, _ in recall] == [mean, *(f"{name} ({ap50[name]:.3f})" for name in classes)]
    assert [name for name, _, _ in f1] == ["mean over classes", *classes]
    for name, (_, x, y) in zip([None, *classes], recall, strict=True):
        points = zip(curves[name]["recall"], curves[name]["precision"], strict=True)
        assert list(zip(x, y, strict=True)) == [point for point in points if point[1] > 0]
    assert [(x, y) for _, x, y in f1] == [(curves[name]["score"], curves[name]["f1"]) for name in (None, *classes)]


def test_a_point_leads_to_the_detections_of_its_class_from_its_confidence_on(page: Page, looked: Looked) -> None:
    # At its highest recall every square counts, the one where a triangle is and the one in a corner, too.
    squares = found_from(looked, "square", 0.0)
    page.click(point(_RECALL, "square", -1))
    samples_are(page, len(set(squares)))
    page.until(f"document.body.innerText.includes('{len(squares)} detections of square from confidence')")

    # Nothing is surer than the square in a corner.
    page.click(point(_F1, "square", -1))
    samples_are(page, 1)
    assert found_from(looked, "square", 0.99) == ["0002.png"]


def found_from(looked: Looked, name: str, score: float) -> list[str]:
    """Return the pictures of the detections of a class that are so sure, one for each."""
    found = json.loads(looked.found.read_text("utf-8"))
    pictures = {one["id"]: one["file_name"] for one in found["images"]}
    classes = {one["id"]: one["name"] for one in found["categories"]}
    return [
        pictures[one["image_id"]]
        for one in found["annotations"]
        if classes[one["category_id"]] == name and one["score"] >= score
    ]


def point(chart: int, name: str, place: int) -> str:
    """Return a point of a class's curve: something with a place, as `Page.click` asks of an element."""
    return (
        f"(() => {{ const chart = {_CHARTS}[{chart}]; chart.scrollIntoView({{block: 'center'}});"
        f"const trace = chart.data.find(t => t.name.startsWith({name!r}));"
        "const {xaxis, yaxis} = chart._fullLayout, at = chart.getBoundingClientRect();"
        f"const x = at.x + xaxis._offset + xaxis.d2p([...trace.x].at({place}));"
        f"const y = at.y + yaxis._offset + yaxis.d2p([...trace.y].at({place}));"
        "return {scrollIntoView() {}, getBoundingClientRect: () => new DOMRect(x - 1, y - 1, 2, 2)}; })()"
    )
