"""The model in memory: tables, ragged columns, geometry, masks."""

from .facts import TAKEN_UNKNOWN, Facts
from .ragged import Ragged
from .tables import COLUMNS, FLAGS, Annotations, Categories, Dataset, Images, Polygons, Row, SourceIds, State
from .texts import Texts

__all__ = [
    "COLUMNS",
    "FLAGS",
    "TAKEN_UNKNOWN",
    "Annotations",
    "Categories",
    "Dataset",
    "Facts",
    "Images",
    "Polygons",
    "Ragged",
    "Row",
    "SourceIds",
    "State",
    "Texts",
]
