"""Every figure of a protocol, per class, in every resample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..coco import Grid, grid_of, overlaps_of
from ..coco.lvis import classes_by_rarity, lvis_grid
from ..coco.lvis_matches import lvis_matches
from ..matching import Rules, match
from ..objects import Kind, without_crowds
from ..overlaps import Overlaps
from ..pair import Pair
from ..precision import COCO_RECALLS
from ..protocols.averages import VOC_RECALLS
from ..protocols.rules import VOC
from ..settings import AREAS, EvalSettings
from .ap_bootstrap import Evidence, Reading, class_figures, evidence_of
from .intervals import ENVELOPE, SMOOTH, Bias
from .resampling import Units, draws

__all__ = [
    "ClassFigures",
    "Part",
    "bias_of",
    "blocks_of",
    "end_to_end",
    "evidence_by_name",
    "figures_once",
    "figures_resampled",
    "main_part",
    "means_of",
    "names_of",
    "over_classes",
    "parts_of",
    "units_with_objects",
    "weights_of",
    "work_of",
]

ClassFigures = dict[str, "NDArray[np.float64]"]
"""Figures by name, shape (resamples, classes); NaN where a class has no object in a resample."""

_CELLS = 1 << 25
"""Pictures times resamples whose weights are in memory at once: 128 MiB."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Evidence under one set of rules, and what is read off it.

    Attributes:
        evidence: of each class.
        some: rows of the classes that further figures are means of AP over, by name.
    """

    evidence: list[Evidence]
    reading: Reading
    some: dict[str, list[int]] = field(default_factory=dict)


def parts_of(pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps) -> list[Part]:
    """Return what the figures of the protocol are read off; nothing for protocols that cannot be resampled.

    Args:
        overlaps: at least the pairs of one class that reach the lowest threshold.
    """
    if settings.protocol == "coco":
        return _coco_parts(pair, grid_of(kind, settings), overlaps)
    if settings.protocol == "lvis":
        whole, *sizes = _lvis_parts(pair, lvis_grid(kind, settings), overlaps)
        return [replace(whole, some=classes_by_rarity(pair)), *sizes]
    if settings.protocol in ("voc07", "voc12"):
        return [_voc_part(pair, kind, settings, overlaps, None)]
    return []


def main_part(
    pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps, area: tuple[float, float] = AREAS["all"]
) -> Part | None:
    """Return what the main figures are read off: AP, AP50 and AR; None for protocols that cannot be resampled.

    Args:
        area: bounds, both inclusive, of the objects that count, in square pixels.
    """
    if settings.protocol in ("voc07", "voc12"):
        return _voc_part(pair, kind, settings, overlaps, area)
    if settings.protocol not in ("coco", "lvis"):
        return None
    lvis = settings.protocol == "lvis"
    grid = lvis_grid(kind, settings) if lvis else grid_of(kind, settings)
    part = (_lvis_parts if lvis else _coco_parts)(pair, replace(grid, areas={"all": area}), overlaps)[0]
    precision = {name: line for name, line in part.reading.precision.items() if name in ("AP", "AP50")}
    last: tuple[int | None, int] = (None, grid.max_detections[-1])
    recall = {name: at for name, at in part.reading.recall.items() if at == last}
    return Part(part.evidence, Reading(COCO_RECALLS, precision, recall))


def _coco_parts(pair: Pair, grid: Grid, overlaps: Overlaps) -> list[Part]:
    """Match once per size class."""
    parts = []
    for row, bounds in enumerate(grid.areas.values()):
        rules = Rules(thresholds=grid.thresholds, area=bounds, max_detections=grid.max_detections[-1])
        parts.append(Part(evidence_of(pair, match(pair, overlaps, rules, grid.kind)), _reading(grid, row)))
    return parts


def _reading(grid: Grid, row: int) -> Reading:
    """Return the figures of a size class."""
    precision = {name: line for name, (line, area) in grid.ap_names.items() if area == row}
    recall = {
        name: (line, grid.max_detections[most]) for name, (line, area, most) in grid.ar_names.items() if area == row
    }
    return Reading(COCO_RECALLS, precision, recall)


def _lvis_parts(pair: Pair, grid: Grid, overlaps: Overlaps) -> list[Part]:
    matched = lvis_matches(pair, overlaps, grid)
    return [Part(evidence_of(pair, matches), _reading(grid, row)) for row, matches in enumerate(matched)]


def _voc_part(
    pair: Pair, kind: Kind, settings: EvalSettings, overlaps: Overlaps, area: tuple[float, float] | None
) -> Part:
    protocol, thresholds = VOC[2007 if settings.protocol == "voc07" else 2012], settings.voc_thresholds
    crowd = bool(pair.truth.annotations.has("crowd").any())
    pair = without_crowds(pair)
    if crowd or settings.pixel:
        overlaps = overlaps_of(pair, kind, least=min(thresholds), same_class=True, pixel=settings.pixel)
    rules = Rules(
        thresholds=thresholds,
        above=protocol.above,
        area=area,
        max_detections=protocol.per_class,
        second_choice=protocol.second_choice,
        crowd=protocol.crowd,
        difficult=protocol.difficult,
    )
    names: dict[str, int | None] = {f"AP{100 * value:g}": line for line, value in enumerate(thresholds)}
    recalls = VOC_RECALLS if protocol.average == "voc07" else None
    return Part(evidence_of(pair, match(pair, overlaps, rules, kind)), Reading(recalls, names))


def names_of(parts: list[Part]) -> list[str]:
    """Return the names of all figures, average precisions first, in the order of the papers."""
    precision = [name for part in parts for name in part.reading.precision]
    precision += [name for part in parts for name in part.some]
    return [*precision, *(name for part in parts for name in part.reading.recall)]


def evidence_by_name(parts: list[Part]) -> dict[str, list[Evidence]]:
    """Return the evidence on the classes that each figure rests on, by name."""
    by_name: dict[str, list[Evidence]] = {}
    for part in parts:
        by_name |= dict.fromkeys(part.reading.names, part.evidence)
        by_name |= {name: [part.evidence[row] for row in rows] for name, rows in part.some.items()}
    return by_name


def units_with_objects(evidence: list[Evidence], units: Units) -> int:
    """Return how many pictures or groups have an object that counts: on so many things a figure rests.

    Objects of one picture are found or missed together, so that a hundred on two pictures tell as little as two.
    """
    pictures = np.concatenate([np.zeros(0, np.int64), *(one.objects for one in evidence)])
    return int(np.count_nonzero(np.bincount(units.of[pictures])))


def bias_of(name: str) -> Bias:
    """Return how biased a figure is, by its name: average precision, or another."""
    return ENVELOPE if name.startswith("AP") else SMOOTH


def figures_once(parts: list[Part], pictures: int) -> ClassFigures:
    """Compute the figures themselves, shape (1, classes)."""
    return _joined(parts, np.ones((pictures, 1)), None)


def figures_resampled(
    parts: list[Part], units: Units, resamples: int, seed: int, advance: Callable[[int], None] | None = None
) -> ClassFigures:
    """Compute the figures of every resample, shape (resamples, classes).

    Args:
        advance: told of the detections that are done, of `work_of` them.
    """
    return end_to_end([_joined(parts, weights, advance) for weights in weights_of(units, resamples, seed)])


def end_to_end(blocks: list[ClassFigures]) -> ClassFigures:
    """Join figures of several blocks of resamples."""
    if len(blocks) == 1:  # of a thousand classes these are large
        return blocks[0]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def work_of(parts: list[Part], units: Units, resamples: int) -> int:
    """Return how many detections are gone through, each once per part and block of resamples."""
    return blocks_of(units, resamples) * sum(len(evidence.found) for part in parts for evidence in part.evidence)


def blocks_of(units: Units, resamples: int) -> int:
    """Return in how many blocks resamples are computed, so that memory stays bounded."""
    return -(-resamples // _block(units))


def _block(units: Units) -> int:
    return max(1, _CELLS // max(len(units.of), 1))


def weights_of(units: Units, resamples: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Yield how often each picture is in each resample, shape (pictures, some resamples)."""
    drawn = (row for counts in draws(units.count, resamples, seed) for row in counts)
    for first in range(0, resamples, _block(units)):
        weights = np.empty((len(units.of), min(_block(units), resamples - first)), np.float32)
        for place, counts in enumerate(islice(drawn, weights.shape[1])):
            weights[:, place] = units.weights(counts)
        yield weights


