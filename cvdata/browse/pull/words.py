"""What is to be known of a pull besides its changes: in the words of findings and conflicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...errors import show
from ...files import Finding
from ...reports.scales import plural
from ..names import TRUTH
from .edits import Edits
from .left import left_of, size_of, tags_of

__all__ = ["findings_of", "left_in_words"]

_EXAMPLES = 5


def left_in_words(document: Mapping[str, Any]) -> str:
    """Say what a person did to a picture that cannot be held against what it was."""
    tags = [show(tag, 20) for tag in tags_of(document)]
    count = len(left_of(document, TRUTH, size_of(document))[0])
    said = f"left it with {plural(count, 'label')}"
    return f"{said}, tagged {', '.join(tags)}" if tags else said


def findings_of(edits: Mapping[str, Edits], strangers: Sequence[str]) -> Iterator[Finding]:
    """Yield what did not come back as a person may think it did.

    Args:
        edits: by the name of their picture; `strangers`: files of samples that cvdata did not put.
    """
    kinds = (
        ("bad-labels", "{n} in FiftyOne cannot be taken", "label", _places(edits, "problems")),
        (
            "bad-attributes",
            "{n} in FiftyOne cannot be taken: the object keeps what it had",
            "attribute",
            _places(edits, "refused"),
        ),
        ("cut-boxes", "{n} went over the edge of the picture: cut", "box", _places(edits, "cut")),
        (
            "unmoved-shapes",
            "{n} moved alone: outline or keypoints stay as they are",
            "box",
            _places(edits, "unmoved"),
        ),
        ("strangers", "{n} that cvdata did not put into FiftyOne: left there", "picture", list(map(show, strangers))),
    )
    for code, message, noun, places in kinds:
        if places:
            said = message.replace("{n}", plural(len(places), noun))
            yield Finding(code=code, message=said, count=len(places), examples=places[:_EXAMPLES])


def _places(edits: Mapping[str, Edits], what: str) -> list[str]:
    return [f"{words} in {show(name)}" for name, one in sorted(edits.items()) for words in getattr(one, what)]
