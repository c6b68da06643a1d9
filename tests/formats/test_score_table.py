"""Tables of a classifier's scores: what they mean, and which are refused."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from cvdata.dataset import Dataset
from cvdata.errors import FormatError
from cvdata.formats import score_table
from cvdata.formats.score_table import looks_like_scores, read_scores

LONG = "image,label,score\na.jpg,cat,0.75\nb.jpg,dog,1\na.jpg,dog,0.25\n"
WIDE = "image,cat,dog\na.jpg,0.75,0.25\nb.jpg,0,1\n"


def put(folder: Path, text: str, name: str = "scores.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def rows(found: Dataset) -> list[tuple[str, str, float]]:
    table = found.annotations
    assert table.score is not None
    assert np.isnan(table.box).all()
    return [
        (found.images.names[i], found.categories.names[c], s)
        for i, c, s in zip(table.image.tolist(), table.category.tolist(), table.score.tolist(), strict=True)
    ]


def test_a_line_per_score_is_read_by_picture(tmp_path: Path) -> None:
    found = read_scores(put(tmp_path, LONG))

    assert rows(found) == [("a.jpg", "cat", 0.75), ("a.jpg", "dog", 0.25), ("b.jpg", "dog", 1.0)]


def test_a_line_per_picture_has_a_score_for_every_class(tmp_path: Path) -> None:
    found = read_scores(put(tmp_path, WIDE))

    assert rows(found) == [
        ("a.jpg", "cat", 0.75),
        ("a.jpg", "dog", 0.25),
        ("b.jpg", "cat", 0.0),
        ("b.jpg", "dog", 1.0),
    ]


@pytest.mark.parametrize("text", [LONG, WIDE])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\n\n", "\r"])
@pytest.mark.parametrize("delimiter", [";", "\t", ", "])
def test_dialects_of_tables_do_not_matter(text: str, encoding: str, end: str, delimiter: str, tmp_path: Path) -> None:
    plain = rows(read_scores(put(tmp_path, text)))
    path = put(tmp_path, text.replace("\n", end).replace(",", delimiter), "other.csv", encoding)

    assert looks_like_scores(path)
    assert rows(read_scores(path)) == plain


def test_names_in_quotes_may_hold_anything(tmp_path: Path) -> None:
    text = 'image,"big, red","a ""b"""\n"x, y.jpg",0.5,0.25\n"two\nlines.jpg",1,0\n'

    found = read_scores(put(tmp_path, text))

    assert found.categories.names == ("big, red", 'a "b"')
    assert found.images.names == ("x, y.jpg", "two\nlines.jpg")


@pytest.mark.parametrize("quoted", [True, False])
def test_paths_of_windows_are_paths(quoted: bool, tmp_path: Path) -> None:
    name = '"val\\a.jpg"' if quoted else "val\\a.jpg"

    found = read_scores(put(tmp_path, f"image,cat,dog\n{name},0.5,0.5\n"))

    assert found.images.names == ("val/a.jpg",)


def test_other_columns_of_a_long_table_are_passed_over(tmp_path: Path) -> None:
    text = "rank,Confidence,Filename,Class\n1,0.5,a.jpg,cat\n"

    assert rows(read_scores(put(tmp_path, text))) == [("a.jpg", "cat", 0.5)]


def test_a_number_of_the_line_is_not_the_picture(tmp_path: Path) -> None:
    text = "id,filename,label,score\n0,a.jpg,cat,0.5\n"

    assert rows(read_scores(put(tmp_path, text))) == [("a.jpg", "cat", 0.5)]


def test_a_column_each_for_20000_classes_is_read_at_once(tmp_path: Path) -> None:
    classes = [f"n{row:08}" for row in range(20_000)]
    path = put(tmp_path, f"image,{','.join(classes)}\na.jpg{',0.5' * len(classes)}\n")

    begin = time.process_time()
    found = read_scores(path)

    assert len(found.annotations) == 20_000
    assert time.process_time() - begin < 1


def test_a_table_without_lines_is_a_model_that_said_nothing(tmp_path: Path) -> None:
    for text in ("image,label,score\n", "image,cat,dog"):
        found = read_scores(put(tmp_path, text))

        assert len(found.annotations) == 0
        assert len(found.images) == 0


