"""Semantic segmentation: figures worked out by hand, by NumPy and by hotcoco, and what is refused."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cvdata.engine import ProcessPool
from cvdata.errors import EvaluationError, FormatError, UsageError
from cvdata.evaluate.pixels import evaluate_pixels, looks_like_pixels
from cvdata.evaluate.pixels.engine import count_files, count_meetings
from cvdata.evaluate.report import EvalReport
from cvdata.evaluate.settings import EvalSettings
from cvdata.formats.label_maps import read_map

from .label_maps_made import noisy, write_maps

POINT = EvalSettings(resamples=0)


def values(report: EvalReport) -> dict[str, float | None]:
    return {name: number.value for name, number in report.metrics.items()}


def of_class(report: EvalReport, name: str) -> dict[str, float | None]:
    found = next(c for c in report.classes if c.name == name)
    return {metric: number.value for metric, number in found.metrics.items()}


def sides(tmp_path: Path, truth: Any, found: Any, mode: str = "L") -> tuple[Path, Path]:
    return write_maps(tmp_path / "truth", truth, mode), write_maps(tmp_path / "found", found, mode)


def test_figures_are_those_worked_out_by_hand(tmp_path: Path) -> None:
    # Class 0: 4 true pixels, 3 found, 2 right. 1: 3 true, 4 found, 2 right. 2: 1 true, 1 found, 1 right. One is void.
    truth, found = sides(
        tmp_path, {"a.png": [[0, 0, 0], [0, 1, 1], [1, 2, 255]]}, {"a.png": [[0, 0, 1], [1, 1, 1], [0, 2, 2]]}
    )

    report = evaluate_pixels(truth, found, POINT)

    assert of_class(report, "0") == {"IoU": 2 / 5, "Dice": 4 / 7, "precision": 2 / 3, "recall": 2 / 4}
    assert of_class(report, "1") == {"IoU": 2 / 5, "Dice": 4 / 7, "precision": 2 / 4, "recall": 2 / 3}
    assert of_class(report, "2") == {"IoU": 1.0, "Dice": 1.0, "precision": 1.0, "recall": 1.0}
    assert values(report) == pytest.approx(
        {
            "mIoU": float(Fraction(3, 5)),
            "Dice": float(Fraction(5, 7)),
            "pixel_accuracy": 5 / 8,
            "mean_accuracy": (1 / 2 + 2 / 3 + 1) / 3,
            "fwIoU": (4 * 0.4 + 3 * 0.4 + 1 * 1) / 8,
        },
        abs=1e-15,
    )
    assert report.confusion is not None
    assert report.confusion.counts == [[2, 2, 0], [1, 2, 0], [0, 0, 1]]
    assert (report.images, report.objects, report.detections) == (1, 8, 8)


@pytest.mark.parametrize("seed", range(10))
def test_figures_are_those_of_hotcoco_and_of_numpy(tmp_path: Path, seed: int) -> None:
    from hotcoco import semantic

    truth_maps, found_maps = noisy(seed)
    truth, found = sides(tmp_path, truth_maps, found_maps)

    report = evaluate_pixels(truth, found, POINT)

    engine = semantic.SemanticEval(6)
    first, second = (np.stack(list(maps.values())) for maps in (truth_maps, found_maps))
    engine.update(first, second)
    theirs = engine.report()["metrics"]
    ours = values(report)
    assert ours["mIoU"] == pytest.approx(theirs["mIoU"], abs=1e-12)
    assert ours["fwIoU"] == pytest.approx(theirs["fwIoU"], abs=1e-12)
    assert ours["mean_accuracy"] == pytest.approx(theirs["mAcc"], abs=1e-12)
    assert ours["pixel_accuracy"] == pytest.approx(theirs["aAcc"], abs=1e-12)
    seen = first != 255
    both = [
        [((first == i) & (second == i) & seen).sum(), ((first == i) | ((second == i) & seen)).sum()] for i in range(6)
    ]
    for row, (overlap, union) in enumerate(both):
        assert of_class(report, str(row))["IoU"] == pytest.approx(overlap / union, abs=1e-15)
    dice = [2 * o / (o + u) for o, u in both]  # |A| + |B| = union + overlap
    assert ours["Dice"] == pytest.approx(sum(dice) / 6, abs=1e-12)


def test_a_class_that_is_nowhere_is_undefined_and_out_of_the_mean(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 1]]}, {"a.png": [[0, 2]]})

    report = evaluate_pixels(truth, found, POINT, classes=("sky", "tree", "road", "boat"))

    assert of_class(report, "boat") == {"IoU": None, "Dice": None, "precision": None, "recall": None}
    assert of_class(report, "tree") == {"IoU": 0, "Dice": 0, "precision": None, "recall": 0}
    assert of_class(report, "road") == {"IoU": 0, "Dice": 0, "precision": 0, "recall": None}
    assert values(report)["mIoU"] == 1 / 3  # sky 1, tree 0, road 0
    assert values(report)["mean_accuracy"] == 1 / 2  # sky 1, tree 0


def test_pixels_that_are_found_void_are_missed_and_shown_so(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, {"a.png": [[0, 0, 1, 2]]}, {"a.png": [[0, 255, 1, 2]]})

    report = evaluate_pixels(truth, found, POINT)

    assert of_class(report, "0") == {"IoU": 0.5, "Dice": 2 / 3, "precision": 1.0, "recall": 0.5}
    assert report.confusion is not None
    assert report.confusion.background
    assert report.confusion.counts == [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert [finding.code for finding in report.findings] == ["classes-without-names", "void-found"]
    assert report.findings[0].message.endswith("they are called by their values, and 255 is void")


def test_masks_of_0_and_255_are_of_two_classes_whatever_the_other_side_writes(tmp_path: Path) -> None:
    truth = write_maps(tmp_path / "truth", {"a.png": [[0, 0, 255, 255]]})
    found = write_maps(tmp_path / "found", {"a.png": [[0, 1, 1, 1]]})
    bits = write_maps(tmp_path / "bits", {"a.png": [[0, 1, 1, 1]]}, "1")

    report = evaluate_pixels(truth, found, POINT)

    assert of_class(report, "foreground") == {"IoU": 2 / 3, "Dice": 0.8, "precision": 2 / 3, "recall": 1.0}
    assert values(evaluate_pixels(truth, bits, POINT)) == values(report)
    assert values(evaluate_pixels(bits, truth, POINT))["mIoU"] == values(report)["mIoU"]


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


@pytest.mark.parametrize(
    "settings",
    [
        EvalSettings(by=("size",)),
        EvalSettings(split="val"),
        EvalSettings(explain=True),
        EvalSettings(kind="boxes"),
        EvalSettings(protocol="voc07"),
        EvalSettings(thresholds=(0.5,)),
        EvalSettings(max_detections=(10,)),
    ],
)
def test_what_only_objects_have_is_refused(tmp_path: Path, settings: EvalSettings) -> None:
    with pytest.raises(UsageError, match="is for objects"):
        evaluate_pixels(tmp_path, tmp_path, settings)


def test_the_worst_picture_comes_first_with_what_is_mixed_up(tmp_path: Path) -> None:
    truth, found = sides(
        tmp_path,
        {"good.png": [[0, 1, 2, 2]], "bad.png": [[0, 0, 1, 2]], "fair.png": [[0, 1, 2, 2]]},
        {"good.png": [[0, 1, 2, 2]], "bad.png": [[1, 1, 0, 2]], "fair.png": [[0, 1, 2, 1]]},
    )

    worst = evaluate_pixels(truth, found, POINT, classes=("sky", "tree", "road")).worst

    assert [(w.image, w.errors, w.objects) for w in worst] == [("bad", 3, 4), ("fair", 1, 4)]
    assert worst[0].verdicts == {"sky found as tree": 2, "tree found as sky": 1}


def test_intervals_hold_the_figures_and_are_the_same_again_and_with_more_workers(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, *noisy(3, pictures=30, side=16))
    settings = EvalSettings(resamples=200)

    report = evaluate_pixels(truth, found, settings)
    with ProcessPool(2) as engine:
        again = evaluate_pixels(truth, found, settings, engine=engine)

    assert again == report
    number = report.metrics["mIoU"]
    assert number.low is not None and number.value is not None and number.high is not None
    assert number.low < number.value < number.high
    assert report.classes[0].metrics["IoU"].low is not None
    assert report.intervals is not None
    assert (report.intervals.resamples, report.intervals.units) == (200, 30)


def test_of_three_pictures_intervals_are_those_of_students_distribution(tmp_path: Path) -> None:
    # 40, 50 and 60 of 100 pixels are right: 0.5 -+ 4.303 * 0.1 / sqrt(3), which is approximated 4 % too wide.
    truth = np.arange(100).reshape(10, 10) % 2
    place = np.arange(100).reshape(10, 10)
    found = {f"{share}.png": np.where(place < share, truth, 1 - truth) for share in (40, 50, 60)}

    report = evaluate_pixels(*sides(tmp_path, dict.fromkeys(found, truth), found), EvalSettings(resamples=500))

    number = report.metrics["pixel_accuracy"]
    assert (number.low, number.high) == pytest.approx((0.2516, 0.7484), abs=0.015)
    in_class = report.classes[0].metrics["recall"]
    assert (in_class.low, in_class.high) == pytest.approx((0.2516, 0.7484), abs=0.015)


def test_real_masks_held_against_themselves_are_perfect_and_moved_ones_are_as_numpy_says(
    shared: Path, tmp_path: Path
) -> None:
    source = shared / "data" / "dhcn_semseg" / "valid"
    files = sorted(source.glob("*_mask.png"))[:12]
    moved = {}
    table = np.zeros((11, 11), np.int64)
    for file in files:
        mask = np.array(Image.open(file))
        other = np.roll(mask, 9, axis=1)
        moved[file.name.replace("_mask", "")] = other
        np.add.at(table, (mask, other), 1)
    truth = tmp_path / "truth"
    truth.mkdir()
    for file in [*files, source / "_classes.csv"]:
        (truth / file.name).write_bytes(file.read_bytes())
        jpeg = source / file.name.replace("_mask.png", ".jpg")
        (truth / jpeg.name).write_bytes(jpeg.read_bytes())
    found = write_maps(tmp_path / "found", moved)

    assert looks_like_pixels(truth) == "segmentation"
    perfect, report = evaluate_pixels(truth, truth, POINT), evaluate_pixels(truth, found, POINT)

    assert values(perfect)["mIoU"] == 1
    assert report.confusion is not None
    assert report.confusion.counts == table.tolist()
    right, true, got = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    there = true + got > 0
    assert values(report)["mIoU"] == pytest.approx(np.mean(right[there] / (true + got - right)[there]), abs=1e-12)
    assert [c.name for c in report.classes][:3] == ["background", "cabinet", "ceiling"]


def test_real_membranes_of_0_and_255_are_background_and_foreground(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "unet_membrane" / "data" / "membrane" / "train"
    mask = np.array(Image.open(source / "label" / "0.png"))
    flipped = {f"{i}.png": np.array(Image.open(source / "label" / f"{i}.png")) for i in range(8)}
    flipped["0.png"] = 255 - mask
    found = write_maps(tmp_path / "found", flipped)

    assert looks_like_pixels(source) == "segmentation"
    report = evaluate_pixels(source, found, POINT)

    assert report.images == 8
    assert values(report)["pixel_accuracy"] == 7 / 8
    assert [w.image for w in report.worst] == ["0"]


# --- the engine reads files itself


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


def test_a_model_is_better_on_the_same_pictures_and_one_is_not_better_than_itself(tmp_path: Path) -> None:
    truth_maps, found_maps = noisy(1, pictures=20, side=16, classes=3)
    mixed = {name: np.where(truth_maps[name] < 2, truth_maps[name], found) for name, found in found_maps.items()}
    truth, found = sides(tmp_path, truth_maps, found_maps)
    second = write_maps(tmp_path / "second", mixed)
    settings = EvalSettings(resamples=200)

    comparison = evaluate_pixels(truth, found, settings, second=second).comparison
    same = evaluate_pixels(truth, found, settings, second=found).comparison

    assert comparison is not None and same is not None
    both = [evaluate_pixels(truth, path, POINT) for path in (found, second)]
    first = comparison.metrics[0]
    assert (first.metric, first.objects, first.verdict) == ("mIoU", 20, "better")
    low, high = first.difference.low, first.difference.high
    assert low is not None and high is not None and first.difference.value is not None
    assert 0 < low < first.difference.value < high
    assert (first.first, first.second) == tuple(values(report)["mIoU"] for report in both)
    assert [(row.name, row.metric, row.verdict) for row in comparison.classes[:2]] == [
        ("0", "IoU", "better"),
        ("1", "IoU", "better"),
    ]
    assert {row.verdict for row in [*same.metrics, *same.classes]} == {"too few objects to say"}


def test_two_models_cannot_be_compared_without_resamples(tmp_path: Path) -> None:
    truth, found = sides(tmp_path, *noisy(1))

    with pytest.raises(UsageError, match="cannot be compared without resamples"):
        evaluate_pixels(truth, found, POINT, second=found)
