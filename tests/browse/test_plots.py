"""What FiftyOne's panels are given: the figures of `cvdata eval`, a map of embeddings, heat maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.browse.panels.drawing import view_of
from cvdata.browse.plots import add_plots, packed_map
from cvdata.browse.plots.curves import stored_curves
from cvdata.browse.plots.embeddings import flat_map
from cvdata.browse.plots.heat import COLOURS
from cvdata.browse.session import fiftyone
from cvdata.browse.subject import Subject
from tests.browse.plots_made import judged_subject, put_plainly, two_pictures


@pytest.fixture
def there(fiftyone_there: None, tmp_path: Path) -> tuple[Any, Any, Subject]:
    """Give FiftyOne, a dataset in it with judged labels, and what was judged."""
    module = fiftyone()
    subject = judged_subject(*two_pictures(tmp_path))
    return module, put_plainly(module, "plots", subject), subject


def test_the_run_has_the_figures_of_the_report(there: tuple[Any, Any, Subject]) -> None:
    module, samples, subject = there

    add_plots(module, samples, subject)

    samples.clear_cache()
    results = samples.load_evaluation_results("eval", cache=False)
    report = subject.found[0].report
    assert report is not None
    assert report.errors is not None
    verdicts = report.errors.verdicts
    assert results.mAP() == pytest.approx(report.metrics["AP"].value)
    assert results.mAP(classes=["cat"]) == pytest.approx(report.classes[0].metrics["AP"].value)
    assert results.mAR() == pytest.approx(report.metrics["AR100"].value)
    counted = sum(verdicts[word] for word in ("true", "wrong class", "badly placed", "both", "duplicate", "background"))
    assert results.metrics()["precision"] == pytest.approx(verdicts["true"] / counted)
    assert results.metrics()["recall"] == pytest.approx(verdicts["found"] / report.objects)


def test_the_curves_are_those_of_the_report(there: tuple[Any, Any, Subject]) -> None:
    module, samples, subject = there

    add_plots(module, samples, subject)

    report, curves = subject.found[0].report, stored_curves(samples)
    assert report is not None
    assert curves is not None
    assert curves.curves == report.curves
    assert curves.model == subject.found[0].name
    assert curves.score == 0.75
    assert curves.ap50 == [report.metrics["AP50"].value, *(one.metrics["AP50"].value for one in report.classes[:2])]
    add_plots(module, samples, Subject(dataset=subject.dataset))
    assert stored_curves(samples) is None


def test_a_point_of_a_curve_shows_the_detections_that_count_from_its_confidence_on(
    there: tuple[Any, Any, Subject],
) -> None:
    module, samples, _ = there

    of_cats = view_of(module.ViewField, samples, "cat", 0.75)
    of_all = view_of(module.ViewField, samples, None, 0.7)

    # The least sure first: the picture with 0.75.
    assert of_cats.values("name") == ["b.png", "a.png"]
    assert of_cats.values("found.detections.confidence") == [[0.75], [0.9, 0.8]]
    assert of_cats.values("truth.detections.label") == [["cat", "cat"], ["cat"]]
    assert of_all.values("found.detections.confidence") == [[0.75, 0.7], [0.9, 0.8]]
    assert of_all.values("truth.detections.label") == [["cat", "cat"], ["cat", "dog"]]


def test_the_confusion_matrix_counts_each_label_where_its_verdict_says(there: tuple[Any, Any, Subject]) -> None:
    module, samples, subject = there

    add_plots(module, samples, subject)

    matrix = samples.load_evaluation_results("eval", cache=False).confusion_matrix(include_missing=True)
    score = subject.found[0].judged.score if subject.found[0].judged else None
    assert score == 0.75  # the two least sure detections do not count
    # rows: cat, dog, bird, nothing; the dog was taken for a cat, one cat was missed
    assert matrix.tolist() == [[2, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_a_cell_of_the_matrix_names_the_very_labels(there: tuple[Any, Any, Subject]) -> None:
    module, samples, subject = there

    add_plots(module, samples, subject)

    results = samples.load_evaluation_results("eval", cache=False)
    cell = (results.ytrue == "dog") & (results.ypred == "cat")
    shown = samples.select_labels(ids=[*results.ytrue_ids[cell], *results.ypred_ids[cell]])
    assert shown.values("truth.detections.label", unwind=True) == ["dog"]
    assert shown.values("found.detections.verdict", unwind=True) == ["wrong class"]
    assert samples.values("eval_tp") == [1, 1]
    assert samples.values("eval_fp") == [1, 0]
    assert samples.values("eval_fn") == [1, 1]


def test_opened_again_there_is_one_run_and_the_verdicts_stay(there: tuple[Any, Any, Subject]) -> None:
    module, samples, subject = there
    add_plots(module, samples, subject)

    add_plots(module, samples, subject)

    assert samples.list_evaluations() == ["eval"]
    assert samples.values("truth.detections.eval") == [["tp", "fn"], ["tp", "fn"]]


def test_without_detections_the_run_of_before_is_taken_away(there: tuple[Any, Any, Subject]) -> None:
    module, samples, subject = there
    add_plots(module, samples, subject)

    add_plots(module, samples, Subject(dataset=subject.dataset))

    assert samples.list_evaluations() == []
    assert not samples.has_sample_field("eval_tp")


def test_embeddings_become_a_map_that_follows_them(there: tuple[Any, Any, Subject]) -> None:
    module, samples, subject = there
    vectors = np.array([[3, 0, 0], [0, 4, 0]], np.float32)
    add_plots(module, samples, Subject(dataset=subject.dataset, vectors=vectors))
    first = samples.get_brain_info("embeddings").timestamp

    add_plots(module, samples, Subject(dataset=subject.dataset, vectors=vectors))
    same = samples.get_brain_info("embeddings").timestamp
    add_plots(module, samples, Subject(dataset=subject.dataset, vectors=vectors * 2))

    assert same == first
    assert samples.load_brain_results("embeddings").points[:, 0].tolist() == pytest.approx([-5, 5])
    assert samples.values("embeddings")[1].tolist() == [0, 8, 0]


def test_a_picture_without_an_embedding_is_not_on_the_map(there: tuple[Any, Any, Subject]) -> None:
    module, samples, subject = there
    vectors = np.array([[np.nan, np.nan], [0, 4]], np.float32)

    add_plots(module, samples, Subject(dataset=subject.dataset, vectors=vectors))

    assert samples.load_brain_results("embeddings").sample_ids.tolist() == [samples.last().id]


def test_the_map_keeps_distances_of_points_that_lie_in_a_plane() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(20, 2))
    turned = np.linalg.qr(rng.normal(size=(6, 6)))[0][:, :2]

    places = flat_map((flat @ turned.T + 7).astype(np.float32))

    expected = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    assert np.linalg.norm(places[:, None] - places[None], axis=2) == pytest.approx(expected, abs=1e-5)


def test_a_heat_map_is_read_back_by_fiftyone_and_keeps_its_colours(there: tuple[Any, Any, Subject]) -> None:
    module, samples, subject = there
    heat = np.array([[0, 0.5], [1, np.nan]], np.float32)
    label = module.Heatmap(map=np.zeros((2, 2)), range=[0, 255])
    samples.add_sample_field("heat", module.EmbeddedDocumentField, embedded_doc_type=module.Heatmap)
    document = {**label.to_dict(), "map": packed_map(heat)}
    sample = samples.first()
    sample["heat"] = module.Heatmap.from_dict(document)
    sample.save()

    add_plots(module, samples, subject)

    samples.reload()
    assert samples.first()["heat"].map.tolist() == [[0, 128], [255, 0]]
    (scale,) = samples.app_config.color_scheme.colorscales
    assert [one["color"] for one in scale["list"]] == [colour for _, colour in COLOURS]
    assert samples.app_config.color_scheme.fields == [{"path": "heat", "fieldColor": "#ff2222"}]


def test_the_panel_reads_the_counts_of_the_verdicts_from_the_run(there: tuple[Any, Any, Subject]) -> None:
    module, samples, subject = there
    add_plots(module, samples, subject)
    panel = pytest.importorskip("plugins.panels.model_evaluation").EvaluationPanel()
    info, results = samples.get_evaluation_info("eval"), samples.load_evaluation_results("eval", cache=False)

    true, nothing, lost = panel.get_tp_fp_fn(info, results)
    matrix = panel.get_confusion_matrix(results)
    classes = panel.get_per_class_metrics(info, results)

    assert (true, nothing, lost) == (2, 0, 1)
    assert list(matrix["classes"]) == ["cat", "dog", "bird", "(none)"]
    assert classes["cat"]["precision"] == pytest.approx(2 / 3)
    assert classes["cat"]["recall"] == pytest.approx(2 / 3)
