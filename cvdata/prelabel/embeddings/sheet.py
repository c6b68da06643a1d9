"""A contact sheet of pictures that are like some, or like nothing seen."""

from __future__ import annotations

from PIL import Image, ImageDraw

from ...dataset import Images
from ...errors import CvdataError
from ...images.decode import decode
from ...reports.canvas import fit
from ...reports.palette import rgb
from ...reports.scales import plural
from ...reports.sheet import assemble
from .similar import SimilarOutcome

__all__ = ["MOST", "draw_similar"]

MOST = 200
"""Pictures on a sheet."""

_TILE, _FRAME = 260, 5
_ASKED = "#d55e00"
_MISSING = "#e3e5e8"


def draw_similar(images: Images, outcome: SimilarOutcome, *, title: str, model: str) -> Image.Image:
    """Draw what was found, with how alike it is; what was asked for comes first, framed.

    Args:
        title: name of what was searched; `model`: of what pictures were compared by.
    """
    shown = outcome.rows[:MOST].tolist()
    tiles = [_framed(_tile(file)) for file in outcome.asked.values()]
    captions = [(name, "asked for") for name in outcome.asked]
    for row, found in zip(shown, outcome.found, strict=False):
        tiles.append(_tile(images.file(row)))
        captions.append((images.names[row], _caption(found.similarity, found.nearest, outcome)))
    if outcome.asked:
        what = "most like the one" if len(outcome.asked) == 1 else "most like one of those"
        said = f"{plural(len(shown), 'picture')} of {outcome.searched:,} {what} asked for"
    else:
        said = f"{plural(len(shown), 'picture')} of {outcome.searched:,} like none of {outcome.compared:,} seen"
    return assemble(
        tiles,
        captions,
        title=title,
        subtitle=f"{said}, compared by {model}",
        legend=[("asked for", _ASKED)] if outcome.asked else (),
        columns=min(len(tiles), max(3, min(8, round((1.2 * len(tiles)) ** 0.5)))),
        tile=_TILE,
    )


def _caption(similarity: float, nearest: str, outcome: SimilarOutcome) -> str:
    if not outcome.asked:
        return f"{1 - similarity:.3f} from {nearest}"
    return f"{similarity:.3f} like {nearest}" if len(outcome.asked) > 1 else f"{similarity:.3f} alike"


def _tile(file: str | None) -> Image.Image:
    try:
        picture = decode(file) if file is not None else None
    except CvdataError:  # it went after it was looked at
        picture = None
    if picture is None:
        return Image.new("RGB", (_TILE, _TILE * 3 // 4), rgb(_MISSING))
    size = fit(picture.shape[1], picture.shape[0], (_TILE, round(1.3 * _TILE)))
    return Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _framed(tile: Image.Image) -> Image.Image:
    ImageDraw.Draw(tile).rectangle((0, 0, tile.width - 1, tile.height - 1), outline=rgb(_ASKED), width=_FRAME)
    return tile
