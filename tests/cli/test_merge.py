"""`cvdata merge`, as people run it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import cvdata as library
from cvdata.dataset import Categories, Dataset
from cvdata.formats.store import open_store

from ..tiny import build, draw_pictures
from .command import cvdata, write_coco

REPO = Path(__file__).resolve().parents[2]
CATS = Categories(names=("cat", "dog"))


def _part(folder: Path, rows: list[tuple[str, str, list[float]]], target: str, to: str = "coco") -> Path:
    """Save a dataset of pictures of 40x30; pictures of one name in two folders are the same."""
    names = dict.fromkeys(name for name, *_ in rows)
    dataset = build(
        dict.fromkeys(names, (40, 30)),
        [{"image": name, "category": category, "box": box} for name, category, box in rows],
        CATS,
    )
    library.save(_with_pictures(dataset, folder / f"{target}-pictures"), folder / target, to)
    return folder / target


def _with_pictures(dataset: Dataset, folder: Path) -> Dataset:
    for row, name in enumerate(dataset.images.names):
        one = replace(dataset, images=dataset.images.take(np.array([row])))
        draw_pictures(folder, one)
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content + name.encode())  # pictures of one size would be one picture
    images = replace(dataset.images, folder=np.zeros(len(dataset.images), np.int32), folders=(str(folder),))
    return replace(dataset, images=images)


@pytest.fixture
def anna(tmp_path: Path) -> Path:
    return _part(tmp_path, [("a.jpg", "cat", [2, 2, 10, 10]), ("b.jpg", "dog", [5, 5, 10, 10])], "anna")


@pytest.fixture
def ben(tmp_path: Path) -> Path:
    return _part(tmp_path, [("b.jpg", "dog", [5, 5, 10.5, 10]), ("c.jpg", "cat", [1, 1, 10, 10])], "ben")


def test_two_datasets_become_one_and_the_text_says_what_happened(anna: Path, ben: Path, tmp_path: Path) -> None:
    done = cvdata("merge", anna, ben, tmp_path / "both")

    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr.splitlines()[:3] == [
        "source  pictures  annotations  merged  renamed  classes  new",
        "anna           2            2       0        0        2    2",
        "ben            2            2       1        0        2    0",
    ]
    assert library.load(tmp_path / "both").images.names == ("a.jpg", "b.jpg", "c.jpg")
    assert sorted(path.name for path in (tmp_path / "both/images").iterdir()) == ["a.jpg", "b.jpg", "c.jpg"]


def test_the_json_fits_its_schema_and_balances(anna: Path, ben: Path, tmp_path: Path) -> None:
    report = json.loads(cvdata("merge", anna, ben, tmp_path / "both", "--json", "--quiet").stdout)

    schema = json.loads((REPO / "schemas/merge-report.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    assert report["read"] == {"images": 4, "annotations": 4}
    assert report["written"] == {"images": 3, "annotations": 3}
    assert report["filtered"] == {"images": 1, "annotations": 1}
    assert report["settings"]["on_conflict"] == "fail"
    assert [source["duplicates"] for source in report["merge"]["sources"]] == [0, 1]


def test_sources_that_disagree_write_nothing_until_it_is_said_who_is_right(anna: Path, tmp_path: Path) -> None:
    other = _part(tmp_path, [("b.jpg", "cat", [5, 5, 10, 10])], "other")

    stopped = cvdata("merge", anna, other, tmp_path / "both")
    chosen = cvdata("merge", anna, other, tmp_path / "both", "--on-conflict", "last")

    assert (stopped.returncode, chosen.returncode) == (1, 0)
    assert stopped.stderr.startswith(
        "error: 1 picture is in two sources, and these disagree\n"
        "  b.jpg (anna: 1 annotation, 1 'dog') and b.jpg (other: 1 annotation, 1 'cat')\n"
        "  hint: --on-conflict first or last"
    )
    assert [row.category for row in library.load(tmp_path / "both").rows()] == ["cat", "cat"]


def test_a_cvdata_dataset_grows_in_place_and_takes_the_new_pictures_in(ben: Path, tmp_path: Path) -> None:
    pets = _part(tmp_path, [("a.jpg", "cat", [2, 2, 10, 10]), ("b.jpg", "dog", [5, 5, 10, 10])], "pets", "cvdata")

    done = cvdata("merge", pets, ben, "--in-place")
    again = cvdata("merge", pets, ben, "--in-place")

    assert (done.returncode, again.returncode) == (0, 0), done.stderr
    assert [version.command for version in open_store(pets).versions] == ["save", "merge"]
    assert sorted(path.name for path in (pets / "images").iterdir()) == ["a.jpg", "b.jpg", "c.jpg"]
    assert len(library.load(pets).images) == 3


def test_the_first_source_says_the_format(anna: Path, tmp_path: Path) -> None:
    boxes = _part(tmp_path, [("d.jpg", "cat", [2, 2, 10, 10])], "boxes", "yolo")

    assert cvdata("merge", boxes, anna, tmp_path / "yolo").returncode == 0
    assert cvdata("merge", anna, boxes, tmp_path / "voc", "--to", "voc").returncode == 0
    assert (tmp_path / "yolo/data.yaml").is_file()
    assert (tmp_path / "voc/Annotations").is_dir()


def test_files_of_one_name_are_called_by_their_folders(tmp_path: Path) -> None:
    one, two = write_coco(tmp_path / "anna/labels.json"), write_coco(tmp_path / "ben/labels.json")

    done = cvdata("merge", one, two, tmp_path / "both", "--duplicates", "keep")

    assert done.returncode == 0, done.stderr
    assert "ben-labels" in done.stderr
    assert library.load(tmp_path / "both").images.names == ("1.jpg", "ben-labels/1.jpg")


def test_pictures_elsewhere_are_named_once_or_for_each(anna: Path, tmp_path: Path) -> None:
    one, two = write_coco(tmp_path / "x.json"), write_coco(tmp_path / "y.json")
    folder = tmp_path / "anna-pictures"

    wrong = cvdata("merge", one, two, tmp_path / "both", "--images", folder, "--images", folder, "--images", folder)
    inside = cvdata("merge", one, two, folder / "both", "--images", folder)

    assert (wrong.returncode, inside.returncode) == (2, 2)
    assert "3 folders of pictures for 2 datasets" in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["anna", "both"], "1 dataset to merge, expected two or more"),
        (["anna", "--in-place"], "1 dataset to merge, expected two or more"),
        (["anna", "ben", "--in-place"], "is not a cvdata dataset"),
        (["anna", "anna", "both"], "is named twice"),
        (["anna", "ben", "anna/both"], "anna"),
        (["anna", "nothing", "both"], "does not exist"),
        (["anna", "ben", "both", "--to", "cocoa"], "is not a format"),
        (["anna", "ben", "--in-place", "--media", "copy"], "--media says how pictures get into DST"),
    ],
)
def test_wrong_usage_gets_one_message(anna: Path, ben: Path, tmp_path: Path, arguments: list[str], found: str) -> None:
    done = cvdata("merge", *arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert found in done.stderr
    assert not (tmp_path / "both").exists()


def test_a_bad_item_is_put_aside_and_the_exit_code_says_so(tmp_path: Path) -> None:
    one, two = write_coco(tmp_path / "x.json", bad=True), write_coco(tmp_path / "y.json")

    assert cvdata("merge", one, two, tmp_path / "both").returncode == 3
    assert cvdata("merge", one, two, tmp_path / "both", "--overwrite", "--exit-zero").returncode == 0


def test_the_bytes_do_not_depend_on_the_number_of_workers(anna: Path, ben: Path, tmp_path: Path) -> None:
    for workers in (1, 2):
        assert cvdata("merge", anna, ben, tmp_path / str(workers), "--workers", workers).returncode == 0

    one, two = ((tmp_path / n / "annotations/instances.json").read_bytes() for n in ("1", "2"))
    assert one == two


# --- real data


def test_the_same_pictures_in_three_formats_are_found_by_content(shared: Path, tmp_path: Path) -> None:
    base = shared / "data/padilla_multiformat/data/database"
    sources = [
        base / "gts" / name for name in ("pascalvoc_format", "coco_format_v1/instances_default.json", "yolo_format")
    ]

    done = cvdata("merge", *sources, tmp_path / "all", "--images", base / "images", "--to", "coco", "--json")

    report = json.loads(done.stdout)
    assert [source["duplicates"] for source in report["merge"]["sources"]] == [0, 100, 100]
    assert report["written"] == {"images": 100, "annotations": 273}
    assert report["merge"]["conflicts"] == {"labels": 0, "splits": 0, "sizes": 0, "classes": 0}


def test_datasets_that_share_nothing_stand_side_by_side(shared: Path, tmp_path: Path) -> None:
    done = cvdata("merge", shared / "data/rice_pest_yolo", shared / "data/bolt_yolo_seg", tmp_path / "both", "--json")

    report = json.loads(done.stdout)
    assert report["written"] == {"images": 184, "annotations": 1649}
    assert report["target_format"] == "yolo"
    assert [source["new_classes"] for source in report["merge"]["sources"]] == [7, 1]


def _outlined(path: Path, pictures: dict[str, list[int]]) -> Path:
    """Write a COCO file of pictures with one outlined cat each, sizes of pictures and all."""
    path.parent.mkdir(parents=True)
    names = list(pictures)
    document = {
        "images": [{"id": n, "file_name": name, "width": 40 + n, "height": 30} for n, name in enumerate(names, 1)],
        "annotations": [
            {"id": n, "image_id": n, "category_id": 1, "bbox": [1, 1, 8, 8], "area": 32, "segmentation": [ring]}
            for n, ring in enumerate(pictures.values(), 1)
        ],
        "categories": [{"id": 1, "name": "cat"}],
    }
    path.write_text(json.dumps(document), "utf-8")
    return path


@pytest.mark.parametrize("shared_picture", [False, True])
def test_outlines_that_are_trusted_are_merged_as_those_that_are_looked_at(tmp_path: Path, shared_picture: bool) -> None:
    ring = [1, 1, 9, 1, 9, 9]
    first = _outlined(tmp_path / "anna/a.json", {"x.jpg": ring, "y.jpg": ring})
    second = _outlined(tmp_path / "ben/b.json", {"x.jpg" if shared_picture else "z.jpg": ring})

    for verify in ("none", "sizes"):
        done = cvdata("merge", first, second, tmp_path / verify, "--verify", verify, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["written"] == {"images": 3 - shared_picture, "annotations": 3 - shared_picture}

    trusted, looked_at = (library.load(tmp_path / verify).annotations.polygons for verify in ("none", "sizes"))
    assert trusted is not None
    assert looked_at is not None
    assert trusted.points.tolist() == looked_at.points.tolist()
    assert len(trusted.rings) == 4 - shared_picture


def test_outlines_of_a_later_source_are_there_in_another_format_of_the_first(tmp_path: Path) -> None:
    _outlined(tmp_path / "ben/b.json", {"z.jpg": [1, 1, 9, 1, 9, 9]})
    cvdata("convert", "coco", "cvdata", _outlined(tmp_path / "c/c.json", {"x.jpg": [1, 1, 9, 1, 9, 9]}), tmp_path / "a")

    done = cvdata("merge", tmp_path / "a", tmp_path / "ben/b.json", tmp_path / "out", "--verify", "none")

    polygons = library.load(tmp_path / "out").annotations.polygons
    assert done.returncode == 0, done.stderr
    assert polygons is not None
    assert polygons.ring_counts.tolist() == [1, 1]


def test_what_is_wrong_with_one_of_several_datasets_says_with_which(anna: Path, ben: Path, tmp_path: Path) -> None:
    for folder in (anna, ben):
        labels = folder / "annotations/instances.json"
        document = json.loads(labels.read_bytes())
        document["annotations"][0]["bbox"][0] = "x"
        document["annotations"][1]["bbox"] = [35, 2, 10, 10]
        labels.write_text(json.dumps(document), "utf-8")

    done = cvdata("merge", anna, ben, tmp_path / "both", "--json", "-q")

    report = json.loads(done.stdout)
    (clipped,) = [found for found in report["findings"] if found["code"] == "clipped-box"]
    assert done.returncode == 3
    assert [item["file"] for item in report["quarantine"]] == [
        f"{anna}/annotations/instances.json",
        f"{ben}/annotations/instances.json",
    ]
    assert clipped["message"].startswith("2 boxes")
    assert [example.partition(":")[0] for example in clipped["examples"]] == [str(anna), str(ben)]


def test_a_dataset_that_cannot_be_read_is_named(anna: Path, ben: Path, tmp_path: Path) -> None:
    labels = ben / "annotations/instances.json"
    labels.write_text('{"images": [', "utf-8")

    done = cvdata("merge", anna, ben, tmp_path / "both")

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {labels}: line 1: ends in the middle")
    assert not (tmp_path / "both").exists()


def test_labels_that_the_format_of_the_first_has_no_place_for_come_with_a_format_that_has(
    anna: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "new.jpg").write_bytes((tmp_path / "anna-pictures/a.jpg").read_bytes() + b"other")

    done = cvdata("merge", photos, anna, tmp_path / "both")

    assert done.returncode == 3, done.stderr
    assert "2 annotations have no place in images; --to coco keeps them" in done.stderr
    assert cvdata("merge", photos, anna, tmp_path / "coco", "--to", "coco").returncode == 0


def test_pictures_that_must_make_way_for_a_stray_file_do_not_meet(anna: Path, tmp_path: Path) -> None:
    library.save(library.load(anna), tmp_path / "pets", "cvdata")
    (tmp_path / "pets/images/x.jpg").write_bytes(b"of nobody")
    more = _part(tmp_path, [("x.jpg", "cat", [2, 2, 10, 10]), ("x-2.jpg", "cat", [1, 1, 10, 10])], "more")

    done = cvdata("merge", tmp_path / "pets", more, "--in-place")

    stored = library.load(tmp_path / "pets").images
    assert done.returncode == 0, done.stderr
    assert len(stored) == 4
    for row, name in enumerate(stored.names[2:], 2):
        assert Path(stored.file(row) or "").read_bytes() == (tmp_path / "more-pictures" / name).read_bytes()
    assert (tmp_path / "pets/images/x.jpg").read_bytes() == b"of nobody"
