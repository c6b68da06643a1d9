"""A sidecar that cannot be believed changes nothing, and a note says so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cvdata.convert import ConvertSettings, read, save
from cvdata.dataset import Dataset

from ..compare import identical
from ..tiny import draw_pictures, tiny
from .test_sidecar import SIDECAR, notes


@pytest.fixture
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return tiny(draw_pictures(tmp_path_factory.mktemp("pictures")))


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def write_head(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


SPOILED: dict[str, Callable[[Path], object]] = {
    "a table is damaged": lambda root: spoil(root / "annotations.parquet"),
    "a table is cut": lambda root: (root / "images.parquet").write_bytes(b"PAR1"),
    "a table is missing": lambda root: (root / "images.parquet").unlink(),
    "the head is no JSON": lambda root: (root / "sidecar.json").write_bytes(b"{"),
    "the head is another file": lambda root: (root / "sidecar.json").write_bytes(b"[1]"),
    "a newer one": lambda root: write_head(root / "sidecar.json", schema="cvdata/sidecar/2"),
    "other classes": lambda root: write_head(root / "sidecar.json", called=["a"]),
    "no tables": lambda root: write_head(root / "sidecar.json", files=[]),
    "a table elsewhere": lambda root: write_head(
        root / "sidecar.json", files=[["../../data.yaml", 1, None], ["images.parquet", 1, None]]
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_sidecar_that_cannot_be_believed_is_left_alone_and_said(what: str, dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", "yolo")
    SPOILED[what](tmp_path / "out" / SIDECAR)

    back = read(tmp_path / "out")

    assert notes(back) == {"sidecar-unusable": 1}
    identical(back.dataset, read(tmp_path / "out", sidecar="none").dataset)


def test_a_sidecar_behind_a_link_out_of_the_dataset_is_not_opened(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", "yolo")
    shutil.move(tmp_path / "out" / SIDECAR, tmp_path / "elsewhere")
    (tmp_path / "out" / SIDECAR).symlink_to(tmp_path / "elsewhere")

    assert notes(read(tmp_path / "out")) == {"sidecar-unusable": 1}


def test_a_sidecar_of_another_format_is_none_of_ours(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "voc", "voc")
    save(dataset, tmp_path / "out", "coco", settings=ConvertSettings(sidecar="none"))
    shutil.copytree(tmp_path / "voc" / SIDECAR, tmp_path / "out" / SIDECAR)

    assert notes(read(tmp_path / "out", "coco")) == {}
