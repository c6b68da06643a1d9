"""Panoptic quality: worked out by hand, held against hotcoco and panopticapi's own loops, and what is refused."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cvdata.engine import ProcessPool
from cvdata.errors import CvdataError, EvaluationError, FormatError, IdentityError
from cvdata.evaluate.pixels import evaluate_pixels, looks_like_pixels
from cvdata.evaluate.report import EvalReport
from cvdata.evaluate.settings import EvalSettings

from .panoptic_made import CLASSES, Picture, drawn, write_panoptic
from .reports_read import POINT, of_class, values


def picture(rows: list[list[int]], segments: dict[int, int], crowds: tuple[int, ...] = ()) -> Picture:
    ids = np.array(rows, np.int64)
    return ids, [
        {"id": i, "category_id": c, "area": int((ids == i).sum()), "iscrowd": int(i in crowds)}
        for i, c in segments.items()
    ]


def judged(tmp_path: Path, truth: list[Picture], found: list[Picture]) -> EvalReport:
    return evaluate_pixels(
        write_panoptic(tmp_path / "t.json", truth), write_panoptic(tmp_path / "f.json", found), POINT
    )


def test_quality_is_that_worked_out_by_hand(tmp_path: Path) -> None:
    # Cat 1 is found by 5 of its 6 pixels and one of grass: IoU 5/7. Grass 9: 5 of 6 with 1 of the cat: 5/7.
    truth = picture([[1, 1, 1, 9, 9, 9], [1, 1, 1, 9, 9, 9]], {1: 3, 9: 20})
    found = picture([[4, 4, 4, 4, 5, 5], [4, 4, 5, 5, 5, 5]], {4: 3, 5: 20})

    report = judged(tmp_path, [truth], [found])

    assert of_class(report, "cat") == {"PQ": 5 / 7, "SQ": 5 / 7, "RQ": 1.0}
    assert of_class(report, "grass") == {"PQ": 5 / 7, "SQ": 5 / 7, "RQ": 1.0}
    assert of_class(report, "dog") == {"PQ": None, "SQ": None, "RQ": None}
    assert values(report)["PQ"] == 5 / 7
    assert values(report)["PQ_things"] == values(report)["PQ_stuff"] == 5 / 7


def test_half_an_overlap_is_a_miss_and_a_false_one(tmp_path: Path) -> None:
    truth = picture([[1, 1, 1, 9]], {1: 3, 9: 20})
    found = picture([[4, 4, 4, 4]], {4: 3})  # cat: 3 of 4, found; grass is missed
    half = picture([[4, 4, 4, 4]], {4: 20})  # grass: 1 of 4; a miss and a false one; the cat is missed

    first = judged(tmp_path / "a", [truth], [found])
    second = judged(tmp_path / "b", [truth], [half])

    assert of_class(first, "cat") == {"PQ": 0.75, "SQ": 0.75, "RQ": 1.0}
    assert of_class(first, "grass") == {"PQ": 0.0, "SQ": None, "RQ": 0.0}
    assert values(first)["SQ"] == 0.75 / 2  # panopticapi counts 0 for a class of which nothing is found
    assert of_class(second, "grass") == {"PQ": 0.0, "SQ": None, "RQ": 0.0}
    assert (second.classes[2].objects, second.classes[2].detections) == (1, 1)


def test_exactly_half_is_no_match(tmp_path: Path) -> None:
    truth = picture([[1, 1, 9, 9]], {1: 3, 9: 20})
    found = picture([[4, 5, 5, 5]], {4: 3, 5: 20})  # cat 1/2, grass 2/3

    report = judged(tmp_path, [truth], [found])

    assert of_class(report, "cat")["PQ"] == 0
    assert of_class(report, "grass")["PQ"] == pytest.approx(2 / 3, abs=1e-15)


def test_void_pixels_count_for_nothing_and_excuse_a_segment_that_lies_on_them(tmp_path: Path) -> None:
    truth = picture([[1, 1, 0, 0, 0, 0]], {1: 3})
    found = picture([[4, 4, 4, 5, 5, 5]], {4: 3, 5: 7})

    report = judged(tmp_path, [truth], [found])

    assert of_class(report, "cat") == {"PQ": 1.0, "SQ": 1.0, "RQ": 1.0}
    assert of_class(report, "dog")["PQ"] is None


def test_a_crowd_is_neither_found_nor_missed_and_excuses_its_own_class_alone(tmp_path: Path) -> None:
    truth = picture([[1, 1, 1, 1, 9, 9]], {1: 3, 9: 20}, crowds=(1,))
    cats = picture([[4, 4, 5, 5, 6, 6]], {4: 3, 5: 3, 6: 20})
    dogs = picture([[4, 4, 5, 5, 6, 6]], {4: 7, 5: 7, 6: 20})

    with_cats, with_dogs = judged(tmp_path / "a", [truth], [cats]), judged(tmp_path / "b", [truth], [dogs])

    assert of_class(with_cats, "cat")["PQ"] is None
    assert (with_dogs.classes[1].detections, of_class(with_dogs, "dog")["PQ"]) == (2, 0.0)
    assert values(with_cats)["PQ"] == 1
    assert values(with_dogs)["PQ"] == 0.5


def test_of_two_crowds_of_a_class_the_last_one_excuses_as_in_panopticapi(tmp_path: Path) -> None:
    truth = picture([[1, 1, 2, 2]], {1: 3, 2: 3}, crowds=(1, 2))
    on_first = picture([[4, 4, 0, 0]], {4: 3})
    on_last = picture([[0, 0, 4, 4]], {4: 3})

    assert judged(tmp_path / "a", [truth], [on_first]).classes[0].detections == 1
    assert judged(tmp_path / "b", [truth], [on_last]).classes[0].detections == 0


def naive(truth: list[Picture], found: list[Picture]) -> dict[int, list[float]]:
    """Go through pixels and segments one by one, as panopticapi's `pq_compute_single_core` does."""
    sums: dict[int, list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])
    for (ids, segments), (others, results) in zip(truth, found, strict=True):
        pairs: dict[tuple[int, int], int] = defaultdict(int)
        for a, b in zip(ids.ravel().tolist(), others.ravel().tolist(), strict=True):
            pairs[a, b] += 1
        ours = {s["id"]: s for s in segments}
        theirs = {s["id"]: {**s, "area": int((others == s["id"]).sum())} for s in results}
        hit_ours, hit_theirs = set(), set()
        for (a, b), pixels in pairs.items():
            if a not in ours or b not in theirs or ours[a]["iscrowd"]:
                continue
            if ours[a]["category_id"] != theirs[b]["category_id"]:
                continue
            iou = pixels / (theirs[b]["area"] + ours[a]["area"] - pixels - pairs.get((0, b), 0))
            if iou > 0.5:
                sums[ours[a]["category_id"]][0] += 1
                sums[ours[a]["category_id"]][3] += iou
                hit_ours.add(a)
                hit_theirs.add(b)
        crowd = {}
        for a, segment in ours.items():
            if a not in hit_ours and segment["iscrowd"]:
                crowd[segment["category_id"]] = a
            elif a not in hit_ours:
                sums[segment["category_id"]][2] += 1
        for b, segment in theirs.items():
            if b not in hit_theirs:
                excused = pairs.get((0, b), 0) + pairs.get((crowd.get(segment["category_id"], -1), b), 0)
                if excused / segment["area"] <= 0.5:
                    sums[segment["category_id"]][1] += 1
    return sums


