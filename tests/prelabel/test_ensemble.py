"""Several models look at the same pictures, and their opinions become one."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from cvdata.dataset import Ragged
from cvdata.errors import UsageError
from cvdata.models.columns import Columns
from cvdata.models.spec import ModelSpec
from cvdata.prelabel.looking.ensemble import Ensemble
from cvdata.prelabel.looking.fuse import FuseSettings

from .detections import Says, classifier, detections, detector, picture, rows_of
from .exact_finder import ExactMaps


def of(*specs: ModelSpec) -> Ensemble:
    return Ensemble([Says(detections(), spec) for spec in specs], FuseSettings())


def test_what_both_find_is_sure_and_what_one_finds_alone_is_half_as_sure() -> None:
    both, alone = (0, 0, 0.8, [0.0, 0.0, 10.0, 10.0]), (0, 1, 0.6, [20.0, 0.0, 10.0, 10.0])

    found = Ensemble([Says(detections(both, alone)), Says(detections(both))], FuseSettings()).find([picture()])

    assert rows_of(found) == [(0, 0, 0.8, [0, 0, 10, 10]), (0, 1, 0.3, [20, 0, 10, 10])]


def test_who_does_not_know_a_class_has_no_say_in_it() -> None:
    cat, dog = (0, 0, 0.8, [0.0, 0.0, 10.0, 10.0]), (0, 1, 0.6, [20.0, 0.0, 10.0, 10.0])
    knows = np.array([[True, True], [True, False]])  # the second finds cats alone

    found = Ensemble([Says(detections(cat, dog)), Says(detections(cat))], FuseSettings(weights=(1, 3)), knows)

    assert rows_of(found.find([picture()])) == [(0, 0, 0.8, [0, 0, 10, 10]), (0, 1, 0.6, [20, 0, 10, 10])]


def test_classifiers_give_the_mean_by_weight() -> None:
    one = Says(Columns(images=2, scores=np.array([[0.8, 0.2], [0.4, 0.6]])), classifier())
    other = Says(Columns(images=2, scores=np.array([[0.4, 0.6], [0.4, 0.6]])), classifier())

    found = Ensemble([one, other], FuseSettings(weights=(3, 1))).find([picture(), picture()])

    assert found.scores is not None
    np.testing.assert_allclose(found.scores, [[0.7, 0.3], [0.4, 0.6]])


def test_it_is_called_by_all_its_models() -> None:
    a, b = Says(detections(), detector(), "a", "11" * 32), Says(detections(), detector(), "b", "22" * 32)

    both = Ensemble([a, b], FuseSettings())

    assert both.name == "a + b"
    assert both.sha256 == hashlib.sha256(("11" * 32 + "22" * 32).encode()).hexdigest()
    assert both.spec.classes == ("cat", "dog") and both.spec.architecture == "told"


def test_masks_stay_where_all_models_have_them() -> None:
    masked = replace(detections((0, 0, 0.8, [0, 0, 2, 2])), masks=Ragged.of([[0, 4]], np.uint32))
    plain = detections((0, 0, 0.7, [0, 0, 2, 2]))
    with_masks, without = Says(masked, detector(masks=True)), Says(plain)

    all_have = Ensemble([with_masks, with_masks], FuseSettings())
    one_has_not = Ensemble([with_masks, without], FuseSettings())

    assert all_have.spec.masks and all_have.find([picture()]).masks is not None
    assert not one_has_not.spec.masks and one_has_not.find([picture()]).masks is None


def test_points_stay_where_all_models_mean_the_same_by_them() -> None:
    found = replace(detections((0, 0, 0.8, [0, 0, 2, 2])), keypoints=np.ones((1, 1, 3)))
    nose, tail = (Says(found, detector(keypoints=(name,), flips=(0,))) for name in ("nose", "tail"))

    same, other = (Ensemble([nose, one], FuseSettings()) for one in (nose, tail))

    assert same.spec.keypoints == ("nose",) and same.find([picture()]).keypoints is not None
    assert other.spec.keypoints == () and other.find([picture()]).keypoints is None


@pytest.mark.parametrize(
    ("specs", "message", "hint"),
    [
        ((detector(), classifier()), "a detector and a classifier cannot look together", "name models of one kind"),
        ((detector("cat", "dog"), detector("cat", "cow")), "different classes", "not all have 'dog'"),
        ((detector("cat", "dog"), detector("dog", "cat")), "different classes", "in a different order"),
        ((classifier(), classifier(several=True)), "learnt different things", ""),
        ((classifier(), classifier(crop_margin=0.1)), "learnt different things", ""),
        ((ExactMaps().spec, ExactMaps().spec), "segmenters say nothing about how sure they are", ""),
    ],
)
def test_models_that_find_different_things_are_refused(specs: tuple[ModelSpec, ...], message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        of(*specs)
    assert hint in (caught.value.hint or "")


def test_weights_are_one_for_each_model() -> None:
    with pytest.raises(UsageError, match="3 weights for 2 models"):
        Ensemble([Says(detections()), Says(detections())], FuseSettings(weights=(1, 1, 1)))
