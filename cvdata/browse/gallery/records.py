"""What writing a gallery came to."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["GalleryReport", "GalleryView"]


class GalleryView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A view of the gallery.

    Attributes:
        count: as the view has it; pictures: how many it shows.
    """

    name: str
    count: int
    pictures: int


class GalleryReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was written.

    Attributes:
        pictures: all of the dataset; each has a place in the gallery.
        large: those that a click shows with up to 1,024 pixels.
        views: in the order of the page; "all pictures" is the last.
        bytes: of all files.
        missing: pictures whose file was not found or cannot be read; their place says so.
        resumed: those that an earlier run, which was cut off, had made.
    """

    schema: Literal["cvdata/browse-gallery-report/1"] = "cvdata/browse-gallery-report/1"
    pictures: int
    large: int
    views: list[GalleryView]
    bytes: int
    missing: list[str]
    resumed: int
