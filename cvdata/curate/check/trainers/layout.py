"""Which pictures and label files Ultralytics finds for a data.yaml, by its own rules of paths.

Rules: `check_det_dataset` and `img2label_paths` in ultralytics/data/utils.py, `BaseDataset.get_img_files` in
ultralytics/data/base.py, release 8.4. Only read: nothing is downloaded, and `download:` is never run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ....errors import show
from ....files import stays_inside
from ....formats._yolo_source import find_source
from ....formats._yolo_yaml import load_yaml, typed
from ....images import SUFFIXES
from ..findings import Hit, Spot

__all__ = ["ALLOWED", "TrainerLayout", "lay_out"]

ALLOWED = frozenset({"avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "png", "tif", "tiff", "webp"})
"""Suffixes of pictures that it takes (IMG_FORMATS)."""

_SPLITS = ("train", "val", "test")


@dataclass
class TrainerLayout:
    """What the trainer finds.

    Attributes:
        root, file: absolute folder of data.yaml, and its name.
        classes: number of classes; `keypoints`: kpt_shape, or None.
        pictures: absolute paths of the pictures of each split, sorted as the trainer has them.
        passed_over: pictures with a suffix that it does not take.
        hits: what is wrong with data.yaml itself.
    """

    root: str
    file: str
    classes: int = 0
    keypoints: tuple[int, int] | None = None
    pictures: dict[str, list[str]] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)
    hits: dict[str, Hit] = field(default_factory=dict)

    def say(self, code: str, what: str, key: str | None = None) -> None:
        """Add to a finding about data.yaml."""
        self.hits.setdefault(code, Hit(code)).add(Spot(what=what, file=self.file, field=key))

    def shown(self, path: str) -> str:
        """Return a path below the root as a name; another one whole."""
        prefix = self.root.rstrip(os.sep) + os.sep
        return path[len(prefix) :].replace(os.sep, "/") if path.startswith(prefix) else path

    @staticmethod
    def label_of(picture: str) -> str:
        """Return where it looks for the labels of a picture: the last `images` folder of the full path is `labels`."""
        images, labels = f"{os.sep}images{os.sep}", f"{os.sep}labels{os.sep}"
        return labels.join(picture.rsplit(images, 1)).rsplit(".", 1)[0] + ".txt"


def lay_out(source: Path) -> TrainerLayout | None:
    """Find pictures as the trainer does; None where the description is no data.yaml.

    Raises:
        FormatError: it is not YAML that cvdata reads.
    """
    path = find_source(source)
    if path.suffix.lower() not in (".yaml", ".yml"):
        return None
    tree = load_yaml(str(path), path.name)
    layout = TrainerLayout(os.path.realpath(path.parent), path.name)
    _read_classes(tree, layout)
    base = _base(tree, layout)
    for key in _SPLITS:
        entry = tree.get(key, tree.get("validation") if key == "val" else None)
        entry = None if isinstance(entry, str) and typed(entry) is None else entry
        if entry is None:
            if key != "test":
                layout.say("ultralytics-start", f"there is no key '{key}'", key)
            continue
        found = [_entry(part, base, key, layout, listed=isinstance(entry, list)) for part in _parts(entry)]
        paths = [name for place in found if place is not None for name in _pictures(place, layout)]
        if paths:
            layout.pictures[key] = sorted(paths)
        elif any(place is not None for place in found):
            layout.say("ultralytics-start", "no picture that it takes is there", key)
    return layout


def _parts(entry: Any) -> list[str]:
    return [part for part in (entry if isinstance(entry, list) else [entry]) if isinstance(part, str)]


def _read_classes(tree: Mapping[str, Any], layout: TrainerLayout) -> None:
    names, count = tree.get("names"), typed(tree.get("nc"))
    if names is not None and isinstance(count, int) and count != len(names):
        layout.say("ultralytics-start", f"nc is {count}, and there are {len(names)} names", "nc")
    if isinstance(names, dict):
        numbers = [typed(key) for key in _plain_keys(names)]
        if sorted(n for n in numbers if isinstance(n, int)) != list(range(len(names))):
            layout.say("ultralytics-start", "the numbers of the names are not 0, 1, 2, ...", "names")
    layout.classes = len(names) if names is not None else count if isinstance(count, int) else 0
    shape = typed(tree.get("kpt_shape"))
    if isinstance(shape, list) and len(shape) == 2 and all(isinstance(n, int) for n in shape):
        layout.keypoints = (shape[0], shape[1])


def _plain_keys(names: Mapping[str, Any]) -> list[Any]:
    from ....formats._yolo_yaml import Plain

    return [Plain(key) for key in names]


def _base(tree: Mapping[str, Any], layout: TrainerLayout) -> str:
    """Return the folder that entries are below: what `path` says, or the folder of data.yaml."""
    said = typed(tree.get("path"))
    if not isinstance(said, str) or not said:
        return layout.root
    if os.path.isabs(said):
        if os.path.isdir(said):
            return said
    elif not _is_drive(said):
        below = os.path.normpath(os.path.join(layout.root, said))
        if os.path.isdir(below) and stays_inside(layout.root, below):
            what = f"path is '{show(said)}': right only when training starts in the folder of {show(layout.file)}"
            layout.say("ultralytics-folder", what, "path")
            return below
    layout.say("ultralytics-start", f"path is '{show(said)}', a folder that is not there", "path")
    return layout.root  # what it would see if `path` were taken out


def _is_drive(text: str) -> bool:
    return text[1:2] == ":" and text[:1].isalpha()


def _entry(entry: str, base: str, key: str, layout: TrainerLayout, *, listed: bool) -> str | None:
    """Resolve an entry; a leading `../` is dropped where the first try fails, but not inside a list."""
    path = os.path.realpath(os.path.join(base, entry))
    climbs = entry.startswith("../")
    if not os.path.exists(path) and climbs and not listed:
        path = os.path.realpath(os.path.join(base, entry[3:]))
    if not os.path.exists(path):
        if key != "test":
            layout.say("ultralytics-start", f"'{show(entry)}' is not there", key)
        return None
    if not stays_inside(layout.root, path):
        layout.say("ultralytics-elsewhere", f"'{show(entry)}' is {show(path)}", key)
    return path


def _pictures(place: str, layout: TrainerLayout) -> Iterator[str]:
    """Yield the pictures of a folder, recursively, or of a list."""
    for path in _walk(place) if os.path.isdir(place) else _listed(place, layout):
        suffix = path.rpartition(".")[2].lower()
        if suffix in ALLOWED:
            yield path
        elif f".{suffix}" in SUFFIXES:
            layout.passed_over.append(path)


def _walk(folder: str) -> Iterator[str]:
    # Like glob's `**/*.*`: hidden files and folders are not seen.
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith(".") and "." in name:
                yield os.path.join(base, name)


def _listed(file: str, layout: TrainerLayout) -> Iterator[str]:
    try:
        with open(file, encoding="utf-8-sig") as handle:
            lines = handle.read().strip().splitlines()
    except (OSError, UnicodeDecodeError):
        layout.say("ultralytics-start", f"the list '{show(layout.shown(file))}' cannot be read as UTF-8")
        return
    parent = os.path.dirname(file) + os.sep
    loose = [line for line in lines if not line.startswith("./") and not os.path.isabs(line)]
    if loose:
        what = f"{len(loose):,} of {len(lines):,} lines of {show(layout.shown(file))} do not begin with ./"
        layout.say("ultralytics-folder", what)
    for line in lines:
        below = line.replace("./", parent, 1) if line.startswith("./") else os.path.join(layout.root, line)
        yield os.path.normpath(below)
