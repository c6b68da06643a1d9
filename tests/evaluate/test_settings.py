"""Settings that make no sense, or would change nothing, are refused before any file is read."""

from __future__ import annotations

import pytest

from cvdata.errors import UsageError
from cvdata.evaluate.settings import AREAS, EvalSettings, check_settings

SIZES = {"all": (0.0, 1e10), "tiny": (0.0, 100.0)}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (EvalSettings(protocol="voc07", engine="pycocotools"), "--engine is of COCO's rules"),
        (EvalSettings(protocol="openimages", thresholds=(0.7,)), "Open Images' rules have one overlap"),
        (EvalSettings(protocol="voc12", max_detections=(1,)), "by VOC's rules all detections count"),
        (EvalSettings(protocol="voc12", areas=SIZES), "the rules of voc12 have no size classes"),
        (EvalSettings(protocol="openimages", areas=SIZES), "the rules of openimages have no size classes"),
        (EvalSettings(pixel=1), "--pixel is of VOC's rules"),
        (EvalSettings(kind="keypoints", protocol="voc12"), "Pascal VOC has no rule for keypoints"),
        (EvalSettings(kind="keypoints", protocol="lvis"), "LVIS has no rule for keypoints"),
        (EvalSettings(kind="keypoints", explain=True), "Pascal VOC has no rule for keypoints"),
        (EvalSettings(kind="masks", protocol="voc12", pixel=1), "masks have no pixel to add"),
        (EvalSettings(seed=-1), "a seed of -1 is negative"),
        (EvalSettings(resamples=-5), "fewer than 100 resamples"),
        (EvalSettings(resamples=99_999_999_999), "more than 100,000 resamples tell nothing more"),
        (EvalSettings(max_detections=(10**23,)), "numbers of detections go up to 2,147,483,647"),
    ],
)
def test_what_would_change_nothing_or_cannot_be_is_refused(settings: EvalSettings, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_settings(settings)


@pytest.mark.parametrize(
    "settings",
    [
        EvalSettings(protocol="voc12", areas=SIZES, by=("size",)),
        EvalSettings(protocol="voc12", areas=AREAS, pixel=1, thresholds=(0.5, 0.7)),
        EvalSettings(protocol="voc07", max_detections=(300,), explain=True),
        EvalSettings(protocol="openimages", max_detections=(20,), thresholds=(0.5,)),
        EvalSettings(protocol="lvis", max_detections=(20,), areas=SIZES, thresholds=(0.7,)),
    ],
)
def test_what_changes_something_is_let_through(settings: EvalSettings) -> None:
    check_settings(settings)
