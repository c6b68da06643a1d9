"""Runs become ONNX files that were tried out on pictures."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from cvdata.errors import ModelError, OutputError, UsageError
from cvdata.files.disk import on_operation
from cvdata.models.export.report import Comparison, ExportSettings
from cvdata.models.export.run import _mask_findings, export_run
from cvdata.models.predictor import load_predictor
from cvdata.models.run_folder import BEST
from cvdata.models.spec import ModelSpec

from .runs import CLASSES, CLASSIFIER, DETECTOR, SEGMENTER, network_of, write_run

SMALL = msgspec.structs.replace(CLASSIFIER, architecture="squeezenet1_1")
KEYPOINTS = {"keypoints": ("top", "left", "right"), "flips": (0, 2, 1)}


def draw_pictures(folder: Path) -> list[str]:
    """Write pictures of several sizes, one of them black."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number, (height, width) in enumerate([(64, 64), (50, 120), (130, 40), (7, 9), (64, 80)]):
        picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(picture if number < 4 else picture * 0).save(folder / f"{number}.png")
    return [str(folder / f"{number}.png") for number in range(5)]


@pytest.mark.parametrize("spec", [DETECTOR, CLASSIFIER, SEGMENTER], ids=["nano", "resnet18", "unet"])
def test_a_file_finds_what_the_run_finds(tmp_path: Path, spec: ModelSpec) -> None:
    run = write_run(tmp_path / "run", network_of(spec))
    pictures = draw_pictures(tmp_path / "pictures")

    report = export_run(run, pictures=pictures, settings=ExportSettings(score=0.01))

    assert (tmp_path / "run/model.onnx").stat().st_size == report.size
    assert [(one.against, one.pictures, one.agrees) for one in report.comparisons] == [
        ("network", 5, True), ("predictor", 5, True),
    ]  # fmt: skip
    if spec.task == "detector":
        assert (report.comparisons[0].detections or 0) > 50
        assert report.comparisons[0].matched == report.comparisons[0].detections
    picture = np.asarray(Image.open(pictures[1]))
    file, network = (load_predictor(path, device="cpu").find([picture]) for path in (report.path, run))
    for name in ("scores", "maps"):
        ours, theirs = getattr(file, name), getattr(network, name)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert np.allclose(ours[0], theirs[0], atol=1e-5)


