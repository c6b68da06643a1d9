"""The figures of one pair under any rules; what several rule sets share is computed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..coco import overlaps_of
from ..matching import Matches, Rules, match, places_of
from ..numbers import Numbers
from ..objects import Kind, without_crowds
from ..overlaps import Overlaps
from ..pair import Pair
from ..precision import class_curves, class_orders, mean_of
from .averages import class_averages
from .rules import ProtocolRules

__all__ = ["Scoring"]


class Scoring:
    """A pair of truth and detections, scored under one rule set after another.

    Attributes:
        overlaps: at least the pairs of one class that reach every rule set's lowest threshold; None to compute them.
    """

    def __init__(self, pair: Pair, kind: Kind, overlaps: Overlaps | None = None) -> None:
        self.pair = pair
        self.kind = kind
        self.overlaps = overlaps
        self._overlaps: dict[tuple[bool, float, float], Overlaps] = {}
        self._matches: dict[ProtocolRules, Matches] = {}
        self._averages: dict[ProtocolRules, NDArray[np.float64]] = {}
        self._crowd = pair.truth.annotations.has("crowd")
        self._difficult = pair.truth.annotations.has("difficult")

    def averages(self, rules: ProtocolRules) -> NDArray[np.float64]:
        """Return the AP of every class, float64, shape (thresholds, classes); NaN for one without objects."""
        rules = self._in_effect(rules)
        if rules not in self._averages:
            kept = self._kept(rules)
            matches = replace(self._matched(rules), kept=kept)
            curves = class_curves(self.pair, matches, [rows[kept[rows]] for rows in self._orders])
            self._averages[rules] = class_averages(rules.average, self.pair, curves)
        return self._averages[rules]

    def numbers(self, rules: ProtocolRules, metrics: dict[str, slice]) -> Numbers:
        """Return the mean over some thresholds, by name, over all classes and for each class."""
        averages = self.averages(rules)
        return Numbers(
            {name: mean_of(averages[lines]) for name, lines in metrics.items()},
            [
                {name: mean_of(averages[lines, row]) for name, lines in metrics.items()}
                for row in range(len(self.pair.classes))
            ],
        )

    def _in_effect(self, rules: ProtocolRules) -> ProtocolRules:
        """Return the rules that give the same on this pair, with every rule that nothing here falls under as COCO's."""
        idle: dict[str, Any] = {}
        if rules.copies or not self._copies.any():
            idle["copies"] = True
        if not self._crowd.any() and "copies" in idle:
            idle["crowd"] = "region"
        if not self._difficult.any():
            idle["difficult"] = "object"
        if rules.above_score is not None and (self.pair.score > rules.above_score).all():
            idle["above_score"] = None
        for name, place in self._places(rules):
            if (place < getattr(rules, name)).all():
                idle[name] = None
        return msgspec.structs.replace(rules, **idle)

    def _matched(self, rules: ProtocolRules) -> Matches:
        """Match all detections: a surer one is never moved by those after it, so they can be cut off afterwards."""
        key = msgspec.structs.replace(rules, above_score=None, per_class=None, per_picture=None, average="coco")
        if key not in self._matches:
            matching = Rules(
                thresholds=rules.thresholds,
                above=rules.above,
                max_detections=None,
                second_choice=rules.second_choice,
                crowd=rules.crowd,
                difficult=rules.difficult,
            )
            self._matches[key] = match(self._seen_as(rules), self._overlaps_under(rules), matching, self.kind)
        return self._matches[key]

    def _seen_as(self, rules: ProtocolRules) -> Pair:
        """Return the pair with the crowd regions that a protocol sees: `absent` ones are not there at all."""
        if rules.crowd == "object":
            return without_crowds(self.pair)
        return self.pair if rules.copies else _with_crowd(self.pair, self._crowd | self._copies)

    def _overlaps_under(self, rules: ProtocolRules) -> Overlaps:
        # Only with a crowd region is the overlap another than that of two objects.
        plain = rules.crowd == "object"
        if self.overlaps is not None and not plain and not rules.pixel:
            return self.overlaps
        key = (plain, rules.pixel, min(rules.thresholds))
        if key not in self._overlaps:
            pair = without_crowds(self.pair) if plain else self.pair
            self._overlaps[key] = overlaps_of(
                pair, self.kind, least=min(rules.thresholds), same_class=True, pixel=rules.pixel
            )
        return self._overlaps[key]

    def _kept(self, rules: ProtocolRules) -> NDArray[np.bool_]:
        kept = np.ones(len(self.pair.found.annotations), np.bool_)
        if rules.above_score is not None:
            kept &= self.pair.score > rules.above_score
        for name, place in self._places(rules):
            kept &= place < getattr(rules, name)
        return kept

    def _places(self, rules: ProtocolRules) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Yield the limits that are set, and the places of the detections that they are held against."""
        if rules.per_class is not None:
            yield "per_class", self._place_in_class
        if rules.per_picture is not None:
            yield "per_picture", self._place_in_picture

    @cached_property
    def _place_in_class(self) -> NDArray[np.int64]:
        return places_of(self.pair, by_class=True)

    @cached_property
    def _place_in_picture(self) -> NDArray[np.int64]:
        return places_of(self.pair, by_class=False)

    @cached_property
    def _copies(self) -> NDArray[np.bool_]:
        return _copies(self.pair)

    @cached_property
    def _orders(self) -> list[NDArray[np.int64]]:
        return class_orders(self.pair, np.ones(len(self.pair.found.annotations), np.bool_))


def _with_crowd(pair: Pair, crowd: NDArray[np.bool_]) -> Pair:
    truth = replace(pair.truth, annotations=replace(pair.truth.annotations, crowd=crowd))
    return replace(pair, truth=truth)


def _copies(pair: Pair) -> NDArray[np.bool_]:
    """Tell which objects are copies of an earlier one or have no size, bool, shape (objects,)."""
    table = pair.truth.annotations
    order = np.lexsort((*table.box.T, table.category, table.image))
    box, category, image = table.box[order], table.category[order], table.image[order]
    again = (box[1:] == box[:-1]).all(axis=1) & (category[1:] == category[:-1]) & (image[1:] == image[:-1])
    copies = np.asarray(~(table.box[:, 2:] > 0).all(axis=1))
    copies[order[1:][again]] = True
    return copies
