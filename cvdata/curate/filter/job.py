"""Keep the annotations or the pictures that fit an expression, or drop them: `cvdata filter`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, State
from ...dataset.select import keep_annotations, keep_images
from ...errors import UsageError
from ...files import DatasetReport
from ..class_counts import ClassChange, class_changes
from .attributes import WRITTEN
from .columns import COLUMNS
from .names import rows_of_names
from .truth import Checked, Rows, check_expression, of_pictures
from .values import About
from .words import Expression

__all__ = [
    "Emptied",
    "FilterOutcome",
    "FilterReport",
    "FilterSettings",
    "Filtered",
    "Of",
    "check_filter",
    "columns_in_words",
    "filter_dataset",
]

Of = Literal["annotations", "pictures"]
Emptied = Literal["background", "unlabelled", "drop"]


class FilterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to keep or to drop; one of the first three is given.

    Attributes:
        keep: expression; what fits it stays, and nothing else.
        drop: expression; what fits it goes, and nothing else.
        names: of pictures; these stay with all that is in them, and no others.
        of: what is kept or dropped: annotations, or pictures with all that is in them. Where not given, an expression
            about pictures alone is of pictures, any other of annotations; but what `keep` joins to that by `and` and
            is about pictures alone chooses pictures all the same. A picture fits an expression about annotations if
            one of its annotations does, or, where it has none, what is said of pictures is enough.
        emptied: what becomes of pictures that lose all their annotations: pictures with nothing in them (`background`),
            pictures that nobody has labelled (`unlabelled`), or they go as well (`drop`).
    """

    keep: str | None = None
    drop: str | None = None
    names: tuple[str, ...] | None = None
    of: Of | None = None
    emptied: Emptied = "background"


class Filtered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a filter did.

    Attributes:
        of: what was kept or dropped.
        looked_at: how many of those there were; fitting: how many fit the expression, or are named.
        undecided: how many neither fit nor do not, because a column says nothing about them; they were not kept by
            `keep`, and not dropped by `drop`.
        pictures_out: pictures that went because of what the expression says of pictures alone, beside annotations.
        emptied: pictures that lost all their annotations.
        silent: columns of the expression that say nothing in the whole dataset.
        classes: each class before and after.
    """

    of: Of
    looked_at: int
    fitting: int
    undecided: int
    pictures_out: int
    emptied: int
    silent: list[str]
    classes: list[ClassChange]


@dataclass(frozen=True)
class FilterOutcome:
    """What is left of a dataset, and what can be said of it."""

    dataset: Dataset
    filtered: Filtered


class FilterReport(DatasetReport, frozen=True, kw_only=True):
    """What `cvdata filter --json` prints."""

    schema: Literal["cvdata/filter-report/1"] = "cvdata/filter-report/1"
    filter: Filtered


def check_filter(settings: FilterSettings) -> Checked | None:
    """Refuse what makes no sense in any dataset; return the expression, None where pictures are named instead.

    Raises:
        UsageError: there is no expression or two, or it cannot be read; the message shows where. Or pictures are named,
            and something else is said that has nothing to act on.
    """
    if sum(given is not None for given in (settings.keep, settings.drop, settings.names)) != 1:
        hint = "cvdata filter SRC DST --keep 'class in (cat, dog) and area > 1024'"
        raise UsageError("expected an expression for either keep or drop, or names of pictures", hint=hint)
    if settings.names is not None:
        if settings.of == "annotations":
            raise UsageError("names choose pictures, not annotations", hint="leave out --of")
        return None
    name, text = ("keep", settings.keep) if settings.keep is not None else ("drop", settings.drop)
    return check_expression(Expression(text or "", name))


def filter_dataset(dataset: Dataset, settings: FilterSettings) -> FilterOutcome:
    """Keep what fits an expression, or drop it, or keep pictures by their names; the classes stay as they are.

    Raises:
        UsageError: the expression makes no sense, or not for this dataset; the message shows where. Or a named picture
            is not there.
    """
    checked = check_filter(settings)
    if checked is None:
        return _named(dataset, settings.names or ())
    of: Of = settings.of or ("annotations" if checked.of_annotations else "pictures")
    by_annotation = checked.of_annotations or of == "annotations"
    rows = Rows(checked, dataset, by_annotation=by_annotation)
    truth = rows.truth()
    fits, unknown = truth.yes, ~(truth.yes | truth.no)
    if of == "pictures" and by_annotation:
        fits, unknown = _any(dataset, fits) | _bare(dataset, checked), _any(dataset, unknown)
        unknown &= ~fits
    kept = _keep(dataset, of, fits if settings.drop is None else ~fits)
    staying = _staying(dataset, checked, settings)
    lost = _lost(dataset, kept)
    if of == "annotations":
        lost &= staying
        kept = _with_emptied(kept, lost, settings.emptied, staying)
    filtered = Filtered(
        of=of,
        looked_at=len(fits),
        fitting=int(fits.sum()),
        undecided=int(unknown.sum()),
        pictures_out=int((~staying).sum()) if of == "annotations" else 0,
        emptied=int(lost.sum()),
        silent=rows.silent,
        classes=class_changes(dataset, kept),
    )
    return FilterOutcome(kept, filtered)


def _named(dataset: Dataset, names: Sequence[str]) -> FilterOutcome:
    rows = rows_of_names(dataset.images, names)
    kept = keep_images(dataset, rows)
    filtered = Filtered(
        of="pictures",
        looked_at=len(dataset.images),
        fitting=len(rows),
        undecided=0,
        pictures_out=0,
        emptied=0,
        silent=[],
        classes=class_changes(dataset, kept),
    )
    return FilterOutcome(kept, filtered)


def _any(dataset: Dataset, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which pictures have such an annotation."""
    return np.bincount(dataset.annotations.image[rows], minlength=len(dataset.images)) > 0


