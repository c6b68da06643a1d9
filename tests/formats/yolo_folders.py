"""YOLO datasets made by code, read and written, for the tests of the family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml
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


def make(root: Path, labels: dict[str, str | bytes | None], description: str = YAML) -> Path:
    """Make a dataset: `train/a` is images/train/a.jpg and labels/train/a.txt (none for None)."""
    for name, text in labels.items():
        picture(root / f"images/{name}.jpg")
        if text is not None:
            file = root / f"labels/{name}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
    (root / "data.yaml").write_text(description, encoding="utf-8")
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


def trainer_reads(folder: Path, kind: str = "detect") -> dict[str, dict[str, list[list[float]]]]:
    """Read a dataset as Ultralytics 8 does (`check_det_dataset`, `img2label_paths`, `verify_image_label`).

    A picture that it would throw away fails the test; returned are the rows by split and picture.
    """
    data = yaml.safe_load((folder / "data.yaml").read_text(encoding="utf-8"))
    assert {"train", "val", "names"} <= set(data)
    assert "path" not in data  # then entries are relative to the file
    assert data["nc"] == len(data["names"])
    found: dict[str, dict[str, list[list[float]]]] = {}
    for split in [key for key in data if isinstance(data[key], str) and (folder / data[key]).is_dir()]:
        for image in sorted((folder / data[split]).rglob("*.jpg")):
            head, _, tail = str(image).rpartition("/images/")
            label = Path(f"{head}/labels/{tail}").with_suffix(".txt")
            rows = [line.split() for line in label.read_text().splitlines()] if label.is_file() else []
            check_rows(rows, kind, data)
            below = str(image.relative_to(folder / data[split]))
            found.setdefault(split, {})[below] = [[float(value) for value in row] for row in rows]
    return found


def boxed(points: list[str]) -> list[float]:
    """Return middle and size of the box around points (`segments2boxes`): of outlines, all that is looked at."""
    x, y = np.array(points, np.float32).reshape(-1, 2).T
    return [(x.min() + x.max()) / 2, (y.min() + y.max()) / 2, np.ptp(x), np.ptp(y)]


def check_rows(rows: list[list[str]], kind: str, data: dict[str, Any]) -> None:
    if not rows:
        return
    segments = any(len(row) > 6 for row in rows) and kind != "pose"
    assert segments == (kind in ("segment", "obb"))
    if segments:
        assert all(len(row) >= 7 and len(row) % 2 == 1 for row in rows)
    else:
        columns = 5 if kind == "detect" else 5 + data["kpt_shape"][0] * data["kpt_shape"][1]
        assert {len(row) for row in rows} == {columns}
    values = np.array([boxed(row[1:]) if segments else [float(v) for v in row[1:5]] for row in rows])
    assert values.max() <= 1
    assert values.min() >= 0
    assert max(int(row[0]) for row in rows) < len(data["names"])
