"""What is wrong or worth knowing about the second of two models, said so that nobody takes it for the first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from ..errors import EvaluationError, Place
from ..files import Finding

__all__ = ["errors_of_second", "findings_of_second"]


@contextmanager
def errors_of_second(path: str | os.PathLike[str]) -> Iterator[None]:
    """Name the second model's output in an error that names no file: its words are those for the first."""
    try:
        yield
    except EvaluationError as error:
        error.at = error.at or Place(path)
        raise


def findings_of_second(findings: Sequence[Finding], of_first: Sequence[Finding]) -> list[Finding]:
    """Return what is worth knowing about the second model alone; what is said of the truth was said already."""
    return [
        msgspec.structs.replace(one, message=_of_second(one.message))
        for one in findings
        if "FOUND" in one.message or one not in of_first
    ]


def _of_second(message: str) -> str:
    return message.replace("FOUND", "SECOND") if "FOUND" in message else f"SECOND: {message}"
