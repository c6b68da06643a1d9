"""Telling a checkpoint of ultralytics from other files, without running anything in it."""

from __future__ import annotations

import os
import zipfile
import zlib

__all__ = ["is_ultralytics"]

_MOST = 64 << 20
_CLASSES = b"ultralytics."
"""How the names of the package's classes begin, which a pickle of its networks has to spell out."""


def is_ultralytics(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is a checkpoint of ultralytics; never raises.

    `torch.save` writes a ZIP file with one pickle, earlier versions the pickle alone. Only its bytes are looked at.
    """
    try:
        with open(path, "rb") as file:
            if file.read(2) != b"PK":
                file.seek(0)
                start = file.read(_MOST)
                return start.startswith(b"\x80") and _CLASSES in start
        with zipfile.ZipFile(path) as archive:
            pickles = [member for member in archive.infolist() if member.filename.endswith("data.pkl")]
            return any(_names_it(archive, member) for member in pickles[:1])
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return False


def _names_it(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as pickle:
        return _CLASSES in pickle.read(_MOST)
