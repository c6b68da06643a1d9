"""What a YOLO dataset says of itself: `data.yaml`, or a darknet `obj.data` with its list of names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CvdataError, FormatError, IdentityError, Place, show
from ._yolo_yaml import Plain, load_yaml, typed
from .intake import Likeness

__all__ = ["Source", "find_source", "likeness", "read_source", "split_name"]

_KEYS = frozenset({"path", "nc", "names", "kpt_shape", "task", "stand_in", "download"})
_SPLIT_NAMES = {"valid": "val", "validation": "val"}
_MOST_CLASSES = 100_000
_MOST_KEYPOINTS = 10_000


@dataclass(frozen=True)
class Source:
    """A description, read.

    Attributes:
        root: absolute folder that holds the description; everything lies below it.
        file: name of the description below it, for messages.
        names: classes in order.
        path: the key `path`, or None.
        entries: folders or lists of pictures of each split, as written; train, val and test first.
        guesses: other keys whose values may be folders or lists: splits of another name, if they are there.
        keypoints: number of keypoints and of values for each (2 or 3), or None.
        stand_ins: splits that only repeat another one, because trainers ask for them.
        meta: the other keys.
    """

    root: str
    file: str
    names: tuple[str, ...]
    path: str | None
    entries: dict[str, list[str]]
    guesses: dict[str, list[str]]
    keypoints: tuple[int, int] | None
    stand_ins: tuple[str, ...]
    meta: Mapping[str, Any]

    def place(self, field: str | None = None) -> Place:
        """Return the place of a key of the description."""
        return Place(self.file, field=field)


def find_source(path: Path) -> Path:
    """Return the file that describes the dataset at a path: the path itself, or a file in that folder.

    Raises:
        FormatError: there is none, or more than one.
    """
    if not path.is_dir():
        if path.suffix.lower() in (".yaml", ".yml", ".data"):
            return path
        raise FormatError("is neither a folder, nor data.yaml, nor obj.data", at=Place(path), hint="give one of these")
    for name in ("data.yaml", "data.yml"):
        if (path / name).is_file():
            return path / name
    likely = [file for file in _files(path, (".yaml", ".yml")) if _describes(file)]
    if len(likely) > 1:
        names = ", ".join(show(file.name) for file in likely)
        raise FormatError(f"more than one description: {names}", at=Place(path), hint="give the file itself")
    likely = likely or [file for file in (path / "obj.data",) if file.is_file()] or _files(path, (".data",))
    if len(likely) != 1:
        raise FormatError(
            "holds no data.yaml and no obj.data",
            at=Place(path),
            hint="a YOLO dataset needs a data.yaml with train, val and names beside its folders",
        )
    return likely[0]


def _files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.suffix.lower() in suffixes and file.is_file())
    except OSError as error:
        raise FormatError(f"cannot be listed: {error.strerror}", at=Place(folder), hint="check its rights") from error


def _describes(file: Path) -> bool:
    try:
        tree = load_yaml(str(file), file.name)
    except CvdataError:
        return False
    return isinstance(tree, dict) and ("names" in tree or "nc" in tree) and ("train" in tree or "val" in tree)


def likeness(path: Path, task: str) -> Likeness:
    """Say how much a path looks like a YOLO dataset of a task: detect, segment, pose or obb; never raises."""
    try:
        file = find_source(path)
        if file.suffix.lower() == ".data":
            fits = task == "detect" and file.is_file() and b"names" in file.read_bytes()[:4096]
            return Likeness(90 if fits else 0, "a darknet obj.data")
        if not _describes(file):
            return Likeness(0, "")
        tree = load_yaml(str(file), file.name)
    except (CvdataError, OSError):
        return Likeness(0, "")
    said = "pose" if "kpt_shape" in tree else tree.get("task")
    if said not in ("segment", "pose", "obb"):
        said = "detect"
    if task == said:
        return Likeness(100, f"{show(file.name)} with names and splits, for {said}")
    # Whoever asks for plain YOLO may read rows of every kind, so it stays possible.
    return Likeness(50 if task == "detect" else 0, f"{show(file.name)} with names and splits")


def read_source(path: Path) -> Source:
    """Read the description of a dataset.

    Raises:
        FormatError: it is not one.
        IdentityError: two classes have one name.
    """
    file = find_source(path)
    if file.suffix.lower() == ".data":
        return _read_darknet(file)
    tree = load_yaml(str(file), file.name)
    if not isinstance(tree, dict):
        raise FormatError("holds no keys, expected train, val and names", at=Place(file.name))
    names = _class_names(tree, file.name)
    said = tree.get("path")
    entries, guesses = _entries(tree, file.name)
    meta = {key: typed(value) for key, value in tree.items() if key not in _KEYS and key not in entries}
    keypoints = _keypoints(tree, file.name)
    if keypoints is not None:
        meta["kpt_shape"] = list(keypoints)
    stand_in = tree.get("stand_in", [])
    stand_ins = stand_in if isinstance(stand_in, list) else [stand_in]
    return Source(
        root=os.path.abspath(file.parent),
        file=file.name,
        names=names,
        path=said if isinstance(said, str) and said not in ("", "~", "null") else None,
        entries=entries,
        guesses=guesses,
        keypoints=keypoints,
        stand_ins=tuple(split_name(s) for s in stand_ins if isinstance(s, str)),
        meta=meta,
    )


def _class_names(tree: dict[str, Any], file: str) -> tuple[str, ...]:
    count = _count(tree["nc"], file) if "nc" in tree else None
    if "names" not in tree:
        if count is None:
            raise FormatError("has neither names nor nc", at=Place(file), hint="list the classes under 'names'")
        return tuple(f"class_{row}" for row in range(count))
    found = tree["names"]
    at = Place(file, field="names")
    if isinstance(found, dict):
        found = _numbered(found, at)
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise FormatError("is not a list of names", at=at, hint="write names: [cat, dog], or one name a line")
    if count is not None and count != len(found):
        raise FormatError(f"nc is {count}, but there are {len(found)} names", at=at, hint="correct nc or the names")
    return _distinct([str(name) for name in found], at)


def split_name(key: str) -> str:
    """Return the split that a key of data.yaml stands for: `valid` is `val`."""
    return _SPLIT_NAMES.get(key, key)


def _count(node: Any, file: str) -> int:
    number = typed(node)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _MOST_CLASSES:
        raise FormatError("nc is not a number of classes", at=Place(file, field="nc"))
    return number


def _numbered(names: dict[str, Any], at: Place) -> list[Any]:
    # By number, not in the order of the file: `10` may stand before `9`.
    if not all(key.isascii() and key.isdigit() and len(key) < 10 for key in names):
        raise FormatError("has keys that are not class numbers", at=at, hint="number the classes from 0")
    by_number = {int(key): name for key, name in names.items()}
    if sorted(by_number) != list(range(len(names))):
        raise FormatError(f"does not number its {len(names)} classes from 0 without gaps", at=at)
    return [by_number[number] for number in range(len(names))]


def _distinct(names: list[str], at: Place) -> tuple[str, ...]:
    first: dict[str, int] = {}
    for row, name in enumerate(names):
        if not name:
            raise FormatError(f"class {row} has an empty name", at=at, hint="name it")
        if name in first:
            raise IdentityError(f"classes {first[name]} and {row} are both '{show(name)}'", at=at, hint="rename one")
        first[name] = row
    return tuple(names)


def _entries(tree: dict[str, Any], file: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the splits that are there for certain, and the keys that may be splits."""
    certain: dict[str, list[str]] = {}
    guesses: dict[str, list[str]] = {}
    for key in sorted(tree, key=lambda key: ("train", "val", "test").index(key) if key in _ORDER else 3):
        value = tree[key]
        texts = [value] if isinstance(value, str) else value
        if key in _KEYS or not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            if key in _ORDER:
                raise FormatError("is neither a folder nor a list of folders", at=Place(file, field=key))
            continue
        texts = [text for text in texts if text and not (isinstance(text, Plain) and text in ("~", "null"))]
        split = split_name(key)
        if not texts or split in certain:
            continue
        (certain if split in _ORDER else guesses)[split] = texts
    return certain, guesses


