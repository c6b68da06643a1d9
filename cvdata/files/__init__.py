"""The only code that changes the disk: safe names, staging, lock, manifest, quarantine."""

from .disk import FileEntry, place_files, write_files, write_stream
from .paths import output_names, relative_name, safe_join, stays_inside
from .records import Account, Counts, Finding, Loss, Manifest, QuarantineItem
from .staging import PRIVATE, Staging

__all__ = [
    "PRIVATE",
    "Account",
    "Counts",
    "FileEntry",
    "Finding",
    "Loss",
    "Manifest",
    "QuarantineItem",
    "Staging",
    "output_names",
    "place_files",
    "relative_name",
    "safe_join",
    "stays_inside",
    "write_files",
    "write_stream",
]
