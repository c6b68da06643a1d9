"""Which folders are taken for Pascal VOC, and for which dataset."""

from __future__ import annotations

from pathlib import Path

from cvdata.formats import format_of
from cvdata.formats.voc import looks_like

from .test_voc import an_object, load, voc, xml


def test_a_root_is_more_like_voc_than_a_folder_of_files_and_coco_is_not(tmp_path: Path) -> None:
    root = voc(tmp_path / "voc", {"a": xml()})
    (tmp_path / "coco" / "annotations").mkdir(parents=True)
    (tmp_path / "coco" / "annotations" / "a.json").write_text("{}")
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "a.xml").write_text("<html/>")

    voc(tmp_path / "deep" / "train", {"a": xml()})

    scores = [looks_like(p).score for p in (root, root / "Annotations", tmp_path / "deep")]
    assert scores == [90, 80, 40]
    assert [looks_like(tmp_path / name).score for name in ("coco", "html", "missing")] == [0, 0, 0]


def test_the_format_is_found_by_its_name() -> None:
    assert "VOC" in format_of("voc").SUMMARY


def test_a_folder_that_holds_one_dataset_stands_for_it(tmp_path: Path) -> None:
    voc(tmp_path / "VOCdevkit/VOC2012", {"a": xml(an_object())}, pictures=("a.jpg",))
    (tmp_path / "VOCdevkit/README.txt").write_text("from 2012", "utf-8")

    dataset = load(tmp_path / "VOCdevkit")

    assert dataset.images.names == ("a.jpg",)
    assert dataset.images.file(0) == str(tmp_path / "VOCdevkit/VOC2012/JPEGImages/a.jpg")
