"""A subject in FiftyOne, put there or brought up to date."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ...engine import Progress, Silent
from ...errors import BrowseError, show
from ..labels.digests import is_touched
from ..labels.documents import sample_documents
from ..labels.runs import attributes_of_runs
from ..labels.texts import safe_text, with_safe_texts
from ..names import INFO, NAME
from ..plots import add_plots
from ..session import fiftyone, opened
from ..subject import Subject
from ..views.view import View
from .loading import Loading
from .samples import alone, let_go, made, one_of_each_name, shown_pictures
from .saved import save_views
from .schema import declare, lay_out
from .update import renewed
from .writer import How, Writer, collection_of, write_in_bulk

__all__ = ["Put", "browse_name", "documents_of", "put_subject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """What was put into FiftyOne.

    Attributes:
        name: of FiftyOne's dataset.
        how: the way documents were written.
        views: names of the saved views, in the order of the App's list.
        pictures: in FiftyOne now; `added`, `updated`, `same`: of them, new ones, changed ones and all others.
        removed: pictures that the dataset has no more; `kept`: likewise, but somebody worked on them, so they stay.
        labels: objects and detections of the pictures that were written.
        missing: pictures that cannot be shown: their file was not found.
    """

    name: str
    how: How
    views: tuple[str, ...]
    pictures: int
    added: int
    updated: int
    removed: int
    kept: int
    same: int
    labels: int
    missing: int


def browse_name(source: Path) -> str:
    """Return the name of FiftyOne's dataset of a source: that of its folder, and a sign of where it lies."""
    real = os.path.realpath(source)
    sign = hashlib.blake2b(os.fsencode(real), digest_size=3).hexdigest()
    return f"cvdata-{safe_text(os.path.basename(real)) or 'root'}-{sign}"


def documents_of(name: str) -> Iterator[dict[str, Any]]:
    """Yield the samples of FiftyOne's dataset of that name as they lie in its database, in their order.

    Raises:
        MissingExtraError, BrowseError: FiftyOne cannot be used, or has no such dataset.
    """
    yield from collection_of(opened(name)).find().sort("_id", 1)


def put_subject(
    subject: Subject,
    source: Path,
    *,
    format: str,  # noqa: A002 - what it is called everywhere
    version: str | None,
    views: Sequence[View],
    name: str | None = None,
    pulled: Collection[str] = (),
    progress: Progress | None = None,
    bulk: Writer = write_in_bulk,
) -> Put:
    """Put a subject into FiftyOne; what is there already is brought up to date and a person's work stays.

    Args:
        source: where the dataset lies; `format`, `version`: how, and which version of a cvdata dataset.
        name: of FiftyOne's dataset, else `browse_name`.
        pulled: names of pictures whose edits are part of the dataset by now, so that nothing is left to keep.
        bulk: what writes in bulk.

    Raises:
        MissingExtraError: FiftyOne, or its database, is not installed.
        BrowseError: the database does not answer, another dataset has that name, or no picture can be shown.
        LockedError: another run is putting it.
    """
    subject = with_safe_texts(subject)
    shown = shown_pictures(subject.dataset)
    if not len(shown):
        raise BrowseError("no picture of the dataset was found", hint="--images says where the pictures lie")
    module, name = fiftyone(), name or browse_name(source)
    with alone(name):
        samples, whole = _samples(module, name, source)
        declare(module, samples, subject)
        touched = partial(is_touched, ignored=attributes_of_runs(samples))
        one_of_each_name(samples, touched)
        names = {subject.dataset.images.names[row] for row in shown.tolist()}
        removed, kept = let_go(samples, names, lambda row: row[NAME] not in pulled and touched(row))
        loading = Loading(samples, module.__version__, bulk, partial(renewed, samples, pulled=frozenset(pulled)))
        if not whole:
            loading.check_what_is_there(touched)
        loading.load(sample_documents(subject, shown), len(shown), progress or Silent())
        samples.reload()
        samples.info[INFO] = {**(samples.info.get(INFO) or {}), **_notes(subject, source, format, version, module)}
        samples.save()
        add_plots(module, samples, subject)
        lay_out(module, samples)
        return Put(
            name=samples.name,
            how=loading.how,
            views=save_views(module, samples, views),
            pictures=len(samples),
            added=loading.added,
            updated=loading.updated,
            removed=removed,
            kept=kept,
            same=loading.same,
            labels=loading.labels,
            missing=len(subject.dataset.images) - len(shown),
        )


def _notes(subject: Subject, source: Path, kind: str, version: str | None, module: Any) -> dict[str, Any]:
    return {
        "source": safe_text(os.path.realpath(source)),
        "format": kind,
        "version": version,
        "classes": list(subject.dataset.categories.names),
        "found": [found.name for found in subject.found],
        "scores": [None if found.judged is None else found.judged.score for found in subject.found],
        "fiftyone": module.__version__,
    }


def _samples(module: Any, name: str, source: Path) -> tuple[Any, bool]:
    """Return FiftyOne's dataset of that name, made where there is none, and whether it was put whole the last time.

    Raises:
        BrowseError: FiftyOne takes no such name, or the dataset is none of this source.
    """
    if module.dataset_exists(name):
        samples = module.load_dataset(name)
        notes = dict(samples.info or {}).get(INFO)
        if (notes or {}).get("source") != safe_text(os.path.realpath(source)) and (notes is not None or len(samples)):
            raise BrowseError(
                f"FiftyOne's dataset '{show(name)}' is none of '{show(str(source))}'",
                hint=f"rename it, or delete it if it is no longer wanted: fiftyone datasets delete {show(name)}",
            )
    else:
        samples = made(module, name, {"source": safe_text(os.path.realpath(source))})
    # Said before the first sample, so that a run that is killed on the way can be taken up again; which FiftyOne it was
    # is said at the end of one, so that without it some of what is there was never read back.
    notes = dict(samples.info.get(INFO) or {})
    whole = notes.pop("fiftyone", None) is not None
    samples.info[INFO] = {**notes, "source": safe_text(os.path.realpath(source))}
    samples.save()
    return samples, whole
