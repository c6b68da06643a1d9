"""`cvdata eval RUN [RUN2]`: what a training kept of its validation pictures, evaluated again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, show
from .eval_inputs import Outcome, Sources

if TYPE_CHECKING:
    from ..engine import Progress
    from ..evaluate.gates import Gate
    from ..evaluate.settings import EvalSettings

__all__ = ["evaluate_runs", "sides_of"]


def sides_of(truth: Path, found: Path | None, second: Path | None) -> tuple[Path, Path, Path | None]:
    """Return truth, found and second model as they are meant: a run is all of the first two.

    Raises:
        UsageError: something is missing, or there is too much.
    """
    from ..models.run_folder import is_run

    if not is_run(truth):
        if found is None:
            hint = "cvdata eval TRUTH FOUND; a run alone is enough, but TRUTH is none"
            raise UsageError("FOUND is missing: what a model found", hint=hint)
        return truth, found, second
    if second is not None:
        raise UsageError("at most two runs are compared", hint="cvdata eval RUN RUN2")
    if found is not None and not is_run(found):
        raise UsageError(
            f"'{show(truth)}' is a run, and '{show(found)}' is none",
            hint="cvdata eval RUN, cvdata eval RUN RUN2, or cvdata eval TRUTH FOUND with the labels for TRUTH",
        )
    return truth, truth, found


def evaluate_runs(sources: Sources, settings: EvalSettings, progress: Progress, gates: Sequence[Gate] = ()) -> Outcome:
    """Evaluate what the run in `sources.truth` found, and compare it with that of `sources.second`.

    Raises:
        CvdataError: a run is not whole, or its dataset is not what it was.
    """
    from ..evaluate.gates import check_classes
    from ..models.run_folder import read_run
    from ..train.judge.again import judge_again

    for option, given in (
        ("--truth-format", sources.truth_format),
        ("--found-format", sources.found_format),
        ("--images", sources.images),
        ("--classes", sources.classes),
        ("--void", sources.void),
    ):
        if given is not None:
            raise UsageError(
                f"{option} is not for runs, which say themselves what they saw", hint=f"leave out {option}"
            )
    check_classes(gates, read_run(sources.truth).spec.classes)
    judged = judge_again(sources.truth, settings, second=sources.second, progress=progress)
    return Outcome(judged.report, judged.evaluation)
