"""Why a picture that is opened large always has all of its labels, whatever the list that it was opened from shows.

FiftyOne 1.22 tells its server of an edit by the place that a label has in the picture as the browser got it. In a view
that leaves out labels (`filter_labels`, or a filter of the sidebar) that is another place than in the database: the
edit lands on another label, and then those that the browser never saw are deleted, since it takes what it has for all
there is. So the question of the page for the picture that it shows large is put without the view.
"""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["ask_for_whole"]

_ONE_SAMPLE = re.compile(r"\bsample\s*\(")
"""In the text of a question: it is for one sample; that for many is called `samples`."""

_MAKING = ("To", "GroupBy", "SelectGroupSlices")
"""How the names of stages begin after which samples are others than those of the dataset, such as one for each box.
The App lets nobody edit these."""


def ask_for_whole(body: bytes) -> bytes:
    """Return the body of a GraphQL request, for a sample of the dataset without the view that it is looked at in."""
    try:
        question = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(question, dict) or not _ONE_SAMPLE.search(str(question.get("query"))):
        return body
    variables = question.get("variables")
    if not isinstance(variables, dict) or not _is_plain(variables):
        return body
    whole = {**variables, "view": []} | ({"filters": None} if "filters" in variables else {})
    return json.dumps({**question, "variables": whole}).encode()


def _is_plain(variables: dict[str, Any]) -> bool:
    """Tell whether a sample is asked for by its id, and is one of the dataset."""
    wanted, view = variables.get("filter"), variables.get("view")
    if not isinstance(wanted, dict) or not wanted.get("id") or wanted.get("group") or not isinstance(view, list):
        return False
    stages = [str(stage.get("_cls")) if isinstance(stage, dict) else "" for stage in view]
    return not any(stage.rpartition(".")[2].startswith(_MAKING) for stage in stages)
