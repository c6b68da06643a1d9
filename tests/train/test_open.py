"""What is read for a training, and what is said of it."""

from __future__ import annotations

from pathlib import Path

from cvdata.train.open import open_source

from .runs_made import save_shapes


def test_what_is_put_aside_as_bad_is_told(tmp_path: Path) -> None:
    save_shapes(tmp_path, "detector", 4)
    for name in ("0000.png", "0001.png"):
        (tmp_path / "shapes/images" / name).write_bytes(b"no picture")

    source = open_source(tmp_path / "shapes", "detector")

    (finding,) = [one for one in source.findings if one.code == "bad-items"]
    assert finding.count == 2
    assert finding.message.startswith("left out: 2 bad items, such as 0000.png: is not a picture")
    assert finding.message.endswith("; cvdata check names all of them")


def test_nothing_is_said_where_nothing_is_bad(tmp_path: Path) -> None:
    source = open_source(save_shapes(tmp_path, "classifier", 4), "classifier")

    assert source.findings == ()
