"""Pictures: finding them, their sizes after EXIF rotation, and in `images.decode` the one rule of reading them."""

from .find import SUFFIXES, PictureIndex, file_name, find_pictures, is_picture, stem_of
from .headers import LARGEST_PICTURE, Header, read_header
from .measure import Sizes, measure

__all__ = [
    "LARGEST_PICTURE",
    "SUFFIXES",
    "Header",
    "PictureIndex",
    "Sizes",
    "file_name",
    "find_pictures",
    "is_picture",
    "measure",
    "read_header",
    "stem_of",
]
