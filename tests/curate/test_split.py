"""Shares, groups and folds of a divided dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvdata.convert import read
from cvdata.curate.split import SplitSettings, check_settings, split
from cvdata.curate.split.reach import least_off
from cvdata.dataset import State
from cvdata.engine import start
from cvdata.errors import UsageError
from tests.curate.checked import dataset_of, noise
from tests.curate.divided import dataset_of_names, facts_of_content, splits_of

LABELS_ONLY = SplitSettings(labels_only=True)


def test_each_split_gets_its_share_of_every_class() -> None:
    names = [f"{n:03}x" for n in range(100)]
    objects = [[2, 0, 0] if n < 50 else [0, 1, 3] if n < 80 else [0, 0, 1] for n in range(100)]

    outcome = split(dataset_of_names(names, objects), LABELS_ONLY)

    parts = {part.name: part.images for part in outcome.certificate.splits}
    assert parts == {"train": 80, "val": 10, "test": 10}
    assert [[part.objects for part in one.splits] for one in outcome.certificate.classes] == [
        [80, 10, 10],
        [24, 3, 3],
        [88, 11, 11],
    ]
    assert outcome.certificate.worst_off == pytest.approx(0, abs=1e-9)


def test_empty_and_unlabelled_pictures_are_shared_out_too() -> None:
    names = [f"{n:03}x" for n in range(60)]
    objects = [[1, 0, 0] if n < 20 else [0, 0, 0] for n in range(60)]
    states = dict.fromkeys(names[40:], State.UNLABELLED)

    outcome = split(dataset_of_names(names, objects, states=states), LABELS_ONLY)

    found = splits_of(outcome.dataset)
    for part in (names[:20], names[20:40], names[40:]):
        counts = [sum(found[name] == split for name in part) for split in ("train", "val", "test")]
        assert counts == [16, 2, 2]


def test_a_share_of_nothing_makes_no_split() -> None:
    settings = SplitSettings(train=0.75, val=0.25, test=0.0, labels_only=True)

    outcome = split(dataset_of_names([f"{n}x" for n in range(8)], [[1, 0, 0]] * 8), settings)

    assert outcome.dataset.images.splits == ("train", "val")
    assert np.bincount(outcome.dataset.images.split).tolist() == [6, 2]


def test_a_class_in_two_groups_is_in_train_and_val_and_that_is_said() -> None:
    names = [f"{n:03}x" for n in range(50)]
    objects = [[1, 0, 0] if n not in (7, 30) else [1, 1, 0] for n in range(50)]

    outcome = split(dataset_of_names(names, objects), LABELS_ONLY)

    found = splits_of(outcome.dataset)
    assert {found["007x"], found["030x"]} == {"train", "val"}
    (warning,) = outcome.certificate.warnings
    assert (warning.code, warning.examples) == ("class-missing", ["b lives in 2 groups, none in test"])


def test_a_class_in_three_groups_reaches_all_three_splits() -> None:
    names = [f"{n:03}x" for n in range(200)]
    objects = [[1, 0, 0] if n not in (7, 30, 99) else [1, 1, 0] for n in range(200)]

    outcome = split(dataset_of_names(names, objects), LABELS_ONLY)

    found = splits_of(outcome.dataset)
    assert {found[name] for name in ("007x", "030x", "099x")} == {"train", "val", "test"}


def test_many_rare_classes_do_not_pull_the_splits_out_of_shape() -> None:
    names = [f"{n:03}x" for n in range(60)]
    objects = [[int(n % 20 == column) for column in range(20)] for n in range(60)]

    outcome = split(dataset_of_names(names, objects, 20), LABELS_ONLY)

    # To put each of 20 classes of three pictures into val and test would take two thirds of all pictures.
    assert [part.images for part in outcome.certificate.splits] == [46, 7, 7]
    assert all(one.splits[0].objects for one in outcome.certificate.classes)
    assert [warning.code for warning in outcome.certificate.warnings] == ["split-off", "class-missing", "class-off"]


def test_a_group_that_is_too_large_is_named() -> None:
    names = [f"night_frame_{n}.jpg" for n in range(60)] + [f"{n:03}x" for n in range(40)]

    outcome = split(
        dataset_of_names(names, [[1, 0, 0]] * 100),
        SplitSettings(train=0.5, val=0.5, test=0, labels_only=True, group="prefix"),
    )

    warning = outcome.certificate.warnings[0]
    assert warning.code == "split-off"
    assert warning.message == (
        "splits are off by up to 10.0 points (10.0 at best); the group of night_frame_0.jpg holds 60 % of all pictures"
    )
    assert outcome.certificate.leaks == 0


def test_every_kind_of_group_stays_whole() -> None:
    names = ["a/1.jpg", "b/2.jpg", "c/3.jpg", "d/4.jpg", "e/5.jpg", "f/6.jpg", "g/x.aug1.jpg", "g/x.jpg"]
    names += [f"run_frame_{n}.jpg" for n in range(4)] + [f"more/{n}z" for n in range(40)]
    content = ["same", "same", *(str(n) for n in range(len(names) - 2))]
    rng = np.random.default_rng(5)
    phash = (rng.integers(0, 2**62, len(names)) * 2).tolist()
    phash[3] = phash[2] ^ 0b110
    dataset = dataset_of_names(
        names,
        [[1, 0, 0]] * len(names),
        facts=facts_of_content(content, phash),
        lineage={"f/6.jpg": "e/5.jpg"},
        group=np.array([-1] * 40 + [0] * 8 + [-1] * (len(names) - 48), np.int32),
        groups=("stored",),
    )

    outcome = split(dataset, LABELS_ONLY)

    found = splits_of(outcome.dataset)
    wholes = [names[0:2], names[2:4], names[4:6], names[6:8], names[8:12], names[40:48]]
    assert [len({found[name] for name in whole}) for whole in wholes] == [1] * 6
    kinds = {kind.code: (kind.groups, kind.images) for kind in outcome.certificate.kinds}
    assert kinds == {
        "copies": (1, 2),
        "near-copies": (1, 2),
        "lineage": (1, 2),
        "stored": (1, 8),
        "augmented": (1, 2),
        "film": (1, 4),
    }
    assert (outcome.certificate.whole_groups, outcome.certificate.leaks) == (6, 0)


def test_no_near_and_group_none_leave_only_copies_and_descent_together() -> None:
    names = ["a.jpg", "b.jpg", "c_frame_1.jpg", "c_frame_2.jpg", "d.jpg", "d.copy1.jpg", "e.jpg", "f.jpg"]
    dataset = dataset_of_names(
        names,
        [[1, 0, 0]] * 8,
        facts=facts_of_content([*"1234567", "7"], [8, 8, 1 << 40, 1 << 50, 1 << 20, 1 << 30, 0, 0]),
        group=np.array([0, 0, -1, -1, -1, -1, -1, -1], np.int32),
        groups=("stored",),
    )

    outcome = split(dataset, SplitSettings(labels_only=True, near=False, group="none"))

    assert [kind.code for kind in outcome.certificate.kinds] == ["copies", "augmented"]


def test_pictures_on_disk_are_compared_mirrored_ones_too(tmp_path: Path) -> None:
    names = [f"{'qwertzuiop'[n]}.png" for n in range(10)]
    for number, name in enumerate(names[:9]):
        noise(tmp_path / name, number)
    with Image.open(tmp_path / names[0]) as picture:
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / names[9])
    rows = [{"image": name, "box": [1, 1, 20, 20]} for name in names]
    dataset = dataset_of(rows, sizes=dict.fromkeys(names, (64, 48)), folder=tmp_path)

    outcome = split(dataset, SplitSettings(train=0.5, val=0.5, test=0))

    found = splits_of(outcome.dataset)
    assert found[names[0]] == found[names[9]]
    assert outcome.certificate.compared == 10


def test_more_workers_divide_in_the_same_way(tmp_path: Path) -> None:
    names = [f"{n}q.png" for n in range(24)]
    for number, name in enumerate(names):
        noise(tmp_path / name, number // 2)
    rows = [{"image": name, "category": ("cat", "dog")[n % 2], "box": [1, 1, 20, 20]} for n, name in enumerate(names)]
    dataset = dataset_of(rows, sizes=dict.fromkeys(names, (64, 48)), folder=tmp_path)

    alone = split(dataset)
    with start(3) as engine:
        together = split(dataset, engine=engine)

    assert splits_of(together.dataset) == splits_of(alone.dataset)
    assert together.certificate == alone.certificate
    assert alone.certificate.groups == 12


def test_labels_only_says_that_nothing_was_compared(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    dataset = dataset_of([{"image": "a.jpg", "box": [1, 1, 9, 9]}], folder=tmp_path)

    assert split(dataset, LABELS_ONLY).certificate.compared == 0


def test_another_seed_divides_in_another_way_and_the_same_in_the_same() -> None:
    dataset = dataset_of_names([f"{n:03}x" for n in range(60)], [[1, 0, 0]] * 60)

    first, again, other = (
        splits_of(split(dataset, SplitSettings(labels_only=True, seed=seed)).dataset) for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


def test_folds_are_of_equal_size_and_each_picture_is_in_one() -> None:
    dataset = dataset_of_names([f"{n:03}x" for n in range(50)], [[1, n % 2, 0] for n in range(50)])

    outcome = split(dataset, SplitSettings(folds=5, labels_only=True))

    assert outcome.dataset.images.splits == ("fold1", "fold2", "fold3", "fold4", "fold5")
    assert [part.images for part in outcome.certificate.splits] == [10] * 5
    assert [part.objects for part in outcome.certificate.classes[1].splits] == [5] * 5


def test_the_val_of_each_fold_is_that_fold() -> None:
    dataset = dataset_of_names([f"{n:03}x" for n in range(50)], [[1, n % 3, 0] for n in range(50)])
    folds = splits_of(split(dataset, SplitSettings(folds=3, labels_only=True)).dataset)

    for number in (1, 2, 3):
        found = splits_of(split(dataset, SplitSettings(folds=3, fold=number, labels_only=True)).dataset)

        assert {name for name, part in found.items() if part == "val"} == {
            name for name, part in folds.items() if part == f"fold{number}"
        }
        assert set(found.values()) == {"train", "val"}


def test_splitting_changes_nothing_but_the_splits() -> None:
    dataset = dataset_of_names([f"{n}x" for n in range(9)], [[1, 0, 0]] * 9)

    outcome = split(dataset, LABELS_ONLY)

    assert outcome.dataset.annotations is dataset.annotations
    assert outcome.dataset.images.names == dataset.images.names
    assert dataset.images.split.tolist() == [-1] * 9


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"train": 80.0}, "the share --train is 80, expected 0 to 1\n  hint: for 80 % give 0.8"),
        ({"val": -0.1}, "the share --val is -0.1, expected 0 to 1"),
        ({"test": float("nan")}, "the share --test is nan, expected 0 to 1"),
        ({"train": 0.7}, "the shares sum to 0.9, expected 1: --train 0.7, --val 0.1, --test 0.1"),
        ({"train": 0.7, "test": 0}, "the shares sum to 0.8, expected 1: --train 0.7, --val 0.1, --test 0\n"
         "  hint: the rest could be --test 0.2"),
        ({"folds": 1}, "--folds is 1, expected 2 or more"),
        ({"fold": 1}, "--fold names a fold, and there are none"),
        ({"folds": 3, "fold": 4}, "--fold is 4, expected 1 to 3"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_settings(SplitSettings(**settings))  # type: ignore[arg-type]

    assert str(caught.value).startswith(message)


def test_shares_may_miss_one_by_a_rounding_error() -> None:
    check_settings(SplitSettings(train=0.7, val=0.2, test=0.1 - 1e-9))


def test_what_this_dataset_cannot_give_is_refused() -> None:
    dataset = dataset_of_names(["a", "b"], [[1, 0, 0]] * 2, splits={"a": "test"})
    of_two = dataset_of_names(["a.jpg", "a.aug1.jpg"], [[1, 0, 0]] * 2)
    none = dataset_of_names([], [])

    for settings, of, message in (
        (SplitSettings(keep=("tset",)), dataset, "no split is called 'tset'\n  hint: did you mean 'test'?"),
        (SplitSettings(folds=2), of_two, "2 folds are too many for 1 group,"),
        (
            SplitSettings(folds=10**10),
            dataset,
            "10,000,000,000 folds are too many for 2 pictures\n  hint: give --folds 2 or",
        ),
        (SplitSettings(), none, "there is no picture to divide"),
    ):
        with pytest.raises(UsageError) as caught:
            split(of, settings)
        assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("counts", "wishes", "points"),
    [
        ([60, 10, 10, 10, 10], (0.5, 0.5), 10.0),
        ([1] * 10, (0.8, 0.1, 0.1), 0.0),
        ([1] * 3, (0.8, 0.1, 0.1), 46.666667),  # one in each: the first has a third
        ([1] * 2, (0.8, 0.1, 0.1), 20.0),
        ([1] * 14, (0.8, 0.1, 0.1), 4.285714),  # 11, 2, 1
        ([70] + [1] * 30, (0.5, 0.3, 0.2), 20.0),
    ],
)
def test_the_best_that_groups_allow_is_known(counts: list[int], wishes: tuple[float, ...], points: float) -> None:
    assert least_off(np.array(counts), wishes) == pytest.approx(points, abs=1e-6)


def test_the_best_that_objects_allow_counts_too() -> None:
    dataset = dataset_of_names([f"{n:03}x" for n in range(9)], [[2, 0, 0]] + [[1, 0, 0]] * 8)

    warnings = split(dataset, SplitSettings(folds=3, labels_only=True)).certificate.warnings

    assert [warning.examples for warning in warnings if warning.code == "class-off"] == [
        ["a: off by 6.7 points (6.7 at best with 10 objects in 9 pictures)"]
    ]


def test_blood_cells_that_leaked_from_train_to_val_are_put_together(shared: Path) -> None:
    dataset = read(shared / "data/bccd_voc", verify="none").dataset

    certificate = split(dataset).certificate

    assert (certificate.groups, certificate.leaks, certificate.compared) == (1, 0, 364)
    assert certificate.worst_off is not None
    assert certificate.worst_off < 0.5


def test_clothes_are_divided_by_class(shared: Path) -> None:
    dataset = read(shared / "data/clothing_cls", verify="none").dataset

    certificate = split(dataset, LABELS_ONLY).certificate

    # 14 hats cannot be divided better than 11, 2 and 1.
    assert [part.objects for part in certificate.classes[1].splits] in ([11, 2, 1], [11, 1, 2])
    assert all(one.off is not None and abs(one.off) <= 4.3 for one in certificate.classes)
