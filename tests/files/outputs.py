"""A small output written in every way an output is written, here or in a process that gets killed on the way."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cvdata.files import Account, Counts, Manifest, QuarantineItem, Staging, disk, place_files

ACCOUNT = Account(read=Counts(2, 3), written=Counts(2, 2), quarantined=Counts(0, 1), filtered=Counts())
QUARANTINED = QuarantineItem(kind="annotation", file="a.json", found="an area of 0", expected="a box", annotations=1)


def manifest(command: str = "convert") -> Manifest:
    """Return the manifest of the small output, without what `commit` fills in."""
    return Manifest(command=command, format="voc", settings={}, account=ACCOUNT, losses=[], renamed={})


def write_output(target: Path, picture: Path, text: bytes = b"new", *, overwrite: bool = False) -> None:
    """Write labels, a linked picture, a copied picture, a quarantine and a manifest."""
    with Staging(target, overwrite=overwrite) as staging:
        staging.write("labels/a.txt", text)
        staging.make_folders(["images"])
        staging.record(place_files(staging.path, ["images/linked.jpg"], [str(picture)], "link"))
        staging.record(place_files(staging.path, ["images/copied.jpg"], [str(picture)], "copy"))
        staging.write("classes.txt", text)
        staging.commit(manifest(), [QUARANTINED])


@contextmanager
def before_each_change(do: Callable[[int, str], None]) -> Iterator[None]:
    """Call `do(n, kind)` before the n-th change to the disk, n from 1."""
    count = 0

    def hook(kind: str, path: str) -> None:
        nonlocal count
        count += 1
        do(count, kind)

    disk.on_operation(hook)
    try:
        yield
    finally:
        disk.on_operation(None)


def changes(target: Path, picture: Path, *, overwrite: bool = False) -> list[str]:
    """Write the output and return the kind of every change to the disk that it took."""
    kinds: list[str] = []
    with before_each_change(lambda _, kind: kinds.append(kind)):
        write_output(target, picture, overwrite=overwrite)
    return kinds


def disk_full_at(number: int) -> Callable[[int, str], None]:
    """Return a hook that makes one change fail as on a full disk."""

    def hook(count: int, kind: str) -> None:
        if count == number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return hook


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return every path below a folder with its content, None for folders."""
    return {
        str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


def _die(count: int, kind: str) -> None:
    if count == int(sys.argv[3]):
        os._exit(9)


if __name__ == "__main__":  # python -m tests.files.outputs TARGET PICTURE N [overwrite] [no-exchange]
    if "no-exchange" in sys.argv:
        disk._swap = lambda source, target: False
    with before_each_change(_die):
        write_output(Path(sys.argv[1]), Path(sys.argv[2]), overwrite="overwrite" in sys.argv)
