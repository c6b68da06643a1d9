"""Average precision as `yolo val` of Ultralytics prints it: described from what it does, written anew.

Labels: crowd regions, objects without a size and copies of an object (same class and box) are not there at all, for its
label files hold none (`convert_coco`, `verify_image_label`); detections on them are false. Detections: scores above
0.001, the surest 300 of a picture, or as many as the fullest picture has objects. At ten overlaps from 0.5 to 0.95, the
surest detection takes the free object of its class that it overlaps most (`match_predictions`). Precision is read off
straight lines between the points of the curve's envelope, at 101 recalls (`compute_ap`); at recall 1 it has fallen to
0, so that a class without any fault has 0.995. The mean is that over classes with objects.

Rules changed within 8.4, here as of three releases: before 8.4.180 a detection whose best object was taken was false,
and 300 counted on any picture; before 8.4.37 the last line fell to recall 1, so that recall never reached counted.

`yolo val` works in single precision at the size of the network's input, and compares masks at a quarter of it; here it
is double precision in pixels of the picture, so figures can differ where an overlap is within rounding of a threshold.
"""

from __future__ import annotations

import msgspec
import numpy as np

from ..numbers import Numbers
from ..objects import Kind
from ..overlaps import Overlaps
from ..pair import Pair
from ..settings import refuse_keypoints
from .rules import ULTRALYTICS, ProtocolRules, Release
from .scoring import Scoring

__all__ = ["ultralytics_numbers"]


def ultralytics_numbers(
    pair: Pair, kind: Kind, overlaps: Overlaps | None = None, *, release: Release = "8.4.180"
) -> Numbers:
    """Return `AP50` and `AP`, which Ultralytics calls mAP50 and mAP50-95, over all classes and for each.

    Args:
        overlaps: at least the pairs of one class that overlap by half; None to compute them.
        release: of Ultralytics, whose rules changed with it.

    Raises:
        UsageError: keypoints are compared.
    """
    refuse_keypoints(kind, "Ultralytics")
    rules = ultralytics_rules(pair, release)
    return Scoring(pair, kind, overlaps).numbers(rules, {"AP50": slice(0, 1), "AP": slice(None)})


def ultralytics_rules(pair: Pair, release: Release = "8.4.180") -> ProtocolRules:
    """Return the rules of a release; the newest let as many detections count as the fullest picture has objects."""
    rules = ULTRALYTICS[release]
    if release != "8.4.180" or rules.per_picture is None:
        return rules
    table = pair.truth.annotations
    most = int(np.bincount(table.image[~table.has("crowd")], minlength=1).max())
    return msgspec.structs.replace(rules, per_picture=max(rules.per_picture, most))
