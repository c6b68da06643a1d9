from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from cvdata.dataset import Dataset, State
from cvdata.errors import FormatError, QuarantineError, UnsafePathError, UsageError
from cvdata.files import Account, Counts, Manifest, Staging
from cvdata.formats import Intake, Outlet, images

NOTHING = Counts()


def save(path: Path, width: int = 8, height: int = 6) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), "red").save(path)


def read(path: Path) -> tuple[Dataset, Intake]:
    intake = Intake()
    return images.read(path, images.ReadOptions(), intake), intake


def write(dataset: Dataset, target: Path, media: str = "link") -> Outlet:
    with Staging(target) as staging:
        outlet = Outlet(staging=staging, media=media)  # type: ignore[arg-type]
        images.write(dataset, outlet, images.WriteOptions())
        account = Account(NOTHING, NOTHING, NOTHING, NOTHING)
        staging.commit(
            Manifest(command="test", format="images", settings={}, account=account, losses=[], renamed={}), []
        )
    return outlet


def test_every_picture_of_a_folder_is_read_as_not_labelled(tmp_path: Path) -> None:
    save(tmp_path / "a.png")
    save(tmp_path / "deep/ü b.JPG", 5, 4)
    (tmp_path / "notes.txt").write_text("no picture")

    dataset, intake = read(tmp_path)

    assert dataset.images.names == ("a.png", "deep/ü b.JPG")
    assert dataset.images.state.tolist() == [State.UNLABELLED] * 2
    assert dataset.images.width.tolist() == [8, 5] and dataset.images.height.tolist() == [6, 4]
    assert len(dataset.annotations) == len(dataset.categories) == 0
    assert intake.read == Counts(2, 0)


def test_one_picture_is_a_dataset(tmp_path: Path) -> None:
    save(tmp_path / "one.png")
    save(tmp_path / "other.png")

    dataset, _ = read(tmp_path / "one.png")

    assert dataset.images.names == ("one.png",)
    assert dataset.images.file(0) == str(tmp_path / "one.png")


def test_a_bad_picture_goes_to_quarantine_by_name(tmp_path: Path) -> None:
    save(tmp_path / "good.png")
    (tmp_path / "bad.jpg").write_bytes(b"")

    dataset, intake = read(tmp_path)

    assert dataset.images.names == ("good.png",)
    assert [(item.image, item.found) for item in intake.quarantine] == [("bad.jpg", "is empty")]
    assert intake.read == Counts(2, 0) and intake.quarantined == Counts(1, 0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_links_to_nothing_and_pipes_go_to_quarantine_and_a_link_out_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "in/a.png")
    save(tmp_path / "secret.png")
    (tmp_path / "in/gone.png").symlink_to("nowhere.png")
    os.mkfifo(tmp_path / "in/pipe.png")

    _, intake = read(tmp_path / "in")

    assert [(item.image, item.found) for item in intake.quarantine] == [
        ("gone.png", "is a link that leads nowhere"),
        ("pipe.png", "is not a regular file"),
    ]
    assert intake.read == Counts(3, 0)
    with pytest.raises(QuarantineError, match=r"gone\.png"):
        images.read(tmp_path / "in", images.ReadOptions(), Intake(strict=True))
    (tmp_path / "in/out.png").symlink_to("../secret.png")
    with pytest.raises(UnsafePathError, match=r"'out.png' is a link that leaves the folder"):
        read(tmp_path / "in")


def test_a_folder_without_pictures_and_an_archive_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")

    with pytest.raises(FormatError, match="there is no picture in the folder"):
        read(tmp_path)
    with pytest.raises(FormatError, match="not the name of a picture"):
        read(tmp_path / "a.zip")
    with pytest.raises(FormatError, match="cannot be listed"):
        read(tmp_path / "none")


def test_pictures_are_written_under_their_names(tmp_path: Path) -> None:
    save(tmp_path / "in/a.png")
    save(tmp_path / "in/deep/b c.png")
    dataset, _ = read(tmp_path / "in")

    outlet = write(dataset, tmp_path / "out")
    again, _ = read(tmp_path / "out")

    assert again.images.names == dataset.images.names == ("a.png", "deep/b c.png")
    assert (tmp_path / "out/a.png").samefile(tmp_path / "in/a.png")
    assert outlet.renamed == {}


def test_a_name_that_some_system_cannot_hold_is_changed_and_reported(tmp_path: Path) -> None:
    save(tmp_path / "in/A.png")
    save(tmp_path / "in/a.png", 5, 4)
    if len(list((tmp_path / "in").iterdir())) < 2:
        pytest.skip("this file system folds case")
    dataset, _ = read(tmp_path / "in")

    outlet = write(dataset, tmp_path / "out")

    assert list(outlet.renamed) == ["a.png"]
    assert sorted(read(tmp_path / "out")[0].images.names) == ["A.png", outlet.renamed["a.png"]]


def test_pictures_without_pictures_are_a_usage_error(tmp_path: Path) -> None:
    save(tmp_path / "in/a.png")
    dataset, _ = read(tmp_path / "in")

    with pytest.raises(UsageError, match="--media none"):
        write(dataset, tmp_path / "out", media="none")

    assert not (tmp_path / "out").exists()


def test_any_folder_with_pictures_looks_a_little_like_it(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    save(tmp_path / "some/deep/down/a.png")

    assert images.looks_like(tmp_path / "none").score == 0
    assert images.looks_like(tmp_path / "some").score == 10
    assert images.looks_like(tmp_path / "some/deep/down/a.png").score == 60
    assert images.looks_like(tmp_path / "missing").score == 0