_ORDER = ("train", "val", "test")


def _keypoints(tree: dict[str, Any], file: str) -> tuple[int, int] | None:
    if "kpt_shape" not in tree:
        return None
    match typed(tree["kpt_shape"]):
        case [int(count), int(values)] if 1 <= count <= _MOST_KEYPOINTS and values in (2, 3):
            return count, values
    raise FormatError(
        "is not a number of keypoints and 2 or 3 values for each", at=Place(file, field="kpt_shape"), hint="as [17, 3]"
    )


def _read_darknet(file: Path) -> Source:
    pairs: dict[str, str] = {}
    for line in _lines(file):
        key, equals, value = line.partition("=")
        if equals:
            pairs[key.strip()] = value.strip()
    at = Place(file.name, field="names")
    listed = _without_first_folders(file.parent, pairs.get("names", ""))
    if listed is None:
        raise FormatError("the list of class names is not there", at=at, hint="put obj.names beside obj.data")
    names = _lines(listed)
    while names and not names[-1].strip():
        names.pop()
    if "classes" in pairs and pairs["classes"] != str(len(names)):
        raise FormatError(f"'classes' is not the number of names, {len(names)}", at=at, hint="correct one of the two")
    entries: dict[str, list[str]] = {}
    for key, split in (("train", "train"), ("valid", "val"), ("val", "val"), ("test", "test")):
        if pairs.get(key):
            entries.setdefault(split, [pairs[key]])
    return Source(
        root=os.path.abspath(file.parent),
        file=file.name,
        names=_distinct([name.strip() for name in names], at),
        path=None,
        entries=entries,
        guesses={},
        keypoints=None,
        stand_ins=(),
        meta={},
    )


def _without_first_folders(root: Path, name: str) -> Path | None:
    """Find a file that darknet names from another folder: `data/obj.names` may be `obj.names`."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    for first in range(len(parts)):
        path = root.joinpath(*parts[first:])
        if path.is_file():
            return path
    return None


def _lines(file: Path) -> list[str]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", at=Place(file.name)) from error
    if len(data) > 1 << 20:
        raise FormatError("is larger than 1 MiB, expected a short list", at=Place(file.name))
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FormatError("is not UTF-8", at=Place(file.name), hint="save it as UTF-8") from error