def _joined(parts: list[Part], weights: NDArray[np.floating], advance: Callable[[int], None] | None) -> ClassFigures:
    figures: ClassFigures = {}
    for part in parts:
        table = {name: np.full((weights.shape[1], len(part.evidence)), np.nan) for name in part.reading.names}
        for row, evidence in enumerate(part.evidence):
            for name, values in class_figures(evidence, weights, part.reading).items():
                table[name][:, row] = values
            if advance is not None:
                advance(len(evidence.found))
        figures |= table
    return figures


def means_of(parts: list[Part], figures: ClassFigures) -> dict[str, NDArray[np.float64]]:
    """Return every figure over all classes, or over some, shape (resamples,), by name."""
    some = {name: figures["AP"][:, rows] for part in parts for name, rows in part.some.items()}
    return over_classes(figures | some)


def over_classes(figures: ClassFigures) -> dict[str, NDArray[np.float64]]:
    """Return the mean of each figure over the classes that have objects, shape (resamples,); NaN where none has."""
    means = {}
    for name, table in figures.items():
        defined = ~np.isnan(table)
        count = defined.sum(axis=1)
        total = np.where(defined, table, 0).sum(axis=1)
        means[name] = np.divide(total, count, out=np.full(len(table), np.nan), where=count > 0)
    return means
