"""Pictures that are like some, or like nothing seen: what is found, among what, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cvdata import load
from cvdata.dataset import Images, State
from cvdata.errors import UsageError
from cvdata.prelabel.embeddings.embedder import open_embedder
from cvdata.prelabel.embeddings.making import Embedded, embeddings_of
from cvdata.prelabel.embeddings.sheet import draw_similar
from cvdata.prelabel.embeddings.similar import (
    SimilarSettings,
    asked_for,
    check_labelled,
    check_similar,
    find_like,
    find_unlike,
)

COLOUR = open_embedder("colour")


def draw_lines(folder: Path, **degrees: float) -> Images:
    """Draw pictures of parallel lines that run at angles, under these names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, angle in degrees.items():
        line(angle).save(folder / f"{name}.png")
    return load(folder, "images").images


def line(angle: float) -> Image.Image:
    """Draw lines: the fewer degrees between two such pictures, the more they are alike."""
    y, x = np.mgrid[:96, :96]
    wave = np.sin((x * np.sin(np.radians(angle)) + y * np.cos(np.radians(angle))) / 2)
    return Image.fromarray(np.repeat((wave > 0)[..., None], 3, axis=2).astype(np.uint8) * 200)


def embedded(images: Images) -> Embedded:
    return embeddings_of(images, COLOUR, workers=1)


def labelled(images: Images, *names: str) -> Images:
    """Mark these pictures as labelled, of all others that nobody looked at them."""
    state = [State.LABELLED if name.removesuffix(".png") in names else State.UNLABELLED for name in images.names]
    return replace(images, state=np.array(state, np.uint8))


def test_the_most_alike_come_first_without_the_picture_itself(tmp_path: Path) -> None:
    images = draw_lines(tmp_path, a=0, b=90, c=10, d=30)

    outcome = find_like(images, embedded(images), COLOUR, asked_for(images, ("a.png",)), 2)

    assert [one.image for one in outcome.found] == ["c.png", "d.png"]
    assert [one.nearest for one in outcome.found] == ["a.png", "a.png"]
    assert 1 > outcome.found[0].similarity > outcome.found[1].similarity > 0
    assert outcome.found[0].distance == pytest.approx(1 - outcome.found[0].similarity)
    assert outcome.rows.tolist() == [2, 3]
    assert (outcome.searched, outcome.compared) == (3, 1)


def test_of_several_pictures_each_is_asked_for(tmp_path: Path) -> None:
    images = draw_lines(tmp_path, a=0, b=90, c=12, d=80, e=45)

    outcome = find_like(images, embedded(images), COLOUR, asked_for(images, ("a.png", "b.png")), 2)

    assert [(one.image, one.nearest) for one in outcome.found] == [("d.png", "b.png"), ("c.png", "a.png")]


def test_a_file_elsewhere_can_be_asked_for_and_its_copy_is_found(tmp_path: Path) -> None:
    images = draw_lines(tmp_path / "set", a=0, b=90)
    line(90).save(tmp_path / "mine.png")

    asked = asked_for(images, (str(tmp_path / "mine.png"),))
    outcome = find_like(images, embedded(images), COLOUR, asked, 1)

    assert [(one.image, one.nearest) for one in outcome.found] == [("b.png", "mine.png")]
    assert outcome.found[0].similarity == pytest.approx(1, abs=1e-6)


def test_a_file_counts_once_and_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    images = draw_lines(tmp_path / "set", a=0, b=90)
    for folder, angle in (("one", 0), ("two", 90)):
        (tmp_path / folder).mkdir()
        line(angle).save(tmp_path / folder / "x.png")
    one, two = (str(tmp_path / folder / "x.png") for folder in ("one", "two"))

    asked = asked_for(images, (one, two, one, "a.png", "a.png"))

    assert [each.name for each in asked] == ["x.png", two, "a.png"]
    assert find_like(images, embedded(images), COLOUR, asked, 1).asked == {
        "x.png": one, two: two, "a.png": str(tmp_path / "set" / "a.png")
    }  # fmt: skip


