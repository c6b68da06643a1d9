"""Pictures: finding them, their sizes after EXIF rotation, and (in `images.decode`) the one rule by which they are read."""

from .find import SUFFIXES, PictureIndex, find_pictures, is_picture
from .headers import LARGEST_PICTURE, Header, read_header
from .measure import Sizes, measure

__all__ = [
    "LARGEST_PICTURE",
    "SUFFIXES",
    "Header",
    "PictureIndex",
    "Sizes",
    "find_pictures",
    "is_picture",
    "measure",
    "read_header",
]
