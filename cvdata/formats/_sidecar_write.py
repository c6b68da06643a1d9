"""Write a sidecar beside label files, while these are being written."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

import msgspec
import numpy as np

from ..dataset import Dataset, Images
from ..files import FileEntry, Staging, write_stream
from ._sidecar_file import ANNOTATIONS, HEAD, IMAGES, SIDECAR, Sidecar
from ._sidecar_outlines import annotations_to_parquet
from ._store_tables import encode_annotations, encode_images, to_parquet
from .outlet import LabelFiles

__all__ = ["SidecarWriter"]


class SidecarWriter:
    """Writes the annotations in a thread of its own, and the rest when it is known what the label files are.

    Arrow works without Python's lock, so the thread takes what time the workers leave. Use it as a context manager:
    leaving it early, by an error or not, ends the thread.
    """

    def __init__(self, dataset: Dataset, staging: Staging) -> None:
        self._dataset = dataset
        self._staging = staging
        self._entry: FileEntry | None = None
        self._error: BaseException | None = None
        self._unwanted = False
        self._thread = threading.Thread(target=self._write_annotations, daemon=True)

    def __enter__(self) -> SidecarWriter:
        self._staging.make_folders([SIDECAR])
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unwanted = True
        self._thread.join()

    def finish(self, format: str, labels: LabelFiles) -> None:  # noqa: A002 - the word that users know
        """Write what is left, now that every label file is written.

        Raises:
            OSError: the disk refused.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        if self._entry is None:
            raise RuntimeError("the sidecar was left before it was finished")
        hashes = {entry.name: entry.sha256 for entry in self._staging.recorded}
        table = _with_labels(encode_images(_at_home(self._dataset.images)), labels, hashes)
        images = self._write(IMAGES, to_parquet(table))
        head = Sidecar(
            format=format,
            classes=self._dataset.categories,
            called=labels.classes,
            numbered=labels.numbered,
            splits=labels.splits,
            meta=dict(self._dataset.meta),
            files=[self._entry, images],
        )
        written = [_below(entry) for entry in (self._entry, images)]
        self._staging.record(written)
        self._staging.write(f"{SIDECAR}/{HEAD}", _encode(head))

    def _write_annotations(self) -> None:
        try:
            self._entry = self._write(ANNOTATIONS, self._pieces())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the output is written
            self._error = error

    def _pieces(self) -> Iterator[bytes]:
        table = encode_annotations(self._dataset)
        for piece in annotations_to_parquet(table, self._dataset.annotations.outlines):
            if self._unwanted:
                return
            yield piece

    def _write(self, name: str, pieces: Iterable[bytes]) -> FileEntry:
        return write_stream(f"{self._staging.path}/{SIDECAR}", name, pieces)


def _below(entry: FileEntry) -> FileEntry:
    return FileEntry(f"{SIDECAR}/{entry.name}", entry.size, entry.sha256)


def _at_home(images: Images) -> Images:
    """Return the pictures without the folders of this machine: where they lie is what reading finds out."""
    return dataclasses.replace(images, folder=np.full(len(images), -1, np.int32), folders=(), files=None)


def _with_labels(table: Any, labels: LabelFiles, hashes: Mapping[str, str | None]) -> Any:
    """Add name in the output, label file and its hash to the table of pictures."""
    import pyarrow

    digests = [None if name is None else hashes.get(name) for name in labels.files]
    raw = [None if digest is None else bytes.fromhex(digest) for digest in digests]
    table = table.append_column("output_name", pyarrow.array(labels.names, pyarrow.string()))
    table = table.append_column("label_file", pyarrow.array(labels.files, pyarrow.string()))
    return table.append_column("label_sha256", pyarrow.array(raw, pyarrow.binary(32)))


def _encode(head: Sidecar) -> bytes:
    # ASCII, because JSON in UTF-8 cannot hold half a character, which a class name from a JSON file may have.
    return json.dumps(msgspec.to_builtins(head), indent=1).encode() + b"\n"
