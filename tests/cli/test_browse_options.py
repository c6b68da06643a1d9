"""Options of `cvdata browse` that would do nothing are refused; the next command that it names works."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.browse.store.put import Put
from cvdata.browse.subject import Subject
from cvdata.cli.browse_text import loaded_lines
from cvdata.dataset import Categories

from ..tiny import build
from .command import cvdata, write_coco


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--no-app", "--view", "missed"), "--view has no use in --no-app"),
        (("--no-app", "--port", 5999), "--port has no use in --no-app"),
        (("--no-app", "--heat-most", 3), "--heat-most is for --heat, which is not given"),
        (("--no-app", "--dry-run"), "--dry-run has no use in --no-app"),
        (("--limit", 3), "--limit has no use in opening FiftyOne"),
        (("--pull", "--found", "x.json"), "--found has no use in --pull"),
        (("dst",), "DST has no use in opening FiftyOne"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(tmp_path: Path, options: tuple[object, ...], message: str) -> None:
    source = write_coco(tmp_path / "coco")

    run = cvdata("browse", source, *options)

    assert run.returncode == 2
    assert run.stderr.startswith(f"error: {message}\n")


def test_a_source_without_versions_is_told_to_name_a_folder_for_the_pull(tmp_path: Path) -> None:
    subject = Subject(dataset=build({"a.jpg": (20, 30)}, [], Categories(names=("cat",))))
    put = Put(
        name="one", how="api", views=(), pictures=1, added=1, updated=0, removed=0, kept=0, same=0, labels=0, missing=0
    )

    lines = loaded_lines(put, subject, [], tmp_path)

    assert lines[-1].startswith(f"cvdata browse {tmp_path} DST --pull --dry-run shows what was changed")
