"""A person looks at a small random sample of the proposals, and what follows for all of them."""

from __future__ import annotations

from .draw import check_sample, draw_sample, sample_dataset, without_scores
from .job import ReviewReport, ReviewSampleReport, check_review, review
from .judge import Judged, judge
from .notes import next_sample, note_sample, read_review, read_sample
from .records import (
    REVIEW,
    SAMPLE,
    Decision,
    Drawn,
    ReviewFile,
    ReviewSample,
    ReviewSettings,
    SampleSettings,
)

__all__ = [
    "REVIEW",
    "SAMPLE",
    "Decision",
    "Drawn",
    "Judged",
    "ReviewFile",
    "ReviewReport",
    "ReviewSample",
    "ReviewSampleReport",
    "ReviewSettings",
    "SampleSettings",
    "check_review",
    "check_sample",
    "draw_sample",
    "judge",
    "next_sample",
    "note_sample",
    "read_review",
    "read_sample",
    "review",
    "sample_dataset",
    "without_scores",
]
