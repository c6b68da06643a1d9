"""What a version was made from: a digest over the label files of a source, whatever its format."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from ..engine import Engine, Progress, batch_size
from ..files.hashes import hash_files

__all__ = ["label_digest"]

_LABELS = re.compile(r"(?i)\.(?:txt|xml|json|jsonl|csv|tsv|ya?ml|mat|npy|npz|parquet|tfrecord|data|names|pts|dat)$")
_MOST_FILES = 500  # a batch


def label_digest(source: Path, engine: Engine, progress: Progress) -> str | None:
    """Return a SHA-256 over the names and contents of label files, None where there are none."""
    root, names = (str(source.parent), [source.name]) if source.is_file() else (str(source), _label_files(str(source)))
    if not names:
        return None
    step = batch_size(len(names), engine.workers, _MOST_FILES)
    paths = [f"{root}/{name}" for name in names]
    batches = (paths[first : first + step] for first in range(0, len(paths), step))
    progress.start("hashing labels", len(names))
    found = [one for part in engine.map(hash_files, batches, progress=progress) for one in part]
    digest = hashlib.sha256()
    for name, one in zip(names, found, strict=True):  # lines as `sha256sum` writes them
        digest.update((b"?" * 64 if one is None else one.hex().encode()) + b"  " + os.fsencode(name) + b"\n")
    return digest.hexdigest()


def _label_files(root: str) -> list[str]:
    """Return the names of label files below a folder, sorted; links to folders and hidden files are passed over."""
    names, folders = [], [""]
    while folders:
        prefix = folders.pop()
        try:
            with os.scandir(f"{root}/{prefix}") as entries:
                found = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError:  # the reader has said what there is to say
            continue
        folders += [f"{prefix}{entry.name}/" for entry in found if entry.is_dir(follow_symlinks=False)]
        names += [prefix + entry.name for entry in found if _LABELS.search(entry.name) and entry.is_file()]
    return sorted(names)
