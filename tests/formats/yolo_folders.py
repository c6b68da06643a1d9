"""YOLO datasets made by code, read and written, for the tests of the family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cvdata.dataset import Annotations, Categories, Dataset, Images
from cvdata.files import Staging
from cvdata.files.records import Account, Counts, Manifest
from cvdata.formats import Intake, Outlet, format_of

YAML = "train: images/train\nval: images/val\nnames: [cat, dog]\n"
WIDTH, HEIGHT = 64, 48


def picture(path: Path, width: int = WIDTH, height: int = HEIGHT) -> Path:
    """Save a grey picture, folders made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), "grey").save(path)
    return path


def make(root: Path, labels: dict[str, str | bytes | None], yaml: str = YAML) -> Path:
    """Make a dataset: `train/a` is images/train/a.jpg and labels/train/a.txt (none for None)."""
    for name, text in labels.items():
        picture(root / f"images/{name}.jpg")
        if text is not None:
            file = root / f"labels/{name}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
    (root / "data.yaml").write_text(yaml, encoding="utf-8")
    return root


def read(path: Path, intake: Intake | None = None, name: str = "yolo") -> Dataset:
    """Read a dataset."""
    chosen = format_of(name)
    return chosen.read(path, chosen.ReadOptions(), intake or Intake())


def write(dataset: Dataset, folder: Path, name: str = "yolo", **options: Any) -> Outlet:
    """Write a dataset without its pictures' refused annotations; return the outlet, for what it took note of."""
    chosen = format_of(name)
    settings = chosen.WriteOptions(**options)
    with Staging(folder) as staging:
        outlet = Outlet(staging=staging)
        chosen.write(dataset, outlet, settings)
        account = Account(read=Counts(), written=Counts(), quarantined=Counts(), filtered=Counts())
        manifest = Manifest(command="test", format=name, settings={}, account=account, losses=[], renamed={})
        staging.commit(manifest, [])
    return outlet


def files(folder: Path) -> dict[str, bytes]:
    """Return what a folder holds, without cvdata's own files."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cvdata" not in path.parts
    }


def one_picture(folder: Path, *, names: tuple[str, ...] = ("cat",), category: list[int], **columns: Any) -> Dataset:
    """Return a dataset of one picture `a.jpg` of 64 x 48 with the given columns of annotations."""
    picture(folder / "a.jpg")
    box = columns.pop("box")
    return Dataset(
        images=Images(
            names=("a.jpg",),
            width=np.array([WIDTH], np.int32),
            height=np.array([HEIGHT], np.int32),
            state=np.array([2], np.uint8),
            split=np.array([-1], np.int32),
            folder=np.array([0], np.int32),
            folders=(str(folder),),
        ),
        annotations=Annotations(
            image=np.zeros(len(category), np.int32),
            category=np.array(category, np.int32),
            box=np.array(box, np.float64).reshape(-1, 4),
            **columns,
        ),
        categories=Categories(names=names),
    )
