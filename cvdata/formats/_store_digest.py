"""What a version was made from: a digest over the label files of a source, whatever its format."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..engine import Engine, Progress, batch_size

__all__ = ["label_digest"]

_LABELS = re.compile(r"(?i)\.(?:txt|xml|json|jsonl|csv|tsv|ya?ml|mat|npy|npz|parquet|tfrecord|data|names|pts|dat)$")
_MOST_FILES = 500  # a batch


def label_digest(source: Path, engine: Engine, progress: Progress) -> str | None:
    """Return a SHA-256 over the names and contents of label files, None where there are none."""
    root, names = (str(source.parent), [source.name]) if source.is_file() else (str(source), _label_files(str(source)))
    if not names:
        return None
    step = batch_size(len(names), engine.workers, _MOST_FILES)
    batches = (HashBatch(root, names[first : first + step]) for first in range(0, len(names), step))
    progress.start("hashing labels", len(names))
    digest = hashlib.sha256()
    for lines in engine.map(hash_batch, batches, progress=progress):
        digest.update(lines)
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


@dataclass(frozen=True)
class HashBatch:
    """Names of files below a root."""

    root: str
    names: list[str]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, part: slice) -> HashBatch:
        return HashBatch(self.root, self.names[part])


def hash_batch(batch: HashBatch) -> bytes:
    """Return a line for each file, as `sha256sum` writes it; runs in a worker."""
    return b"".join(_sha256(f"{batch.root}/{name}") + b"  " + os.fsencode(name) + b"\n" for name in batch.names)


def _sha256(path: str) -> bytes:
    digest = hashlib.sha256()
    try:
        with open(path, "rb", buffering=0) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return b"?" * 64  # the reader has put it aside
    return digest.hexdigest().encode()
