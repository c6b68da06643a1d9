"""How sure the costs of errors are."""

from __future__ import annotations

import numpy as np
import pytest

from cvdata.evaluate.diagnosis import Diagnosis, diagnose
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.pair import Pair
from cvdata.evaluate.settings import EvalSettings
from cvdata.evaluate.uncertainty import sure_costs
from cvdata.evaluate.uncertainty.costs import cost_samples

from .drawn import pair_of, repeated


def diagnosed(pair: Pair) -> Diagnosis:
    overlaps = box_overlaps(pair, least=0.1)
    return diagnose(pair, overlaps, match(pair, overlaps, Rules(thresholds=(0.5,))), "boxes")


@pytest.mark.parametrize("seed", range(8))
def test_the_costs_in_a_resample_are_those_of_the_dataset_that_it_stands_for(seed: int) -> None:
    pair = pair_of(2 * seed, images=8, objects=60, detections=120)
    often = np.random.default_rng(seed).multinomial(8, np.full(8, 1 / 8))

    drawn = cost_samples(pair, diagnosed(pair).worlds, often[:, None].astype(np.float64))
    expected = diagnosed(repeated(pair, often)).errors

    for kind in expected.kinds:
        assert drawn[kind.name][0] == pytest.approx(kind.cost.value, abs=1e-12), kind.name
    assert drawn["false positive"][0] == pytest.approx(expected.false_positive.value, abs=1e-12)
    assert drawn["false negative"][0] == pytest.approx(expected.false_negative.value, abs=1e-12)


def test_every_kind_of_error_that_happens_has_an_interval_around_its_cost() -> None:
    pair = pair_of(4, images=40, objects=300, detections=600)
    diagnosis = diagnosed(pair)

    errors = sure_costs(pair, EvalSettings(resamples=200), diagnosis.errors, diagnosis.worlds)

    for kind in errors.kinds:
        cost = kind.cost
        assert cost.value is not None and cost.low is not None and cost.high is not None, kind.name
        assert 0 <= cost.low < cost.high <= 1, kind.name
    assert [kind.cost.value for kind in errors.kinds] == [kind.cost.value for kind in diagnosis.errors.kinds]


def test_without_objects_there_is_nothing_to_be_sure_of() -> None:
    pair = pair_of(0, objects=0)
    diagnosis = diagnosed(pair)

    assert sure_costs(pair, EvalSettings(), diagnosis.errors, diagnosis.worlds) == diagnosis.errors