def _bare(dataset: Dataset, checked: Checked) -> NDArray[np.bool_]:
    """Tell which pictures without annotations fit by what is said of pictures alone, as in `image.fix or extra.fix`."""
    return np.asarray(Rows(checked, dataset, by_annotation=False).truth().yes & (np.diff(dataset.offsets) == 0))


def _keep(dataset: Dataset, of: Of, stays: NDArray[np.bool_]) -> Dataset:
    keep = keep_annotations if of == "annotations" else keep_images
    return dataset if stays.all() else keep(dataset, np.flatnonzero(stays))


def _staying(dataset: Dataset, checked: Checked, settings: FilterSettings) -> NDArray[np.bool_]:
    """Tell which pictures stay: with `keep` those that fit what is said of pictures alone, unless `of` says otherwise.

    Whoever keeps `class == cat and split == train` wants no picture of another split, called background for having
    lost its cats.
    """
    condition = of_pictures(checked)
    if settings.keep is None or settings.of is not None or condition is None:
        return np.ones(len(dataset.images), np.bool_)
    return Rows(condition, dataset, by_annotation=False).truth().yes


def _lost(before: Dataset, after: Dataset) -> NDArray[np.bool_]:
    """Tell which pictures lost all their annotations; none where pictures went as a whole."""
    if len(before.images) != len(after.images):
        return np.zeros(len(after.images), np.bool_)
    return np.asarray((np.diff(before.offsets) > 0) & (np.diff(after.offsets) == 0))


def _with_emptied(dataset: Dataset, lost: NDArray[np.bool_], emptied: Emptied, staying: NDArray[np.bool_]) -> Dataset:
    """Return the pictures that stay, with what is to become of those that lost all their annotations."""
    images = dataset.images
    state = State.EMPTY if emptied == "background" else State.UNLABELLED
    images = replace(images, state=np.where(lost, state, images.state).astype(np.uint8))
    stay = staying & ~lost if emptied == "drop" else staying
    marked = replace(dataset, images=images) if lost.any() else dataset
    return marked if stay.all() else keep_images(marked, np.flatnonzero(stay))


def columns_in_words() -> list[tuple[str, str, str]]:
    """Return name, what it is about, and meaning of every column that an expression may name."""
    named = [(name, column.about, column.meaning) for name, column in COLUMNS.items()]
    prefixes: tuple[tuple[str, About], ...] = (("extra", "annotations"), ("image", "pictures"))
    own = [(f"{prefix}.{key}", of, meaning) for prefix, of in prefixes for key, meaning in WRITTEN[of].items()]
    return [*named, *own, *((f"{prefix}.KEY", of, "any other attribute") for prefix, of in prefixes)]
