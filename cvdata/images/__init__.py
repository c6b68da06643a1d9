"""Pictures: finding them, their sizes after EXIF rotation, and the one rule by which they are decoded."""

from .decode import check_pixels, decode
from .find import SUFFIXES, PictureIndex, find_pictures, is_picture
from .headers import LARGEST_PICTURE, Header, read_header
from .measure import Sizes, measure

__all__ = [
    "LARGEST_PICTURE",
    "SUFFIXES",
    "Header",
    "PictureIndex",
    "Sizes",
    "check_pixels",
    "decode",
    "find_pictures",
    "is_picture",
    "measure",
    "read_header",
]
