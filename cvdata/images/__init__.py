"""Pictures: finding them, their sizes after EXIF rotation, and the one rule by which they are decoded."""

from .find import SUFFIXES, PictureIndex, find_pictures, is_picture
from .measure import Sizes, measure

__all__ = ["SUFFIXES", "PictureIndex", "Sizes", "find_pictures", "is_picture", "measure"]
