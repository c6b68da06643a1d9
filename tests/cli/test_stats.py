"""`cvdata stats` as people run it."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import jsonschema

from .command import cvdata, write_coco

REPO = Path(__file__).resolve().parents[2]


def test_the_table_has_the_counts_and_is_plain_in_a_pipe(pets: Path) -> None:
    run = cvdata("stats", pets)

    assert (run.returncode, run.stderr) == (0, "")
    assert "6 pictures, 10 labels, 4 classes\n" in run.stdout
    assert "\x1b" not in run.stdout
    assert not re.search(r" $", run.stdout, re.MULTILINE)
    row = next(line for line in run.stdout.splitlines() if line.startswith("person"))
    assert row.split() == ["person", "1", "10.0", "%", "1", "0", "0", "1", "1", "0", "0", "11"]


def test_the_json_is_what_its_schema_says(pets: Path) -> None:
    run = cvdata("stats", pets, "--json")

    report = json.loads(run.stdout)
    jsonschema.Draft202012Validator(json.loads((REPO / "schemas/stats-report.json").read_text("utf-8"))).validate(
        report
    )
    assert report["schema"] == "cvdata/stats/1"
    assert report["stats"]["images"] == report["read"]["images"] - report["quarantined"]["images"]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def test_the_csv_has_a_row_per_picture_and_class_whose_labels_add_up(pets: Path, tmp_path: Path) -> None:
    run = cvdata("stats", pets, "--csv", tmp_path / "pets.csv", "--json")

    rows = rows_of(tmp_path / "pets.csv")
    assert sum(int(row["labels"]) for row in rows) == json.loads(run.stdout)["stats"]["annotations"]
    assert {row["picture"] for row in rows if row["class"] == ""} == {"empty.jpg", "new.jpg"}
    assert {row["state"] for row in rows} == {"labelled", "empty", "not labelled"}
    street = next(row for row in rows if row["picture"] == "street.jpg" and row["class"] == "dog <b>&amp;")
    assert (street["labels"], street["small"], street["width"], street["share_of_picture"]) == (
        "1",
        "1",
        "64",
        "0.195312",
    )


def test_no_cell_of_the_csv_is_run_by_a_spreadsheet(tmp_path: Path) -> None:
    names = ["=1+1", "+1", "-2", "@SUM(A1)", "\tx", "plain"]
    folder = write_coco(
        tmp_path / "in.json",
        categories=[{"id": n, "name": name} for n, name in enumerate(names, 1)],
        annotations=[
            {"id": n, "image_id": 1, "category_id": n, "bbox": [1, 2, 5, 6], "area": 30, "iscrowd": 0}
            for n in range(1, 7)
        ],
        images=[{"id": 1, "file_name": "=HYPERLINK('x').jpg", "width": 20, "height": 30}],
    )

    cvdata("stats", folder, "--csv", tmp_path / "out.csv")

    rows = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text("utf-8"), newline="")))
    assert {row[0] for row in rows[1:]} == {"'=HYPERLINK('x').jpg"}
    assert {row[5] for row in rows[1:]} == {"'=1+1", "'+1", "'-2", "'@SUM(A1)", "'\\tx", "plain"}


def test_names_on_the_page_are_escaped(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    source = write_coco(tmp_path / "in.json", categories=[{"id": 1, "name": evil}, {"id": 2, "name": "</script>"}])

    cvdata("stats", source, "--html", tmp_path / "out.html")

    page = (tmp_path / "out.html").read_text("utf-8")
    assert evil not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert page.count("</script>") == 1


def test_the_page_is_the_same_at_any_number_of_workers_and_holds_its_pictures(pets: Path, tmp_path: Path) -> None:
    for workers in (1, 3):
        cvdata("stats", pets, "--html", tmp_path / f"{workers}.html", "--workers", workers)

    page = (tmp_path / "1.html").read_bytes()
    assert page == (tmp_path / "3.html").read_bytes()
    assert page.count(b"data:image/jpeg;base64,") == 1
    assert page.count(b"<svg") > 8


def test_a_page_without_pictures_can_be_asked_for(pets: Path, tmp_path: Path) -> None:
    cvdata("stats", pets, "--html", tmp_path / "out.html", "--samples", 0)

    assert b"data:image" not in (tmp_path / "out.html").read_bytes()


def test_an_empty_dataset_has_a_page_and_a_table(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "in.json", images=[], annotations=[], categories=[])

    run = cvdata("stats", source, "--html", tmp_path / "out.html", "--csv", tmp_path / "out.csv")

    assert run.returncode == 0
    assert "0 pictures, 0 labels, 0 classes" in run.stdout
    assert (tmp_path / "out.html").read_bytes().startswith(b"<!doctype html>")
    assert rows_of(tmp_path / "out.csv") == []


def test_bad_items_are_counted_and_not_measured(tmp_path: Path) -> None:
    run = cvdata("stats", write_coco(tmp_path / "in.json", bad=True))

    assert run.returncode == 0
    assert "1 picture, 1 label, 2 classes\nleft out as bad: 0 pictures, 1 label\n" in run.stdout


def test_a_report_is_not_written_into_the_source_nor_over_a_file(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine", "utf-8")

    inside = cvdata("stats", pets, "--html", pets / "report.html")
    there = cvdata("stats", pets, "--csv", tmp_path / "there.csv")
    replaced = cvdata("stats", pets, "--csv", tmp_path / "there.csv", "--overwrite")

    assert (inside.returncode, there.returncode, replaced.returncode) == (2, 2, 0)
    assert "lies inside the input" in inside.stderr
    assert "is there already" in there.stderr
    assert (tmp_path / "there.csv").read_text("utf-8-sig").startswith("picture,")


def test_quiet_prints_nothing(pets: Path, tmp_path: Path) -> None:
    run = cvdata("stats", pets, "--quiet", "--csv", tmp_path / "out.csv")

    assert (run.stdout, run.stderr) == ("", "")


def test_outlines_are_counted_though_they_are_not_read(shared: Path) -> None:
    run = cvdata("stats", shared / "data/dali_coco/db/coco", "--json")

    assert json.loads(run.stdout)["stats"]["kinds"]["polygons"] == 88


def test_blood_cells_have_the_numbers_of_their_paper(shared: Path) -> None:
    run = cvdata("stats", shared / "data/bccd_voc/BCCD", "--json")

    found = json.loads(run.stdout)["stats"]
    counts = {c["name"]: c["annotations"] for c in found["categories"]}
    assert counts == {"RBC": 4153, "WBC": 372, "Platelets": 361}  # two boxes of RBC have no area
    assert [(s["name"], s["images"]) for s in found["splits"]] == [("train", 205), ("val", 87), ("test", 72)]


def test_one_file_for_both_outputs_is_refused_before_one_replaces_the_other(pets: Path, tmp_path: Path) -> None:
    run = cvdata("stats", pets, "--csv", tmp_path / "out", "--html", tmp_path / "pets" / ".." / "out")

    assert run.returncode == 2
    assert "--csv and --html are the same file" in run.stderr
    assert not (tmp_path / "out").exists()


def test_more_samples_than_a_page_can_show_are_wrong_usage(pets: Path, tmp_path: Path) -> None:
    run = cvdata("stats", pets, "--html", tmp_path / "out.html", "--samples", 6000)

    assert run.returncode == 2
    assert "--samples" in run.stderr


def test_a_box_too_large_for_its_area_to_be_a_number_still_gives_a_table(tmp_path: Path) -> None:
    labels = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1e200, 1e200]},
            {"id": 2, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1e200, 1e-200]},
            {"id": 3, "image_id": 1, "category_id": 1, "bbox": [0, 0, 3, 3]},
        ],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (tmp_path / "coco.json").write_text(json.dumps(labels), "utf-8")

    run = cvdata("stats", tmp_path / "coco.json")

    assert (run.returncode, run.stderr) == (0, "")
    assert "1 picture, 3 labels, 1 class\n" in run.stdout
