"""A font that has the letters of a name: Pillow's own where it does, else the first of this machine that does."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from PIL import ImageFont

from ..errors import show

__all__ = ["Lettering", "lettering"]


class Lettering(NamedTuple):
    """A text that a font can show, and the font."""

    text: str
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont

    @property
    def width(self) -> int:
        """Pixels that the text takes from left to right, rounded up."""
        return -int(-self.font.getlength(self.text) // 1)

    def fitted(self, width: int, *, middle: bool = False) -> Lettering:
        """Return the text cut at its end, or in its middle, so that it takes no more pixels than `width`."""
        if self.width <= width:
            return self
        low, high = 0, len(self.text)
        while low < high:
            half = (low + high + 1) // 2
            fits = self._cut(half, middle).width <= width
            low, high = (half, high) if fits else (low, half - 1)
        return self._cut(low, middle)

    def _cut(self, kept: int, middle: bool) -> Lettering:
        end = kept // 2 if middle else 0
        text = f"{self.text[: kept - end]}…{self.text[len(self.text) - end :]}" if kept else ""
        return Lettering(text, self.font)


@cache
def lettering(text: str, size: int, longest: int = 200) -> Lettering:
    """Make a text ready to be drawn: escaped as `show` does, in the first font that has all its letters.

    Where no font has them all, those that are missing in the best one become `\\u4e2d`-style escapes.

    Args:
        size: height of the font in pixels.
    """
    shown = show(text, longest)
    best, least = "", len(shown) + 1
    for path in _fonts():
        missing = [char for char in dict.fromkeys(shown) if not _has(path, char)]
        if not missing:
            return Lettering(shown, _font(path, size))
        if len(missing) < least:
            best, least = path, len(missing)
    drawn = "".join(c if _has(best, c) else c.encode("unicode_escape").decode("ascii") for c in shown)
    return Lettering(drawn, _font(best, size))


# The fonts that Linux, macOS and Windows bring, those of many scripts first; ties are settled by this order.
_PREFERRED = (
    "NotoSans-Regular.ttf", "DejaVuSans.ttf", "LiberationSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf", "unifont.ttf", "FreeSans.ttf",
    "Arial Unicode.ttf", "Helvetica.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc",
    "segoeui.ttf", "arial.ttf", "msyh.ttc", "YuGothM.ttc", "malgun.ttf", "Nirmala.ttf", "Nirmala.ttc", "LeelawUI.ttf",
    "tahoma.ttf", "ebrima.ttf", "gadugi.ttf", "seguisym.ttf",
)  # fmt: skip


@cache
def _fonts() -> tuple[str, ...]:
    """Return the paths of fonts in the order in which they are tried; Pillow's own is an empty path."""
    found = {os.path.basename(path): path for path in sorted(_installed(), reverse=True)}
    named = [found[name] for name in _PREFERRED if name in found]
    scripts = sorted(name for name in found if name.startswith("NotoSans") and name.endswith("-Regular.ttf"))
    return ("", *named, *(found[name] for name in scripts if found[name] not in named))


def _installed() -> Iterator[str]:
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        folders = [os.path.join(os.environ.get("WINDIR", "C:\\Windows"), "Fonts")]
    elif sys.platform == "darwin":
        folders = ["/System/Library/Fonts", "/Library/Fonts", f"{home}/Library/Fonts"]
    else:
        folders = ["/usr/share/fonts", "/usr/local/share/fonts", f"{home}/.local/share/fonts", f"{home}/.fonts"]
    for folder in folders:
        for root, _, names in os.walk(folder):
            yield from (os.path.join(root, name) for name in names if name.endswith((".ttf", ".ttc", ".otf")))


@cache
def _font(path: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)


_MISSING = "\U0010fffe"  # never a character, so that it draws what a font draws for one it does not have
_PROBE = 16  # pixels


@cache
def _has(path: str, char: str) -> bool:
    """Tell whether a font has a letter: whether it draws something else than for one that it cannot have."""
    if char == " ":
        return True
    try:
        font = _font(path, _PROBE)
        if isinstance(font, ImageFont.FreeTypeFont):
            # Without the joining of letters, which draws a circle of its own below an accent that stands alone.
            font = font.font_variant(layout_engine=ImageFont.Layout.BASIC)
        return bytes(font.getmask(char)) != bytes(font.getmask(_MISSING))
    except (OSError, UnicodeError):  # a broken font file, or Pillow without FreeType
        return False
