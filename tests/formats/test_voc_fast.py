"""The fast way to read a VOC file says what the exact way says, or nothing."""

from __future__ import annotations

import re
import string
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.formats._voc_batch import XmlBatch, read_batch
from cvdata.formats._voc_fast import FastReader
from cvdata.formats._voc_page import read_page
from cvdata.formats._voc_pages import Pages, join_pages
from cvdata.formats._voc_xml import BadFile

from .test_voc import an_object, xml

BLANKS = st.sampled_from(["", "", "", "\n\t", " ", "\r\n", "\x0b", "x", "<!-- c -->"])
NUMBERS = ["", "0", "1", "5", "5.5", "1e1", "-3", "+4", ".", "nan", "1_0", "５", "5 5", "1e999", " 7\n", "0x1", "\r\n8"]
NAMES = [
    "cat",
    "Unspecified",
    "Left",
    "a b",
    "é",
    "&amp;",
    "&x;",
    "&#27;",
    "]]>",
    "\x01",
    "\ufffe",
    "a\rb",
    "<b/>",
    " c ",
]
TEXTS = st.sampled_from([*NUMBERS, *NAMES])
LEAVES = st.sampled_from(
    ["name", "pose", "truncated", "difficult", "occluded", "xmin", "ymin", "xmax", "ymax", "bndbox", "part", "extra"]
)
HEAD_LEAVES = st.sampled_from(
    ["filename", "folder", "path", "width", "height", "depth", "segmented", "database", "source"]
)


def leaf(tag: str, text: str, form: int = 0) -> str:
    return [f"<{tag}>{text}</{tag}>", f"<{tag}/>", f'<{tag} a="1">{text}</{tag}>', f"<{tag}>{text}</{tag} >"][form]


STRAY = st.builds(leaf, LEAVES | HEAD_LEAVES, TEXTS, st.sampled_from([0, 0, 0, 1, 2, 3])) | BLANKS
MORE = [
    "<pose>Left</pose>",
    "<pose/>",
    "<difficult>1</difficult>",
    "<truncated>0</truncated>",
    "<occluded>1</occluded>",
]
HEADS = ["<folder>x</folder>", "<path>/a/b.jpg</path>", "<segmented>1</segmented>", "<owner><name>me</name></owner>"]


