"""What `cvdata browse --pull` says to people, and what it refuses before FiftyOne is asked."""

from __future__ import annotations

from pathlib import Path

from cvdata.browse.pull import Conflict, PullCounts
from cvdata.cli.browse_text import pull_findings, pull_lines
from cvdata.files import Finding

from .command import cvdata, write_coco


def test_nothing_to_pull_is_one_line() -> None:
    assert pull_lines(PullCounts(), []) == ["nothing to pull: FiftyOne has no change that the dataset lacks"]


def test_each_problem_stands_whole_on_a_line_of_its_own() -> None:
    place = "difficult is 'very', expected yes or no: bolt at 1024, 768, 32, 32 in lines/north/2026-01-01 12-00-00.jpg"
    finding = Finding(code="bad-attributes", message="7 attributes cannot be taken", count=7, examples=[place] * 5)

    lines = list(pull_findings([finding]))

    assert lines == ["note: 7 attributes cannot be taken", *[f"  {place}"] * 5, "  and 2 more"]


def test_what_was_done_stands_by_kind_with_the_way_to_what_is_to_be_fixed() -> None:
    counts = PullCounts(
        pictures=1234,
        drawn=12,
        moved=2000,
        attributes=1500,
        deleted=1,
        accepted=56,
        dropped=1,
        fix_pictures=2,
        fix_labels=1,
    )

    lines = pull_lines(counts, [])

    assert lines == [
        "changed in FiftyOne: 1,234 pictures",
        "  labels: 12 drawn, 2,000 moved, 1,500 with changed attributes, 1 deleted, 56 accepted",
        "  1 picture left out",
        "  2 pictures to fix: cvdata filter SRC DST --keep image.fix",
        "  1 label to fix: cvdata filter SRC DST --keep extra.fix --of pictures",
    ]


def test_conflicts_say_what_happened_on_both_sides_and_are_not_listed_without_end() -> None:
    conflicts = [
        Conflict(
            image=f"{row}\x1b.jpg", person="left it with 2 labels, tagged fix", dataset="it is gone, or was renamed"
        )
        for row in range(30)
    ]

    lines = pull_lines(PullCounts(conflicts=30), conflicts)

    assert lines[:4] == [
        "30 conflicts: changed in FiftyOne and in the dataset, left alone:",
        "  0\\x1b.jpg",
        "    in FiftyOne: left it with 2 labels, tagged fix",
        "    in the dataset: it is gone, or was renamed",
    ]
    assert lines[-3] == "  and 10 more: --json"
    assert max(map(len, lines)) <= 100


def test_a_source_that_can_have_no_new_version_is_refused_before_fiftyone_is_asked(tmp_path: Path) -> None:
    write_coco(tmp_path / "coco" / "annotations" / "instances.json")

    done = cvdata("browse", tmp_path / "coco", "--pull")

    assert (done.returncode, done.stdout) == (2, "")
    assert "is not a cvdata dataset, so it cannot get a new version" in done.stderr
    assert "name DST, a folder to make" in done.stderr
