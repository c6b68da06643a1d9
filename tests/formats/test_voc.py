"""Reading Pascal VOC: boxes, flags, attributes, origins, pictures, and what is put aside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from cvdata.dataset import Dataset, State
from cvdata.errors import FormatError, IdentityError, UnsafePathError
from cvdata.files import Counts
from cvdata.formats import Intake
from cvdata.formats.voc import ReadOptions, read

BOX = "<bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>"


def an_object(name: str = "cat", box: tuple[object, ...] = (5, 6, 24, 16), more: str = "") -> str:
    return f"<object><name>{name}</name>{BOX.format(*box)}{more}</object>"


def xml(*objects: str, filename: str = "a.jpg", head: str = "", size: tuple[int, int] | None = (64, 48)) -> str:
    sides = f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>" if size else ""
    return f"<annotation><filename>{filename}</filename>{head}{sides}{''.join(objects)}</annotation>"


def voc(root: Path, files: Mapping[str, str | bytes], pictures: tuple[str, ...] = ()) -> Path:
    for name, text in files.items():
        path = root / "Annotations" / f"{name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for picture in pictures:
        path = root / "JPEGImages" / picture
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48)).save(path)
    return root


def load(root: Path, intake: Intake | None = None, origin: str = "auto") -> Dataset:
    intake = Intake() if intake is None else intake
    dataset = read(root, msgspec.convert({"origin": origin}, ReadOptions), intake)
    kept = Counts(len(dataset.images), len(dataset.annotations))
    assert intake.read == kept + intake.quarantined + intake.filtered
    return dataset


def codes(intake: Intake) -> list[str]:
    return [finding.code for finding in intake.findings]


def extras(dataset: Dataset) -> list[object]:
    column = dataset.annotations.extra
    assert column is not None
    return [msgspec.json.decode(row) if row else None for row in column.to_bytes()]


def test_a_box_counts_pixels_from_one_with_the_last_one_included(tmp_path: Path) -> None:
    dataset = load(voc(tmp_path, {"a": xml(an_object(box=(1, 1, 64, 48)))}))

    assert dataset.annotations.box.tolist() == [[0, 0, 64, 48]]


def test_a_box_that_begins_at_zero_shows_that_all_boxes_are_edges(tmp_path: Path) -> None:
    intake = Intake()
    dataset = load(voc(tmp_path, {"a": xml(an_object(box=(0, 0, 64, 48)), an_object(box=(5, 6, 24, 16)))}), intake)

    assert dataset.annotations.box.tolist() == [[0, 0, 64, 48], [5, 6, 19, 10]]
    assert "1 of 2 boxes begin at 0" in intake.findings[0].message


def test_the_unknown_database_of_labelimg_shows_that_boxes_are_edges(tmp_path: Path) -> None:
    unknown = "<source><database>Unknown</database></source>"
    dataset = load(voc(tmp_path, {"a": xml(an_object(), head=unknown)}))

    assert dataset.annotations.box.tolist() == [[5, 6, 19, 10]]


@pytest.mark.parametrize(("origin", "box"), [("1", [-1, 4, 11, 6]), ("0", [0, 5, 10, 5])])
def test_an_origin_that_is_asked_for_beats_the_evidence(tmp_path: Path, origin: str, box: list[int]) -> None:
    dataset = load(voc(tmp_path, {"a": xml(an_object(box=(0, 5, 10, 10)), size=None)}), origin=origin)

    assert dataset.annotations.box.tolist() == [box]


@pytest.mark.parametrize("corners", [(30, 30, 10, 10), (5.5, 5, 5.2, 9)])
def test_a_box_the_wrong_way_round_is_put_aside(tmp_path: Path, corners: tuple[float, ...]) -> None:
    intake = Intake()
    dataset = load(voc(tmp_path, {"a": xml(an_object(), an_object(box=corners))}), intake)

    assert len(dataset.annotations) == 1
    assert [(item.file, item.field) for item in intake.quarantine] == [("Annotations/a.xml", "object[2]")]


@pytest.mark.parametrize("number", ["", "nan", "inf", "ten", "5,5", "0x10", "1_0", "５", "5 5", "--5", "<b/>5"])
def test_what_is_no_number_puts_the_object_aside_by_its_field(tmp_path: Path, number: str) -> None:
    intake = Intake()
    dataset = load(voc(tmp_path, {"a": xml(an_object(), an_object(box=(5, 6, number, 16)))}), intake)

    assert len(dataset.annotations) == 1
    assert [item.field for item in intake.quarantine] == ["object[2]/bndbox/xmax"]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ("<object><name>dog</name></object>", "object[1]/bndbox"),
        (an_object(name=""), "object[1]/name"),
        (an_object(name="<b>x</b>"), "object[1]/name"),
        (f"<object>{BOX.format(1, 2, 3, 4)}</object>", "object[1]/name"),
        (an_object(more="<name>dog</name>"), "object[1]/name"),
        (an_object(more=BOX.format(1, 2, 3, 4)), "object[1]/bndbox"),
    ],
)
def test_an_object_without_one_name_and_one_box_is_put_aside(tmp_path: Path, bad: str, field: str) -> None:
    intake = Intake()
    dataset = load(voc(tmp_path, {"a": xml(bad, an_object())}), intake)

    assert len(dataset.annotations) == 1
    assert [item.field for item in intake.quarantine] == [field]


def test_blanks_and_line_ends_around_values_do_not_count(tmp_path: Path) -> None:
    text = xml(an_object(" cat\r\n ", (" 5 ", "\t6", "24\r\n", " 16"))).replace("><", ">\r\n<")
    dataset = load(voc(tmp_path, {"a": text}))

    assert dataset.categories.names == ("cat",)
    assert dataset.annotations.box.tolist() == [[4, 5, 20, 11]]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + xml(an_object()).encode(),
        ('<?xml version="1.0" encoding="UTF-16"?>' + xml(an_object())).encode("utf-16"),
        ('<?xml version="1.0" encoding="windows-1252"?>' + xml(an_object())).encode("cp1252"),
        b'<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1:9/x"?>' + xml(an_object()).encode(),
        xml("<!-- seen -->", an_object()).encode(),
        xml(an_object("<![CDATA[cat]]>")).encode(),
        xml(an_object("c&#97;t")).encode(),
    ],
)
def test_any_well_formed_way_to_write_a_file_reads_the_same(tmp_path: Path, data: bytes) -> None:
    dataset = load(voc(tmp_path, {"a": data}))

    assert dataset.categories.names == ("cat",)
    assert dataset.annotations.box.tolist() == [[4, 5, 20, 11]]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]>" + xml(an_object("&x;")).encode(), "DOCTYPE"),
        (b"<annotation>" + b"<a>" * 100_000, "deeper"),
        (xml(an_object()).encode()[:-9], "well-formed"),
        (xml(an_object("a&#27;b")).encode(), "well-formed"),
        (xml(an_object("caf\xe9")).encode("latin-1"), "well-formed"),
        (xml(an_object()).encode() * 2, "well-formed"),
        (b"<html><body/></html>", "<html>"),
        (b'<?xml version="1.0" encoding="gb2312"?>' + xml(an_object()).encode(), "gb2312"),
        (b"<annotation><object><polygon><pt><x>1</x></pt></polygon></object></annotation>", "LabelMe"),
        (xml(an_object('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/x"/>')).encode(), "XInclude"),
        (b"", "well-formed"),
        (b" " * (17 << 20), "16 MiB"),
    ],
)
def test_a_file_that_is_no_safe_voc_file_leaves_with_its_picture(tmp_path: Path, data: bytes, found: str) -> None:
    intake = Intake()
    dataset = load(voc(tmp_path, {"a": xml(an_object()), "b": data}), intake)

    assert dataset.images.names == ("a.jpg",)
    assert [(item.kind, item.file, item.images) for item in intake.quarantine] == [
        ("label file", "Annotations/b.xml", 1)
    ]
    assert found in intake.quarantine[0].found


def test_a_folder_without_one_usable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="root element is <html>"):
        load(voc(tmp_path, {"a": "<html/>", "b": "<html/>"}))


def test_a_flag_is_kept_for_all_objects_as_soon_as_one_sets_it(tmp_path: Path) -> None:
    objects = [an_object(more="<truncated>1</truncated><difficult>0</difficult>"), an_object()]
    dataset = load(voc(tmp_path, {"a": xml(*objects)}))

    assert dataset.annotations.truncated is not None
    assert dataset.annotations.truncated.tolist() == [1, -1]
    assert dataset.annotations.difficult is None


def test_a_flag_that_is_text_counts_as_not_set_and_is_reported(tmp_path: Path) -> None:
    intake = Intake()
    objects = [an_object(more="<difficult>Unspecified</difficult>"), an_object(more="<difficult>1</difficult>")]
    dataset = load(voc(tmp_path, {"a": xml(*objects)}), intake)

    assert dataset.annotations.difficult is not None
    assert dataset.annotations.difficult.tolist() == [-1, 1]
    finding = next(finding for finding in intake.findings if finding.code == "voc-flag")
    assert finding.examples == ["Annotations/a.xml: object[1]/difficult"]


def test_what_voc_says_beyond_boxes_becomes_attributes(tmp_path: Path) -> None:
    part = f"<part><name>head</name>{BOX.format(6, 7, 9, 10)}</part>"
    attributes = "<attributes><attribute><name>colour</name><value>red</value></attribute></attributes>"
    more = f"<pose>Left</pose>{part}<actions><jumping>1</jumping></actions>{attributes}<point><x>3</x><y>4</y></point>"
    dataset = load(voc(tmp_path, {"a": xml(an_object(more=more), an_object(more="<pose>Unspecified</pose>"))}))

    assert extras(dataset) == [
        {
            "pose": "Left",
            "actions": {"jumping": 1},
            "voc": {"point": {"x": "3", "y": "4"}},
            "attributes": {"colour": "red"},
            "parts": [{"name": "head", "box": [5, 6, 4, 4]}],
        },
        None,
    ]


def test_a_bad_part_is_reported_and_its_object_stays(tmp_path: Path) -> None:
    intake = Intake()
    part = f"<part><name>head</name>{BOX.format(6, 7, 'nine', 10)}</part>"
    dataset = load(voc(tmp_path, {"a": xml(an_object(more=part))}), intake)

    assert len(dataset.annotations) == 1
    assert "voc-part" in codes(intake)


def test_a_polygon_of_roboflow_becomes_an_outline(tmp_path: Path) -> None:
    points = "<x1>5</x1><y1>6</y1><x2>24</x2><y2>6</y2><x3>24</x3><y3>16</y3>"
    dataset = load(voc(tmp_path, {"a": xml(an_object(more=f"<polygon>{points}</polygon>"))}), origin="0")

    assert dataset.annotations.polygons is not None
    assert [ring.tolist() for ring in dataset.annotations.polygons[0]] == [[[5, 6], [24, 6], [24, 16]]]


def test_what_a_file_says_of_its_picture_is_kept_unless_it_says_nothing(tmp_path: Path) -> None:
    said = "<folder>VOC2012</folder><source><database>The VOC2007 Database</database></source><segmented>1</segmented>"
    nothing = "<folder>JPEGImages</folder><source><database>Unknown</database></source><segmented>0</segmented>"
    dataset = load(voc(tmp_path, {"a": xml(head=said), "b": xml(head=nothing)}))

    assert dataset.images.extra is not None
    first, second = dataset.images.extra.to_bytes()
    assert msgspec.json.decode(first) == {
        "segmented": 1,
        "folder": "VOC2012",
        "source": {"database": "The VOC2007 Database"},
    }
    assert second == b""


def test_a_file_without_objects_is_an_empty_picture(tmp_path: Path) -> None:
    dataset = load(voc(tmp_path, {"a": xml(), "b": xml(an_object())}))

    assert dataset.images.state.tolist() == [State.EMPTY, State.LABELLED]


def test_a_picture_whose_objects_are_all_bad_is_not_known_to_be_empty(tmp_path: Path) -> None:
    dataset = load(voc(tmp_path, {"a": xml(an_object(name=""))}))

    assert dataset.images.state.tolist() == [State.UNLABELLED]


def test_a_missing_size_is_taken_from_the_picture(tmp_path: Path) -> None:
    dataset = load(voc(tmp_path, {"a": xml(an_object(), size=None)}, ("a.jpg",)))

    assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([64], [48])


def test_classes_keep_the_order_of_the_label_map(tmp_path: Path) -> None:
    root = voc(tmp_path, {"a": xml(an_object("dog"), an_object("owl"))})
    (root / "labelmap.txt").write_text("# name:colour\nbackground:0,0,0::\ncat:1,0,0::\ndog:2,0,0::\n")

    assert load(root).categories.names == ("cat", "dog", "owl")


def test_the_picture_with_the_name_of_the_file_wins_over_the_one_it_names(tmp_path: Path) -> None:
    intake = Intake()
    files = {"a": xml(filename="old.jpg"), "b": xml(filename="b.png")}
    dataset = load(voc(tmp_path, files, ("a.jpg", "b.jpg", "b.png")), intake)

    assert dataset.images.names == ("a.jpg", "b.png")
    finding = next(finding for finding in intake.findings if finding.code == "voc-filename")
    assert finding.examples == ["a.xml: old.jpg"]


def test_a_file_whose_name_no_picture_has_means_the_one_that_it_names(tmp_path: Path) -> None:
    dataset = load(voc(tmp_path, {"sub/0001": xml(filename="Photo.JPG")}, ("sub/photo.jpg",)))

    assert dataset.images.names == ("sub/photo.jpg",)


def test_a_missing_picture_leaves_with_its_objects_where_others_are_there(tmp_path: Path) -> None:
    intake = Intake()
    dataset = load(voc(tmp_path, {"a": xml(an_object()), "b": xml(an_object(), filename="b.jpg")}, ("a.jpg",)), intake)

    assert dataset.images.names == ("a.jpg",)
    assert intake.quarantined == Counts(1, 1)


def test_two_files_that_mean_one_picture_end_the_run(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match=r"a\.jpg"):
        load(voc(tmp_path, {"a": xml(), "other": xml(filename="a.jpg")}, ("a.jpg",)))


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.jpg", "C:\\a.jpg", "\\\\host\\a.jpg"])
def test_a_file_name_that_leaves_the_folder_ends_the_run(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafePathError, match=r"Annotations/a\.xml: filename"):
        load(voc(tmp_path, {"a": xml(filename=name)}))


def test_the_path_of_labelimg_is_never_looked_at(tmp_path: Path) -> None:
    dataset = load(voc(tmp_path, {"a": xml(head="<path>/proc/self/environ</path>")}))

    assert dataset.images.names == ("a.jpg",)


def test_a_picture_folder_that_is_a_link_out_of_the_dataset_is_refused(tmp_path: Path) -> None:
    root = voc(tmp_path / "set", {"a": xml()})
    voc(tmp_path / "else", {}, ("a.jpg",))
    (root / "JPEGImages").symlink_to(tmp_path / "else" / "JPEGImages")

    with pytest.raises(UnsafePathError, match="--images"):
        load(root)


def test_a_label_file_that_is_a_link_out_of_the_dataset_is_refused(tmp_path: Path) -> None:
    root = voc(tmp_path / "set", {"a": xml()})
    (tmp_path / "secret.xml").write_text(xml())
    (root / "Annotations" / "b.xml").symlink_to(tmp_path / "secret.xml")

    with pytest.raises(UnsafePathError, match=r"Annotations/b\.xml"):
        load(root)


def test_a_folder_of_labels_that_is_a_link_out_of_the_dataset_is_refused(tmp_path: Path) -> None:
    voc(tmp_path / "set-2", {"a": xml()})
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "Annotations").symlink_to(tmp_path / "set-2" / "Annotations")

    with pytest.raises(UnsafePathError, match="Annotations"):
        load(tmp_path / "set")


def test_folders_named_as_splits_are_splits_and_pictures_lie_beside_their_files(tmp_path: Path) -> None:
    for name in ("train/a", "valid/b"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / f"{name}.xml").write_text(xml(an_object(), filename=f"{name[-1]}.jpg"))
        Image.new("RGB", (64, 48)).save(tmp_path / f"{name}.jpg")
    dataset = load(tmp_path)

    assert dataset.images.names == ("train/a.jpg", "valid/b.jpg")
    assert (dataset.images.splits, dataset.images.split.tolist()) == (("train", "val"), [0, 1])
    assert dataset.images.file(1) == f"{tmp_path}/valid/b.jpg"


def test_strict_reading_ends_at_the_first_bad_object(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="xmax is 'x'"):
        load(voc(tmp_path, {"a": xml(an_object(box=(1, 2, "x", 4)))}), Intake(strict=True))


def test_a_place_is_known_for_each_annotation(tmp_path: Path) -> None:
    intake = Intake()
    load(voc(tmp_path, {"a": xml(an_object(name=""), an_object()), "b": xml(an_object())}), intake)

    assert intake.where is not None
    assert [str(intake.where(row)) for row in range(2)] == [
        "Annotations/a.xml: object[2]",
        "Annotations/b.xml: object[1]",
    ]
