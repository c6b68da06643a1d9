"""Put the copies of all pictures into the gallery, with a journal: what a killed run made is not made again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ...dataset import Images
from ...engine import Engine, Progress, batch_size
from ...files.disk import FileEntry, place_files
from ...files.journal import Journal
from ...files.staging import Staging
from .entries import MadePicture, decode_entry, encode_entry
from .pictures import Job, Worked, key_of, large_name, make_pictures, nothing_made, small_name

__all__ = ["Copied", "copy_pictures"]

_BATCH = 32  # pictures, for one trip to a worker


@dataclass
class Copied:
    """What there is of each picture.

    Attributes:
        sizes: by its number in the gallery, 1: a small copy, 2: a larger one, too; no entry where it cannot be read.
        resumed: pictures whose copies an earlier run, which was cut off, had made.
    """

    sizes: dict[int, int] = field(default_factory=dict)
    resumed: int = 0


def copy_pictures(
    images: Images,
    order: Sequence[int],
    large: set[int],
    staging: Staging,
    journal: Journal,
    *,
    engine: Engine,
    progress: Progress,
) -> Copied:
    """Put the copies of pictures into an output that is being made.

    Args:
        order: the rows of all pictures, by their numbers in the gallery.
        large: rows of those that are wanted large, too.

    Raises:
        OutputError: the disk refused.
    """
    known = {made.key: made for line in journal.entries for made in decode_entry(line)}
    folder = journal.make_made({entry.name for made in known.values() for entry in made.files})
    jobs, numbers = _jobs(images, order, large, folder, known)
    copied, waiting = Copied(), iter(numbers)
    size = batch_size(len(jobs), engine.workers, _BATCH)
    batches = [jobs[at : at + size] for at in range(0, len(jobs), size)]
    progress.start("making thumbnails", len(jobs))
    try:
        staging.make_folders(["large", *{f"pictures/{at // 500}" for places in numbers for at in places}])
        for part in engine.map(make_pictures, batches, lost=nothing_made, progress=progress):
            _note(part, journal)
            for worked in part:
                _place(worked, next(waiting), folder, staging, copied)
    except OSError as error:
        raise journal.failed(error) from error
    return copied


def _jobs(
    images: Images, order: Sequence[int], large: set[int], folder: str, known: dict[str, MadePicture]
) -> tuple[list[Job], list[list[int]]]:
    """Return what is to be made, each file once, and the numbers of the pictures that get it."""
    jobs: dict[str, Job] = {}
    numbers: dict[str, list[int]] = {}
    for number, row in enumerate(order):
        file = images.file(row)
        key = None if file is None else key_of(file, large=row in large)
        if file is None or key is None:
            continue
        numbers.setdefault(key, []).append(number)
        made = tuple(known[key].files) if key in known else ()
        jobs.setdefault(key, Job(folder, key, file, row in large, made))
    return list(jobs.values()), list(numbers.values())


def _note(part: Sequence[Worked], journal: Journal) -> None:
    """Remember what was made, before anything can happen to it."""
    fresh = [worked.made for worked in part if worked.made.files and not worked.kept]
    if fresh:
        journal.append(encode_entry(fresh))


def _place(worked: Worked, numbers: Sequence[int], folder: str, staging: Staging, copied: Copied) -> None:
    """Give the copies of a picture their names in the output."""
    files = worked.made.files
    for number in numbers if files else ():
        names = [small_name(number), large_name(number)][: len(files)]
        place_files(staging.path, names, [f"{folder}/{entry.name}" for entry in files], "link")
        staging.record(_renamed(files, names))
        copied.sizes[number] = len(files)
        copied.resumed += worked.kept


def _renamed(files: Sequence[FileEntry], names: Sequence[str]) -> Iterator[FileEntry]:
    return (FileEntry(name, entry.size, entry.sha256) for entry, name in zip(files, names, strict=True))
