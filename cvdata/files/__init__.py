"""The only code that changes the disk: safe names, staging, lock, manifest, quarantine."""

from .disk import FileEntry, place_files, write_files, write_stream
from .paths import output_names, relative_name, safe_join, stays_inside
from .records import Account, Counts, DatasetReport, Finding, Loss, Manifest, QuarantineItem
from .scratch import Scratch
from .single import check_single, write_single
from .staging import PRIVATE, Staging

__all__ = [
    "PRIVATE",
    "Account",
    "Counts",
    "DatasetReport",
    "FileEntry",
    "Finding",
    "Loss",
    "Manifest",
    "QuarantineItem",
    "Scratch",
    "Staging",
    "check_single",
    "output_names",
    "place_files",
    "relative_name",
    "safe_join",
    "stays_inside",
    "write_files",
    "write_single",
    "write_stream",
]
