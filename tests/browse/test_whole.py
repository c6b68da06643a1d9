"""A picture that is opened large has all of its labels, since FiftyOne would lose those that a view leaves out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cvdata.browse.whole import ask_for_whole

ONE = "query mainSampleQuery($dataset: String!) { sample(dataset: $dataset, view: $view, filter: $filter) { id } }"
MANY = "query paginateSamplesQuery($count: Int) { samples(dataset: $dataset, view: $view) { edges { node { id } } } }"


def stage(name: str) -> dict[str, Any]:
    return {"_cls": f"fiftyone.core.stages.{name}", "kwargs": [["field", "truth"]]}


def question(query: str = ONE, **variables: Any) -> dict[str, Any]:
    asked = {"dataset": "d", "view": [stage("Match"), stage("FilterLabels")], "filter": {"id": "6b", "group": None}}
    return {"query": query, "variables": asked | variables, "operationName": None}


def asked(document: Any) -> Any:
    return json.loads(ask_for_whole(json.dumps(document).encode()))


@pytest.mark.parametrize("filters", [None, {"truth.detections.label": {"values": ["cat"]}}])
def test_one_sample_is_asked_for_without_the_view(filters: Any) -> None:
    document = question(filters=filters)

    assert asked(document) == document | {"variables": document["variables"] | {"view": [], "filters": None}}


def test_nothing_is_added_to_a_question_that_has_no_filters() -> None:
    assert "filters" not in asked(question())["variables"]


@pytest.mark.parametrize(
    "document",
    [
        question(MANY),
        question(view=[stage("ToPatches")]),  # a sample for each box, which has another id
        question(view=[stage("Match"), stage("ToEvaluationPatches")]),
        question(view=[stage("GroupBy")]),
        question(filter={"id": "6b", "group": {"slice": "left"}}),
        question(filter={"id": None, "group": None}),
        question(filter=None),
        question(view=None),
        {"query": ONE},
        {"query": None, "variables": {}},
        [question()],
        "sample(",
        None,
    ],
)
def test_other_questions_are_passed_on_as_they_are(document: Any) -> None:
    body = json.dumps(document).encode()

    assert ask_for_whole(body) is body


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_question_is_passed_on_as_it_is(body: bytes) -> None:
    assert ask_for_whole(body) is body
