"""Taking pictures in: from folders, lists and archives to a cvdata dataset that can be trusted."""

from .report import IngestReport, IngestSettings, NearCopies
from .run import ingest

__all__ = ["IngestReport", "IngestSettings", "NearCopies", "ingest"]
