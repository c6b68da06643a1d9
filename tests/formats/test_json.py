"""Sections and elements of large JSON documents, held against Python's own reader."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cvdata.errors import CvdataError, FormatError
from cvdata.formats import Intake, _json
from cvdata.formats._json import BadGuess, JsonFile, Span, decode_array, decode_value, elements, sections, split_array
from cvdata.formats.coco import ReadOptions, read

ARRAYS = frozenset({"images", "annotations"})

# Texts that look like the ends, seams and keys that the guesses search for.
TRAPS = st.sampled_from(
    ["}]", "}, {", "},{", '"', '\\"', "\\", '"]}', '}],"images":[', ",", "é", "\u2028", "😀", '":', "{[", ""]
)
TEXTS = st.lists(TRAPS, max_size=4).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=6)
DOCUMENTS = st.fixed_dictionaries(
    {}, optional={"images": ROWS, "annotations": ROWS, "info": VALUES, "categories": ROWS, "}]": VALUES}
).flatmap(lambda document: st.permutations(list(document.items())).map(dict))
LAYOUTS = st.sampled_from([None, 0, 1, 4])


def written(content: bytes) -> JsonFile:
    with tempfile.NamedTemporaryFile(suffix=".json", delete=False) as file:
        file.write(content)
    path = Path(file.name)
    try:
        document = JsonFile(path)
        document._text = document._text or content  # the file itself may go
    finally:
        path.unlink()
    return document


def cut(document: JsonFile, size: int, *, exact: bool) -> dict[str, Any]:
    """Read a whole document the way the COCO reader does."""
    found: dict[str, Any] = {}
    for key, span in sections(document, ARRAYS, exact=exact).items():
        if key in ARRAYS:
            pieces = split_array(document, span, size, exact=exact)
            found[key] = [row for piece in pieces for row in decode_array(document.read(piece.start, piece.end))]
        else:
            found[key] = decode_value(document.read(span.start, span.end))
    return found


def guess_then_walk(document: JsonFile, size: int) -> dict[str, Any]:
    try:
        return cut(document, size, exact=False)
    except BadGuess:
        return cut(document, size, exact=True)


@pytest.fixture(params=[1 << 20, 7], ids=["wide windows", "windows of 7 bytes"], scope="class")
def windows(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let every token lie across the edge of a window once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_json, "_WINDOW", request.param)
        yield


@pytest.mark.usefixtures("windows")
class TestWithinAndAcrossWindows:
    @settings(max_examples=150)
    @given(document=DOCUMENTS, indent=LAYOUTS, size=st.sampled_from([1, 40, 10**6]), ascii_only=st.booleans())
    @example(document={"images": [{"t": [{"a": 1}], "images": 3}]}, indent=None, size=1, ascii_only=True)
    @example(document={"images": [{"t": "}],", ":[": 1}], "annotations": []}, indent=None, size=1, ascii_only=True)
    def test_every_document_reads_as_json_loads_does(
        self, document: dict[str, Any], indent: int | None, size: int, ascii_only: bool
    ) -> None:
        text = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()

        assert guess_then_walk(written(text), size) == json.loads(text)
        assert cut(written(text), size, exact=True) == json.loads(text)

    @settings(max_examples=60)
    @given(rows=ROWS, indent=LAYOUTS)
    def test_elements_are_the_objects_of_the_array(self, rows: list[dict[str, Any]], indent: int | None) -> None:
        document = written(b" " + json.dumps(rows, indent=indent).encode())

        spans = elements(document, Span(1, document.size))

        assert [json.loads(document.read(span.start, span.end)) for span in spans] == rows


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"images": [{"a": [{"b": 1}], "c": 2}], "info": 1}, "an array of objects inside"),
        ({"images": [{"a": "}]", "c": 2}], "info": 1}, "the end inside a text"),
        ({"images": [{"a": [{"b": 1}], "images": 2}]}, "the section's own name inside"),
        ({"images": [{"a": "}],", ":[": 1}]}, "a key that opens an array"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_end_is_found_and_walked_around(document: dict[str, Any], why: str) -> None:
    file = written(json.dumps(document, separators=(",", ":")).encode())

    with pytest.raises(BadGuess):
        cut(file, 10**6, exact=False)
    assert cut(file, 10**6, exact=True) == document


def test_a_seam_inside_a_text_is_found_and_walked_around() -> None:
    rows = [{"a": "}, {"}, {"a": "b"}, {"a": [{}, {}]}] * 3
    file = written(json.dumps({"images": rows}).encode())

    with pytest.raises(BadGuess):
        cut(file, 3, exact=False)
    assert cut(file, 3, exact=True) == {"images": rows}


def test_pieces_are_near_the_size_asked_for_and_cover_all() -> None:
    rows = [{"id": number} for number in range(1000)]
    file = written(json.dumps(rows).encode())

    for exact in (False, True):
        pieces = split_array(file, Span(0, file.size), 500, exact=exact)

        sizes = [piece.end - piece.start for piece in pieces]
        assert min(sizes[:-1]) > 400
        assert max(sizes) < 1000
        assert [row for p in pieces for row in decode_array(file.read(p.start, p.end))] == rows


PLAIN = {"images": [{"id": 1, "file_name": "é}].jpg"}], "annotations": [], "info": {"a": [1.5, None]}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_line_ends_make_no_difference(encoding: str, newline: str) -> None:
    text = json.dumps(PLAIN, indent=2, ensure_ascii=False).replace("\n", newline)

    assert guess_then_walk(written(text.encode(encoding)), 10) == PLAIN


def test_a_document_in_the_wrong_encoding_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'\xff\xfe{\0"\0\x00\xd8')

    with pytest.raises(FormatError, match=r"a\.json: is not utf-16 text"):
        JsonFile(tmp_path / "a.json")


WHOLE = json.dumps(
    {
        "info": {"a": 'b\\"'},
        "images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}, {"id": 2, "file_name": "b.jpg"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "x": [{"y": "}]"}]}],
        "categories": [{"id": 1, "name": "c"}],
    },
    indent=1,
).encode()


def test_a_file_cut_at_any_byte_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(WHOLE)
    assert len(read(file, ReadOptions(), Intake()).annotations) == 1

    for end in range(len(WHOLE)):
        file.write_bytes(WHOLE[:end])
        with pytest.raises(FormatError):
            read(file, ReadOptions(), Intake())


@settings(max_examples=300)
@given(at=st.integers(0, len(WHOLE) - 1), char=st.integers(0, 255))
def test_a_file_with_a_wrong_byte_is_read_or_refused_and_nothing_else(at: int, char: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.json"
        file.write_bytes(WHOLE[:at] + bytes([char]) + WHOLE[at + 1 :])
        intake = Intake(verify="none")
        try:
            dataset = read(file, ReadOptions(), intake)
        except CvdataError as error:
            assert "a.json" in str(error)
        else:
            assert len(dataset.images) + intake.quarantined.images == intake.read.images


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"a" :2}',
        b'{"a"\n: 1, "a"\t: 2}',
        b'[{"b":{"a":1,"a":1}}]',
        b'{"a":1,"\\u0061":2}',
    ],
)
def test_a_key_that_is_there_twice_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="the key 'a' is there twice"):
        decode_value(text)


def test_a_section_that_is_there_twice_is_refused() -> None:
    with pytest.raises(FormatError, match="the key 'images' is there twice"):
        sections(written(b'{"images": [], "images": []}'), ARRAYS, exact=True)


@pytest.mark.parametrize("digits", [19, 20, 39])
def test_long_integers_are_exact(digits: int) -> None:
    number = int("7" * digits)

    assert decode_value(b'{"id": %d}' % number) == {"id": number}


def test_an_integer_of_40_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="an integer of 40 digits"):
        decode_value(b'{"id": %s}' % (b"1" * 40))


def test_forty_digits_after_the_point_are_a_number() -> None:
    assert decode_value(b"[0.%s]" % (b"3" * 40)) == [1 / 3]


@pytest.mark.parametrize("inside", [b"[]", b"{}", b'["[[[{{{", "\\"[[[["]'])
def test_nesting_is_counted_from_the_document(inside: bytes, tmp_path: Path) -> None:
    def nested(depth: int) -> bytes:
        return b"[" * depth + inside + b"]" * depth

    # document, images, the image: the value of `x` begins on the fourth level
    start, end = b'{"images":[{"id":1,"file_name":"a.jpg","x":', b"}]}"
    file = tmp_path / "a.json"
    file.write_bytes(start + nested(60) + end)
    assert read(file, ReadOptions(), Intake()).images.names == ("a.jpg",)

    file.write_bytes(start + nested(61) + end)
    with pytest.raises(FormatError, match="nested more than 64 deep"):
        read(file, ReadOptions(), Intake())


@pytest.mark.parametrize("depth", [65, 1000, 100_000])
@pytest.mark.parametrize("key", ["info", "images", "annotations", "categories"])
def test_a_document_nested_too_deep_is_refused(key: str, depth: int, tmp_path: Path) -> None:
    deep = b"[" * depth + b"]" * depth
    parts = {"images": b'[{"id":1,"file_name":"a.jpg"}]', "annotations": b"[]", "categories": b"[]"}
    parts[key] = b'[{"id":1,"name":"a","file_name":"b","x":' + deep + b"}]"
    text = b",".join(b'"%s":%s' % (name.encode(), value) for name, value in parts.items())
    (tmp_path / "a.json").write_bytes(b"{" + text + b"}")

    with pytest.raises(FormatError, match="nested more than 64 deep"):
        read(tmp_path / "a.json", ReadOptions(), Intake())


@pytest.mark.parametrize(
    "content", [b"", b" ", b"[]", b"null", b"{} x", b"{,}", b'{"a" 1}', b'{"a":1,}', b'{"a":}', b'{"a']
)
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(FormatError):
        sections(written(content), ARRAYS, exact=True)


def test_the_line_of_a_mistake_is_named() -> None:
    with pytest.raises(FormatError, match="line 3: is not JSON"):
        sections(written(b'{\n "a": 1,\n "b" 2\n}'), ARRAYS, exact=True)