FAMILIES = [
    ("detector", "faster-rcnn", {}),
    ("detector", "retinanet", {}),
    ("detector", "fcos", {}),
    ("detector", "ssd", {}),
    ("detector", "ssdlite", {}),
    ("detector", "mask-rcnn", {"masks": True}),
    ("detector", "keypoint-rcnn", {"classes": ("square",), **KEYPOINTS}),
    # AlexNet and VGG pool to 6 x 6 and 7 x 7 places, which ONNX can only divide evenly: 64 pixels are refused.
    ("classifier", "alexnet", {"size": (224, 224)}),
    ("classifier", "googlenet", {}),
    ("classifier", "densenet121", {}),
    ("classifier", "seresnet18", {}),
    ("classifier", "vit_tiny_patch16_224", {}),
    ("segmenter", "attention-unet", {}),
    ("segmenter", "pspnet", {}),
    ("segmenter", "fpn", {}),
    ("segmenter", "deeplabv3+", {}),
    ("segmenter", "fcn", {}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("task", "architecture", "more"), FAMILIES, ids=[name for _, name, _ in FAMILIES])
def test_every_family_can_be_exported(tmp_path: Path, task: str, architecture: str, more: dict[str, object]) -> None:
    base = {"detector": DETECTOR, "classifier": CLASSIFIER, "segmenter": SEGMENTER}[task]
    options = {} if architecture.startswith("ssd") else {"backbone": "resnet18"} if task == "detector" else base.options
    spec = msgspec.structs.replace(base, architecture=architecture, options=options, **more)
    network = network_of(spec)
    with torch.no_grad():  # random focal heads find nothing: raise the bias of everything that has one score per class
        for name, parameter in network.named_parameters():
            if name.endswith("cls_logits.bias"):
                parameter.add_(4)
    run = write_run(tmp_path / "run", network)
    pictures = draw_pictures(tmp_path / "pictures")[1:4:2]

    report = export_run(run, pictures=pictures, settings=ExportSettings(score=0.02))

    assert all(one.agrees for one in report.comparisons)
    assert task != "detector" or (report.comparisons[1].matched or 0) > 20


def test_a_run_in_which_nothing_is_found_says_so(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(DETECTOR))

    report = export_run(run, pictures=draw_pictures(tmp_path / "p"), settings=ExportSettings(score=0.99))

    assert [finding.code for finding in report.findings] == ["nothing-found"]


def test_a_classifier_of_cut_out_boxes_says_that_it_does_not_know_whole_pictures(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(SMALL, crop_margin=0.1))

    report = export_run(run, pictures=draw_pictures(tmp_path / "p")[:1])

    assert [finding.code for finding in report.findings] == ["learnt-crops"]


def test_how_much_memory_masks_take_is_said_of_networks_that_have_them() -> None:
    masks = msgspec.structs.replace(DETECTOR, masks=True)

    assert _mask_findings(DETECTOR, 100) == []
    assert "100 of them (--most) take about 0.7 GB" in _mask_findings(masks, 100)[0].message


def test_a_file_that_disagrees_is_not_written() -> None:
    from cvdata.models.export.run import refuse_disagreement

    one = Comparison(
        against="predictor", pictures=3, detections=9, matched=4, largest={"box": 0.5, "score": None},
        tolerance={}, agrees=False,
    )  # fmt: skip

    with pytest.raises(
        ModelError, match=r"run's predictor, so it was not written: 4 of 9 detections matched, box 0\.5"
    ):
        refuse_disagreement([one])


def test_of_many_pictures_some_from_everywhere_are_compared(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(SMALL))
    pictures = draw_pictures(tmp_path / "pictures")
    (tmp_path / "pictures/0.png").write_bytes(b"broken")

    report = export_run(run, pictures=pictures, settings=ExportSettings(pictures=2))

    assert report.comparisons[0].pictures == 2


def test_without_a_picture_nothing_is_written(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(SMALL))

    with pytest.raises(UsageError, match="there is no picture to compare with"):
        export_run(run, pictures=[])

    assert not (run / "model.onnx").exists()


def test_a_file_is_replaced_only_when_that_is_said(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(SMALL))
    pictures = draw_pictures(tmp_path / "pictures")
    target = tmp_path / "model.onnx"
    target.write_bytes(b"mine")

    with pytest.raises(UsageError, match="is there already"):
        export_run(run, target, pictures=pictures)
    assert target.read_bytes() == b"mine"
    export_run(run, target, pictures=pictures, overwrite=True)
    assert target.stat().st_size > 1000


def test_a_full_disk_leaves_no_file(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(SMALL))
    pictures = draw_pictures(tmp_path / "pictures")

    def full(kind: str, path: str) -> None:
        raise OSError(28, os.strerror(28), path)

    on_operation(full)
    try:
        with pytest.raises(OutputError, match=r"cannot write '.*model\.onnx': No space left"):
            export_run(run, pictures=pictures)
    finally:
        on_operation(None)

    assert not (run / "model.onnx").exists()


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(SMALL))
    pictures = draw_pictures(tmp_path / "pictures")

    reports = [export_run(run, tmp_path / f"{name}.onnx", pictures=pictures) for name in "ab"]

    assert reports[0].sha256 == reports[1].sha256
    assert reports[0].classes == list(CLASSES)


def test_weights_that_were_changed_are_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", network_of(SMALL))
    data = bytearray((run / BEST).read_bytes())
    data[-1] ^= 1
    (run / BEST).write_bytes(bytes(data))

    with pytest.raises(ModelError):
        export_run(run, pictures=draw_pictures(tmp_path / "pictures"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (ExportSettings(score=1.0), r"--score is 1\.0, expected 0 or more and less than 1"),
        (ExportSettings(most=0), "--most is 0, expected 1 or more"),
        (ExportSettings(opset=9), "--opset is 9, expected 17 to 20"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, settings: ExportSettings, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        export_run(tmp_path, pictures=["x.png"], settings=settings)
