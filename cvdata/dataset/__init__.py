"""The model in memory: tables, ragged columns, geometry, masks."""

from .ragged import Ragged
from .tables import COLUMNS, FLAGS, Annotations, Categories, Dataset, Images, Polygons, Row, SourceIds, State

__all__ = [
    "COLUMNS",
    "FLAGS",
    "Annotations",
    "Categories",
    "Dataset",
    "Images",
    "Polygons",
    "Ragged",
    "Row",
    "SourceIds",
    "State",
]