@pytest.mark.parametrize("seed", range(60))
def test_quality_is_that_of_hotcoco_and_of_panopticapis_loops(tmp_path: Path, seed: int) -> None:
    from hotcoco import panoptic

    truth, found = drawn(seed)
    first = write_panoptic(tmp_path / "t.json", truth)
    second = write_panoptic(tmp_path / "f.json", found, classes=None if seed % 2 else CLASSES)

    report = evaluate_pixels(first, second, POINT)

    engine = panoptic.PanopticEval(str(first), str(second))
    engine.evaluate()
    theirs = engine.results()
    for group, name in (("All", ""), ("Things", "_things"), ("Stuff", "_stuff")):
        for metric in ("PQ", "SQ", "RQ"):
            expected = theirs[group][metric.lower()]
            assert values(report)[metric + name] == pytest.approx(expected, abs=1e-12)
    sums = naive(truth, found)
    for row, category in enumerate(CLASSES):
        true, false, missed, overlap = sums[category["id"]]
        counted = (report.classes[row].objects, report.classes[row].detections)
        assert counted == (true + missed, true + false)
        size = true + false / 2 + missed / 2
        assert of_class(report, category["name"])["PQ"] == (pytest.approx(overlap / size, abs=1e-12) if size else None)


def test_the_area_of_the_truths_document_counts_and_that_of_results_does_not(tmp_path: Path) -> None:
    truth, found = picture([[1, 1, 9, 9, 0]], {1: 3, 9: 20}), picture([[1, 1, 9, 9, 0]], {1: 3, 9: 20})
    truth[1][0]["area"] = 3  # as in panopticapi, which counts pixels of results alone
    del found[1][0]["area"]
    found[1][1]["area"] = 3

    report = judged(tmp_path, [truth], [found])

    assert of_class(report, "cat")["SQ"] == pytest.approx(2 / 3, abs=1e-15)
    assert of_class(report, "grass")["SQ"] == 1


