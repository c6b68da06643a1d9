"""What `cvdata browse` says to people: what was loaded, and what came back."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import show
from ..reports.scales import plural
from .show import finding_lines

if TYPE_CHECKING:
    from pathlib import Path

    from ..browse.gallery import GalleryReport
    from ..browse.pull import Conflict, PullCounts
    from ..browse.store.put import Put
    from ..browse.subject import Found, Subject
    from ..browse.views.view import View
    from ..files import Finding

__all__ = ["found_findings", "gallery_lines", "loaded_lines", "pull_findings", "pull_lines"]

_MOST_VIEWS = 20
_MOST_CONFLICTS = 20
_NAME = 44


def loaded_lines(put: Put, subject: Subject, views: Sequence[View], source: Path) -> list[str]:
    """Return what was put into FiftyOne, the views in their order, and what to do next."""
    from ..formats.store import is_store

    changes = ((put.added, "new"), (put.updated, "updated"), (put.same, "as before"), (put.removed, "taken out"))
    said = ", ".join(f"{count:,} {word}" for count, word in changes if count)
    lines = [f"{plural(put.pictures, 'picture')} in FiftyOne as {show(put.name)}" + (f": {said}" if said else "")]
    if subject.found:
        lines.append(f"found by: {', '.join(show(found.name, 40) for found in subject.found)}")
        lines += [*finding_lines(found_findings(subject)), *_not_judged(subject.found[0])]
    if put.kept:
        lines.append(f"note: {plural(put.kept, 'picture')} left SRC, but somebody worked on them: kept in FiftyOne")
    if put.missing:
        lines.append(f"note: {plural(put.missing, 'picture')} cannot be shown: the file was not found")
    lines += ["", *_views(views), ""]
    back = f"cvdata browse {shlex.quote(show(source))}{'' if is_store(source) else ' DST'} --pull"
    return [*lines, *_NEXT, f"{back} --dry-run shows what was changed, and without --dry-run brings it back"]


def found_findings(subject: Subject) -> list[Finding]:
    """Return what was left out of what models found."""
    return [finding for found in subject.found for finding in found.findings]


def _not_judged(first: Found) -> list[str]:
    """Return what to know of the verdicts of the first model."""
    if first.report is None:
        return ["note: nothing is judged: no picture at which the model looked is labelled"]
    if first.judged is None:
        return ["note: nothing is judged: pictures have several labels, which `cvdata eval` judges class by class"]
    return finding_lines(first.report.findings)


_NEXT = (
    "next: pick a view in the App, edit labels, or tag what you see:",
    "  drop    leave the picture or the label out",
    "  fix     keep it, and note that somebody has to look again",
    "  accept  what was found is right: it becomes a label",
)


def _views(views: Sequence[View]) -> Iterator[str]:
    if not views:
        yield "no view to begin with: nothing stands out"
        return
    yield "views, worst first:"
    wide = max(len(f"{view.count:,}") for view in views)
    for view in views[:_MOST_VIEWS]:
        what = ("label" if view.side else "picture") + ("" if view.count == 1 else "s")
        yield f"  {view.count:>{wide},} {what:<8}  {show(view.name, _NAME)}"
    if len(views) > _MOST_VIEWS:
        yield f"  and {len(views) - _MOST_VIEWS:,} more, in the App's list of saved views"


def gallery_lines(report: GalleryReport, target: Path) -> list[str]:
    """Return what was written as pages, and how to open it."""
    views = plural(len(report.views), "view")
    lines = [f"{plural(report.pictures, 'picture')} in {views} -> {show(target)} ({report.bytes / 1e6:,.1f} MB)"]
    if report.resumed:
        were = "was" if report.resumed == 1 else "were"
        lines.append(f"{plural(report.resumed, 'picture')} {were} made before the last run was cut off")
    if report.missing:
        lines.append(f"note: {plural(len(report.missing), 'picture')} cannot be shown: not found, or cannot be read")
    wide = max(len(f"{view.count:,}") for view in report.views)
    lines += ["", "views, worst first:"]
    lines += [f"  {view.count:>{wide},}  {show(view.name, _NAME)}" for view in report.views[:_MOST_VIEWS]]
    if len(report.views) > _MOST_VIEWS:
        lines.append(f"  and {len(report.views) - _MOST_VIEWS:,} more, in the list of the page")
    return [*lines, "", f"next: open {show(target / 'index.html')} in any browser; the folder can be sent as it is"]


def pull_lines(counts: PullCounts, conflicts: Sequence[Conflict]) -> list[str]:
    """Return what people did in FiftyOne, and each picture that was changed on both sides."""
    lines = []
    if counts.pictures:
        lines = [f"changed in FiftyOne: {plural(counts.pictures, 'picture')}", *_done(counts)]
    elif not conflicts:
        lines = ["nothing to pull: FiftyOne has no change that the dataset lacks"]
    if conflicts:
        lines += [
            *([""] if lines else []),
            f"{plural(len(conflicts), 'conflict')}: changed in FiftyOne and in the dataset, left alone:",
        ]
    for one in conflicts[:_MOST_CONFLICTS]:
        lines += [f"  {show(one.image, 80)}", f"    in FiftyOne: {one.person}", f"    in the dataset: {one.dataset}"]
    if len(conflicts) > _MOST_CONFLICTS:
        lines.append(f"  and {len(conflicts) - _MOST_CONFLICTS:,} more: --json")
    return [*lines, *(_CURE if conflicts else ())]


def pull_findings(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield what did not come back as a person may think it did, each example on a line: it says what to mend."""
    for finding in findings:
        yield f"note: {finding.message}"
        yield from (f"  {example}" for example in finding.examples)
        if finding.count > len(finding.examples):
            yield f"  and {finding.count - len(finding.examples):,} more"


_CURE = (
    "  to end a conflict: make the dataset what FiftyOne has, and pull again; or delete the picture in",
    "  FiftyOne, and open it anew with cvdata browse",
)


def _done(counts: PullCounts) -> Iterator[str]:
    """Yield a line of what became of labels, one of what became of pictures, one of what is to be looked at again."""
    kinds = ("drawn", "moved", "relabelled", "reshaped", "attributes", "deleted", "accepted")
    words = {"attributes": "with changed attributes"}
    labels = [f"{getattr(counts, kind):,} {words.get(kind, kind)}" for kind in kinds if getattr(counts, kind)]
    if labels:
        yield f"  labels: {', '.join(labels)}"
    if counts.dropped:
        yield f"  {plural(counts.dropped, 'picture')} left out"
    fixed = ((counts.fix_pictures, "picture", "image.fix"), (counts.fix_labels, "label", "extra.fix --of pictures"))
    for count, noun, expression in fixed:
        if count:
            yield f"  {plural(count, noun)} to fix: cvdata filter SRC DST --keep {expression}"
