"""The published schemas: made from the code, and true of what cvdata writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import cvdata
from cvdata.dataset import Categories
from cvdata.schemas import generate

from .tiny import build, draw_pictures, tiny

REPO = Path(__file__).resolve().parents[1]


def validate(document: Any, name: str) -> None:
    schema = json.loads((REPO / "schemas" / name).read_text("utf-8"))
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    validator(schema).validate(document)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> tuple[cvdata.Report, Path]:
    """Return the report and the folder of a conversion with losses, findings and a quarantine."""
    folder = tmp_path_factory.mktemp("schemas")
    draw_pictures(folder / "pictures")
    cvdata.save(tiny(folder / "pictures"), folder / "coco", "coco")
    report = cvdata.convert(folder / "coco", folder / "yolo", "yolo")
    assert report.losses
    assert report.quarantine
    assert report.findings
    return report, folder / "yolo"


def test_the_schemas_are_current() -> None:
    assert generate.stale() == []
    assert sorted(path.name for path in (REPO / "schemas").glob("*.json")) == sorted(generate.SCHEMAS)


def test_a_schema_that_was_changed_is_named_and_written_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate.main([], str(tmp_path))
    (tmp_path / "manifest.json").write_text("{}", "utf-8")

    checked = generate.main(["--check"], str(tmp_path))
    said = capsys.readouterr().err
    written = generate.main([], str(tmp_path))

    assert (checked, written) == (1, 0)
    assert "manifest.json" in said
    assert "class-map.json" not in said
    assert generate.main(["--check"], str(tmp_path)) == 0


def test_an_unknown_argument_is_wrong_usage(tmp_path: Path) -> None:
    assert generate.main(["--force"], str(tmp_path)) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_what_its_schema_says(output: tuple[cvdata.Report, Path]) -> None:
    validate(json.loads(msgspec.json.encode(output[0])), "convert-report.json")


def test_a_manifest_is_what_its_schema_says(output: tuple[cvdata.Report, Path]) -> None:
    validate(json.loads((output[1] / ".cvdata/manifest.json").read_text("utf-8")), "manifest.json")


def test_every_line_of_a_quarantine_is_what_its_schema_says(output: tuple[cvdata.Report, Path]) -> None:
    lines = (output[1] / ".cvdata/quarantine.jsonl").read_text("utf-8").splitlines()

    assert lines
    for line in lines:
        validate(json.loads(line), "quarantine-item.json")


def test_the_map_of_an_imagefolder_is_what_its_schema_says(tmp_path: Path) -> None:
    nan = float("nan")
    rows = [{"image": "a.png", "category": "b/c", "box": [nan] * 4}]
    dataset = build({"a.png": (4, 4)}, rows, Categories(names=("b/c",)), folder=tmp_path / "pictures")
    draw_pictures(tmp_path / "pictures", dataset)

    cvdata.save(dataset, tmp_path / "out", "imagefolder")

    validate(json.loads((tmp_path / "out/classes.json").read_text("utf-8")), "class-map.json")


def test_default_settings_are_what_their_schema_says_and_an_unknown_one_is_not() -> None:
    settings = json.loads(msgspec.json.encode(cvdata.ConvertSettings()))
    validate(settings, "convert-settings.json")

    with pytest.raises(jsonschema.ValidationError):
        validate(settings | {"colour": "red"}, "convert-settings.json")


def test_a_manifest_with_a_key_too_many_is_refused(output: tuple[cvdata.Report, Path]) -> None:
    manifest = json.loads((output[1] / ".cvdata/manifest.json").read_text("utf-8"))

    with pytest.raises(jsonschema.ValidationError):
        validate(manifest | {"extra": 1}, "manifest.json")


def test_what_a_docstring_says_of_an_attribute_is_in_the_schema() -> None:
    schema = json.loads(generate.schema_of("quarantine-item.json"))

    properties = schema["$defs"]["QuarantineItem"]["properties"]
    assert properties["image"]["description"] == "name of the picture it belongs to."
    assert properties["field"]["description"] == properties["line"]["description"] == "place inside the file."