def test_pictures_are_matched_by_name_where_ids_mean_others(tmp_path: Path) -> None:
    one, two = picture([[1, 1]], {1: 3}), picture([[2, 2]], {2: 20})
    truth, found = write_panoptic(tmp_path / "t.json", [one, two]), write_panoptic(tmp_path / "f.json", [two, one])
    document = json.loads(found.read_text())
    document["images"] = [{"id": 0, "file_name": "1.jpg"}, {"id": 1, "file_name": "0.jpg"}]
    found.write_text(json.dumps(document))

    assert values(evaluate_pixels(truth, found, POINT))["PQ"] == 1


def test_pictures_that_the_truth_lacks_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    one, two = picture([[1, 1]], {1: 3}), picture([[2, 2]], {2: 20})
    truth, found = write_panoptic(tmp_path / "t.json", [one]), write_panoptic(tmp_path / "f.json", [one, two])

    report = evaluate_pixels(truth, found, POINT)

    assert (report.images, values(report)["PQ"]) == (1, 1)
    assert [(finding.code, finding.examples) for finding in report.findings] == [("pictures-not-in-truth", ["1"])]


def test_classes_are_matched_by_name(tmp_path: Path) -> None:
    truth = write_panoptic(tmp_path / "t.json", [picture([[1, 9]], {1: 3, 9: 20})])
    swapped = [{"id": 20, "name": "cat", "isthing": 1}, {"id": 3, "name": "grass", "isthing": 0}]
    found = write_panoptic(tmp_path / "f.json", [picture([[1, 9]], {1: 20, 9: 3})], classes=swapped)

    assert values(evaluate_pixels(truth, found, POINT))["PQ"] == 1


def test_a_model_of_panoptic_maps_is_compared_on_the_same_pictures(tmp_path: Path) -> None:
    truth, found = drawn(5, pictures=20)
    first, second = write_panoptic(tmp_path / "t.json", truth), write_panoptic(tmp_path / "f.json", found)

    comparison = evaluate_pixels(first, second, EvalSettings(resamples=200), second=first).comparison

    assert comparison is not None
    assert [row.metric for row in comparison.metrics[:3]] == ["PQ", "SQ", "RQ"]
    assert comparison.metrics[0].verdict == "better"
    assert comparison.metrics[0].second == 1  # the truth itself


def spoil(path: Path, what: str) -> None:
    document: Any = json.loads(path.read_text())
    annotation = document["annotations"][0]
    segments = annotation["segments_info"]
    png = path.with_suffix("") / "0.png"
    if what == "no png":
        png.unlink()
        (png.parent / "other.png").write_bytes(b"")
    elif what == "size":
        Image.new("RGB", (2, 2), (1, 0, 0)).save(png)
        annotation["segments_info"] = [{**segments[0], "id": 1}]
    elif what == "grey":
        Image.new("L", (6, 2), 1).save(png)
    elif what == "class":
        segments[0]["category_id"] = 99
    elif what == "twice":
        segments.append(segments[0])
    elif what == "not drawn":
        segments.append({**segments[0], "id": 77})
    elif what == "not listed":
        segments.pop(0)
    elif what == "large id":
        segments[0]["id"] = 1 << 24
    elif what == "no id":
        del segments[0]["id"]
    elif what == "crowd":
        segments[0]["iscrowd"] = 2
    elif what == "picture":
        annotation["image_id"] = 55
        document.pop("images")
        annotation["file_name"] = "other.png"
        png.rename(png.parent / "other.png")
    elif what == "picture twice":
        document["annotations"].append(annotation)
    elif what == "name":
        annotation["file_name"] = "../0.png"
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("what", "kind", "message"),
    [
        ("no png", FormatError, r"0\.png: the map of segments cannot be read: No such file"),
        ("size", EvaluationError, r"the map has 2 x 2 pixels, that of the truth, .*, 6 x 2"),
        ("grey", FormatError, r"0\.png: the map of segments is a PNG file of mode L"),
        ("class", FormatError, r"annotations\[0\]/segments_info\[0\]/category_id: is 99, which no class has"),
        ("twice", IdentityError, r"segments_info\[2\]/id: id '4' is that of annotations\[0\]/segments_info\[0\]"),
        ("not drawn", FormatError, r"the document has segment 77, and no pixel of the PNG file is of it"),
        ("not listed", FormatError, r"the PNG file has segment 4, and the document does not"),
        ("large id", FormatError, r"is 16777216, which no pixel of three bytes can hold"),
        ("no id", FormatError, r"segments_info\[0\]/id: is missing"),
        ("crowd", FormatError, r"iscrowd: is neither 0 nor 1"),
        ("picture", EvaluationError, r"1 of 1 pictures of the truth are not in FOUND"),
        ("picture twice", IdentityError, r"annotations\[1\]/image_id: image_id '0' is that of annotations\[0\]"),
        ("name", CvdataError, r"climbs out of its folder"),
    ],
)
def test_what_is_broken_is_refused_with_its_place(
    tmp_path: Path, what: str, kind: type[CvdataError], message: str
) -> None:
    truth = write_panoptic(tmp_path / "t.json", [picture([[1, 1, 1, 9, 9, 9]] * 2, {1: 3, 9: 20})])
    found = write_panoptic(tmp_path / "f.json", [picture([[4, 4, 4, 5, 5, 5]] * 2, {4: 3, 5: 20})])
    spoil(found, what)

    with pytest.raises(kind, match=message):
        evaluate_pixels(truth, found, POINT)