def test_the_fast_way_and_the_exact_way_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "image;a;b;c\r\n x.jpg;1e-3;0;.5\r\n\r\ny\\z.jpg; 0.5 ;1;0.25"
    plain = text.replace(".5", "0.5").replace("00.5", "0.5")
    fast = rows(read_scores(put(tmp_path, plain)))

    with monkeypatch.context() as patched:
        patched.setattr(score_table, "_read_plain", lambda text, classes: None)
        exact = rows(read_scores(put(tmp_path, plain)))

    assert fast == exact
    assert rows(read_scores(put(tmp_path, text))) == exact
    assert score_table._read_plain(plain, ("a", "b", "c")) is not None
    assert score_table._read_plain(text, ("a", "b", "c")) is None


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        ("image,label,score\na,cat,high\n", "line 2: score", "is 'high', expected a number from 0 on"),
        ("image,label,score\na,cat,0.5\n\nb,cat,nan\n", "line 4: score", "is 'nan'"),
        ("image,label,score\na,cat,inf\n", "line 2: score", "is 'inf'"),
        ("image,label,score\na,cat,-0.5\n", "line 2: score", "is '-0.5'"),
        ("image,label,score\na,cat,\n", "line 2: score", "is empty"),
        ("image,label,score\na,cat,1_0\n", "line 2: score", "is '1_0'"),
        ("image,label,score\na,cat,５\n", "line 2: score", "is '５'"),
        ("image;label;score\na;cat;0,5\n", "line 2: score", "is '0,5'"),
        ("image,label,score\na,cat\n", "line 2", "has 2 cells, expected 3"),
        ("image,label,score\n,cat,1\n", "line 2", "the picture has no name"),
        ("image,label,score\na,,1\n", "line 2", "the label is empty"),
        ("image,label,score\na,cat,1\nb,cat,1\na,cat,0\n", "line 4", "'a' has a score for 'cat' already, on line 2"),
        ('image,label,score\n"a,cat,1\n', "line 2", "is no table"),
        ("image,cat,dog\na,0.5,x\n", "line 2: dog", "is 'x'"),
        ("image,cat,dog\na,0.5,0.5\nb,0.5,-1\n", "line 3: dog", "is '-1'"),
        ("image,cat,dog\na,0.5\n", "line 2", "has 2 cells, expected 3"),
        ("image,cat,dog\na,0.5,0.5\na,0.5,0.5\n", "line 3", "'a' has scores already, on line 2"),
        ("image,cat,dog\n,0.5,0.5\n", "line 2", "the picture has no name"),
        ("image,cat,cat\na,0.5,0.5\n", "line 1", "the column 'cat' is there twice"),
        ("image,cat,\na,0.5,0.5\n", "line 1", "column 3 has no name"),
        ("image,label,prediction,score\na,cat,dog,1\n", "line 1", "'label' and 'prediction' may both be the class"),
        ("image,label,score,conf\na,cat,1,1\n", "line 1", "'score' and 'conf' may both be the score"),
        ("cat,dog\n0.5,0.5\n", "line 1", "is that of no table of scores"),
        ("", "line 1", "is that of no table of scores"),
    ],
)
def test_a_bad_line_refuses_the_table_by_its_number(text: str, place: str, found: str, tmp_path: Path) -> None:
    path = put(tmp_path, text)

    with pytest.raises(FormatError) as refused:
        read_scores(path)

    assert str(refused.value.at) == f"{path}: {place}"
    assert found in refused.value.message
    assert refused.value.hint


def test_a_table_in_another_encoding_is_refused_by_line(tmp_path: Path) -> None:
    path = put(tmp_path, "image,label,score\na,cat,1\nb,Käfer,1\n", encoding="latin-1")

    with pytest.raises(FormatError, match="line 3: is not UTF-8 text"):
        read_scores(path)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (LONG, "scores.json"),
        ("filename,width,height,class,xmin,ymin,xmax,ymax\n", "boxes.csv"),
        ("image,label,score,xmin,ymin,xmax,ymax\n", "boxes.csv"),
        ("a,b\n1,2\n", "other.csv"),
        ("", "empty.csv"),
    ],
)
def test_other_files_do_not_look_like_scores(text: str, name: str, tmp_path: Path) -> None:
    assert not looks_like_scores(put(tmp_path, text, name))
    assert not looks_like_scores(tmp_path / "missing.csv")


def test_a_table_with_a_spoiled_header_looks_like_scores_and_is_refused(tmp_path: Path) -> None:
    assert looks_like_scores(put(tmp_path, "image,cat,cat\n"))
