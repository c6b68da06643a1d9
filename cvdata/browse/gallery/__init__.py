"""A folder that shows the same views in any browser: no server, no network, no FiftyOne."""

from .records import GalleryReport
from .write import write_gallery

__all__ = ["GalleryReport", "write_gallery"]