def test_a_path_of_a_picture_of_the_dataset_is_that_picture(tmp_path: Path) -> None:
    images = draw_lines(tmp_path, a=0, b=90)

    outcome = find_like(images, embedded(images), COLOUR, asked_for(images, (str(tmp_path / "a.png"),)), 20)

    assert [one.image for one in outcome.found] == ["b.png"]


def test_what_is_like_nothing_labelled_comes_first_and_then_what_is_like_neither(tmp_path: Path) -> None:
    images = labelled(draw_lines(tmp_path, a=0, b=10, c=90, d=88, e=45), "a")

    outcome = find_unlike(images, embedded(images), 3)

    # c is as far from a as can be; then d is nearly what c is, and b nearly what a is.
    assert [one.image for one in outcome.found] == ["c.png", "e.png", "b.png"]
    assert {one.nearest for one in outcome.found} == {"a.png"}
    assert {one.state for one in outcome.found} == {"unlabelled"}
    assert (outcome.searched, outcome.compared) == (4, 1)


def test_with_another_dataset_all_pictures_are_held_against_all_of_that_one(tmp_path: Path) -> None:
    images = labelled(draw_lines(tmp_path / "new", a=0, b=88), "a", "b")
    seen = draw_lines(tmp_path / "seen", x=2, y=4)

    outcome = find_unlike(images, embedded(images), 1, (seen, embedded(seen)))

    assert [one.image for one in outcome.found] == ["b.png"]
    assert outcome.found[0].nearest in ("x.png", "y.png")
    assert outcome.compared == 2


@pytest.mark.parametrize(("names", "message"), [((), "no picture is labelled"), (("a", "b"), "every picture is")])
def test_without_labels_or_with_nothing_else_seen_must_be_named(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    images = labelled(draw_lines(tmp_path, a=0, b=90), *names)

    with pytest.raises(UsageError, match=message):
        check_labelled(images)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SimilarSettings(), "neither --like nor --unlike"),
        (SimilarSettings(like=("a",), unlike=True), "both --like and --unlike"),
        (SimilarSettings(like=("a",), seen="b"), "--seen is for --unlike"),
        (SimilarSettings(unlike=True, number=0), "-n is 0, expected 1 or more"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: SimilarSettings, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_similar(settings)


def test_a_picture_that_is_nowhere_or_broken_is_refused(tmp_path: Path) -> None:
    images = draw_lines(tmp_path, tabby=0, b=90)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    known = embedded(images)

    with pytest.raises(UsageError, match="neither a file nor the name") as caught:
        find_like(images, known, COLOUR, asked_for(images, ("taby.png",)), 20)
    with pytest.raises(UsageError, match=r"'broken\.png' cannot be looked at"):
        find_like(images, known, COLOUR, asked_for(images, (str(tmp_path / "broken.png"),)), 20)

    assert caught.value.hint == "did you mean 'tabby.png'?"


def orange(sheet: Image.Image) -> NDArray[np.bool_]:
    """Return where a sheet has the colour of what was asked for."""
    return np.asarray((np.asarray(sheet) == (213, 94, 0)).all(axis=2))


def test_a_sheet_has_what_was_asked_for_in_a_frame_and_what_was_found_beside_it(tmp_path: Path) -> None:
    images = draw_lines(tmp_path, a=0, b=90, c=10)
    known = embedded(images)
    like = find_like(images, known, COLOUR, asked_for(images, ("a.png",)), 20)
    unlike = find_unlike(labelled(images, "a"), known, 20)

    framed = draw_similar(images, like, title="lines", model="colour")
    plain = draw_similar(images, unlike, title="lines", model="colour")

    assert orange(framed).sum() > 4 * 5 * 250
    assert not orange(plain).any()