@st.composite
def a_file(draw: st.DrawFn) -> bytes:
    """Return an ordinary file, with up to two things in it changed."""
    more = "".join(draw(st.permutations(MORE))[: draw(st.integers(0, 5))])
    objects = [an_object(draw(st.sampled_from(["cat", "dog"])), more=more) for _ in range(draw(st.integers(0, 3)))]
    head = "".join(draw(st.permutations(HEADS))[: draw(st.integers(0, 4))])
    prolog = draw(
        st.sampled_from(["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>', "<!DOCTYPE a>"])
    )
    text = prolog + xml(*objects, head=head).replace(
        "><", f">{draw(st.sampled_from(['', chr(10), chr(13) + chr(10)]))}<"
    )
    for _ in range(draw(st.integers(0, 2))):
        places = [match.span(1) for match in re.finditer(">([^<]*)<", text)]
        if not places:
            break
        first, last = draw(st.sampled_from(places))
        stray = draw(TEXTS | STRAY)
        text = text[:first] + stray + text[last:]
    return text.encode("utf-8", "surrogatepass")


@settings(max_examples=400)
@given(data=st.lists(a_file(), min_size=1, max_size=3), cut=st.integers(0, 60))
def test_what_is_read_fast_is_what_is_read_exactly(data: list[bytes], cut: int) -> None:
    reader = FastReader()
    for text in [*data, data[0][:-cut] if cut else data[0] * 2]:
        quick = reader.read(text)
        if quick is None:
            continue
        page = read_page(text)  # a BadFile here is a failure: the fast way took what is no VOC file
        filename, width, height, facts, kinds, corners = quick
        table = list(reader.kinds)
        assert (filename, width, height, facts) == (page.filename, page.width, page.height, page.facts)
        assert [table[kind] for kind in kinds] == [row.kind for row in page.rows]
        assert corners == [value for row in page.rows for value in row.corners]
        assert page.bad == []
        assert page.notes == []
        assert not any(row.parts or row.ring for row in page.rows)


def agrees(text: bytes) -> bool:
    """Tell whether the fast way gave up, or said what the exact way says."""
    reader = FastReader()
    quick = reader.read(text)
    if quick is None:
        return True
    try:
        page = read_page(text)
    except BadFile:
        return False
    kinds, table = [row.kind for row in page.rows], list(reader.kinds)
    said = (*quick[:4], [table[kind] for kind in quick[4]], quick[5])
    corners = [value for row in page.rows for value in row.corners]
    return said == (page.filename, page.width, page.height, page.facts, kinds, corners) and not page.bad + page.notes


def test_nothing_unusual_in_any_place_is_read_fast_and_wrong() -> None:
    more = "<pose>Left</pose><truncated>1</truncated><occluded>0</occluded>"
    ordinary = xml(an_object(more=more), an_object("dog", more=more), head="".join(HEADS))
    unusual = [
        *NUMBERS,
        *NAMES,
        "<!-- c -->",
        "<name>cat</name>",
        "<bndbox/>",
        "<source><a/></source>",
        "\x0b",
        "x",
        "</x>",
    ]

    wrong = [
        (match.start(), text)
        for match in re.finditer(">([^<]*)(?=<)", ordinary)
        for text in unusual
        if not agrees((ordinary[: match.start(1)] + text + ordinary[match.end(1) :]).encode())
    ]
    assert wrong == []


def test_a_group_that_comes_twice_is_left_to_the_exact_way() -> None:
    text = xml(head="<source><a>1</a></source><source><b>2</b></source>").encode()

    assert FastReader().read(text) is None


@settings(max_examples=200)
@given(data=st.binary(max_size=300) | st.text(string.printable + "<>/&", max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for text in (data, b"<annotation>" + data + b"</annotation>"):
        try:
            page = read_page(text)
        except BadFile:
            assert FastReader().read(text) is None
        else:
            assert page.count == len(page.rows) + len(page.bad)


def test_an_ordinary_file_is_read_fast() -> None:
    head = "<folder>x</folder><path>/a/b</path><source><database>Unknown</database></source>"
    more = "<pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>"
    for text in (xml(an_object(more=more), an_object("dog", more=more), head=head), xml(head=head), xml(an_object())):
        assert FastReader().read(text.encode()) is not None
        assert FastReader().read(text.replace("><", ">\n\t<").encode()) is not None


def columns(pages: Pages) -> list[object]:
    kinds = [pages.kinds[kind] for kind in pages.kind.tolist()]
    facts = [pages.fact_table[row] for row in pages.facts.tolist()]
    plain = [
        pages.file.tolist(),
        pages.number.tolist(),
        pages.corners.tolist(),
        pages.counts.tolist(),
        pages.size.tolist(),
    ]
    return [pages.filenames, kinds, facts, *plain, pages.bad_files, pages.bad_objects, pages.notes, pages.parts]


@settings(max_examples=50)
@given(data=st.lists(a_file(), min_size=1, max_size=6), split=st.integers(1, 5))
def test_batches_joined_are_one_batch_whichever_way_it_is_read(data: list[bytes], split: int) -> None:
    with TemporaryDirectory() as folder:
        names = [f"{at}.xml" for at in range(len(data))]
        for name, text in zip(names, data, strict=True):
            (Path(folder) / name).write_bytes(text)
        whole = XmlBatch(folder, "", names)

        fast = read_batch(whole)
        exact = read_batch(XmlBatch(folder, "", names, fast=False))
        parts = [part for part in (whole[:split], whole[split:]) if len(part)]

        assert columns(fast) == columns(exact)
        assert columns(join_pages([read_batch(part) for part in parts])) == columns(fast)


def test_a_batch_of_bad_files_has_columns_of_the_right_shape() -> None:
    pages = read_batch(XmlBatch("/nowhere", "", ["a.xml"]))

    assert pages.bad_files[0][0].startswith("the file cannot be read")
    assert pages.corners.shape == (0, 4)
    assert pages.size.dtype == np.int32
