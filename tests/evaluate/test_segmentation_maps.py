"""Label maps as they are evaluated: which class a pixel is of, which maps belong together, and which are refused."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvdata.errors import EvaluationError, FormatError
from cvdata.evaluate.pixels import evaluate_pixels
from cvdata.evaluate.pixels.engine import count_files, count_meetings
from cvdata.formats.label_maps import read_map

from .label_maps_made import noisy, sides, write_maps
from .reports_read import POINT, of_class, values


def test_masks_of_0_and_255_are_of_two_classes_whatever_the_other_side_writes(tmp_path: Path) -> None:
    truth = write_maps(tmp_path / "truth", {"a.png": [[0, 0, 255, 255]]})
    found = write_maps(tmp_path / "found", {"a.png": [[0, 1, 1, 1]]})
    bits = write_maps(tmp_path / "bits", {"a.png": [[0, 1, 1, 1]]}, "1")

    report = evaluate_pixels(truth, found, POINT)

    assert of_class(report, "foreground") == {"IoU": 2 / 3, "Dice": 0.8, "precision": 2 / 3, "recall": 1.0}
    assert values(evaluate_pixels(truth, bits, POINT)) == values(report)
    assert values(evaluate_pixels(bits, truth, POINT))["mIoU"] == values(report)["mIoU"]


def test_masks_of_0_and_255_are_no_two_classes_where_a_list_has_more_and_it_is_said(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 0, 255, 255]]}, {"a.png": [[0, 1, 1, 1]]})
    with_void = tmp_path / "classes.csv"
    with_void.write_text("0,sky\n1,tree\n2,road\n255,void\n")

    notes = evaluate_pixels(truth, found, POINT, classes=("sky", "tree", "road")).findings
    silent = evaluate_pixels(truth, found, POINT, classes=with_void).findings

    assert [note.message for note in notes] == [
        "the maps of TRUTH hold 0 and 255 alone, and with a list of 3 classes 255 is void"
    ]
    assert silent == []


def test_two_named_classes_are_those_of_0_and_255(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 255]]}, {"a.png": [[0, 255]]})
    (truth / "_classes.csv").write_text("Pixel Value, Class\n0, inside\n1, membrane", encoding="utf-8")

    report = evaluate_pixels(truth, found, POINT)

    assert [c.name for c in report.classes] == ["inside", "membrane"]
    assert values(report)["mIoU"] == 1


def test_void_can_be_any_value_or_none(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 1, 2, 255]]}, {"a.png": [[0, 2, 2, 255]]})

    assert values(evaluate_pixels(truth, found, POINT, void=(1, 255)))["pixel_accuracy"] == 1
    assert values(evaluate_pixels(truth, found, POINT, void=()))["pixel_accuracy"] == 0.75


def test_a_value_that_was_asked_to_be_void_is_so_even_where_a_class_has_it(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 1, 2, 2]]}, {"a.png": [[1, 1, 2, 0]]})

    report = evaluate_pixels(truth, found, POINT, classes=("background", "cat", "dog"), void=(0,))

    assert report.objects == 3
    assert of_class(report, "background")["IoU"] is None
    assert values(report)["mIoU"] == 0.75  # cat 1, dog 1 of 2


def test_pictures_are_matched_by_file_name_where_folders_differ(tmp_path: Path) -> None:
    truth, found = sides(
        tmp_path, {"bonn/a.png": [[0, 1]], "ulm/b.png": [[0, 1]]}, {"a.png": [[0, 1]], "b.png": [[0, 0]]}
    )

    report = evaluate_pixels(truth, found, POINT, task="segmentation")

    assert values(report)["pixel_accuracy"] == 0.75
    assert [worst.image for worst in report.worst] == ["ulm/b"]


def test_no_map_is_taken_for_one_of_its_name_in_another_folder(tmp_path: Path) -> None:
    row = [[0, 1]]
    truth, found = sides(tmp_path, {"bonn/a.png": row, "bonn/b.png": row}, {"bonn/a.png": row, "ulm/b.png": row})

    with pytest.raises(EvaluationError, match="1 of 2 pictures of the truth are not in FOUND: bonn/b"):
        evaluate_pixels(truth, found, POINT)


def test_confidences_in_place_of_masks_are_refused(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 255]]}, {"a.png": [[3, 200]]})

    with pytest.raises(EvaluationError, match="holds the value 3, and the truth only background") as error:
        evaluate_pixels(truth, found, POINT)

    assert "threshold" in str(error.value.hint)


def test_a_value_that_no_class_has_is_refused_with_its_file(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 1]], "b.png": [[0, 1]]}, {"a.png": [[0, 1]], "b.png": [[0, 37]]})

    with pytest.raises(FormatError, match=r"found.b\.png: the label map holds the value 37, which no class has"):
        evaluate_pixels(truth, found, POINT, classes=("sky", "tree"))


def test_classes_are_matched_by_name(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 1, 1]]}, {"a.png": [[5, 3, 3]]})
    (truth / "_classes.csv").write_text("Pixel Value, Class\n0, sky\n1, tree", encoding="utf-8")
    (found / "_classes.csv").write_text("Pixel Value, Class\n3, tree\n5, sky", encoding="utf-8")

    assert values(evaluate_pixels(truth, found, POINT))["mIoU"] == 1


def test_a_class_that_the_truth_does_not_have_is_refused(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 1]]}, {"a.png": [[0, 1]]})
    (truth / "_classes.csv").write_text("Pixel Value, Class\n0, sky\n1, tree", encoding="utf-8")
    (found / "_classes.csv").write_text("Pixel Value, Class\n0, sky\n1, trees", encoding="utf-8")

    with pytest.raises(EvaluationError, match="class 'trees', which the truth does not have") as error:
        evaluate_pixels(truth, found, POINT)

    assert "'tree'" in str(error.value.hint)


def test_colours_are_classes_where_a_list_says_so(tmp_path: Path) -> None:
    (tmp_path / "label_colors.txt").write_text("128 128 128 Sky\n64 0 128 Car\n0 0 0 Void\n", encoding="utf-8")
    colours = {"sky": (128, 128, 128), "car": (64, 0, 128), "void": (0, 0, 0)}
    for folder, names in (("truth", ["sky", "car", "car", "void"]), ("found", ["sky", "sky", "car", "car"])):
        (tmp_path / folder).mkdir()
        Image.fromarray(np.array([[colours[n] for n in names]], np.uint8)).save(tmp_path / folder / "a.png")

    report = evaluate_pixels(tmp_path / "truth", tmp_path / "found", POINT, task="segmentation")

    assert [c.name for c in report.classes] == ["Sky", "Car"]
    assert (of_class(report, "Sky")["IoU"], of_class(report, "Car")["IoU"]) == (0.5, 0.5)


def test_masks_of_pascal_voc_are_read_by_place_in_the_palette_or_by_colour(tmp_path: Path) -> None:
    truth = write_maps(tmp_path / "VOC/SegmentationClass", {"a.png": [[0, 7, 15, 255]]}, "P")  # any palette
    colours = np.array([[(0, 0, 0), (128, 128, 128), (192, 128, 128), (0, 0, 0)]], np.uint8)  # 7, the car, is grey
    found = tmp_path / "SegmentationClass"
    found.mkdir()
    Image.fromarray(colours).save(found / "a.png")

    report = evaluate_pixels(truth, found, POINT)

    assert [c.name for c in report.classes if c.images] == ["background", "car", "person"]
    assert values(report)["mIoU"] == 1
    assert values(evaluate_pixels(found, truth, POINT))["pixel_accuracy"] == 0.75  # the last one is left void


def test_a_palette_counts_by_its_colours_where_a_list_gives_colours(tmp_path: Path) -> None:
    (tmp_path / "label_colors.txt").write_text("0 0 255 sea\n255 0 0 fire\n", encoding="utf-8")
    for folder, palette, values_ in (
        ("truth", [0, 0, 255, 255, 0, 0], [[0, 1]]),
        ("found", [255, 0, 0, 0, 0, 255], [[1, 0]]),
    ):
        (tmp_path / folder).mkdir()
        image = Image.fromarray(np.array(values_, np.uint8)).convert("P")
        image.putpalette(palette)
        image.save(tmp_path / folder / "a.png")

    report = evaluate_pixels(tmp_path / "truth", tmp_path / "found", POINT)

    assert (values(report)["mIoU"], [c.name for c in report.classes]) == (1, ["sea", "fire"])


def test_colours_without_a_list_are_refused_with_the_cure(tmp_path: Path) -> None:
    for folder in ("truth", "found"):
        (tmp_path / folder).mkdir()
        Image.fromarray(np.array([[[1, 2, 3]]], np.uint8)).save(tmp_path / folder / "a.png")

    with pytest.raises(FormatError, match="colours, such as #010203") as error:
        evaluate_pixels(tmp_path / "truth", tmp_path / "found", POINT, task="segmentation")

    assert "label_colors.txt" in str(error.value.hint)


def test_maps_of_other_sizes_are_refused_with_both_sizes(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 1, 1]]}, {"a.png": [[0], [1]]})

    with pytest.raises(EvaluationError, match=r"has 1 x 2 pixels, that of the truth, .*a\.png, 3 x 1"):
        evaluate_pixels(truth, found, POINT)


def test_a_picture_that_was_not_predicted_is_refused_and_one_too_many_is_said(tmp_path: Path) -> None:
    truth, found = sides(
        tmp_path, {"a.png": [[0, 1, 2]], "b.png": [[0, 1, 2]]}, {"b.png": [[0, 1, 2]], "c.png": [[0, 0, 0]]}
    )

    with pytest.raises(EvaluationError, match="1 of 2 pictures of the truth are not in FOUND: a"):
        evaluate_pixels(truth, found, POINT)
    (truth / "a.png").unlink()
    report = evaluate_pixels(truth, found, POINT)

    assert values(report)["mIoU"] == 1
    assert "pictures-not-in-truth" in [finding.code for finding in report.findings]


def test_a_photograph_is_no_label_map(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    depth = rng.integers(0, 60_000, (80, 80))
    truth, found = sides(tmp_path, {"a.png": depth}, {"a.png": depth}, "I;16")

    with pytest.raises(FormatError, match="different values, more than anyone has classes"):
        evaluate_pixels(truth, found, POINT)


def test_a_truth_of_void_alone_is_refused(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[255, 255]]}, {"a.png": [[0, 1]]})

    with pytest.raises(EvaluationError, match="every pixel of the truth is void"):
        evaluate_pixels(truth, found, POINT, void=(255,))


@pytest.mark.parametrize("mode", ["L", "P", "1", "I;16", "RGB"])
def test_the_engine_reads_what_the_careful_reading_reads_or_leaves_it_to_it(tmp_path: Path, mode: str) -> None:
    rng = np.random.default_rng(1)
    first, second = (rng.integers(0, {"1": 2, "I;16": 1000}.get(mode, 200), (30, 40)) for _ in range(2))
    if mode == "RGB":
        first, second = np.stack([first] * 3, -1), np.stack([second] * 3, -1)
    folder = write_maps(tmp_path, {"a.png": first, "b.png": second}, "L" if mode == "RGB" else mode)
    paths = str(folder / "a.png"), str(folder / "b.png")

    quick, careful = count_files(*paths), count_meetings(*(read_map(path) for path in paths))

    assert not isinstance(careful, int)
    assert careful.pixels.sum() == 1200
    assert (quick is None) == (mode in ("I;16", "RGB"))
    if quick is not None:
        for column in ("truth", "found", "pixels"):
            assert getattr(quick, column).tolist() == getattr(careful, column).tolist()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda data: data[:200], "is cut off"),
        (lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:], "is damaged"),
        (lambda data: b"", "is empty"),
        (lambda data: b"GIF8" + data, "is damaged|is not a picture"),
        (lambda data: bomb(), "has 101 megapixels, the limit is 100"),
    ],
)
def test_a_broken_map_is_refused_with_its_name(tmp_path: Path, spoil: Callable[[bytes], bytes], message: str) -> None:
    truth, found = sides(tmp_path, *noisy(0, pictures=2))
    file = found / "1.png"
    file.write_bytes(spoil(file.read_bytes()))

    with pytest.raises(FormatError, match=rf"found.1\.png: the label map ({message})"):
        evaluate_pixels(truth, found, POINT)


def bomb() -> bytes:
    """Return 101 megapixels of one bit, which take 15 kB."""
    rows = zlib.compress(bytes(1 + 10_000 // 8) * 10_100, 9)
    header = struct.pack(">IIBBBBB", 10_000, 10_100, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def test_the_engine_gets_no_picture_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(bomb())

    assert count_files(str(path), str(path)) is None
