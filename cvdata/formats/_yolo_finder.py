"""The pictures that the entries of a YOLO description name: folders, lists, and labels that lie apart from them."""

from __future__ import annotations

import os
import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import FormatError, Place, UnsafePathError, show
from ..images import PictureIndex, is_picture
from ._yolo_entries import bases, is_absolute, is_list, locate, normal
from ._yolo_source import Source
from .intake import Intake

__all__ = ["Finder", "Listed", "label_of"]

_LARGEST_LIST = 1 << 28


@dataclass(frozen=True)
class Listed:
    """A picture of a split: its file, its path below the folder of the split, its label file."""

    file: str | None
    below: str
    label: str


def label_of(picture: str) -> str:
    """Return where the labels of a picture lie: the last `images` folder is `labels`, the suffix `.txt`.

    With no `images` in the path the labels lie beside the picture. Rule of Ultralytics' `img2label_paths`.
    """
    head, middle, tail = f"/{picture}".rpartition("/images/")
    return os.path.splitext(f"{head}/labels/{tail}"[1:] if middle else picture)[0] + ".txt"


class Finder:
    """Turns the entries of a description into pictures."""

    def __init__(self, source: Source, intake: Intake, pictures: PictureIndex, labels: PictureIndex) -> None:
        self._source = source
        self._intake = intake
        self._pictures = pictures
        self._labels = labels
        self._apart = intake.images is not None
        self._bases = bases(source, intake)
        self._many = len({entry for entries in source.entries.values() for entry in entries}) > 1

    def splits(self) -> Iterator[tuple[str, list[Listed]]]:
        """Yield every split that is there, with its pictures."""
        source = self._source
        for split, entries in source.entries.items():
            found = [(entry, locate(entry, source, self._bases, split, apart=self._apart)) for entry in entries]
            missing = [entry for entry, name in found if name is None]
            if missing and split == "test":
                message = "the pictures of test are not there"
                self._intake.note("missing-test", message, 1, [show(entry) for entry in missing])
            elif missing:
                self._refuse_missing(missing[0], split)
            yield split, [row for _, name in found if name is not None for row in self._rows(name, split)]
        for split in ("train", "val"):
            if split not in source.entries and source.file.endswith((".yaml", ".yml")):
                self._intake.note("missing-split", f"there is no key '{split}', which trainers ask for")
        for split, entries in source.guesses.items():
            names = [self._guess(entry) for entry in entries]
            if all(name is not None for name in names):
                yield split, [row for name in names if name is not None for row in self._rows(name, split)]

    def _refuse_missing(self, entry: str, split: str) -> None:
        folders = sorted({name.rpartition("/")[0] for name in self._pictures.names})[:8]
        there = ", ".join(f"'{show(folder)}'" for folder in folders if folder) or "none"
        raise FormatError(
            f"'{show(entry)}' is not there; folders with pictures: {there}",
            at=self._source.place(split),
            hint="correct the entry, or name the pictures' folder with --images",
        )

    def _guess(self, entry: str) -> str | None:
        """Return the folder or list that the value of an unknown key names, or None where it is something else."""
        if is_absolute(entry) or not normal(entry):
            return None
        name = locate(entry, self._source, self._bases, "", apart=False)
        if name is None or is_list(name):
            return name if name and any(is_picture(line) for line in self._lines(name)[:1]) else None
        return name if self._names_below(name) else None

    def _rows(self, name: str, split: str) -> Iterator[Listed]:
        return self._from_list(name, split) if is_list(name) else self._from_folder(name)

    def _from_folder(self, folder: str) -> Iterator[Listed]:
        places = [folder]
        if self._apart:
            first, images, rest = f"/{folder}/".partition("/images/")
            places += [f"{first}/{rest}".strip("/")] if images else []
            places.append("")
        for place in places:
            prefix = f"{place}/" if place else ""
            self._refuse_links(place, prefix)
            names = self._names_below(place)
            if names and self._apart and not place and folder and self._many:
                # One folder for several splits: a picture belongs to the split that holds its labels.
                names = [name for name in names if label_of(f"{folder}/{name}") in self._labels]
            if names:
                break
        for name in names:
            below = name[len(prefix) :]
            yield Listed(name, below, label_of(f"{folder}/{below}" if folder else below))

    def _names_below(self, folder: str) -> list[str]:
        names = self._pictures.names
        # Sorted, so all that begin with `folder/` stand together, before `folder0`.
        return names[bisect_left(names, f"{folder}/") : bisect_left(names, f"{folder}0")] if folder else names

    def _refuse_links(self, folder: str, prefix: str) -> None:
        for name, reason in self._pictures.refused.items():
            if name.startswith(prefix) or folder == name or folder.startswith(f"{name}/"):
                self._refuse_link(name, reason)

    def _refuse_link(self, name: str, reason: str) -> None:
        raise UnsafePathError(
            f"'{show(name)}' {reason}",
            at=self._source.place(),
            hint="put the picture itself there, or give the folder that the link points to with --images",
        )

    def _from_list(self, name: str, split: str) -> Iterator[Listed]:
        lines = self._lines(name)
        found: list[tuple[str | None, str]] = []
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            if not is_picture(line):
                raise FormatError(
                    "names something that is no picture", at=Place(name, number), hint="a list names a picture a line"
                )
            found.append(self._listed_picture(line, name, number))
        common = _common_folder([(file or line).lstrip("/") for file, line in found])
        for file, line in found:
            path = (file or line).lstrip("/")
            _, images, below = f"/{path}".rpartition("/images/")
            below = below.removeprefix(f"{split}/") if images else path[common:]
            yield Listed(file, below, self._label_of_line(file, line))

    def _listed_picture(self, line: str, name: str, number: int) -> tuple[str | None, str]:
        """Find the picture of a line; return its file, or None, and the line as a path below the root."""
        beside = name.rpartition("/")[0]
        starts = [beside] if line.startswith("./") else [*self._bases, beside]
        tries = [path for start in starts if (path := normal(f"{start}/{line}")) is not None]
        if is_absolute(line):
            tries = []
        for path in tries:
            if path in self._pictures:
                return path, path
        bare = normal(re.sub(r"^(?:\.{0,2}/)+", "", line)) or line
        file = self._pictures.resolve(bare)
        if file is None and not tries and os.path.exists(line) and not self._apart:
            raise UnsafePathError(
                f"'{show(line)}' lies outside the dataset", at=Place(name, number), hint="give its folder with --images"
            )
        if file is not None and file in self._pictures.refused:
            self._refuse_link(file, self._pictures.refused[file])
        return file, tries[0] if tries else bare

    def _label_of_line(self, file: str | None, line: str) -> str:
        if file is not None and not self._apart:
            return label_of(file)
        # Pictures and labels lie apart, and lists carry folders of the machine that wrote them.
        return self._labels.resolve(label_of(line)) or label_of(line)

    def _lines(self, name: str) -> list[str]:
        path = f"{self._source.root}/{name}"
        try:
            if os.path.getsize(path) > _LARGEST_LIST:
                raise FormatError("is larger than 256 MiB, expected a list of pictures", at=Place(name))
            with open(path, "rb") as handle:
                data = handle.read()
        except OSError as error:
            raise FormatError(f"cannot be read: {error.strerror}", at=Place(name)) from error
        text = os.fsdecode(data.removeprefix(b"\xef\xbb\xbf"))
        return [line.strip().replace("\\", "/") for line in text.split("\n")]


def _common_folder(paths: list[str]) -> int:
    """Return the length of the folder that all relative paths share, its slash included."""
    folders = {path.rpartition("/")[0] for path in paths}
    shared = posixpath.commonpath(folders) if folders else ""
    return len(shared) + 1 if shared else 0
