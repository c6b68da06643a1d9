"""The figures of parts of the pictures or objects: by split, folder, size, attribute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from ..coco import grid_of
from ..objects import Kind, truth_area
from ..overlaps import Overlaps
from ..pair import Pair
from ..report import Slice
from ..settings import AREAS, EvalSettings
from .ap_bootstrap import Evidence
from .figures import Part, bias_of, figures_once, figures_resampled, main_part, over_classes, units_with_objects
from .intervals import interval
from .resampling import resamples_for, units_of
from .slice_columns import Column, column_of

__all__ = ["slices"]


def slices(pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps) -> list[Slice]:
    """Return the main figures of each value of the columns in `settings.by`, in their order.

    A slice of pictures is evaluated as if there were no others. In a slice of objects the others are set aside, as
    COCO does with objects of other sizes: they count neither as found nor as missed, nor do detections on them. A
    detection that finds nothing counts against every slice, since nothing tells which object it was meant for; only by
    size it counts where its own area falls. So precision, and AP with it, is lower in a slice of few objects for that
    reason alone (Hoiem, Chodpathumwan and Dai, "Diagnosing error in object detectors", ECCV 2012); recall compares
    slices fairly.

    Args:
        overlaps: at least the pairs of one class that reach the lowest threshold.

    Raises:
        UsageError: the truth has no such column, or the protocol cannot be sliced.
    """
    found: list[Slice] = []
    for by in settings.by:
        if by == "size":
            parts = _by_size(pair, kind, settings, overlaps)
        else:
            column = column_of(pair.truth, by)
            of = _of_pictures if column.of == "pictures" else _of_objects
            parts = of(column, pair, kind, settings, overlaps)
        found += [_measured(by, part, pair, settings) for part in parts]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One slice before its figures.

    Attributes:
        pictures: number of pictures in it, or of those with an object in it.
    """

    value: str
    of: Literal["pictures", "objects"]
    pictures: int
    part: Part


def _by_size(pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps) -> Iterator[_Part]:
    for name, bounds in list(grid_of(kind, settings).areas.items())[1:]:
        part = _main(pair, kind, settings, overlaps, bounds)
        yield _Part(name, "objects", _pictures_of(part), part)


def _of_pictures(column: Column, pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps) -> Iterator[_Part]:
    whole = _main(pair, kind, settings, overlaps)
    for row, value in enumerate(column.values):
        inside = column.code == row
        evidence = [_within(one, inside) for one in whole.evidence]
        yield _Part(value, "pictures", int(inside.sum()), Part(evidence, whole.reading))


def _within(evidence: Evidence, inside: NDArray[np.bool_]) -> Evidence:
    """Return the evidence on some pictures."""
    kept = inside[evidence.found]
    return Evidence(
        evidence.found[kept],
        evidence.true[:, kept],
        evidence.counts[:, kept],
        evidence.rank[kept],
        evidence.objects[inside[evidence.objects]],
    )


def _of_objects(column: Column, pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps) -> Iterator[_Part]:
    table = pair.truth.annotations
    area = truth_area(pair.truth)
    for row, value in enumerate(column.values):
        # An area that no bounds hold sets the others aside, by the rule that COCO has for sizes.
        outside = replace(table, area=np.where(column.code == row, area, -1.0))
        aside = replace(pair, truth=replace(pair.truth, annotations=outside))
        part = _main(aside, kind, settings, overlaps)
        yield _Part(value, "objects", _pictures_of(part), part)


def _main(
    pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps, area: tuple[float, float] = AREAS["all"]
) -> Part:
    part = main_part(pair, kind, settings, overlaps, area)
    if part is None:
        message = f"there are no slices under the protocol '{settings.protocol}'"
        raise UsageError(message, hint="leave out --by, or evaluate with --protocol coco")
    return part


def _pictures_of(part: Part) -> int:
    return len(np.unique(np.concatenate([np.zeros(0, np.int64), *(one.objects for one in part.evidence)])))


def _measured(by: str, one: _Part, pair: Pair, settings: EvalSettings) -> Slice:
    units = units_of(pair.truth.images, settings)
    resamples = resamples_for(settings, len(pair.found.annotations))
    values = over_classes(figures_once([one.part], len(units.of)))
    samples = {}
    if resamples:
        samples = over_classes(figures_resampled([one.part], units, resamples, settings.seed))
    none = np.zeros(0)
    objects = sum(len(evidence.objects) for evidence in one.part.evidence)
    among = units_with_objects(one.part.evidence, units)
    return Slice(
        by=by,
        value=one.value,
        of=one.of,
        pictures=one.pictures,
        objects=objects,
        detections=sum(len(evidence.found) for evidence in one.part.evidence),
        metrics={
            name: interval(samples.get(name, none), float(value[0]), settings.level, bias=bias_of(name), among=among)
            for name, value in values.items()
        },
    )
