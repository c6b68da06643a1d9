from __future__ import annotations

import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata import errors
from cvdata.errors import CvdataError, FormatError, Place, show


@given(st.text(st.characters(), max_size=300))
def test_shown_text_is_one_line_of_harmless_characters(text: str) -> None:
    shown = show(text)

    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= 200
    shown.encode()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("größe 1.jpg", "größe 1.jpg"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("caf\udce9.jpg", "caf\\xe9.jpg"),
        ("a\nb\u2028c", "a\\nb\\u2028c"),
        ("x" * 201, "x" * 199 + "…"),
    ],
)
def test_text_is_shown_with_hidden_characters_escaped(text: str, wanted: str) -> None:
    assert show(text) == wanted


@pytest.mark.parametrize("kind", [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")])
def test_an_error_survives_the_way_between_processes(kind: type[CvdataError]) -> None:
    error = kind("xmax is 'abc'", at=Place("a.xml", line=3, field="xmax"), hint="correct it")

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert (again.message, again.at, again.hint) == (error.message, error.at, error.hint)
    assert str(again) == str(error)


def test_an_error_says_where_what_and_what_to_do() -> None:
    error = FormatError("xmax is 'abc'", at=Place("a.xml", line=3, field="xmax"), hint="correct it")

    assert str(error) == "a.xml: line 3: xmax: xmax is 'abc'\n  hint: correct it"