@pytest.mark.parametrize(
    ("area", "message"),
    [(2, "has 6 pixels of segment 1, and the document says 2"), (40, "of segment 1, and the document says 40")],
)
def test_areas_that_the_truth_cannot_have_are_refused(tmp_path: Path, area: int, message: str) -> None:
    ids, segments = picture([[1, 1, 1, 9, 9, 9]] * 2, {1: 3, 9: 20})
    found = write_panoptic(tmp_path / "f.json", [(ids, segments)])
    truth = write_panoptic(tmp_path / "t.json", [(ids, [segments[0] | {"area": area}, segments[1]])])

    with pytest.raises(FormatError, match=message):
        evaluate_pixels(truth, found, POINT)


def test_without_isthing_there_is_no_quality_of_things(tmp_path: Path) -> None:
    classes = [{"id": c["id"], "name": c["name"]} for c in CLASSES]
    truth = write_panoptic(tmp_path / "t.json", [picture([[1, 9]], {1: 3, 9: 20})], classes=classes)

    report = evaluate_pixels(truth, truth, POINT)

    assert values(report) == {"PQ": 1, "SQ": 1, "RQ": 1}
    assert [finding.code for finding in report.findings] == ["no-isthing"]


def test_intervals_and_the_worst_picture_come_from_the_sums_of_each_picture(tmp_path: Path) -> None:
    truth, found = drawn(5, pictures=20)
    first, second = write_panoptic(tmp_path / "t.json", truth), write_panoptic(tmp_path / "f.json", found)
    settings = EvalSettings(resamples=200)

    report = evaluate_pixels(first, second, settings)
    with ProcessPool(2) as engine:
        again = evaluate_pixels(first, second, settings, engine=engine)

    assert again == report
    number = report.metrics["PQ"]
    assert number.low is not None and number.value is not None and number.high is not None
    assert number.low < number.value < number.high
    sums = naive(truth[int(report.worst[0].image) :][:1], found[int(report.worst[0].image) :][:1])
    assert report.worst[0].verdicts == {
        "true": sum(s[0] for s in sums.values()),
        "false": sum(s[1] for s in sums.values()),
        "missed": sum(s[2] for s in sums.values()),
    }


def test_a_real_sample_held_against_itself_is_perfect(shared: Path) -> None:
    folder = shared / "data/datumaro_assets/tests/assets/coco_dataset/coco_panoptic/annotations"

    report = evaluate_pixels(folder / "panoptic_val.json", folder / "panoptic_val", POINT)

    assert looks_like_pixels(folder / "panoptic_val.json") == looks_like_pixels(folder.parent) == "panoptic"
    assert of_class(report, "a") == {"PQ": 1.0, "SQ": 1.0, "RQ": 1.0}
    assert of_class(report, "b")["PQ"] is None  # a crowd


def test_a_folder_of_two_documents_is_refused_by_their_names(shared: Path) -> None:
    folder = shared / "data/datumaro_assets/tests/assets/coco_dataset/coco_panoptic"

    with pytest.raises(CvdataError, match=r"holds 2 panoptic documents: panoptic_train.json, panoptic_val.json"):
        evaluate_pixels(folder, folder, POINT)
