"""Draw a part of a dataset that looks like the whole: `cvdata sample`."""

from .job import By, ClassShare, Part, Sampled, SampleOutcome, SampleReport, SampleSettings, check_sample, sample

__all__ = [
    "By",
    "ClassShare",
    "Part",
    "SampleOutcome",
    "SampleReport",
    "SampleSettings",
    "Sampled",
    "check_sample",
    "sample",
]
