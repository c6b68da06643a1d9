"""Pascal VOC average precision, as the development kits compute it (`VOCevaldet.m`, `VOCap.m`).

A detection takes the one object of its class that it overlaps most; if a surer one has it already, the detection is
false. Difficult objects, and detections on them, count neither way. The overlap must reach the threshold, as in the
kits (`ovmax>=minoverlap`); py-faster-rcnn and detectron2 ask for more than the threshold (`above`). All detections
count, and crowd regions, which VOC does not know, are objects like others.

**The added pixel.** The kits add 1 to the difference of two corners, because there a corner is a pixel that belongs to
the box: xmin = xmax is one pixel wide. In cvdata a width is a length and has that pixel already: the VOC reader makes
`xmax - xmin + 1` of it, and a box of COCO's, whose first pixel is 0, 0, 1, 1, has it by definition. So the kits' figure
is that of plain overlaps here, to the last bit for whole pixels. Tools that take `x + w` for a corner and add 1 all the
same measure boxes a pixel too wide; `pixel=1` gives their figures.
"""

from __future__ import annotations

import msgspec

from ...errors import UsageError
from ..numbers import Numbers
from ..objects import Kind
from ..overlaps import Overlaps
from ..pair import Pair
from ..settings import refuse_keypoints
from .rules import VOC, ProtocolRules
from .scoring import Scoring

__all__ = ["voc_numbers"]


def voc_numbers(
    pair: Pair,
    kind: Kind,
    year: int,
    overlaps: Overlaps | None = None,
    *,
    thresholds: tuple[float, ...] = (0.5,),
    pixel: float = 0.0,
    above: bool = False,
) -> Numbers:
    """Return VOC's AP of every class and its mean, one for each threshold and named after it, such as `AP50`.

    Classes without objects that count have none and are left out of the mean.

    Args:
        year: up to 2009 precision is read at eleven recalls, from 2010 on the whole area counts.
        overlaps: at least the pairs of one class that reach the lowest threshold; None to compute them.
        thresholds: overlaps from which an object counts as found; the kits have 0.5 alone.
        pixel: added to widths and heights of boxes, in pixels, see above.
        above: the overlap must lie above the threshold, not only reach it.

    Raises:
        UsageError: keypoints are compared, or masks with a pixel added.
    """
    refuse_keypoints(kind, "Pascal VOC")
    if pixel and kind != "boxes":
        raise UsageError("masks have no pixel to add", hint="leave out --pixel, or compare --kind boxes")
    rules = msgspec.structs.replace(voc_rules(year), thresholds=thresholds, pixel=pixel, above=above)
    names = {f"AP{100 * threshold:g}": slice(line, line + 1) for line, threshold in enumerate(thresholds)}
    return Scoring(pair, kind, overlaps).numbers(rules, names)


def voc_rules(year: int) -> ProtocolRules:
    """Return the rules of the development kit of a year."""
    return VOC[2007 if year < 2010 else 2012]
