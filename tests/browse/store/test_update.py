"""What a sample becomes when it is put again."""

from __future__ import annotations

from typing import Any

from cvdata.browse.store.update import brought_up_to_date


def sample(source: str, label: str, verdict: str, tags: list[str]) -> dict[str, Any]:
    box = {"number": 0, "label": label, "verdict": verdict, "tags": []}
    return {
        "name": "a.png",
        "tags": tags,
        "truth": {"_cls": "Detections", "detections": [box]},
        "cvdata_put": {"source": source, "truth": source, "tags": ["val"], "shown": verdict},
    }


def test_nothing_is_written_where_nothing_was_put_otherwise() -> None:
    old, new = sample("1", "nut", "missed", ["val", "fix"]), sample("1", "bolt", "missed", ["val"])

    assert brought_up_to_date(old, new, touched=True) is None


def test_an_untouched_sample_is_replaced_and_keeps_its_id_and_a_persons_fields() -> None:
    old = {**sample("1", "bolt", "missed", ["val"]), "_id": 7, "mine": "x", "worth": 0.5}

    merged = brought_up_to_date(old, sample("2", "nut", "found", ["val"]), touched=False)

    assert merged == {**sample("2", "nut", "found", ["val"]), "_id": 7, "mine": "x"}


def test_a_touched_sample_keeps_the_persons_labels_and_tags_and_gets_todays_verdict() -> None:
    old = sample("1", "screw", "missed", ["val", "fix"])

    merged = brought_up_to_date(old, sample("2", "nut", "found", ["val"]), touched=True)

    assert merged is not None
    assert merged["truth"]["detections"] == [{"number": 0, "label": "screw", "verdict": "found", "tags": []}]
    assert merged["tags"] == ["val", "fix"]
    assert merged["cvdata_put"] == {"source": "1", "truth": "1", "tags": ["val"], "shown": "found"}


def test_a_persons_field_that_is_called_like_ours_stays_as_it_is() -> None:
    old = {**sample("1", "bolt", "missed", ["val", "fix"]), "truth_note": "x", "found_by": "me", "found_1": 3}

    merged = brought_up_to_date(old, sample("2", "nut", "found", ["val"]), touched=True)

    assert merged is not None
    assert (merged["truth_note"], merged["found_by"], merged["found_1"]) == ("x", "me", 3)


def test_what_cvdata_puts_no_more_goes() -> None:
    old = {**sample("1", "bolt", "missed", ["val"]), "suspicion": 0.5, "found_12_outlines": {}, "found_2": {}}

    assert brought_up_to_date(old, sample("2", "nut", "found", ["val"]), touched=False) == sample(
        "2", "nut", "found", ["val"]
    )
